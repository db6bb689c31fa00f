#include "drivers/sim/model_work.h"

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

std::map<std::string, std::string> example_properties() {
  return {{"name", "detector"},
          {"work.conv_macs", "1.5e9"},
          {"work.conv_positions", "10"},
          {"work.largest_conv_macs", "15"},
          {"work.depthwise_macs", "20"},
          {"work.product_macs", "25"},
          {"work.other_ops", "30"},
          {"work.weight_bytes", "40"},
          {"work.activation_bytes", "50"},
          {"work.input_bytes", "60"},
          {"work.output_bytes", "70"},
          {"work.layers", "8"}};
}

TEST(WorkFrom, ReadsEachCountByItsName) {
  const auto work = work_from(example_properties());
  ASSERT_TRUE(work.has_value());
  EXPECT_EQ(work->conv_macs, 1.5e9);
  EXPECT_EQ(work->conv_positions, 10);
  EXPECT_EQ(work->largest_conv_macs, 15);
  EXPECT_EQ(work->depthwise_macs, 20);
  EXPECT_EQ(work->product_macs, 25);
  EXPECT_EQ(work->other_ops, 30);
  EXPECT_EQ(work->weight_bytes, 40);
  EXPECT_EQ(work->activation_bytes, 50);
  EXPECT_EQ(work->input_bytes, 60);
  EXPECT_EQ(work->output_bytes, 70);
  EXPECT_EQ(work->layers, 8);
}

TEST(WorkNames, AreThoseThatTheWorkIsReadFrom) {
  const auto properties = example_properties();
  EXPECT_EQ(work_names().size() + 1, properties.size());
  for (const std::string& name : work_names()) {
    EXPECT_EQ(properties.count("work." + name), 1U) << name;
  }
}

TEST(WorkFrom, GivesNothingWhenACountIsMissing) {
  for (const auto& [name, value] : example_properties()) {
    auto properties = example_properties();
    properties.erase(name);
    EXPECT_EQ(work_from(properties).has_value(), name == "name") << name << "=" << value;
  }
}

TEST(WorkFrom, GivesNothingForWhatIsNoCount) {
  for (const char* text : {"", "many", "1x", "-1", "nan", "inf"}) {
    auto properties = example_properties();
    properties["work.layers"] = text;
    EXPECT_FALSE(work_from(properties).has_value()) << text;
  }
}

}  // namespace
}  // namespace penstock::sim
