#include "engine/package/member_path.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(MemberPath, IsRelativeWithSlashes) {
  for (const char* path : {"manifest.yaml", "a/b.onnx", "a b/c-d_e.1", ".hidden", "a/..b"}) {
    EXPECT_TRUE(check_member_path(path).has_value()) << path;
  }
}

TEST(MemberPath, NeverLeavesItsFolder) {
  for (const char* path : {"",
                           "/etc/passwd",
                           "..",
                           "../a",
                           "a/../../b",
                           "a/..",
                           ".",
                           "a/./b",
                           "a//b",
                           "a/",
                           "C:/a",
                           "c:a",
                           "\\\\host\\share",
                           "a\\..\\b",
                           "nul\n",
                           "caf\xC3\xA9",
                           "a.",
                           "a /b"}) {
    const Status status = check_member_path(path);
    ASSERT_FALSE(status.has_value()) << path;
    EXPECT_EQ(status.error().code, Errc::kCorrupt);
  }
  EXPECT_TRUE(check_member_path(std::string(240, 'a')).has_value());
  EXPECT_FALSE(check_member_path(std::string(241, 'a')).has_value());
}

TEST(MemberPath, IsShownWithoutControlCharacters) {
  EXPECT_EQ(shown_path("a\x1b[2J"), "a?[2J");
  EXPECT_EQ(shown_path(std::string(100, 'a')), std::string(80, 'a') + "...");
}

TEST(MemberPath, OfASetIsGivenOnceInAnyCase) {
  EXPECT_TRUE(check_member_set({"a/b", "a/c", "b"}).has_value());
  EXPECT_FALSE(check_member_set({"a", "a"}).has_value());
  EXPECT_FALSE(check_member_set({"Model.onnx", "model.onnx"}).has_value());
}

TEST(MemberPath, OfASetIsNotAFolderOfAnother) {
  const Status status = check_member_set({"a", "a.b", "a/b"});
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().message, "path 'a/b' wants a folder where 'a' is a file");
}

}  // namespace
}  // namespace penstock
