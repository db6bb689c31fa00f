#include "engine/graph/model_names.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

NamedPlace find(const std::string& network, const std::string& variant) {
  const std::vector<NetworkNames> networks = {{"detector", {"small", "large"}}, {"reader", {"r"}}};
  return find_names(networks, {"plates.zip", network, variant}, "package 'plates'");
}

TEST(ModelNames, FindsTheNetworkAndItsVariant) {
  const NamedPlace large = find("detector", "large");
  EXPECT_FALSE(large.unknown.has_value());
  EXPECT_EQ(large.network, 0U);
  EXPECT_EQ(large.variant, 1U);
  const NamedPlace reader = find("reader", "r");
  EXPECT_EQ(reader.network, 1U);
  EXPECT_EQ(reader.variant, 0U);
}

TEST(ModelNames, TakesTheFirstForAnEmptyName) {
  const NamedPlace first = find("", "");
  EXPECT_FALSE(first.unknown.has_value());
  EXPECT_EQ(first.network, 0U);
  EXPECT_EQ(first.variant, 0U);
  EXPECT_EQ(find("", "large").variant, 1U);
  EXPECT_EQ(find("reader", "").network, 1U);
}

TEST(ModelNames, SaysWhichNameIsUnknownAndWhichAreThere) {
  const NamedPlace network = find("readr", "r");
  ASSERT_TRUE(network.unknown.has_value());
  EXPECT_EQ(network.unknown->word, "network");
  EXPECT_EQ(network.unknown->text,
            "package 'plates' has no network 'readr'; name one of detector, reader");
  EXPECT_EQ(network.unknown->hint, "did you mean 'reader'?");
  const NamedPlace variant = find("", "huge");
  ASSERT_TRUE(variant.unknown.has_value());
  EXPECT_EQ(variant.unknown->word, "variant");
  EXPECT_EQ(
      variant.unknown->text,
      "network 'detector' of package 'plates' has no variant 'huge'; name one of small, large");
  EXPECT_EQ(variant.unknown->hint, "");
}

TEST(ModelNames, LooksForAVariantInTheNamedNetworkOnly) {
  const NamedPlace variant = find("reader", "small");
  ASSERT_TRUE(variant.unknown.has_value());
  EXPECT_EQ(variant.unknown->text,
            "network 'reader' of package 'plates' has no variant 'small'; name one of r");
}

}  // namespace
}  // namespace penstock
