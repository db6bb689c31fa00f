#include "engine/nodes/line_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace penstock {
namespace {

const TimePoint kStart{std::chrono::seconds(1000)};

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class LineFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<LineFile> open(LineFile::Mode mode = LineFile::Mode::kReplace) {
    auto file = LineFile::open(path_, mode);
    EXPECT_TRUE(file.has_value());
    return std::move(file).value();
  }

  const std::string folder_ =
      ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path_ = folder_ + "/a/b/out.jsonl";
};

TEST_F(LineFileTest, MakesTheFoldersAndWritesLines) {
  const auto file = open();
  EXPECT_TRUE(file->write("one\n", kStart).has_value());
  EXPECT_TRUE(file->write("two\n", kStart).has_value());
  EXPECT_TRUE(file->close().has_value());
  EXPECT_EQ(content(path_), "one\ntwo\n");
}

TEST_F(LineFileTest, HoldsLinesBackForAShortTimeOnly) {
  const auto file = open();
  EXPECT_TRUE(file->write("one\n", kStart).has_value());
  EXPECT_TRUE(file->write("two\n", kStart + LineFile::kFlushAfter / 2).has_value());
  EXPECT_EQ(content(path_), "one\n");
  EXPECT_TRUE(file->write("three\n", kStart + LineFile::kFlushAfter).has_value());
  EXPECT_EQ(content(path_), "one\ntwo\nthree\n");
}

TEST_F(LineFileTest, WritesWhenTheBufferIsFull) {
  const auto file = open();
  const std::string line = std::string(LineFile::kBufferBytes / 2, 'x') + "\n";
  EXPECT_TRUE(file->write("first\n", kStart).has_value());
  EXPECT_TRUE(file->write(line, kStart).has_value());
  EXPECT_TRUE(file->write(line, kStart).has_value());
  EXPECT_EQ(content(path_).size(), 6 + line.size());
}

TEST_F(LineFileTest, ReplacesOrContinuesAFile) {
  EXPECT_TRUE(open()->write("one\n", kStart).has_value());
  EXPECT_TRUE(open(LineFile::Mode::kAppend)->write("two\n", kStart).has_value());
  EXPECT_EQ(content(path_), "one\ntwo\n");
  EXPECT_TRUE(open()->write("three\n", kStart).has_value());
  EXPECT_EQ(content(path_), "three\n");
}

TEST_F(LineFileTest, WritesWhatIsBufferedWhenItIsDestroyed) {
  {
    const auto file = open();
    EXPECT_TRUE(file->write("one\n", kStart).has_value());
    EXPECT_TRUE(file->write("two\n", kStart).has_value());
  }
  EXPECT_EQ(content(path_), "one\ntwo\n");
}

TEST_F(LineFileTest, RefusesAFolder) {
  std::filesystem::create_directories(path_);  // A folder stands where the file should be.
  const auto file = LineFile::open(path_, LineFile::Mode::kReplace);
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, Errc::kInvalidArgument) << "no retry helps";
  EXPECT_EQ(file.error().message, "cannot write '" + path_ + "': it is a folder, not a file");
}

TEST_F(LineFileTest, NamesThePathWhenAFolderCannotBeMade) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ + "/a") << "a file";
  const auto file = LineFile::open(path_, LineFile::Mode::kReplace);
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().message, "cannot make the folder of '" + path_ + "': Not a directory");
}

TEST_F(LineFileTest, IsUnavailableWhenTheDiskIsFull) {
  auto file = LineFile::open("/dev/full", LineFile::Mode::kAppend);
  ASSERT_TRUE(file.has_value());
  const Status status = (*file)->write("one\n", kStart);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kUnavailable);
  EXPECT_EQ(status.error().message, "cannot write '/dev/full': No space left on device");
  EXPECT_TRUE((*file)->flush().has_value());  // The lost line is not tried again.
}

TEST_F(LineFileTest, WritesToWhatKnowsNoSaving) {
  auto file = LineFile::open("/dev/null", LineFile::Mode::kReplace);
  ASSERT_TRUE(file.has_value());
  EXPECT_TRUE((*file)->write("one\n", kStart).has_value());
  EXPECT_TRUE((*file)->close().has_value());
}

}  // namespace
}  // namespace penstock
