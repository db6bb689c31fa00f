#include "drivers/openvino/openvino_driver.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/steady_host.h"
#include "drivers/conformance/completion_waiter.h"

namespace penstock {
namespace {

const char* const kSsd = "../assets/models/ssd_mobilenet_v2_oid.tflite";
const char* const kFaceOnnx = "../assets/models/blazeface_128.onnx";
const char* const kFaceTflite = "../assets/models/blazeface_short.tflite";

/// A picture whose every value depends on its place.
std::uint8_t pixel(std::size_t index) {
  return static_cast<std::uint8_t>(index * 7 % 251);
}

class OpenvinoDriver : public ::testing::Test {
 protected:
  OpenvinoDriver()
      : driver_(Driver::create(openvino_driver_api(), std::make_shared<SteadyHost>()).value()),
        device_(driver_.open("cpu:0").value()),
        queue_(CompletionQueue::create(64, waiter_.doorbell()).value()) {}

  static FeatureMap map_of(const std::shared_ptr<const TensorSpec>& spec) {
    Buffer buffer = Buffer::allocate(spec->shape.dense_bytes(spec->type).value());
    return make_feature_map(spec, spec->shape, std::move(buffer)).value();
  }

  static std::vector<FeatureMap> outputs_of(const LoadedModel& model) {
    std::vector<FeatureMap> maps;
    for (std::size_t i = 0; i < model.outputs().size(); ++i) {
      maps.push_back(map_of(model.output_spec(i)));
    }
    return maps;
  }

  /// Returns input 0 filled with (pixel - mean) / scale, or with pixels if it is u8. Every picture
  /// of a batch is the same.
  static FeatureMap picture_for(const LoadedModel& model, float mean, float scale) {
    FeatureMap map = map_of(model.input_spec(0));
    const auto count = static_cast<std::size_t>(map.shape.element_count().value());
    const std::size_t one = count / static_cast<std::size_t>(map.shape[0]);
    for (std::size_t i = 0; i < count; ++i) {
      if (map.spec->type == ElementType::kU8) {
        map.mutable_data()[i] = std::byte{pixel(i % one)};
      } else {
        const float value = (static_cast<float>(pixel(i % one)) - mean) / scale;
        std::memcpy(map.mutable_data() + i * sizeof(float), &value, sizeof(float));
      }
    }
    return map;
  }

  std::vector<FeatureMap> infer(LoadedModel& model, const FeatureMap& input) {
    Request request = model.create_request(queue_).value();
    std::vector<FeatureMap> outputs = outputs_of(model);
    EXPECT_TRUE(request.submit(std::vector<FeatureMap>{input}, outputs, 5).has_value());
    const Completion completion = waiter_.next(queue_);
    EXPECT_EQ(completion.code, Errc::kOk) << completion.message;
    EXPECT_EQ(completion.token, 5U);
    return outputs;
  }

  static float largest_difference(const FeatureMap& a,
                                  const FeatureMap& b,
                                  std::size_t skip_b = 0) {
    float largest = 0;
    for (std::int64_t i = 0; i < a.shape.element_count().value(); ++i) {
      const auto index = static_cast<std::size_t>(i);
      largest = std::max(largest, std::abs(a.as<float>()[index] - b.as<float>()[index + skip_b]));
    }
    return largest;
  }

  LoadedModel load(const std::string& path, DriverOptions options = {}) {
    options.emplace("precision", "f32");
    auto model = device_.load(path, options);
    EXPECT_TRUE(model.has_value()) << model.error().message;
    return std::move(model).value();
  }

  testing::CompletionWaiter waiter_;
  Driver driver_;
  Device device_;
  CompletionQueue queue_;
};

TEST_F(OpenvinoDriver, ListsTheCpu) {
  const auto devices = driver_.enumerate().value();
  ASSERT_FALSE(devices.empty());
  EXPECT_EQ(devices[0].identity, "cpu:0");
  EXPECT_EQ(devices[0].kind, DeviceKind::kCpu);
  EXPECT_FALSE(devices[0].name.empty());
}

TEST_F(OpenvinoDriver, RunsTheSsdOnTheCallersMemory) {
  LoadedModel model = load(kSsd);
  ASSERT_EQ(model.inputs().size(), 1U);
  EXPECT_EQ(model.inputs()[0].to_string(), "f32 1x300x300x3 NHWC");
  ASSERT_EQ(model.outputs().size(), 2U);
  EXPECT_EQ(model.outputs()[0].shape, Shape({1, 1917, 4}));
  EXPECT_EQ(model.outputs()[1].shape, Shape({1, 1917, 24}));

  const auto outputs = infer(model, picture_for(model, 127.5F, 127.5F));

  const float* scores = outputs[1].as<float>();
  EXPECT_NE(*std::min_element(scores, scores + 1917 * 24),
            *std::max_element(scores, scores + 1917 * 24));
}

TEST_F(OpenvinoDriver, AsksForAsManyRequestsAsOpenvinoSays) {
  const LoadedModel model = load(kFaceOnnx);
  EXPECT_EQ(std::to_string(model.info().preferred_requests),
            model.info().properties.at("optimal_requests"));
  EXPECT_EQ(model.info().properties.at("hint"), "THROUGHPUT");
  EXPECT_EQ(model.info().properties.at("precision"), "f32");
}

TEST_F(OpenvinoDriver, SharesOneCompiledModelBetweenEqualLoads) {
  // Only a load that shares survives when the file's content is spoilt behind its back.
  const std::string path = ::testing::TempDir() + "/shared.onnx";
  std::filesystem::copy_file(kFaceOnnx, path, std::filesystem::copy_options::overwrite_existing);
  const LoadedModel keeper = load(path);
  const auto written = std::filesystem::last_write_time(path);
  const std::string garbage(std::filesystem::file_size(path), '\x08');
  std::ofstream(path, std::ios::binary) << garbage;
  std::filesystem::last_write_time(path, written);

  EXPECT_EQ(load(path).info(), keeper.info());
  EXPECT_FALSE(device_.load(path, {{"precision", "f32"}, {"streams", "1"}}).has_value());
}

TEST_F(OpenvinoDriver, ConvertsPicturesInsideTheCompiledModel) {
  LoadedModel plain = load(kSsd);
  LoadedModel converting =
      load(kSsd, {{"pre.type", "u8"}, {"pre.mean", "127.5"}, {"pre.scale", "127.5"}});
  EXPECT_EQ(converting.inputs()[0].to_string(), "u8 1x300x300x3 NHWC");

  const auto expected = infer(plain, picture_for(plain, 127.5F, 127.5F));
  const auto converted = infer(converting, picture_for(converting, 0, 1));

  EXPECT_LT(largest_difference(expected[0], converted[0]), 1e-3F);
  EXPECT_LT(largest_difference(expected[1], converted[1]), 1e-3F);
}

TEST_F(OpenvinoDriver, ReversesChannelsWhenAsked) {
  const DriverOptions base = {
      {"pre.type", "u8"}, {"pre.mean", "120,127,130"}, {"pre.scale", "120,127,130"}};
  DriverOptions reversed = base;
  reversed["pre.reverse_channels"] = "true";
  LoadedModel straight_model = load(kFaceTflite, base);
  LoadedModel reversed_model = load(kFaceTflite, reversed);
  const FeatureMap picture = picture_for(straight_model, 0, 1);
  FeatureMap swapped = map_of(straight_model.input_spec(0));
  for (std::size_t i = 0; i < swapped.buffer.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) {
      swapped.mutable_data()[i + c] = picture.data()[i + 2 - c];
    }
  }

  const auto expected = infer(straight_model, picture);
  const auto reversed_outputs = infer(reversed_model, swapped);

  EXPECT_LT(largest_difference(expected[0], reversed_outputs[0]), 1e-3F);
}

TEST_F(OpenvinoDriver, BatchesADetectorWhoseReshapesAreTiedToOne) {
  for (const char* path : {kSsd, kFaceTflite}) {
    LoadedModel single = load(path);
    LoadedModel batched = load(path, {{"batch", "4"}});
    EXPECT_EQ(batched.inputs()[0].shape[0], 4);
    EXPECT_EQ(batched.info().min_batch, 4U);
    EXPECT_EQ(batched.info().max_batch, 4U);
    const auto expected = infer(single, picture_for(single, 127.5F, 127.5F));
    const auto outputs = infer(batched, picture_for(batched, 127.5F, 127.5F));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto one = static_cast<std::size_t>(expected[i].shape.element_count().value());
      ASSERT_EQ(outputs[i].shape[0], 4);
      EXPECT_LT(largest_difference(expected[i], outputs[i], 3 * one), 1e-3F) << path;
    }
  }
}

TEST_F(OpenvinoDriver, RefusesABatchThatDoesNotGoThrough) {
  const auto loaded = device_.load(kFaceOnnx, {{"batch", "4"}});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Errc::kUnsupported);
  EXPECT_NE(loaded.error().message.find("batch"), std::string::npos) << loaded.error().message;
  EXPECT_NE(loaded.error().message.find("blazeface_128.onnx"), std::string::npos);
  EXPECT_EQ(loaded.error().message.find('\n'), std::string::npos);
}

TEST_F(OpenvinoDriver, NamesUnknownAndBadOptions) {
  const auto loaded = device_.load(kFaceOnnx, {{"hint", "fast"}, {"stream", "2"}});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Errc::kInvalidArgument);
  for (const char* part : {"'hint' is 'fast'", "throughput, latency", "'stream'", "streams"}) {
    EXPECT_NE(loaded.error().message.find(part), std::string::npos) << loaded.error().message;
  }
}

TEST_F(OpenvinoDriver, SaysWhatIsWrongWithAConversion) {
  const auto message = [&](const DriverOptions& options) {
    auto loaded = device_.load(kFaceTflite, options);
    return loaded.has_value() ? std::string("loaded") : loaded.error().message;
  };
  EXPECT_NE(message({{"pre.mean", "3"}}).find("'pre.type'"), std::string::npos);
  EXPECT_NE(message({{"pre.type", "u8"}, {"pre.mean", "1,2"}}).find("2 values"), std::string::npos);
  EXPECT_NE(message({{"pre.type", "u8"}, {"pre.input", "1"}}).find("'pre.input'"),
            std::string::npos);
  EXPECT_NE(message({{"pre.type", "u8"}, {"pre.layout", "HWC"}}).find("HWC"), std::string::npos);
}

TEST_F(OpenvinoDriver, TellsMissingDamagedAndForeignFilesApart) {
  const std::filesystem::path folder = ::testing::TempDir();
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(folder / name, std::ios::binary) << text;
    return (folder / name).string();
  };
  std::ifstream whole(kFaceTflite, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(whole)),
                          std::istreambuf_iterator<char>());
  const auto code = [&](const std::string& path) {
    auto loaded = device_.load(path, {});
    EXPECT_FALSE(loaded.has_value()) << path;
    EXPECT_NE(loaded.error().message.find(path), std::string::npos) << loaded.error().message;
    const DriverOptions cached = {{"cache_dir", ::testing::TempDir() + "/ov_cache_bad"}};
    EXPECT_EQ(device_.load(path, cached).error().code, loaded.error().code) << path;
    EXPECT_EQ(driver_.inspect(path).error().code, loaded.error().code) << path;
    return loaded.error().code;
  };
  EXPECT_EQ(code((folder / "none.onnx").string()), Errc::kNotFound);
  EXPECT_EQ(code(write("empty.onnx", "")), Errc::kCorrupt);
  EXPECT_EQ(code(write("text.onnx", "hello")), Errc::kCorrupt);
  EXPECT_EQ(code(write("text.tflite", "hello, I am no model")), Errc::kCorrupt);
  EXPECT_EQ(code(write("half.tflite", bytes.substr(0, bytes.size() / 2))), Errc::kCorrupt);
  EXPECT_EQ(code(write("text.xml", "hello")), Errc::kCorrupt);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(code(write("page.xml", "<?xml version=\"1.0\"?>\n<!-- <net > -->\n<html></html>")),
            Errc::kCorrupt);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "OpenVINO's other readers write there";
  EXPECT_EQ(code(write("picture.png", "x")), Errc::kUnsupported);
  EXPECT_EQ(code(folder.string()), Errc::kUnsupported);
}

TEST_F(OpenvinoDriver, WritesAnOutputThatOnlyPassesItsInputOn) {
  // OpenVINO alone leaves the caller's memory as it was; the cache takes another way to load.
  const std::string folder = ::testing::TempDir() + "/ov_cache_pass";
  for (const char* cache : {"", folder.c_str()}) {
    LoadedModel model =
        load("../assets/onnx-cases/node/test_dropout_default/model.onnx", {{"cache_dir", cache}});
    FeatureMap input = map_of(model.input_spec(0));
    std::memset(input.mutable_data(), 0x3F, input.buffer.size());
    const auto outputs = infer(model, input);
    EXPECT_EQ(std::memcmp(outputs[0].data(), input.data(), input.buffer.size()), 0);
  }
}

TEST_F(OpenvinoDriver, RefusesOperationsItCannotReadNamingThem) {
  const auto loaded = device_.load("../assets/onnx-cases/node/test_det_2d/model.onnx", {});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Errc::kUnsupported);
  EXPECT_NE(loaded.error().message.find("Det"), std::string::npos) << loaded.error().message;
}

TEST_F(OpenvinoDriver, InspectsWithoutCompiling) {
  const ModelInfo info = driver_.inspect(kFaceOnnx).value();
  EXPECT_GT(std::stod(info.properties.at("work.conv_macs")), 0);
  EXPECT_EQ(info.properties.at("work.conv_macs"),
            load(kFaceOnnx).info().properties.at("work.conv_macs"));
  ASSERT_EQ(info.inputs.size(), 1U);
  EXPECT_EQ(info.inputs[0].to_string(), "f32 1x128x128x3 NHWC");
  ASSERT_EQ(info.outputs.size(), 4U);
  EXPECT_EQ(info.outputs[0].name, "Identity:0");
}

TEST_F(OpenvinoDriver, LoadsFromItsCacheTheSecondTime) {
  const std::string folder = ::testing::TempDir() + "/ov_cache";
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(load(kFaceOnnx, {{"cache_dir", folder}}).info().loaded_from_cache);
  EXPECT_TRUE(load(kFaceOnnx, {{"cache_dir", folder}}).info().loaded_from_cache);
}

TEST_F(OpenvinoDriver, CountsItsInferences) {
  LoadedModel model = load(kFaceOnnx);
  infer(model, picture_for(model, 127.5F, 127.5F));
  const auto metrics = device_.metrics();
  ASSERT_EQ(metrics[0].name, "inferences");
  EXPECT_EQ(metrics[0].value, 1);
}

}  // namespace
}  // namespace penstock
