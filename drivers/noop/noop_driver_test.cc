#include "drivers/noop/noop_driver.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/manual_host.h"

namespace penstock {
namespace {

FeatureMap map_for(const std::shared_ptr<const TensorSpec>& spec, std::uint8_t fill) {
  const std::size_t bytes = spec->shape.dense_bytes(spec->type).value();
  Buffer buffer = Buffer::allocate(bytes);
  std::memset(buffer.mutable_data(), fill, bytes);
  return make_feature_map(spec, spec->shape, std::move(buffer)).value();
}

class NoopDriver : public ::testing::Test {
 protected:
  NoopDriver()
      : host_(std::make_shared<ManualHost>()),
        driver_(Driver::create(noop_driver_api(), host_).value()),
        device_(driver_.open("noop:0", bell(health_rings_)).value()),
        queue_(CompletionQueue::create(8, bell(rings_)).value()) {}

  static Doorbell bell(std::atomic<int>& count) {
    return {[](void* context) { static_cast<std::atomic<int>*>(context)->fetch_add(1); }, &count};
  }

  std::atomic<int> rings_{0};
  std::atomic<int> health_rings_{0};
  std::shared_ptr<ManualHost> host_;
  Driver driver_;
  Device device_;
  CompletionQueue queue_;
};

TEST_F(NoopDriver, NamesTheOptionOfAValueThatAnInputCannotHoldOnce) {
  const auto refused = device_.load("",
                                    {{"inputs", "bytes:u8:?x4"},
                                     {"outputs", "scores:u8:?x4"},
                                     {"shape.bytes", "1x4,2x4"},
                                     {"pad", "300"}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find(
                "option 'pad' is '300': input 'bytes': u8 cannot hold 300.000000"),
            std::string::npos)
      << refused.error().message;
}

TEST_F(NoopDriver, WritesZerosIntoTheCallersMemoryAndCompletesAtOnce) {
  LoadedModel model =
      device_.load("", {{"inputs", "image:u8:1x2x2x3:NHWC"}, {"outputs", "scores:f32:1x4"}})
          .value();
  Request request = model.create_request(queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0), 9)};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0), 9)};

  ASSERT_TRUE(request.submit(inputs, outputs, 42).has_value());

  EXPECT_EQ(rings_.load(), 1);
  EXPECT_FALSE(request.is_idle());
  const auto completion = queue_.pop();
  ASSERT_TRUE(completion.has_value());
  EXPECT_EQ(completion->token, 42U);
  EXPECT_EQ(completion->code, Errc::kOk);
  EXPECT_EQ(outputs[0].as<float>()[3], 0.0F);
  EXPECT_TRUE(request.is_idle());
  EXPECT_FALSE(queue_.pop().has_value());
}

TEST_F(NoopDriver, CompletesAfterItsLatencyInTheHostsTime) {
  LoadedModel model = device_.load("", {{"latency", "4ms"}, {"write", "copy"}}).value();
  Request request = model.create_request(queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0), 7)};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0), 0)};
  ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());

  host_->advance(std::chrono::microseconds(3999));
  EXPECT_FALSE(queue_.pop().has_value());
  host_->advance(std::chrono::microseconds(1));

  const auto completion = queue_.pop();
  ASSERT_TRUE(completion.has_value());
  EXPECT_EQ(completion->device_time, std::chrono::milliseconds(4));
  EXPECT_EQ(std::to_integer<int>(outputs[0].data()[15]), 7);
}

TEST_F(NoopDriver, ReplacesTheFirstExtentByTheBatch) {
  LoadedModel model = device_.load("", {{"batch", "4"}}).value();
  EXPECT_EQ(model.inputs()[0].shape, Shape({4, 16}));
  EXPECT_EQ(model.outputs()[0].shape, Shape({4, 16}));
  EXPECT_EQ(model.info().max_batch, 4U);
}

TEST_F(NoopDriver, CancelCompletesOnceAndTheOldTimerTouchesNothing) {
  LoadedModel model = device_.load("", {{"latency", "4ms"}}).value();
  Request request = model.create_request(queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0), 7)};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0), 0)};
  ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
  request.cancel();
  EXPECT_EQ(queue_.pop().value().code, Errc::kCancelled);

  host_->advance(std::chrono::milliseconds(2));
  ASSERT_TRUE(request.submit(inputs, outputs, 2).has_value());
  host_->advance(std::chrono::milliseconds(3));
  EXPECT_FALSE(queue_.pop().has_value());
  host_->advance(std::chrono::milliseconds(1));
  EXPECT_EQ(queue_.pop().value().token, 2U);
}

TEST_F(NoopDriver, FailsEverySoManyInferencesWhenAsked) {
  LoadedModel model = device_.load("", {{"fail_every", "2"}}).value();
  Request request = model.create_request(queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0), 7)};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0), 0)};
  std::vector<Errc> codes;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
    codes.push_back(queue_.pop().value().code);
  }
  EXPECT_EQ(codes, std::vector<Errc>({Errc::kOk, Errc::kInternal, Errc::kOk, Errc::kInternal}));
}

TEST_F(NoopDriver, HoldsWhatIsBeyondHoldAfterUntilItsRequestIsDestroyed) {
  LoadedModel model = device_.load("", {{"hold_after", "1"}}).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0), 7)};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0), 0)};
  {
    Request request = model.create_request(queue_).value();
    ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
    EXPECT_EQ(queue_.pop().value().code, Errc::kOk);
    ASSERT_TRUE(request.submit(inputs, outputs, 2).has_value());
    request.cancel();
    ASSERT_TRUE(device_.reset().has_value());
    EXPECT_FALSE(queue_.pop().has_value());
  }
  EXPECT_EQ(queue_.pop().value().code, Errc::kCancelled);
}

TEST_F(NoopDriver, ReportsAFaultAsAnEventAndLosesWhatFollows) {
  LoadedModel model = device_.load("", {{"fault_after", "1"}}).value();
  Request request = model.create_request(queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0), 7)};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0), 0)};
  ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
  EXPECT_EQ(queue_.pop().value().code, Errc::kOk);
  EXPECT_FALSE(device_.poll_event().has_value());

  ASSERT_TRUE(request.submit(inputs, outputs, 2).has_value());

  EXPECT_EQ(queue_.pop().value().code, Errc::kDeviceLost);
  EXPECT_EQ(health_rings_.load(), 1);
  EXPECT_EQ(device_.poll_event().value().health, Health::kFault);
  EXPECT_FALSE(device_.poll_event().has_value());
}

TEST_F(NoopDriver, NamesEveryBadOption) {
  const auto loaded =
      device_.load("", {{"inputs", "image"}, {"latency", "4"}, {"hint", "latency"}});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Errc::kInvalidArgument);
  for (const char* part : {"'inputs' is 'image'", "'latency' is '4'", "unknown option 'hint'"}) {
    EXPECT_NE(loaded.error().message.find(part), std::string::npos) << loaded.error().message;
  }
}

TEST_F(NoopDriver, ReadsNoFiles) {
  EXPECT_EQ(driver_.inspect("model.onnx").error().code, Errc::kUnsupported);
}

/// A device with two parts, room for one model on each, and a reset and a setting that take time.
class NoopParts : public NoopDriver {
 protected:
  NoopParts()
      : parts_driver_(
            Driver::create(
                noop_driver_api(),
                host_,
                {{"sub_devices", "2"}, {"max_resident", "1"}, {"settle", "2ms"}, {"reset", "5ms"}})
                .value()),
        parts_(parts_driver_.open("noop:0", bell(health_rings_)).value()) {}

  LoadedModel load_placed() {
    return parts_.load("", {{"placements", "0, 1, 0+1"}, {"activation", "3ms"}, {"latency", "4ms"}})
        .value();
  }

  Driver parts_driver_;
  Device parts_;
};

TEST_F(NoopParts, AreShownWithTheModelsPlacements) {
  EXPECT_EQ(parts_.info().sub_devices.size(), 2U);
  const LoadedModel model = load_placed();
  ASSERT_EQ(model.info().placements.size(), 3U);
  EXPECT_EQ(model.info().placements[2].sub_devices, 3U);
  EXPECT_EQ(model.info().placements[2].activation_time, std::chrono::milliseconds(3));
  EXPECT_TRUE(model.info().needs_activation);
}

TEST_F(NoopParts, RunAModelThatBecameResidentAfterItsActivationTime) {
  LoadedModel model = load_placed();
  Activation activation = model.create_activation(queue_).value();
  Request request = model.create_request(queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0), 7)};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0), 0)};
  EXPECT_EQ(request.submit(inputs, outputs, 1).error().code, Errc::kUnavailable);

  ASSERT_TRUE(activation.activate(2, 2).has_value());
  host_->advance(std::chrono::microseconds(2999));
  EXPECT_FALSE(queue_.pop().has_value());
  host_->advance(std::chrono::microseconds(1));
  EXPECT_EQ(queue_.pop().value().device_time, std::chrono::milliseconds(3));

  EXPECT_TRUE(request.submit(inputs, outputs, 3, 2).has_value());
  EXPECT_EQ(request.submit(inputs, outputs, 4, 1).error().code, Errc::kUnavailable);
}

TEST_F(NoopParts, HoldAsManyModelsAsThereIsRoom) {
  LoadedModel first = load_placed();
  LoadedModel second = load_placed();
  Activation one = first.create_activation(queue_).value();
  Activation two = second.create_activation(queue_).value();
  ASSERT_TRUE(one.activate(2, 1).has_value());
  EXPECT_EQ(
      two.activate(3, 2).error(),
      (Error{Errc::kUnavailable, "sub-device 1 holds 1 models, max_resident is 1: 1 too many"}));
  EXPECT_TRUE(two.activate(1, 2).has_value());
  host_->advance(std::chrono::milliseconds(3));
  EXPECT_EQ(parts_.metrics()[1].value, 1.0);
  EXPECT_EQ(parts_.metrics()[2].value, 1.0);
}

TEST_F(NoopParts, LoseWhatIsInFlightByAResetAndAreWellLater) {
  LoadedModel model = load_placed();
  Activation activation = model.create_activation(queue_).value();
  Request request = model.create_request(queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0), 7)};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0), 0)};
  ASSERT_TRUE(activation.activate(1, 1).has_value());
  host_->advance(std::chrono::milliseconds(3));
  EXPECT_EQ(queue_.pop().value().code, Errc::kOk);
  ASSERT_TRUE(request.submit(inputs, outputs, 2).has_value());
  ASSERT_TRUE(activation.activate(2, 3).has_value());

  ASSERT_TRUE(parts_.reset().has_value());
  ASSERT_TRUE(parts_.reset().has_value());  // One is under way: nothing more happens.

  EXPECT_EQ(parts_.poll_event().value().health, Health::kResetting);
  EXPECT_EQ(queue_.pop().value().code, Errc::kDeviceLost);
  EXPECT_EQ(queue_.pop().value().code, Errc::kDeviceLost);
  EXPECT_FALSE(parts_.poll_event().has_value());
  EXPECT_EQ(activation.activate(1, 4).error().code, Errc::kDeviceLost);
  ASSERT_TRUE(request.submit(inputs, outputs, 5).has_value());
  EXPECT_EQ(queue_.pop().value().code, Errc::kDeviceLost);

  host_->advance(std::chrono::milliseconds(5));
  EXPECT_EQ(parts_.poll_event().value().health, Health::kOk);
  EXPECT_EQ(request.submit(inputs, outputs, 6).error().code, Errc::kUnavailable);
  EXPECT_TRUE(activation.activate(3, 7).has_value());  // The room on both was given back.
  host_->advance(std::chrono::milliseconds(3));
}

TEST_F(NoopParts, TakeASettingIntoForceLaterAndRing) {
  EXPECT_FALSE(parts_.configure("slowdown", "3").value());
  EXPECT_FALSE(parts_.configure("slowdown", "2").value());
  DeviceProperty slowdown = parts_.properties().value().at(1);
  EXPECT_EQ(slowdown.value, "1");
  EXPECT_EQ(slowdown.pending_value, "2");

  host_->advance(std::chrono::milliseconds(2));

  EXPECT_EQ(health_rings_.load(), 1);
  slowdown = parts_.properties().value().at(1);
  EXPECT_EQ(slowdown.value, "2");
  EXPECT_FALSE(slowdown.is_pending);

  LoadedModel model = parts_.load("", {{"latency", "4ms"}}).value();
  Request request = model.create_request(queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0), 7)};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0), 0)};
  ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
  host_->advance(std::chrono::milliseconds(7));
  EXPECT_FALSE(queue_.pop().has_value());
  host_->advance(std::chrono::milliseconds(1));
  EXPECT_EQ(queue_.pop().value().device_time, std::chrono::milliseconds(8));
}

TEST_F(NoopParts, NameTheRuleOfASettingThatIsRefused) {
  EXPECT_EQ(parts_.configure("slowdown", "0").error().message,
            "property 'slowdown' is '0': must be a whole number from 1 to 1000");
  EXPECT_EQ(parts_.configure("slowdown", "2", 1).error().message,
            "property 'slowdown' is of the whole device, not of sub-device 1");
  EXPECT_EQ(parts_.configure("clock", "2").error().message,
            "unknown property 'clock'; known are: sub_devices, slowdown");
  EXPECT_EQ(parts_.configure("sub_devices", "3").error().message,
            "property 'sub_devices' cannot be written");
}

TEST_F(NoopParts, RefusePlacementsThatTheDeviceHasNot) {
  for (const char* placements : {"2", "0+", "a", "0, ,1"}) {
    const auto loaded = parts_.load("", {{"placements", placements}});
    ASSERT_FALSE(loaded.has_value()) << placements;
    EXPECT_NE(loaded.error().message.find("'placements' is '"), std::string::npos);
  }
}

}  // namespace
}  // namespace penstock
