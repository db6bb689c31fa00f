#include "engine/graph/graph_schema.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/graph/graph_test_kit.h"

namespace penstock {
namespace {

TEST(GraphSchema, KnowsEveryTypeAndOption) {
  const TypeRegistry registry = example_types();
  const auto schema = nlohmann::json::parse(graph_schema(registry));
  for (const std::string& name : registry.actor_names()) {
    const auto& actor = schema.at("$defs").at("actor_" + name);
    for (const Option& option : registry.find(name)->options()) {
      EXPECT_TRUE(actor.at("properties").contains(option.name())) << name << "." << option.name();
    }
    EXPECT_EQ(actor.at("additionalProperties"), false);
  }
}

TEST(GraphSchema, CarriesRangesWordsAndHelp) {
  const auto schema = nlohmann::json::parse(graph_schema(example_types()));
  const auto& tracker = schema.at("$defs").at("actor_tracker").at("properties");
  EXPECT_EQ(tracker.at("max_lost").at("description"), "until a track is given up");
  EXPECT_EQ(tracker.at("max_lost").at("anyOf").at(0).at("maximum"), 10000);
  EXPECT_EQ(tracker.at("method").at("anyOf").at(0).at("enum"),
            nlohmann::json::array({"byte", "sort"}));
}

TEST(GraphSchema, HasTheOptionsOfDecodersAndDevices) {
  const auto schema = nlohmann::json::parse(graph_schema(example_types()));
  const auto& properties = schema.at("properties");
  const auto& model = properties.at("models").at("additionalProperties").at("properties");
  EXPECT_EQ(model.at("postprocess").at("anyOf").size(), 2U);
  EXPECT_TRUE(model.at("preprocess").at("properties").contains("letterbox"));
  EXPECT_EQ(properties.at("devices").at("additionalProperties").at("anyOf").size(), 4U);
}

TEST(GraphSchema, HasTheWordsOfTheScheduler) {
  const auto schema = nlohmann::json::parse(graph_schema(example_types()));
  const auto& properties = schema.at("properties");
  EXPECT_TRUE(properties.at("scheduler").at("properties").contains("swap_share"));
  const auto& model = properties.at("models").at("additionalProperties").at("properties");
  EXPECT_TRUE(model.contains("max_wait"));
  EXPECT_TRUE(model.contains("failover"));
  const auto& actors = schema.at("$defs");
  EXPECT_TRUE(actors.at("actor_infer").at("properties").contains("weight"));
  EXPECT_FALSE(actors.at("actor_tracker").at("properties").contains("weight"));
}

TEST(GraphSchema, IsWellFormedForAnEmptyRegistry) {
  const auto schema = nlohmann::json::parse(graph_schema(TypeRegistry()));
  EXPECT_EQ(schema.at("required"), nlohmann::json::array({"actors"}));
}

}  // namespace
}  // namespace penstock
