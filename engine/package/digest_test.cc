#include "engine/package/digest.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/runfiles.h"

namespace penstock {
namespace {

// FIPS 180-2, appendix B.1.
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, GivesTheDigestOfTheStandardsExample) {
  EXPECT_EQ(sha256_of("abc"), kAbc);
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, DoesNotDependOnThePieces) {
  Sha256 sha;
  sha.update("a");
  sha.update("");
  sha.update("bc");
  EXPECT_EQ(sha.finish(), kAbc);
}

TEST(Sha256, ReadsFiles) {
  const auto path = testing::scratch_folder() / "abc";
  std::ofstream(path) << "abc";
  const auto digest = digest_of_file(path);
  ASSERT_TRUE(digest.has_value());
  EXPECT_EQ(digest->bytes, 3U);
  EXPECT_EQ(digest->sha256, kAbc);
  EXPECT_EQ(digest_of_file(path / "no").error().code, Errc::kNotFound);
}

TEST(Sha256, KnowsItsOwnForm) {
  EXPECT_TRUE(looks_like_sha256(kAbc));
  EXPECT_FALSE(looks_like_sha256("abc"));
  EXPECT_FALSE(looks_like_sha256(std::string(64, 'A')));
}

}  // namespace
}  // namespace penstock
