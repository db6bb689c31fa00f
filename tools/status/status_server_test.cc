// The server and its client over real sockets, each test in a folder of its own.

#include "tools/status/status_server.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/status/status_client.h"
#include "tools/status/unix_socket.h"

namespace penstock {
namespace {

constexpr Duration kPatience = std::chrono::minutes(1);

class StatusServerTest : public ::testing::Test {
 protected:
  StatusServerTest() {
    std::string pattern = ::testing::TempDir() + "/status.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }

  ~StatusServerTest() override { std::filesystem::remove_all(folder_); }

  StatusServerTest(const StatusServerTest&) = delete;
  StatusServerTest& operator=(const StatusServerTest&) = delete;

  StatusServer::Options options(std::int64_t process = 0) {
    StatusServer::Options options;
    options.folder = folder_;
    options.process = process;
    options.answer = [] { return std::string("{\"graph\":\"g\"}"); };
    return options;
  }

  std::unique_ptr<StatusServer> serve(const StatusServer::Options& with) {
    auto server = StatusServer::start(with);
    EXPECT_TRUE(server.has_value()) << server.error().message;
    return server.has_value() ? std::move(server).value() : nullptr;
  }

  StatusConnection connect(std::int64_t process) {
    auto connection = StatusConnection::open(folder_, process);
    EXPECT_TRUE(connection.has_value()) << connection.error().message;
    return std::move(connection).value();
  }

  /// Sends `text` on a connection of its own and returns what comes until a line ends, or until the
  /// server hangs up.
  std::string exchange(std::int64_t process, const std::string& text, std::size_t lines = 1) {
    auto socket = connect_to(folder_, std::to_string(process) + ".status");
    EXPECT_TRUE(socket.has_value());
    std::size_t sent = 0;
    std::string answer;
    std::array<char, 4096> bytes{};
    while (lines > 0) {
      if (sent < text.size()) {
        const ssize_t count =
            ::send(socket->get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        sent = count > 0 ? sent + static_cast<std::size_t>(count) : sent;
      }
      const ssize_t count = ::recv(socket->get(), bytes.data(), bytes.size(), 0);
      if (count == 0 || (count < 0 && errno != EAGAIN)) {
        break;
      }
      for (ssize_t i = 0; i < count; ++i) {
        lines -= bytes[static_cast<std::size_t>(i)] == '\n' && lines > 0 ? 1 : 0;
        answer += bytes[static_cast<std::size_t>(i)];
      }
    }
    return answer;
  }

  std::string folder_;
};

TEST_F(StatusServerTest, AnswersAgainAndAgain) {
  const auto server = serve(options(1));
  StatusConnection connection = connect(1);
  for (int i = 0; i < 3; ++i) {
    const auto answer = connection.ask(kPatience);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(*answer, "{\"graph\":\"g\"}");
  }
}

TEST_F(StatusServerTest, IsForItsUserOnly) {
  const auto server = serve(options(1));

  struct stat info {};

  ASSERT_EQ(::stat(server->path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(StatusServerTest, RefusesOtherUsers) {
  StatusServer::Options with = options(1);
  with.user = std::int64_t{::geteuid()} + 1;
  with.root_may_ask = false;  // The test may be run by root.
  const auto server = serve(with);
  EXPECT_EQ(exchange(1, "status\n"), "{\"error\":\"only the user who runs this may ask\"}\n");
}

TEST_F(StatusServerTest, RemovesItsSocketAtTheEnd) {
  auto server = serve(options(1));
  const std::string path = server->path();
  EXPECT_TRUE(std::filesystem::exists(path));
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(StatusServerTest, IsFoundByItsProcess) {
  const auto first = serve(options(20));
  const auto second = serve(options(3));
  const FoundProcesses found = find_running(folder_);
  ASSERT_EQ(found.running.size(), 2U);
  EXPECT_EQ(found.running[0].process(), 3);
  EXPECT_EQ(found.running[1].process(), 20);
  EXPECT_TRUE(found.busy.empty());
}

TEST_F(StatusServerTest, IsFoundThoughItTakesNoConnectionAnyMore) {
  // As a process that was stopped, and asked again and again.
  const auto stopped = listen_at(folder_, "7.status");
  ASSERT_TRUE(stopped.has_value());
  std::vector<FileHandle> waiting;
  for (int i = 0; i < 100; ++i) {
    if (auto connection = connect_to(folder_, "7.status"); connection.has_value()) {
      waiting.push_back(std::move(connection).value());
    }
  }
  const FoundProcesses found = find_running(folder_);
  EXPECT_TRUE(found.running.empty());
  EXPECT_EQ(found.busy, std::vector<std::int64_t>{7});
}

TEST_F(StatusServerTest, LeavesNothingOfADeadProcess) {
  {
    // Whoever dies leaves the file, and nobody listens at it.
    const auto dead = listen_at(folder_, "7.status");
    ASSERT_TRUE(dead.has_value());
  }
  ASSERT_TRUE(std::filesystem::exists(folder_ + "/7.status"));
  EXPECT_TRUE(find_running(folder_).running.empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/7.status"));
}

TEST_F(StatusServerTest, TakesThePlaceOfADeadProcess) {
  { EXPECT_TRUE(listen_at(folder_, "7.status").has_value()); }
  const auto server = serve(options(7));
  EXPECT_TRUE(connect(7).ask(kPatience).has_value());
}

TEST_F(StatusServerTest, RefusesASecondOneOfAProcess) {
  const auto server = serve(options(7));
  const auto second = StatusServer::start(options(7));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::kUnavailable);
  EXPECT_TRUE(connect(7).ask(kPatience).has_value()) << "the first one goes on";
}

TEST_F(StatusServerTest, LooksPastFilesThatAreNoSockets) {
  EXPECT_TRUE(std::filesystem::create_directory(folder_ + "/9.status"));
  EXPECT_TRUE(std::filesystem::create_directory(folder_ + "/noop.0.claim"));
  EXPECT_TRUE(find_running(folder_).running.empty());
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/9.status"));
}

TEST_F(StatusServerTest, AnswersGarbageWithAnError) {
  const auto server = serve(options(1));
  EXPECT_EQ(exchange(1, "GET / HTTP/1.1\r\n"),
            "{\"error\":\"unknown question; there is: status\"}\n");
  EXPECT_EQ(exchange(1, std::string("\0\xff\x80\n", 4)),
            "{\"error\":\"unknown question; there is: status\"}\n");
  EXPECT_EQ(exchange(1, std::string(100000, 'x')), "{\"error\":\"the question is too long\"}\n");
  EXPECT_EQ(exchange(1, std::string(300, 'x') + "\n"),
            "{\"error\":\"the question is too long\"}\n");
  EXPECT_TRUE(connect(1).ask(kPatience).has_value()) << "and goes on";
}

TEST_F(StatusServerTest, AnswersEveryQuestionOfOneBreath) {
  const auto server = serve(options(1));
  const std::string unknown = "{\"error\":\"unknown question; there is: status\"}\n";
  EXPECT_EQ(exchange(1, "status\r\nx\n\nstatus\n", 4),
            "{\"graph\":\"g\"}\n" + unknown + unknown + "{\"graph\":\"g\"}\n");
}

TEST_F(StatusServerTest, TellsOneTooManyThatItIs) {
  const auto server = serve(options(1));
  std::vector<StatusConnection> all;
  for (std::size_t i = 0; i < StatusServer::kMaxClients; ++i) {
    all.push_back(connect(1));
    EXPECT_TRUE(all.back().ask(kPatience).has_value());
  }
  const auto refused = connect(1).ask(kPatience);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(*refused, "{\"error\":\"too many ask at once\"}");
  EXPECT_TRUE(all.front().ask(kPatience).has_value());
}

TEST_F(StatusServerTest, GoesOnWhenAClientLeavesInTheMiddle) {
  StatusServer::Options with = options(1);
  with.answer = [] { return std::string(std::size_t{4} << 20U, 'x'); };
  const auto server = serve(with);
  {
    const auto socket = connect_to(folder_, "1.status");
    ASSERT_TRUE(socket.has_value());
    ASSERT_EQ(::send(socket->get(), "status\n", 7, MSG_NOSIGNAL), 7);
  }
  const auto answer = connect(1).ask(kPatience);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->size(), std::size_t{4} << 20U) << "in many pieces";
}

TEST_F(StatusServerTest, WorksInFoldersWithLongNames) {
  const std::string long_folder = folder_ + "/" + std::string(200, 'f');
  ASSERT_TRUE(std::filesystem::create_directory(long_folder));
  StatusServer::Options with = options(1);
  with.folder = long_folder;
  const auto server = serve(with);
  EXPECT_EQ(find_running(long_folder).running.size(), 1U);
}

TEST_F(StatusServerTest, SaysThatAProcessHasEnded) {
  auto server = serve(options(1));
  StatusConnection connection = connect(1);
  ASSERT_TRUE(connection.ask(kPatience).has_value());
  server.reset();
  const auto answer = connection.ask(kPatience);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Errc::kPeerGone);
}

}  // namespace
}  // namespace penstock
