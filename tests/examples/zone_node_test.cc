#include "tests/examples/zone_node.h"

#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/type_options.h"

namespace penstock {
namespace {

Result<std::unique_ptr<Node>> make_zone(const std::string& options) {
  const OptionValues values = testing::options_of(zone_type(), options);
  NodeArgs args;
  args.name = "door";
  args.options = &values;
  return ZoneNode::make(args);
}

TEST(ZoneNode, KeepsTheObjectsWhoseCentreIsInside) {
  testing::NodeBench bench;
  const LabelTable labels{{"Person"}};
  const auto zone = make_zone("{area: [100, 0, 200, 400]}");
  ASSERT_TRUE(zone.has_value());
  Frame frame = bench.frame(0);
  const std::vector<Object> found = {{{90, 50, 40, 80}, 0.9F, 0, 1, {}},    // Centre at x = 110.
                                     {{60, 50, 40, 80}, 0.9F, 0, 2, {}},    // At x = 80.
                                     {{280, 50, 40, 80}, 0.9F, 0, 3, {}}};  // At x = 300, the edge.
  frame.set_objects(found, &labels);
  EXPECT_TRUE((*zone)->process(frame, bench.emit).has_value());
  ASSERT_EQ(frame.objects().items.size(), 1U);
  EXPECT_EQ(frame.objects().items[0].track, 1);
  EXPECT_EQ(frame.objects().labels, &labels);
  frame.end(Outcome::kDelivered);
}

TEST(ZoneNode, RefusesAnAreaWithoutExtentAndNamesTheActor) {
  const auto zone = make_zone("{area: [0, 0, 0, 100]}");
  ASSERT_FALSE(zone.has_value());
  EXPECT_EQ(zone.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(zone.error().message, "actor 'door': 'area' wants a width and a height above 0");
}

}  // namespace
}  // namespace penstock
