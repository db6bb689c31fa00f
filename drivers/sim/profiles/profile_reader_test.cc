#include "drivers/sim/profiles/profile_reader.h"

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "drivers/sim/profiles/builtin_profiles.h"

namespace penstock::sim {
namespace {

constexpr const char* kSmallest = R"(profile: tiny
title: simulated tiny one
identity: "tiny-{index}"
sub_devices: {count: 2}
modes: [{name: single}]
)";

std::string complaint(const std::string& text) {
  const auto profile = parse_profile(SourceText("p.yaml", text));
  return profile.has_value() ? "" : profile.error().message;
}

/// Adds the paths of all keys below `schema`, the items of lists included.
void add_keys(const nlohmann::json& schema, const std::string& path, std::set<std::string>* keys) {
  const nlohmann::json& owner = schema.contains("items") ? schema["items"] : schema;
  if (!owner.contains("properties")) {
    return;
  }
  EXPECT_EQ(owner.value("additionalProperties", true), false) << path;
  for (const auto& [name, value] : owner["properties"].items()) {
    const std::string key = path.empty() ? name : path + "." + name;
    keys->insert(key);
    add_keys(value, key, keys);
  }
}

TEST(ProfileReader, ReadsEveryShippedProfile) {
  for (const std::string& name : builtin_profile_names()) {
    const auto profile = find_profile(name);
    ASSERT_TRUE(profile.has_value()) << profile.error().message;
    EXPECT_EQ(profile->name, name);
    EXPECT_NE(profile->title.find("simulated"), std::string::npos);
    EXPECT_FALSE(profile->modes.empty());
    EXPECT_FALSE(profile->thermal.ladder.empty());
    EXPECT_GT(profile->costs.conv_ns_per_mmac, 0);
  }
}

TEST(ProfileReader, KnowsTheIdentitiesThatVendorsGive) {
  EXPECT_EQ(find_profile("metis")->identity_of(0), "metis-0:1:0");
  EXPECT_EQ(find_profile("mx3")->identity_of(1), "mx3-1");
  EXPECT_EQ(find_profile("aries")->identity_of(0), "aries0");
}

TEST(ProfileReader, PlacesAModeOnNeighbours) {
  const Profile mx3 = find_profile("mx3").value();
  EXPECT_EQ(mx3.places_of(*mx3.find_mode("group4")), (std::vector<SubDeviceMask>{0xF}));
  EXPECT_EQ(mx3.places_of(*mx3.find_mode("group2")), (std::vector<SubDeviceMask>{0x3, 0xC}));
  EXPECT_EQ(mx3.places_of(*mx3.find_mode("group1")), (std::vector<SubDeviceMask>{1, 2, 4, 8}));
}

TEST(ProfileReader, TakesWhatIsNotWrittenFromDefaults) {
  const auto profile = parse_profile(SourceText("p.yaml", kSmallest));
  ASSERT_TRUE(profile.has_value()) << profile.error().message;
  EXPECT_EQ(profile->sub_devices, 2);
  EXPECT_EQ(profile->group_size, 2);
  EXPECT_TRUE(profile->double_buffering);
  EXPECT_FALSE(profile->mvm_limit.exists);
  EXPECT_TRUE(profile->clock.steps.empty());
}

TEST(ProfileReader, SendsValuesAsTheyAreStoredUnlessTheLinkSaysOtherwise) {
  const auto link = [](const std::string& more) {
    return parse_profile(SourceText("p.yaml", std::string(kSmallest) + more)).value().link;
  };
  EXPECT_EQ(link("").value_bits, 8);
  EXPECT_EQ(link("numbers: {type: bf16, pad_channels: 4}\n").value_bits, 16);
  EXPECT_EQ(link("numbers: {type: bf16, pad_channels: 4}\n").pad_channels, 4);
  const LinkFigures own =
      link("numbers: {type: bf16, pad_channels: 4}\nlink: {value_bits: 10, pad_channels: 1}\n");
  EXPECT_EQ(own.value_bits, 10);
  EXPECT_EQ(own.pad_channels, 1);
}

TEST(ProfileReader, NamesPlaceAndRuleOfAMistake) {
  EXPECT_EQ(complaint(std::string(kSmallest) + "jitter: 0.9\n"),
            "p.yaml:6:9: error[E013]: 'jitter' is '0.9': must be from 0 to 0.5");
  EXPECT_EQ(complaint(std::string(kSmallest) + "clock: {stps: [1]}\n"),
            "p.yaml:6:9: error[E010]: unknown key 'clock.stps' (did you mean 'steps'?)");
  EXPECT_EQ(complaint(std::string(kSmallest) + "link: {in: 5}\n"),
            "p.yaml:6:12: error[E013]: 'link.in' is '5': wants bytes per second such as 1.3GB/s");
  EXPECT_EQ(complaint(std::string(kSmallest) + "memory: 3\n"),
            "p.yaml:6:9: error[E012]: 'memory' wants a list, not '3'");
}

/// Every message has file, line, column, key, value and rule.
TEST(ProfileReader, NamesTheItemOfAListThatIsWrong) {
  EXPECT_EQ(complaint(std::string(kSmallest) + "clock: {steps: [1, 5, 3]}\n"),
            "p.yaml:6:23: error[E013]: 'clock.steps' is '3': must rise: it is not above the one "
            "before it");
  EXPECT_EQ(
      complaint(std::string(kSmallest) + "memory: [{name: a, size: 1MB, counts: [wights]}]\n"),
      "p.yaml:6:40: error[E013]: 'memory.counts' is 'wights': wants one of weights, "
      "activations, transfers");
  EXPECT_EQ(complaint(std::string(kSmallest) + "memory: [{name: a, size: 1MB, reserved: 2MB}]\n"),
            "p.yaml:6:41: error[E013]: 'memory.reserved' is '2MB': must not be more than the size");
  EXPECT_EQ(
      complaint(std::string(kSmallest) + "thermal: {ladder: [{action: melt, at: 90}]}\n"),
      "p.yaml:6:29: error[E013]: 'thermal.ladder.action' is 'melt': wants one of warn, limit, "
      "clock, shutdown");
  EXPECT_EQ(complaint(std::string(kSmallest) + "reset: soon\n").substr(0, 40),
            "p.yaml:6:8: error[E013]: 'reset' is 'soo");
}

TEST(ProfileReader, ReportsAllMistakesAtOnce) {
  const std::string text = complaint("title: a device\nidentity: x\nmodes: []\n");
  EXPECT_NE(text.find("'profile' is missing"), std::string::npos) << text;
  EXPECT_NE(text.find("'simulated'"), std::string::npos) << text;
  EXPECT_NE(text.find("{index}"), std::string::npos) << text;
  EXPECT_NE(text.find("at least one"), std::string::npos) << text;
}

TEST(ProfileReader, RefusesWhatCannotBe) {
  const std::string head =
      "profile: t\ntitle: simulated\nidentity: 't{index}'\nsub_devices: {count: 4}\n";
  EXPECT_NE(complaint(head + "modes: [{name: a, sub_devices: 5}]").find("from 1 to 4"),
            std::string::npos);
  EXPECT_NE(complaint(head + "modes: [{name: a, sub_devices: 4, frames: 2}]").find("one each"),
            std::string::npos);
  EXPECT_NE(complaint(head + "modes: [{name: a}, {name: a}]").find("there already"),
            std::string::npos);
  EXPECT_NE(complaint(head + "modes: [{name: a}]\nclock: {steps: [2, 1]}").find("must rise"),
            std::string::npos);
  EXPECT_NE(
      complaint(head + "modes: [{name: a}]\ncalibrated: [{hash: 12, service: 1ms, source: x}]")
          .find("SHA-256"),
      std::string::npos);
}

TEST(ProfileReader, RefusesPropertiesThatCannotBe) {
  const auto wrong = [](const std::string& property) {
    return complaint(std::string(kSmallest) + "properties: [" + property + "]\n");
  };
  EXPECT_EQ(wrong("{name: a, type: integer, value: 5, minimum: 1, maximum: 9}"), "");
  EXPECT_EQ(wrong("{name: a, type: integer, value: x}"),
            "p.yaml:6:46: error[E013]: 'properties.value' is 'x': must be a whole number");
  EXPECT_NE(wrong("{name: a, type: integer, value: 9, minimum: 1, maximum: 3}")
                .find("'properties.value' is '9': must be a whole number from 1 to 3"),
            std::string::npos);
  EXPECT_NE(wrong("{name: a, type: choice, value: z, choices: [x, y]}").find("one of x, y"),
            std::string::npos);
  EXPECT_NE(wrong("{name: a, type: boolean, value: maybe}").find("true or false"),
            std::string::npos);
  EXPECT_NE(wrong("{name: a, type: real, value: 4, minimum: 5, maximum: 3}")
                .find("must be below the maximum"),
            std::string::npos);
  EXPECT_NE(wrong("{name: a, type: real, value: 4, minimum: 5}").find("together"),
            std::string::npos);
  EXPECT_NE(wrong("{name: a, value: 4, step: 5}").find("integer and real"), std::string::npos);
  EXPECT_NE(wrong("{name: a, value: 4, choices: [4]}").find("type choice"), std::string::npos);
  EXPECT_EQ(wrong("{name: a, value: 4}, {name: a, value: 5}"),
            "p.yaml:6:42: error[E002]: 'properties.name' is 'a': this property is there already");
  for (const char* own : {"clock", "self_test", "simulated", "profile", "mvm_limit"}) {
    EXPECT_NE(wrong("{name: " + std::string(own) + ", value: 4}").find("error[E002]"),
              std::string::npos)
        << own;
  }
}

TEST(ProfileReader, RefusesRowsAndSizesThatCannotBe) {
  const std::string hash(64, 'a');
  const auto wrong = [](const std::string& more) {
    return complaint(std::string(kSmallest) + more + "\n");
  };
  const std::string row = "{hash: " + hash + ", service: 1ms, source: x}";
  EXPECT_EQ(wrong("calibrated: [" + row + "]"), "");
  EXPECT_NE(wrong("calibrated: [" + row + ", " + row + "]").find("error[E002]"), std::string::npos);
  EXPECT_NE(wrong("calibrated: [{hash: " + hash + ", service: 0ms, source: x}]")
                .find("'calibrated.service' is '0ms': must be above 0"),
            std::string::npos);
  EXPECT_NE(wrong("memory: [{name: a, size: 0MiB}]").find("must be above 0"), std::string::npos);
  EXPECT_NE(wrong("memory: [{name: a, size: 1MiB}, {name: a, size: 1MiB, scope: device}]")
                .find("error[E002]"),
            std::string::npos);
}

TEST(ProfileReader, RefusesAModeThatIsCalledAuto) {
  const std::string head =
      "profile: t\ntitle: simulated\nidentity: 't{index}'\nsub_devices: {count: 4}\n";
  EXPECT_NE(complaint(head + "modes: [{name: auto}]").find("'modes.name' is 'auto'"),
            std::string::npos);
}

TEST(ProfileReader, SaysOfAWrongCountNoMoreThanThatItIsWrong) {
  EXPECT_EQ(complaint("profile: t\ntitle: simulated\nidentity: 't{index}'\n"
                      "sub_devices: {count: 65}\nmodes: [{name: a, sub_devices: 2}]\n"),
            "p.yaml:4:22: error[E013]: 'sub_devices.count' is '65': must be from 1 to 64");
}

TEST(ProfileReader, FindsNoProfileThatIsNotThereAndSaysWhichAre) {
  const auto none = find_profile("metiss");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, Errc::kNotFound);
  EXPECT_NE(none.error().message.find("mx3, metis, aries"), std::string::npos);
  EXPECT_EQ(find_profile("/no/such.yaml").error().code, Errc::kNotFound);
}

TEST(ProfileReader, KnowsTheKeysOfThePublishedSchemaAndNoOthers) {
  std::ifstream file("drivers/sim/profiles/schema.json");
  ASSERT_TRUE(file.good());
  std::set<std::string> published;
  add_keys(nlohmann::json::parse(file), "", &published);
  EXPECT_EQ(published, profile_keys());
}

TEST(ProfileReader, KnowsTheKeysThatTheDocumentLists) {
  std::ifstream file("docs/simulated-devices.md");
  ASSERT_TRUE(file.good());
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (const std::string& key : profile_keys()) {
    EXPECT_NE(text.find("\n| `" + key + "` |"), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace penstock::sim
