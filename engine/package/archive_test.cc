#include "engine/package/archive.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "engine/package/archive_writer.h"
#include "engine/package/testing/raw_zip.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using testing::raw_zip;
using testing::RawMember;

fs::path write_file(const std::string& name, const std::string& bytes) {
  const fs::path path = testing::scratch_folder() / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

/// Opens the archive and reads all of it; returns what is wrong, or "fine".
std::string verdict(const std::string& bytes, const PackageLimits& limits = {}) {
  auto archive = ZipArchive::open(write_file("x.zip", bytes), limits);
  if (!archive.has_value()) {
    return archive.error().message;
  }
  for (const ArchiveMember& member : archive->members()) {
    const auto ignore = [](std::span<const std::byte> /*piece*/) { return Status(); };
    if (const Status read = archive->read(member, ignore); !read.has_value()) {
      return read.error().message;
    }
  }
  return "fine";
}

std::string verdict_of(const RawMember& member) {
  return verdict(raw_zip({member}));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ZipArchive, GivesBackWhatWasWritten) {
  const fs::path path = testing::scratch_folder() / "written.zip";
  const std::string large(1'000'000, 'x');
  ASSERT_TRUE(write_zip({{}, {{"b/c", "two"}, {"a", large}}}, path).has_value());
  auto archive = ZipArchive::open(path, {});
  ASSERT_TRUE(archive.has_value()) << archive.error().message;
  ASSERT_EQ(archive->members().size(), 2U);
  EXPECT_EQ(archive->members()[0].path, "a");
  EXPECT_EQ(archive->members()[0].bytes, large.size());
  std::string text;
  const auto take = [&](std::span<const std::byte> piece) {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return Status();
  };
  ASSERT_TRUE(archive->read(archive->members()[0], take).has_value());
  EXPECT_EQ(text, large);
}

TEST(ZipArchive, IsWrittenTheSameEachTime) {
  const fs::path folder = testing::scratch_folder();
  ASSERT_TRUE(write_zip({{}, {{"a", "1"}, {"b", "2"}}}, folder / "one.zip").has_value());
  ASSERT_TRUE(write_zip({{}, {{"b", "2"}, {"a", "1"}}}, folder / "two.zip").has_value());
  std::ifstream one(folder / "one.zip");
  std::ifstream two(folder / "two.zip");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(one), {}),
            std::string(std::istreambuf_iterator<char>(two), {}));
}

TEST(ZipArchive, IsNotWrittenOverWhatIsThere) {
  const fs::path path = write_file("there.zip", "mine");
  const Status written = write_zip({{}, {{"a", "1"}}}, path);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Errc::kInvalidArgument);
}

TEST(ZipArchive, TakesFoldersAndPlainFiles) {
  EXPECT_EQ(verdict(raw_zip({{"a/", "", 0040755U << 16U}, {"a/b", "text"}})), "fine");
  EXPECT_EQ(verdict(raw_zip({{"dos", "text", 0x20}})), "fine");
}

TEST(ZipArchive, RefusesATruncatedOne) {
  const std::string whole = raw_zip({{"a", "some text"}, {"b", "more"}});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(verdict(whole.substr(0, length)), "fine") << length;
  }
  EXPECT_TRUE(contains(verdict(whole.substr(0, 40)), "not a whole zip archive"));
}

TEST(ZipArchive, RefusesAWrongCrc) {
  RawMember member{"a", "text"};
  member.declared_crc = 1;
  EXPECT_TRUE(contains(verdict_of(member), "member 'a': is damaged: CRC error"))
      << verdict_of(member);
}

TEST(ZipArchive, RefusesPathsThatLeaveIt) {
  for (const char* path : {"../a", "/a", "C:a", "a\\b", "a/../../b", "a//b"}) {
    EXPECT_TRUE(contains(verdict_of({path, "text"}), "path '")) << verdict_of({path, "text"});
  }
}

TEST(ZipArchive, RefusesALocalNameOfItsOwn) {
  RawMember member{"safe", "text"};
  member.local_path = "../a";
  EXPECT_NE(verdict_of(member), "fine");
}

TEST(ZipArchive, RefusesLinksAndDevices) {
  EXPECT_TRUE(contains(verdict_of({"a", "/etc/passwd", 0120777U << 16U}), "symbolic link"));
  EXPECT_TRUE(contains(verdict_of({"a", "", 0020666U << 16U}), "neither a plain file"));
  EXPECT_TRUE(contains(verdict_of({"a/", "text", 0040755U << 16U}), "a folder with content"));
}

TEST(ZipArchive, RefusesDuplicates) {
  const std::string doubled =
      verdict(raw_zip({{"a", "1"}, {"b/c", "2"}, {"d", "3"}, {"b/c", "4"}}));
  EXPECT_TRUE(contains(doubled, "member 'b/c': is given twice")) << doubled;
  EXPECT_TRUE(contains(verdict(raw_zip({{"a", "1"}, {"A", "2"}})), "is given twice"));
  EXPECT_TRUE(contains(verdict(raw_zip({{"a", "1"}, {"a/b", "2"}})), "wants a folder"));
}

TEST(ZipArchive, RefusesEncryptedAndExoticMembers) {
  RawMember encrypted{"a", "0123456789abtext"};
  encrypted.flags = 1;
  EXPECT_TRUE(contains(verdict_of(encrypted), "is encrypted")) << verdict_of(encrypted);
  RawMember exotic{"a", "text"};
  exotic.method = 14;
  EXPECT_TRUE(contains(verdict_of(exotic), "packed by method 14")) << verdict_of(exotic);
}

TEST(ZipArchive, RefusesWrongSizes) {
  RawMember member{"a", "text"};
  member.declared_bytes = 5;
  EXPECT_TRUE(contains(verdict_of(member), "member 'a': is stored in 4 bytes and declares 5"));
  RawMember packed{"a", std::string("\x4b\x4c\x4a\x06\x00", 5)};  // "abc", deflated.
  packed.method = 8;
  packed.declared_crc = 0x352441C2;
  packed.declared_bytes = 3;
  EXPECT_EQ(verdict_of(packed), "fine");
  for (const std::int64_t wrong : {0, 2, 4, 1000}) {
    packed.declared_bytes = wrong;
    EXPECT_NE(verdict_of(packed), "fine") << wrong;
  }
}

TEST(ZipArchive, RefusesBombs) {
  RawMember packed{"a", std::string("\x03\0", 2)};
  packed.method = 8;
  packed.declared_bytes = 8 << 20;
  EXPECT_TRUE(contains(verdict_of(packed), "at most 200 times its size"));
}

TEST(ZipArchive, IsNeverWrittenAsABombItself) {
  const fs::path path = testing::scratch_folder() / "zeros.zip";
  const std::string zeros(std::size_t{8} << 20U, '\0');
  ASSERT_TRUE(write_zip({{}, {{"a", zeros}, {"b", "small"}}}, path).has_value());
  auto opened = ZipArchive::open(path, {});
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  EXPECT_EQ(opened->members()[0].bytes, zeros.size());
}

TEST(ZipArchive, StoresModelsAndDeflatesTexts) {
  const fs::path path = testing::scratch_folder() / "stored.zip";
  const std::string half(std::size_t{512} << 10U, 'x');
  PackageParts parts;
  parts.files["m.onnx"] = write_file("m.onnx", half);
  parts.files["m.xml"] = write_file("m.xml", half);
  ASSERT_TRUE(write_zip(parts, path).has_value());
  EXPECT_GT(fs::file_size(path), half.size());
  EXPECT_LT(fs::file_size(path), half.size() + 10'000);
}

TEST(ZipArchive, IsNotWrittenWithANameThatLeavesIt) {
  const fs::path folder = testing::scratch_folder() / "leaving";
  fs::create_directory(folder);
  for (const char* name : {"../x", "/x", "a/../../x"}) {
    const Status written = write_zip({{}, {{name, "1"}}}, folder / "x.zip");
    ASSERT_FALSE(written.has_value()) << name;
    EXPECT_EQ(written.error().code, Errc::kInvalidArgument);
    EXPECT_FALSE(write_folder({{}, {{name, "1"}}}, folder / "x").has_value()) << name;
  }
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST(ZipArchive, RefusesWhatIsBeyondItsLimits) {
  const std::string zip = raw_zip({{"a", "1234"}, {"b", "1234"}});
  EXPECT_EQ(verdict(zip, {2, 4, 8, 200, 1}), "fine");
  EXPECT_TRUE(contains(verdict(zip, {1, 4, 8, 200, 1}), "has 2 members; at most 1"));
  EXPECT_TRUE(contains(verdict(zip, {2, 3, 8, 200, 1}), "has 4 bytes; at most 3"));
  EXPECT_TRUE(contains(verdict(zip, {2, 4, 7, 200, 1}), "unpacks to more than 7 bytes"));
}

TEST(ZipArchive, RefusesMembersThatOverlap) {
  // Two directory entries for one stretch of bytes: the second one's offset is moved to the first.
  std::string zip = raw_zip({{"a", std::string(500, 'x')}, {"b", std::string(500, 'x')}});
  const std::size_t second = zip.rfind("PK\x01\x02");
  for (int i = 0; i < 4; ++i) {
    zip[second + 42 + static_cast<std::size_t>(i)] = 0;
  }
  EXPECT_NE(verdict(zip), "fine");
}

TEST(ZipArchive, NamesAFileThatIsMissing) {
  const auto opened = ZipArchive::open(testing::scratch_folder() / "none.zip", {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace penstock
