#include "engine/run/batch_memory.h"

#include <cstdint>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "engine/run/testing/port_specs.h"

namespace penstock {
namespace {

using testing::port_map;
using testing::port_spec;
using testing::PortSpecs;

const PortSpecs kInputs = {port_spec("image", ElementType::kU8, {4, 3})};
const auto kFrameInput = port_spec("image", ElementType::kU8, {1, 3});
const PortSpecs kOutputs = {port_spec("boxes", ElementType::kU8, {4, 2})};
const std::vector<Shape> kInputShapes = {Shape({4, 3})};
const std::vector<Shape> kOutputShapes = {Shape({4, 2})};

std::vector<FeatureMap> frame(std::uint8_t value) {
  std::vector<FeatureMap> maps = {port_map(kFrameInput, {1, 3})};
  for (int i = 0; i < 3; ++i) {
    maps[0].mutable_data()[i] = std::byte{value};
  }
  return maps;
}

BatchMemory made(BatchMemory::Bounds bounds) {
  return BatchMemory::create("detect", kInputs, kOutputs, bounds).value();
}

TEST(BatchMemory, LaysTheFramesOfABatchBehindOneAnother) {
  BatchMemory memory = made({});
  const auto first = frame(7);
  const auto second = frame(9);
  const std::vector<std::span<const FeatureMap>> frames = {first, second};
  std::vector<FeatureMap> inputs;
  ASSERT_TRUE(memory.gather(frames, kInputShapes, inputs).has_value());
  ASSERT_EQ(inputs.size(), 1U);
  EXPECT_EQ(inputs[0].shape, Shape({4, 3}));
  EXPECT_EQ(inputs[0].buffer.size(), 12U);
  const auto* bytes = inputs[0].as<std::uint8_t>();
  EXPECT_EQ(std::vector<std::uint8_t>(bytes, bytes + 6),
            (std::vector<std::uint8_t>{7, 7, 7, 9, 9, 9}));
}

TEST(BatchMemory, NamesThePortThatHasNoMemoryLeft) {
  BatchMemory memory = made({.inputs = 1, .outputs = 1});
  std::vector<FeatureMap> kept;
  std::vector<FeatureMap> none;
  ASSERT_TRUE(memory.lease_outputs(kOutputShapes, kept).has_value());
  const Status refused = memory.lease_outputs(kOutputShapes, none);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::kUnavailable);
  EXPECT_EQ(refused.error().message, "no memory for output 'boxes'");
  const auto one = frame(1);
  const std::vector<std::span<const FeatureMap>> frames = {one};
  std::vector<FeatureMap> inputs;
  ASSERT_TRUE(memory.gather(frames, kInputShapes, inputs).has_value());
  EXPECT_EQ(memory.gather(frames, kInputShapes, none).error().message,
            "no memory for a batch of input 'image'");
}

TEST(BatchMemory, TakesMemoryBackWithTheLastMapThatRefersToIt) {
  BatchMemory memory = made({});
  std::vector<FeatureMap> outputs;
  ASSERT_TRUE(memory.lease_outputs(kOutputShapes, outputs).has_value());
  const std::byte* first = outputs[0].data();
  std::vector<FeatureMap> view = outputs;
  view[0].offset = 2;
  outputs.clear();
  EXPECT_FALSE(memory.lease_outputs(kOutputShapes, outputs).has_value()) << "the view holds it";
  view.clear();
  ASSERT_TRUE(memory.lease_outputs(kOutputShapes, outputs).has_value());
  EXPECT_EQ(outputs[0].data(), first);
}

}  // namespace
}  // namespace penstock
