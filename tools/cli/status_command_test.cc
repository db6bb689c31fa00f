// `penstock status` and `penstock top` against servers of which everything is known.

#include "tools/cli/status_command.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tools/cli/captured_output.h"
#include "tools/cli/running_graphs.h"
#include "tools/status/graph_status.h"
#include "tools/status/status_server.h"
#include "tools/status/unix_socket.h"

namespace penstock {
namespace {

using testing::Answer;
using testing::answer_of;
using testing::contains;

Answer ask(const Command& command, const std::vector<std::string>& words) {
  return answer_of([&] { return command.run(words); });
}

class StatusCommandTest : public ::testing::Test {
 protected:
  StatusCommandTest() {
    std::string pattern = ::testing::TempDir() + "/run.XXXXXX";
    run_directory_ = ::mkdtemp(pattern.data());
    setenv("XDG_RUNTIME_DIR", run_directory_.c_str(), 1);
  }

  ~StatusCommandTest() override {
    servers_.clear();
    std::filesystem::remove_all(run_directory_);
  }

  StatusCommandTest(const StatusCommandTest&) = delete;
  StatusCommandTest& operator=(const StatusCommandTest&) = delete;

  void run_graph(std::int64_t process, const std::string& graph) {
    const auto folder = status_folder();
    ASSERT_TRUE(folder.has_value()) << folder.error().message;
    StatusServer::Options options;
    options.folder = *folder;
    options.process = process;
    options.answer = [=] {
      return nlohmann::json{{"graph", graph}, {"pid", process}, {"streams", {{{"name", "cam"}}}}}
          .dump();
    };
    auto server = StatusServer::start(std::move(options));
    ASSERT_TRUE(server.has_value()) << server.error().message;
    servers_.push_back(std::move(server).value());
  }

  std::string run_directory_;
  std::vector<std::unique_ptr<StatusServer>> servers_;
};

TEST_F(StatusCommandTest, SaysThatNoGraphRuns) {
  const Answer answer = ask(status_command(), {});
  EXPECT_EQ(answer.code, kExitUnavailable);
  EXPECT_TRUE(contains(answer.err, "no graph of yours is running")) << answer.err;
}

TEST_F(StatusCommandTest, SaysThatTheOnlyProcessDoesNotAnswer) {
  const std::string folder = *status_folder();
  const auto stopped = listen_at(folder, "13.status");  // As SIGSTOP leaves it.
  ASSERT_TRUE(stopped.has_value()) << stopped.error().message;
  for (const char* wanted : {"", "13", "people"}) {
    const auto graphs = find_graphs(folder, wanted, Duration{0});
    ASSERT_FALSE(graphs.has_value());
    EXPECT_EQ(graphs.error().code, Errc::kDeadlineExceeded);
    EXPECT_EQ(graphs.error().message, "process 13 runs and does not answer; is it stopped?");
  }
}

TEST_F(StatusCommandTest, ShowsEveryRunningGraph) {
  run_graph(11, "people");
  run_graph(12, "cars");
  const Answer answer = ask(status_command(), {});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "people: process 11")) << answer.out;
  EXPECT_TRUE(contains(answer.out, "cars: process 12")) << answer.out;
}

TEST_F(StatusCommandTest, ShowsTheOneThatIsNamed) {
  run_graph(11, "people");
  run_graph(12, "cars");
  const Answer by_name = ask(status_command(), {"cars", "--json"});
  EXPECT_EQ(nlohmann::json::parse(by_name.out).at("pid"), 12);
  const Answer by_process = ask(status_command(), {"11", "--json"});
  EXPECT_EQ(nlohmann::json::parse(by_process.out).at("graph"), "people");
  const Answer unknown = ask(status_command(), {"dogs"});
  EXPECT_EQ(unknown.code, kExitUnavailable);
  EXPECT_TRUE(contains(unknown.err, "12 (cars)")) << unknown.err;
}

TEST_F(StatusCommandTest, WantsOneGraphForTop) {
  run_graph(11, "people");
  run_graph(12, "cars");
  const Answer answer = ask(top_command(), {});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_TRUE(contains(answer.err, "11 (people), 12 (cars)")) << answer.err;
}

TEST_F(StatusCommandTest, ShowsARoundOfTopWithoutATerminal) {
  run_graph(11, "people");
  const Answer answer = ask(top_command(), {"people", "--count", "1"});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "people: process 11")) << answer.out;
  EXPECT_FALSE(contains(answer.out, "\x1b")) << "no screen, no orders to it";
}

}  // namespace
}  // namespace penstock
