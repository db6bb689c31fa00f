#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/steady_host.h"
#include "drivers/conformance/completion_waiter.h"
#include "drivers/openvino/open_model.h"
#include "drivers/openvino/openvino_driver.h"

// Buckets of a model whose batch, height and width are open. That each bucket is the model of its
// shapes, and what padding gives, is tested for every driver in drivers/conformance.
namespace penstock {
namespace {

class OpenvinoBuckets : public ::testing::Test {
 protected:
  OpenvinoBuckets()
      : path_(openvino::write_open_model(::testing::TempDir())),
        driver_(Driver::create(openvino_driver_api(), std::make_shared<SteadyHost>()).value()),
        device_(driver_.open("cpu:0").value()),
        queue_(CompletionQueue::create(8, waiter_.doorbell()).value()) {}

  LoadedModel load(DriverOptions options) {
    options.emplace("precision", "f32");
    auto model = device_.load(path_, options);
    EXPECT_TRUE(model.has_value()) << model.error().message;
    return std::move(model).value();
  }

  static std::vector<std::string> texts(const LoadedModel& model) {
    std::vector<std::string> texts;
    for (const ShapeBucket& bucket : model.info().buckets) {
      texts.push_back(bucket.to_string());
    }
    return texts;
  }

  static FeatureMap image(const LoadedModel& model, const Shape& shape) {
    Buffer buffer = Buffer::allocate(shape.dense_bytes(ElementType::kF32).value());
    for (std::size_t i = 0; i < buffer.size() / sizeof(float); ++i) {
      const float value = static_cast<float>(i * 31 % 97) / 97;
      std::memcpy(buffer.mutable_data() + i * sizeof(float), &value, sizeof(value));
    }
    return make_feature_map(model.input_spec(0), shape, std::move(buffer)).value();
  }

  std::vector<FeatureMap> infer(LoadedModel& model, Request& request, const FeatureMap& input) {
    std::vector<FeatureMap> outputs;
    const std::vector<Shape> shapes = {input.shape};
    const auto bucket = choose_bucket(model.info().buckets, shapes);
    for (std::size_t i = 0; i < model.outputs().size(); ++i) {
      const Shape shape =
          bucket.has_value() ? model.info().buckets[*bucket].outputs[i] : model.outputs()[i].shape;
      Buffer buffer = Buffer::allocate(shape.dense_bytes(ElementType::kF32).value());
      outputs.push_back(make_feature_map(model.output_spec(i), shape, std::move(buffer)).value());
    }
    const Status status = request.submit(std::vector<FeatureMap>{input}, outputs, 1);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    const Completion completion = waiter_.next(queue_);
    EXPECT_EQ(completion.code, Errc::kOk) << completion.message;
    return outputs;
  }

  std::string refusal(const DriverOptions& options) {
    const auto loaded = device_.load(path_, options);
    const auto obstacles = device_.explain(path_, options).value();
    EXPECT_EQ(loaded.has_value(), obstacles.empty());
    return loaded.has_value() ? "" : loaded.error().message;
  }

  std::string path_;
  testing::CompletionWaiter waiter_;
  Driver driver_;
  Device device_;
  CompletionQueue queue_;
};

TEST_F(OpenvinoBuckets, SayWhatWasLoaded) {
  const LoadedModel model =
      load({{"shape.image", "1x3x32x32,1x3x64x48"}, {"batch", "4"}, {"batch.buckets", "1"}});
  EXPECT_EQ(texts(model),
            (std::vector<std::string>{"1x3x32x32", "1x3x64x48", "4x3x32x32", "4x3x64x48"}));
  EXPECT_EQ(model.inputs()[0].to_string(), "f32 ?x3x?x? NCHW");
  EXPECT_EQ(model.outputs()[0].shape.to_string(), "?x4x?x?");
  EXPECT_EQ(model.outputs()[1].shape.to_string(), "?x4");
  EXPECT_EQ(model.info().buckets[3].outputs[0], Shape({4, 4, 32, 24}));
  EXPECT_EQ(model.info().min_batch, 1U);
  EXPECT_EQ(model.info().max_batch, 4U);
  EXPECT_EQ(model.info().properties.at("buckets"), "1x3x32x32; 1x3x64x48; 4x3x32x32; 4x3x64x48");
}

TEST_F(OpenvinoBuckets, KeepOneShapeAsAnOrdinaryModel) {
  const LoadedModel model = load({{"shape.image", "1x3x32x32"}});
  EXPECT_TRUE(model.info().buckets.empty());
  EXPECT_EQ(model.inputs()[0].shape, Shape({1, 3, 32, 32}));
}

TEST_F(OpenvinoBuckets, GiveEachRowOfAPartialBatchWhatItGetsAlone) {
  LoadedModel model = load({{"shape.0", "1x3x32x32"}, {"batch", "8"}, {"batch.buckets", "1,2,4"}});
  Request request = model.create_request(queue_).value();
  const FeatureMap three = image(model, {3, 3, 32, 32});
  const auto together = infer(model, request, three);
  EXPECT_EQ(together[1].shape, Shape({4, 4})) << "laid out for the bucket of 4";
  EXPECT_EQ(request.output_shape(0), Shape({3, 4, 16, 16}));
  EXPECT_EQ(request.output_shape(1), Shape({3, 4}));
  constexpr std::size_t kRow = std::size_t{3} * 32 * 32;
  for (std::size_t row = 0; row < 3; ++row) {
    FeatureMap alone = image(model, {1, 3, 32, 32});
    std::memcpy(alone.mutable_data(), three.as<float>() + row * kRow, kRow * sizeof(float));
    const auto expected = infer(model, request, alone);
    for (std::size_t channel = 0; channel < 4; ++channel) {
      EXPECT_NEAR(
          together[1].as<float>()[row * 4 + channel], expected[1].as<float>()[channel], 1e-5F);
    }
  }
}

TEST_F(OpenvinoBuckets, FillWithTheValueOfPad) {
  LoadedModel model = load({{"shape.0", "1x3x8x8,1x3x16x16"}, {"pad", "0.5"}});
  Request request = model.create_request(queue_).value();
  FeatureMap small = image(model, {1, 3, 12, 16});
  FeatureMap whole = image(model, {1, 3, 16, 16});
  std::vector<float> filled(std::size_t{3} * 16 * 16, 0.5F);
  for (std::size_t plane = 0; plane < 3; ++plane) {
    std::memcpy(filled.data() + plane * 256,
                small.as<float>() + plane * 192,
                std::size_t{192} * sizeof(float));
  }
  std::memcpy(whole.mutable_data(), filled.data(), filled.size() * sizeof(float));
  const auto padded = infer(model, request, small);
  const auto expected = infer(model, request, whole);
  EXPECT_EQ(std::memcmp(padded[0].data(), expected[0].data(), padded[0].buffer.size()), 0);
  EXPECT_EQ(padded[0].shape, Shape({1, 4, 8, 8})) << "nothing is cut but rows of a batch";
}

TEST_F(OpenvinoBuckets, RefuseWhatDoesNotFitTheModel) {
  EXPECT_NE(refusal({{"shape.0", "1x3x8,1x3x9"}}).find("'shape.0' has rank 3"), std::string::npos);
  EXPECT_NE(refusal({{"shape.picture", "1x3x8x8"}}).find("the model has the inputs 'image'"),
            std::string::npos);
  EXPECT_NE(refusal({{"batch", "4"}, {"batch.buckets", "2"}}).find("give it a shape too"),
            std::string::npos);
  EXPECT_NE(refusal({{"shape.0", "1x3x16x16,1x3x8x8"}}).find("1x3x8x8 is smaller"),
            std::string::npos);
}

TEST_F(OpenvinoBuckets, ComeFromTheCacheTheSecondTime) {
  const DriverOptions options = {{"shape.0", "1x3x8x8,1x3x16x16"},
                                 {"precision", "f32"},
                                 {"cache_dir", ::testing::TempDir() + "/bucket_cache"}};
  { EXPECT_FALSE(load(options).info().loaded_from_cache); }
  EXPECT_TRUE(load(options).info().loaded_from_cache);
}

}  // namespace
}  // namespace penstock
