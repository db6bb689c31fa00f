#include "engine/graph/type_registry.h"

#include <gtest/gtest.h>

#include "engine/graph/builtin_words.h"

namespace penstock {
namespace {

ActorType sink(const std::string& name) {
  ActorType type(name, "takes everything");
  type.in("in", {}).sink();
  return type;
}

TEST(TypeRegistry, KnowsWhatWasAdded) {
  TypeRegistry registry;
  registry.add(sink("b")).add(sink("a"));
  ASSERT_NE(registry.find("a"), nullptr);
  EXPECT_TRUE(registry.find("a")->is_sink());
  EXPECT_TRUE(registry.find("a")->does_wait()) << "a sink waits for I/O";
  EXPECT_EQ(registry.find("c"), nullptr);
  EXPECT_EQ(registry.actor_names(), std::vector<std::string>({"a", "b"}));
}

TEST(TypeRegistry, ListsDecodersApart) {
  TypeRegistry registry;
  register_language_types(registry);
  registry.add(sink("a"));
  registry.add(ActorType("ssd", "boxes")
                   .decoder([](const ModelFacts&, const OptionValues&) {
                     return std::optional<std::string>();
                   })
                   .out("out", {payload::kObjects}));
  EXPECT_EQ(registry.decoder_names(), std::vector<std::string>({"ssd"}));
  EXPECT_EQ(registry.find("ssd")->inputs().front().needs, PayloadSet({payload::kTensors}));
  ASSERT_NE(registry.preprocessor(), nullptr);
  EXPECT_EQ(registry.preprocessor()->name(), "preprocess");
}

TEST(TypeRegistry, AcceptsPayloadsOfUsers) {
  TypeRegistry registry;
  registry.add_payload("radar");
  registry.add(ActorType("r", "h").in("in", {"radar"}).sink());
  EXPECT_TRUE(registry.knows_payload("radar"));
}

TEST(TypeRegistry, EndsTheProcessOnMistakesOfAuthors) {
  TypeRegistry registry;
  registry.add(sink("a"));
  EXPECT_DEATH(registry.add(sink("a")), "registered twice");
  EXPECT_DEATH(registry.add(ActorType("x", "h").in("in", {"smell"}).sink()), "unknown smell");
  EXPECT_DEATH(registry.add(sink("x").option(Option::text("in", "h"))), "word of the framework");
  EXPECT_DEATH(registry.add(sink("x").option(Option::duration("d", "h").fallback("5"))),
               "default of option 'd'.*wants a unit");
  EXPECT_DEATH(registry.add(sink("x").option(Option::integer("d", "h").range(1, 2).fallback("3"))),
               "it wants 1 to 2");
  EXPECT_DEATH(registry.add(sink("x").option(Option::text("d", ""))), "has no help");
  EXPECT_DEATH(registry.add(ActorType("x", "h").in("in", {})), "has no output");
}

}  // namespace
}  // namespace penstock
