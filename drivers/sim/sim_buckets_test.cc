#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/manual_host.h"
#include "drivers/api/steady_host.h"
#include "drivers/conformance/completion_waiter.h"
#include "drivers/openvino/open_model.h"
#include "drivers/openvino/openvino_driver.h"
#include "drivers/sim/sim_driver.h"

// Buckets of simulated devices: their times, and what the host computes in them. That each bucket
// is the model of its shapes, and what padding gives, is tested for every driver in
// drivers/conformance.
namespace penstock {
namespace {

using std::chrono::milliseconds;

/// Returns a dense map of waves, so that places differ.
FeatureMap waves(const std::shared_ptr<const TensorSpec>& spec, const Shape& shape) {
  Buffer buffer = Buffer::allocate(shape.dense_bytes(ElementType::kF32).value());
  for (std::size_t i = 0; i < buffer.size() / sizeof(float); ++i) {
    const auto value = static_cast<float>(std::sin(static_cast<double>(i) * 0.37) * 0.9);
    std::memcpy(buffer.mutable_data() + i * sizeof(float), &value, sizeof(value));
  }
  return make_feature_map(spec, shape, std::move(buffer)).value();
}

/// Returns the deviation of `b` from `a`, over the size of `a`.
double relative_error(const FeatureMap& a, const FeatureMap& b) {
  double wrong = 0;
  double size = 0;
  const auto count = static_cast<std::size_t>(a.shape.element_count().value());
  for (std::size_t i = 0; i < count; ++i) {
    const double x = a.as<float>()[i];
    const double d = b.as<float>()[i] - x;
    wrong += d * d;
    size += x * x;
  }
  return std::sqrt(wrong / size);
}

/// A device of a driver, and one request of a model on it.
class Rig {
 public:
  Rig(const PenstockDriverApi& api,
      std::shared_ptr<HostServices> host,
      const DriverOptions& driver_options,
      const std::string& identity)
      : host_(std::move(host)),
        driver_(Driver::create(api, host_, driver_options).value()),
        device_(driver_.open(identity).value()),
        queue_(CompletionQueue::create(8, waiter_.doorbell()).value()) {}

  Device& device() { return device_; }

  LoadedModel& load(const std::string& path, const DriverOptions& options) {
    request_.reset();
    auto model = device_.load(path, options);
    EXPECT_TRUE(model.has_value()) << model.error().message;
    model_.emplace(std::move(model).value());
    request_.emplace(model_->create_request(queue_).value());
    return *model_;
  }

  Request& request() { return *request_; }

  /// Runs a frame and returns its outputs; its time is left in `took`.
  std::vector<FeatureMap> infer(const std::vector<FeatureMap>& inputs, std::uint32_t frames = 0) {
    std::vector<Shape> shapes;
    shapes.reserve(inputs.size());
    for (const FeatureMap& input : inputs) {
      shapes.push_back(input.shape);
    }
    const ModelInfo& info = model_->info();
    const std::size_t bucket = choose_bucket(info.buckets, shapes).value();
    std::vector<FeatureMap> outputs;
    for (std::size_t i = 0; i < info.outputs.size(); ++i) {
      outputs.push_back(waves(model_->output_spec(i), info.buckets[bucket].outputs[i]));
    }
    const Status status = request_->submit(inputs, outputs, 1, 0, frames);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    if (auto* manual = dynamic_cast<ManualHost*>(host_.get())) {
      manual->advance(std::chrono::seconds(5));
    }
    const Completion completion = waiter_.next(queue_);
    EXPECT_EQ(completion.code, Errc::kOk) << completion.message;
    took = completion.device_time;
    return outputs;
  }

  FeatureMap image(const Shape& shape) { return waves(model_->input_spec(0), shape); }

  Duration took{0};

 private:
  testing::CompletionWaiter waiter_;
  std::shared_ptr<HostServices> host_;
  Driver driver_;
  Device device_;
  CompletionQueue queue_;
  std::optional<LoadedModel> model_;
  std::optional<Request> request_;  // Goes first.
};

Rig simulated(const std::string& identity, const std::string& compute = "reference") {
  return {sim_driver_api(),
          std::make_shared<ManualHost>(&openvino_driver_api()),
          {{"time", "virtual"}, {"compute", compute}},
          identity};
}

/// Options of a model whose ports are options, of squares of 8 and 16 in batches of 1 and 4.
DriverOptions squares() {
  return {{"residence", "resident"},
          {"inputs", "image:f32:?x3x?x?:NCHW"},
          {"outputs", "scores:f32:?x10"},
          {"shape.image", "1x3x8x8,1x3x16x16"},
          {"batch", "4"},
          {"batch.buckets", "1"},
          {"work.conv_macs", "1e9"}};
}

TEST(SimBuckets, TakeTheTimeOfTheirShapeAndItsBatch) {
  for (const char* identity : {"mx3-0", "metis-0:1:0", "aries0"}) {
    Rig rig = simulated(identity, "none");
    rig.load("", squares());
    rig.infer({rig.image({1, 3, 8, 8})});
    const Duration one = rig.took;
    rig.infer({rig.image({4, 3, 8, 8})});
    const Duration four = rig.took;
    EXPECT_GT(four, 3 * one) << identity;
    EXPECT_LT(four, 5 * one) << identity;
    rig.infer({rig.image({3, 3, 8, 8})});
    EXPECT_GT(rig.took, 3 * one) << identity << ": a partial batch takes that of its bucket";
  }
}

TEST(SimBuckets, TakeLongerTheLargerTheirShapeIs) {
  const std::string path = openvino::write_open_model(::testing::TempDir());
  for (const char* identity : {"mx3-0", "metis-0:1:0", "aries0"}) {
    Rig rig = simulated(identity, "none");
    rig.load(path, {{"residence", "resident"}, {"shape.0", "1x3x64x64,1x3x256x256,1x3x1024x1024"}});
    Duration before{0};
    for (const std::int64_t side : {64, 256, 1024}) {
      rig.infer({rig.image({1, 3, side, side})});
      EXPECT_GT(rig.took, before) << identity << " " << side;
      before = rig.took;
    }
  }
}

TEST(SimBuckets, CountTheFramesOfTheCallerInRates) {
  struct Case {
    std::int64_t rows;
    std::uint32_t told;
    double counted;
  };

  for (const Case& one : {Case{3, 0, 3}, Case{4, 0, 4}, Case{4, 3, 3}, Case{4, 9, 4}}) {
    Rig rig = simulated("metis-0:1:0", "none");
    rig.load("", squares());
    rig.infer({rig.image({one.rows, 3, 8, 8})}, one.told);
    double rate = 0;
    for (const DeviceMetric& metric : rig.device().metrics()) {
      rate = metric.name == "full_rate" ? metric.value : rate;
    }
    EXPECT_NEAR(rate, one.counted * 1e9 / static_cast<double>(rig.took.count()), 0.05 * rate)
        << one.rows << " rows, of which " << one.told << " hold frames";
  }
}

TEST(SimBuckets, WriteZerosInTheShapeOfTheirBucket) {
  Rig rig = simulated("mx3-0", "none");
  rig.load("", squares());
  const auto outputs = rig.infer({rig.image({2, 3, 12, 16})});
  EXPECT_EQ(outputs[0].shape, Shape({4, 10}));
  EXPECT_EQ(rig.request().output_shape(0), Shape({2, 10})) << "rows that the batch lacks are cut";
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(outputs[0].as<float>()[i], 0);
  }
}

/// Runs a picture of `shape` on both; the device's numbers cost a little.
void expect_alike(Rig& cpu, Rig& device, const Shape& shape) {
  const auto expected = cpu.infer({cpu.image(shape)});
  const auto there = device.infer({device.image(shape)});
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_LT(relative_error(expected[i], there[i]), 0.05) << "output " << i;
    EXPECT_EQ(device.request().output_shape(i), cpu.request().output_shape(i));
  }
}

TEST(SimBuckets, GiveWhatTheHostGivesButForTheNumbersOfTheDevice) {
  const std::string path = openvino::write_open_model(::testing::TempDir());
  const DriverOptions shapes = {
      {"shape.image", "1x3x16x16,1x3x32x24"}, {"batch", "4"}, {"batch.buckets", "1,2"}};
  DriverOptions on_cpu = shapes;
  on_cpu["precision"] = "f32";
  DriverOptions on_device = shapes;
  on_device["residence"] = "resident";
  on_device["scales"] = "dynamic";
  Rig cpu(openvino_driver_api(), std::make_shared<SteadyHost>(), {}, "cpu:0");
  const ModelInfo expected = cpu.load(path, on_cpu).info();
  for (const char* identity : {"mx3-0", "metis-0:1:0", "aries0"}) {
    Rig rig = simulated(identity);
    const ModelInfo& info = rig.load(path, on_device).info();
    EXPECT_EQ(info.buckets, expected.buckets) << identity;
    EXPECT_EQ(info.inputs[0].shape, expected.inputs[0].shape);
    EXPECT_EQ(info.properties.at("buckets"), expected.properties.at("buckets"));
    EXPECT_EQ(info.properties.at("estimate"), "cost model");
    EXPECT_EQ(info.min_batch, 1U);
    EXPECT_EQ(info.max_batch, 4U);
    // Each bucket's own shape, what is padded, and a batch that lacks a row.
    for (const Shape& shape : {Shape{1, 3, 16, 16},
                               Shape{2, 3, 32, 24},
                               Shape{4, 3, 32, 24},
                               Shape{1, 3, 30, 20},
                               Shape{3, 3, 16, 16}}) {
      SCOPED_TRACE(std::string(identity) + " " + shape.to_string());
      expect_alike(cpu, rig, shape);
    }
  }
}

TEST(SimBuckets, PadTheStoredFormOfAnIntegerDevice) {
  const std::string path = openvino::write_open_model(::testing::TempDir());
  Rig rig = simulated("metis-0:1:0");
  const LoadedModel& model = rig.load(path,
                                      {{"residence", "resident"},
                                       {"ports", "device"},
                                       {"input_scale", "0.01"},
                                       {"input_zero_point", "-28"},
                                       {"output_scale", "0.02"},
                                       {"pad", "0.5"},
                                       {"shape.0", "1x3x8x8,1x3x16x16"}});
  EXPECT_EQ(model.inputs()[0].to_string(), "i8 1x?x?x3 NHWC");
  const auto stored = [&](const Shape& shape) {
    Buffer buffer = Buffer::allocate(shape.dense_bytes(ElementType::kI8).value());
    for (std::size_t i = 0; i < buffer.size(); ++i) {
      buffer.mutable_data()[i] = static_cast<std::byte>(i % 100);
    }
    return make_feature_map(model.input_spec(0), shape, std::move(buffer)).value();
  };
  // 12 rows of 16; below them lies 0.5 / 0.01 - 28.
  const FeatureMap small = stored({1, 12, 16, 3});
  FeatureMap whole = stored({1, 16, 16, 3});
  std::memset(
      whole.mutable_data() + small.buffer.size(), 22, whole.buffer.size() - small.buffer.size());
  const auto padded = rig.infer({small});
  const auto expected = rig.infer({whole});
  for (std::size_t i = 0; i < padded.size(); ++i) {
    EXPECT_EQ(std::memcmp(padded[i].data(), expected[i].data(), padded[i].buffer.size()), 0) << i;
  }
}

TEST(SimBuckets, RunOneShapeAsAnOrdinaryModelOfIt) {
  const std::string path = openvino::write_open_model(::testing::TempDir());
  for (const char* compute : {"reference", "none"}) {
    Rig rig = simulated("mx3-0", compute);
    const ModelInfo& info = rig.load(path, {{"shape.0", "2x3x32x48"}}).info();
    EXPECT_TRUE(info.buckets.empty());
    EXPECT_EQ(info.inputs[0].shape, Shape({2, 3, 32, 48}));
    EXPECT_EQ(info.outputs[0].shape, Shape({2, 4, 16, 24}));
    EXPECT_EQ(info.properties.at("estimate"), "cost model");
  }
}

TEST(SimBuckets, SayBeforeTheLoadWhatStandsAgainstThem) {
  const std::string path = openvino::write_open_model(::testing::TempDir());
  Rig rig = simulated("metis-0:1:0");
  const auto refusal = [&](const DriverOptions& options) {
    const auto loaded = rig.device().load(path, options);
    const auto obstacles = rig.device().explain(path, options).value();
    EXPECT_EQ(loaded.has_value(), obstacles.empty());
    return loaded.has_value() ? "" : loaded.error().message;
  };
  const auto dynamic = [](const std::string& name, const std::string& value) {
    return DriverOptions{{"scales", "dynamic"}, {name, value}};
  };
  const std::vector<std::pair<DriverOptions, std::string>> refusals = {
      {{{"shape.0", "1x3x8x8,1x3x16x16"}}, "(E061)"},
      {dynamic("shape.0", "1x3x8,1x3x9"), "'shape.0' has rank 3"},
      {dynamic("shape.picture", "1x3x8x8"), "the model has the inputs 'image'"},
      {dynamic("shape.0", "1x3x16x16,1x3x8x8"), "1x3x8x8 is smaller"},
      {dynamic("shape.0", "1x3x8x8,1x3x4096x4096"), "by bucket 1x3x4096x4096"},
      {dynamic("batch", "4"), "open extents"}};
  for (const auto& [options, part] : refusals) {
    const std::string message = refusal(options);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  const auto subject = [&](const std::string& file, const DriverOptions& options) {
    return rig.device().explain(file, options).value().at(0).subject;
  };
  EXPECT_EQ(subject(path, dynamic("shape.0", "1x4x8x8")), "shape.0");
  EXPECT_EQ(subject("gone.onnx", dynamic("shape.0", "1x4x8x8")), "gone.onnx");
}

TEST(SimBuckets, GoOnWithAnotherShapeAfterAFrameThatWasGivenUp) {
  const std::string path = openvino::write_open_model(::testing::TempDir());
  testing::CompletionWaiter waiter;
  Driver driver = Driver::create(sim_driver_api(),
                                 std::make_shared<SteadyHost>(nullptr, &openvino_driver_api()))
                      .value();
  Device device = driver.open("mx3-0").value();
  LoadedModel model =
      device.load(path, {{"residence", "resident"}, {"shape.0", "1x3x64x64,1x3x512x512"}}).value();
  CompletionQueue queue = CompletionQueue::create(2, waiter.doorbell()).value();
  Request request = model.create_request(queue).value();
  for (std::uint64_t i = 0; i < 60; ++i) {
    const std::size_t bucket = i % 3 == 0 ? 1 : 0;
    const ShapeBucket& shapes = model.info().buckets[bucket];
    const std::vector<FeatureMap> inputs = {waves(model.input_spec(0), shapes.inputs[0])};
    const std::vector<FeatureMap> outputs = {waves(model.output_spec(0), shapes.outputs[0]),
                                             waves(model.output_spec(1), shapes.outputs[1])};
    ASSERT_TRUE(request.submit(inputs, outputs, i).has_value());
    if (i % 3 == 0) {
      request.cancel();  // The host still computes the large one.
    }
    const Completion completion = waiter.next(queue);
    EXPECT_EQ(completion.token, i);
    EXPECT_TRUE(completion.code == Errc::kOk || (i % 3 == 0 && completion.code == Errc::kCancelled))
        << completion.message;
  }
}

}  // namespace
}  // namespace penstock
