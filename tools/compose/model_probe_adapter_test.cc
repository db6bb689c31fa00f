#include "tools/compose/model_probe_adapter.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(DriverModelProbe, TellsNamesShapesTypesAndLayouts) {
  ModelInfo info;
  TensorSpec input;
  input.name = "image";
  input.type = ElementType::kU8;
  input.shape = Shape{Shape::kDynamic, 300, 300, 3};
  input.layout = "NHWC";
  info.inputs = {input};
  const ModelFacts facts = facts_of(info);
  ASSERT_EQ(facts.inputs.size(), 1U);
  EXPECT_EQ(facts.inputs[0].name, "image");
  EXPECT_EQ(facts.inputs[0].dims, (std::vector<std::int64_t>{-1, 300, 300, 3}));
  EXPECT_EQ(facts.inputs[0].element, "u8");
  EXPECT_EQ(facts.inputs[0].layout, "NHWC");
  EXPECT_TRUE(facts.outputs.empty());
}

TEST(DriverModelProbe, StartsItsDriverOnceWithTheFirstModel) {
  int started = 0;
  DriverModelProbe probe([&]() -> Result<std::shared_ptr<Driver>> {
    ++started;
    return Error{Errc::kUnavailable, "no library"};
  });
  EXPECT_EQ(started, 0);
  for (int i = 0; i < 2; ++i) {
    const auto facts = probe.probe({"a.onnx"});
    ASSERT_FALSE(facts.has_value());
    EXPECT_EQ(facts.error(), (Error{Errc::kUnavailable, "no library"}));
  }
  EXPECT_EQ(started, 1);
}

}  // namespace
}  // namespace penstock
