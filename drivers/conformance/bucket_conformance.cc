#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/conformance/conformance_support.h"
#include "drivers/conformance/driver_conformance.h"
#include "engine/tensor/shape_bucket.h"

// Buckets: each is the model of its shape, what is smaller is padded, what is larger is refused.
namespace penstock::testing {
namespace {

using Maps = std::vector<FeatureMap>;

/// Returns a dense map in which every element depends on its place.
FeatureMap patterned(const std::shared_ptr<const TensorSpec>& spec, const Shape& shape) {
  const std::size_t bytes = shape.dense_bytes(spec->type).value();
  Buffer buffer = Buffer::allocate(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    buffer.mutable_data()[i] = std::byte{static_cast<std::uint8_t>(i * 7 % 251)};
  }
  for (std::size_t i = 0; spec->type == ElementType::kF32 && i < bytes / sizeof(float); ++i) {
    const float value = static_cast<float>(i * 7 % 251) / 251;
    std::memcpy(buffer.mutable_data() + i * sizeof(float), &value, sizeof(float));
  }
  return make_feature_map(spec, shape, std::move(buffer)).value();
}

Maps patterned_inputs(const LoadedModel& model, const std::vector<Shape>& shapes) {
  Maps maps;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    maps.push_back(patterned(model.input_spec(i), shapes[i]));
  }
  return maps;
}

Maps empty_outputs(const LoadedModel& model, const ShapeBucket& bucket) {
  Maps maps;
  for (std::size_t i = 0; i < bucket.outputs.size(); ++i) {
    const auto spec = model.output_spec(i);
    Buffer buffer = Buffer::allocate(bucket.outputs[i].dense_bytes(spec->type).value());
    std::memset(buffer.mutable_data(), 0xA5, buffer.size());
    maps.push_back(make_feature_map(spec, bucket.outputs[i], std::move(buffer)).value());
  }
  return maps;
}

/// Copies `from` into the beginning of each axis of `to`, by the index of each element.
void place_into(const FeatureMap& from, FeatureMap& to) {
  const std::size_t size =
      from.buffer.size() / static_cast<std::size_t>(from.shape.element_count().value());
  const auto count = static_cast<std::size_t>(from.shape.element_count().value());
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t rest = i;
    std::size_t at = 0;
    std::size_t step = 1;
    for (std::size_t axis = from.shape.rank(); axis-- > 0;) {
      const auto extent = static_cast<std::size_t>(from.shape[axis]);
      at += rest % extent * step;
      rest /= extent;
      step *= static_cast<std::size_t>(to.shape[axis]);
    }
    std::memcpy(to.mutable_data() + at * size, from.data() + i * size, size);
  }
}

/// Returns the load of the model with exactly the shapes of `bucket`.
Load exactly(const Load& bucketed, const ShapeBucket& bucket) {
  Load load{bucketed.path, {}};
  for (const auto& [name, value] : bucketed.options) {
    if (name.compare(0, 6, "shape.") != 0 && name != "batch" && name != "batch.buckets" &&
        name != "pad") {
      load.options.emplace(name, value);
    }
  }
  for (std::size_t i = 0; i < bucket.inputs.size(); ++i) {
    load.options["shape." + std::to_string(i)] = bucket.inputs[i].to_string();
  }
  return load;
}

/// Returns inputs that are one smaller than `bucket` in one axis, and run in it all the same.
std::optional<std::vector<Shape>> smaller_than(const ModelInfo& info,
                                               const ShapeBucket& bucket,
                                               bool in_batch) {
  for (std::size_t axis = bucket.inputs.front().rank(); axis-- > 0;) {
    std::vector<Shape> shapes = bucket.inputs;
    shapes.front().set(axis, shapes.front()[axis] - 1);
    const auto chosen = choose_bucket(info.buckets, shapes);
    const bool is_open = info.inputs.front().shape[axis] == Shape::kDynamic;
    if (is_open && (axis == 0) == in_batch && shapes.front()[axis] > 0 && chosen.has_value() &&
        info.buckets[*chosen] == bucket) {
      return shapes;
    }
  }
  return std::nullopt;
}

}  // namespace

TEST_P(DriverConformance, ShowsBucketsOfAscendingSizeForEveryPort) {
  EXPECT_TRUE(load(subject().quick).info().buckets.empty());
  if (subject().bucketed.options.empty()) {
    GTEST_SKIP() << "the driver has no buckets";
  }
  const LoadedModel model = load(subject().bucketed);
  const auto& buckets = model.info().buckets;
  ASSERT_GE(buckets.size(), 2U);
  for (std::size_t b = 0; b < buckets.size(); ++b) {
    ASSERT_EQ(buckets[b].inputs.size(), model.inputs().size());
    ASSERT_EQ(buckets[b].outputs.size(), model.outputs().size());
    EXPECT_GE(size_of(buckets[b]), size_of(buckets[b == 0 ? 0 : b - 1]));
    // Otherwise nothing would ever run in it.
    EXPECT_EQ(choose_bucket(buckets, buckets[b].inputs), b) << buckets[b].to_string();
  }
}

TEST_P(DriverConformance, RunsEachBucketAsTheModelOfItsShapes) {
  if (subject().bucketed.options.empty()) {
    GTEST_SKIP() << "the driver has no buckets";
  }
  LoadedModel model = load_ready(subject().bucketed);
  Request request = model.create_request(queue_).value();
  for (const ShapeBucket& bucket : model.info().buckets) {
    LoadedModel alone = load_ready(exactly(subject().bucketed, bucket));
    Request expected = alone.create_request(queue_).value();
    const Maps inputs = patterned_inputs(model, bucket.inputs);
    const Maps outputs = empty_outputs(model, bucket);
    const Maps expected_outputs = empty_outputs(alone, bucket);

    ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
    ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
    ASSERT_TRUE(
        expected.submit(patterned_inputs(alone, bucket.inputs), expected_outputs, 2).has_value());
    ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);

    for (std::size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_EQ(
          std::memcmp(outputs[i].data(), expected_outputs[i].data(), outputs[i].buffer.size()), 0)
          << "output " << i << " of bucket " << bucket.to_string();
      EXPECT_EQ(request.output_shape(i), bucket.outputs[i]);
    }
  }
}

TEST_P(DriverConformance, PadsWhatIsSmallerThanItsBucket) {
  if (subject().bucketed.options.empty()) {
    GTEST_SKIP() << "the driver has no buckets";
  }
  LoadedModel model = load_ready(subject().bucketed);
  Request request = model.create_request(queue_).value();
  std::size_t padded = 0;
  for (const ShapeBucket& bucket : model.info().buckets) {
    const auto shapes = smaller_than(model.info(), bucket, false);
    if (!shapes.has_value()) {
      continue;
    }
    ++padded;
    const Maps inputs = patterned_inputs(model, *shapes);
    Maps whole = inputs;
    whole[0] = filled_map(std::make_shared<const TensorSpec>([&] {
                            TensorSpec spec = model.inputs()[0];
                            spec.shape = bucket.inputs[0];
                            return spec;
                          }()),
                          0);
    place_into(inputs[0], whole[0]);
    const Maps outputs = empty_outputs(model, bucket);
    const Maps expected = empty_outputs(model, bucket);

    ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
    ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
    ASSERT_TRUE(request.submit(whole, expected, 2).has_value());
    ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);

    for (std::size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_EQ(std::memcmp(outputs[i].data(), expected[i].data(), outputs[i].buffer.size()), 0)
          << "output " << i << " of bucket " << bucket.to_string();
    }
  }
  EXPECT_GE(padded, 1U) << "the subject's buckets leave nothing to pad";
}

TEST_P(DriverConformance, GivesAsManyRowsAsAPartialBatchHas) {
  if (subject().bucketed.options.empty()) {
    GTEST_SKIP() << "the driver has no buckets";
  }
  LoadedModel model = load_ready(subject().bucketed);
  Request request = model.create_request(queue_).value();
  for (const ShapeBucket& bucket : model.info().buckets) {
    const auto shapes = smaller_than(model.info(), bucket, true);
    if (!shapes.has_value()) {
      continue;
    }
    const Maps outputs = empty_outputs(model, bucket);
    ASSERT_TRUE(request.submit(patterned_inputs(model, *shapes), outputs, 1).has_value());
    ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_EQ(request.output_shape(i), output_shape_of(bucket, i, shapes->front()[0]))
          << bucket.to_string();
    }
  }
}

TEST_P(DriverConformance, RefusesWhatFitsNoBucketNamingTheLargest) {
  if (subject().bucketed.options.empty()) {
    GTEST_SKIP() << "the driver has no buckets";
  }
  LoadedModel model = load_ready(subject().bucketed);
  Request request = model.create_request(queue_).value();
  const ShapeBucket& largest = model.info().buckets.back();
  for (std::size_t axis = 0; axis < largest.inputs.front().rank(); ++axis) {
    if (model.inputs()[0].shape[axis] != Shape::kDynamic) {
      continue;
    }
    std::vector<Shape> shapes = largest.inputs;
    shapes.front().set(axis, shapes.front()[axis] + 1);
    const Status status =
        request.submit(patterned_inputs(model, shapes), empty_outputs(model, largest), 1);
    ASSERT_FALSE(status.has_value()) << shapes.front().to_string();
    EXPECT_EQ(status.error().code, Errc::kInvalidArgument);
    for (const std::string& named : {model.inputs()[0].name,
                                     shapes.front().to_string(),
                                     "the largest is " + largest.to_string(),
                                     subject().bucketed.path}) {
      EXPECT_NE(status.error().message.find(named), std::string::npos) << status.error().message;
    }
    EXPECT_TRUE(request.is_idle());
  }
}

}  // namespace penstock::testing
