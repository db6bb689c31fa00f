#include "engine/nodes/builtin_nodes.h"

#include <gtest/gtest.h>

#include "engine/graph/builtin_words.h"
#include "engine/nodes/app_ports.h"
#include "engine/nodes/builtin_types.h"

namespace penstock {
namespace {

TEST(BuiltinNodes, HaveAClassForEachTypeAndATypeForEachClass) {
  TypeRegistry registry;
  register_language_types(registry);
  register_builtin_types(registry);
  NodeCatalogue catalogue;
  register_builtin_nodes(catalogue);
  register_app_nodes(catalogue, AppPorts());
  for (const std::string& name : registry.actor_names()) {
    if (registry.find(name)->does_run_model()) {
      continue;  // Runs on the station of its model.
    }
    const bool is_source = registry.find(name)->is_source();
    EXPECT_EQ(catalogue.find_source(name) != nullptr, is_source) << name;
    EXPECT_EQ(catalogue.find_node(name) != nullptr, !is_source) << name;
  }
}

TEST(NodeCatalogue, FindsNothingUnderAnUnknownName) {
  NodeCatalogue catalogue;
  register_builtin_nodes(catalogue);
  EXPECT_EQ(catalogue.find_node("trackr"), nullptr);
  EXPECT_EQ(catalogue.find_source("tracker"), nullptr);
}

TEST(NodeCatalogueDeathTest, RefusesANameTwice) {
  NodeCatalogue catalogue;
  register_builtin_nodes(catalogue);
  EXPECT_DEATH(register_builtin_nodes(catalogue), "is registered twice");
}

}  // namespace
}  // namespace penstock
