// What `materialise()` promises of zip archives.

#include <array>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/package/archive_writer.h"
#include "engine/package/package.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

class PackageCache : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = testing::scratch_folder() / test->name();
    fs::remove_all(root_);
    fs::create_directories(root_);
    write("person\n");
  }

  void write(const std::string& labels) {
    fs::remove(zip());
    const std::string manifest =
        "penstock_package: 1\nname: a\nnetworks: [{name: a, variants: [{name: a, model: "
        "m/a.onnx}]}]\n";
    ASSERT_TRUE(write_zip({{},
                           {{"manifest.yaml", manifest},
                            {"m/a.onnx", std::string(300'000, 'm') + labels},
                            {"labels.txt", labels}}},
                          zip())
                    .has_value());
  }

  [[nodiscard]] fs::path zip() const { return root_ / "a.zip"; }

  [[nodiscard]] fs::path cache() const { return root_ / "cache/packages"; }

  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(cache()), fs::directory_iterator()));
  }

  fs::path root_;
};

TEST_F(PackageCache, UnpacksOnce) {
  const auto package = open_package(zip());
  ASSERT_TRUE(package.has_value()) << package.error().message;
  const auto folder = package->materialise(cache());
  ASSERT_TRUE(folder.has_value()) << folder.error().message;
  EXPECT_EQ(*folder, cache() / package->identity());
  EXPECT_EQ(read(*folder / "labels.txt"), "person\n");
  EXPECT_EQ(fs::file_size(*folder / "m/a.onnx"), 300'007U);
  const auto time = fs::last_write_time(*folder / "labels.txt");
  EXPECT_EQ(*package->materialise(cache()), *folder);
  EXPECT_EQ(fs::last_write_time(*folder / "labels.txt"), time);
  EXPECT_EQ(entries(), 1U);  // Nothing half done is left.
}

TEST_F(PackageCache, ReplacesWhatWasChanged) {
  const auto package = open_package(zip());
  const fs::path folder = *package->materialise(cache());
  std::ofstream(folder / "labels.txt") << "banana\n";
  ASSERT_TRUE(package->materialise(cache()).has_value());
  EXPECT_EQ(read(folder / "labels.txt"), "person\n");
  fs::remove(folder / "labels.txt");
  fs::create_symlink("/etc/hostname", folder / "labels.txt");
  ASSERT_TRUE(package->materialise(cache()).has_value());
  EXPECT_EQ(read(folder / "labels.txt"), "person\n");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(PackageCache, NoticesAZipThatHasChanged) {
  const auto package = open_package(zip());
  write("banana\n");
  const auto folder = package->materialise(cache());
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().code, Errc::kCorrupt);
  EXPECT_EQ(folder.error().message,
            "'" + zip().string() + "': member 'labels.txt' has changed since it was opened");
  EXPECT_EQ(entries(), 0U);
}

TEST_F(PackageCache, SaysWhereItCannotWrite) {
  std::ofstream(root_ / "cache") << "a file";
  const auto folder = open_package(zip())->materialise(cache());
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().code, Errc::kUnavailable);
}

TEST_F(PackageCache, IsSharedByProcessesThatStartAtOnce) {
  constexpr std::size_t kProcesses = 6;
  const auto package = open_package(zip());
  std::array<int, 2> gate{};
  ASSERT_EQ(pipe(gate.data()), 0);
  std::array<pid_t, kProcesses> children{};
  for (pid_t& child : children) {
    child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(gate[1]);
      char ignored = 0;
      const ssize_t ended = ::read(gate[0], &ignored, 1);  // Until the parent closes its end.
      const auto folder = package->materialise(cache());
      _exit(ended == 0 && folder.has_value() && fs::file_size(*folder / "m/a.onnx") == 300'007U
                ? 0
                : 1);
    }
  }
  close(gate[0]);
  close(gate[1]);
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(entries(), 1U);
}

}  // namespace
}  // namespace penstock
