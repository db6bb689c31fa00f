#include "tests/support/program_fixture.h"

#include <cstdlib>
#include <fstream>
#include <utility>

#include "tests/support/runfiles.h"

namespace penstock::testing {

namespace fs = std::filesystem;
using nlohmann::json;

ProgramFixture::ProgramFixture()
    : folder_(scratch_folder() / ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
  fs::create_directories(folder_ / "run");
  fs::permissions(folder_ / "run", fs::perms::owner_all);
  ::setenv("XDG_RUNTIME_DIR", (folder_ / "run").c_str(), 1);
  ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
}

void ProgramFixture::take_graphs(const std::vector<std::string>& names) const {
  fs::create_directories(folder_ / "graphs");
  for (const std::string& name : names) {
    fs::copy_file(checkout_file("graphs/" + name), folder_ / "graphs" / name);
  }
  link_from_checkout("models");
  link_from_checkout("clips");
}

void ProgramFixture::link_from_checkout(const std::string& place) const {
  fs::create_directory_symlink(fs::absolute(checkout_file(place)), folder_ / place);
}

void ProgramFixture::write(const std::string& file, const std::string& text) const {
  std::ofstream(folder_ / file) << text;
}

ChildProgram ProgramFixture::penstock(std::vector<std::string> words) const {
  words.insert(words.begin(), fs::absolute(checkout_file("tools/cli/penstock")).string());
  return {std::move(words), folder_};
}

json ProgramFixture::run_to_any_end(std::vector<std::string> words) {
  words.insert(words.begin(), "run");
  words.emplace_back("--json");
  ChildProgram program = penstock(std::move(words));
  code_ = program.wait();
  err_ = program.err();
  return json::parse(program.out(), nullptr, false);
}

json ProgramFixture::run(std::vector<std::string> words) {
  json summary = run_to_any_end(std::move(words));
  EXPECT_EQ(code_, 0) << err_;
  return summary;
}

std::vector<json> ProgramFixture::lines(const std::string& file) const {
  std::ifstream in(folder_ / file);
  std::vector<json> read;
  for (std::string line; std::getline(in, line);) {
    read.push_back(json::parse(line, nullptr, false));
    EXPECT_FALSE(read.back().is_discarded()) << file << ": " << line;
  }
  return read;
}

}  // namespace penstock::testing
