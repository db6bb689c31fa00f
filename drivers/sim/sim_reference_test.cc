#include <cmath>
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
#include "drivers/openvino/openvino_driver.h"
#include "drivers/sim/sim_driver.h"

// Simulated devices that compute: what they give is what the host's driver gives, but for what the
// device's numbers cost.
namespace penstock {
namespace {

const std::string kModel = "../assets/models/blazeface_128.onnx";

FeatureMap map_for(const std::shared_ptr<const TensorSpec>& spec) {
  return make_feature_map(
             spec, spec->shape, Buffer::allocate(spec->shape.dense_bytes(spec->type).value()))
      .value();
}

/// A picture of waves, -1 to 1, so that channels and places differ.
void paint(FeatureMap& map) {
  auto* values = reinterpret_cast<float*>(map.mutable_data());
  const auto count = static_cast<std::size_t>(map.shape.element_count().value());
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(std::sin(static_cast<double>(i) * 0.37) * 0.9);
  }
}

struct Results {
  std::vector<std::vector<float>> outputs;
  std::map<std::string, std::string> properties;
  double host_rate = 0;
};

/// Runs one frame on `identity` of the driver `api`.
Results run(const PenstockDriverApi& api,
            const std::shared_ptr<HostServices>& host,
            const DriverOptions& driver_options,
            const std::string& identity,
            const DriverOptions& options) {
  Driver driver = Driver::create(api, host, driver_options).value();
  Device device = driver.open(identity).value();
  auto loaded = device.load(kModel, options);
  EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
  LoadedModel model = std::move(loaded).value();
  testing::CompletionWaiter waiter;
  CompletionQueue queue = CompletionQueue::create(4, waiter.doorbell()).value();
  Request request = model.create_request(queue).value();
  std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  paint(inputs[0]);
  std::vector<FeatureMap> outputs;
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    outputs.push_back(map_for(model.output_spec(i)));
  }
  EXPECT_TRUE(request.submit(inputs, outputs, 1).has_value());
  if (auto* manual = dynamic_cast<ManualHost*>(host.get())) {
    manual->advance(std::chrono::seconds(2));
  }
  const Completion completion = waiter.next(queue);
  EXPECT_EQ(completion.code, Errc::kOk) << completion.message;
  Results results;
  results.properties = model.info().properties;
  for (const FeatureMap& output : outputs) {
    const auto* values = output.as<float>();
    results.outputs.emplace_back(values, values + output.shape.element_count().value());
  }
  for (const DeviceMetric& metric : device.metrics()) {
    results.host_rate = metric.name == "host_rate" ? metric.value : results.host_rate;
  }
  return results;
}

Results on_cpu() {
  return run(
      openvino_driver_api(), std::make_shared<ManualHost>(), {}, "cpu:0", {{"precision", "f32"}});
}

std::shared_ptr<ManualHost> virtual_host() {
  return std::make_shared<ManualHost>(&openvino_driver_api());
}

DriverOptions loading(const std::string& name = "", const std::string& value = "") {
  DriverOptions options = {{"residence", "resident"}, {"scales", "dynamic"}};
  if (!name.empty()) {
    options[name] = value;
  }
  return options;
}

/// Returns the deviation of `b` from `a`, over the deviation of `a` from its mean.
double relative_error(const Results& a, const Results& b) {
  double wrong = 0;
  double size = 0;
  EXPECT_EQ(a.outputs.size(), b.outputs.size());
  for (std::size_t i = 0; i < a.outputs.size(); ++i) {
    EXPECT_EQ(a.outputs[i].size(), b.outputs[i].size());
    for (std::size_t k = 0; k < a.outputs[i].size(); ++k) {
      const double x = a.outputs[i][k];
      const double d = b.outputs[i][k] - x;
      wrong += d * d;
      size += x * x;
    }
  }
  return std::sqrt(wrong / size);
}

TEST(SimReference, GivesWhatTheHostGivesButForItsNumbers) {
  const Results cpu = on_cpu();
  for (const std::string identity : {"mx3-0", "metis-0:1:0", "aries0"}) {
    const Results sim =
        run(sim_driver_api(), virtual_host(), {{"time", "virtual"}}, identity, loading());
    const double error = relative_error(cpu, sim);
    EXPECT_GT(error, 0) << identity << ": numbers are shortened";
    EXPECT_LT(error, 0.05) << identity;
    EXPECT_EQ(sim.properties.at("simulated"), "true");
    EXPECT_GT(sim.host_rate, 0);
  }
}

TEST(SimReference, GivesTheSameBytesEachTimeInVirtualTime) {
  const auto once = [] {
    return run(sim_driver_api(), virtual_host(), {{"time", "virtual"}}, "metis-0:1:0", loading());
  };
  EXPECT_EQ(once().outputs, once().outputs);
}

TEST(SimReference, ShowsAWrongScaleInItsResults) {
  const Results cpu = on_cpu();
  const DriverOptions good = loading();
  const DriverOptions wrong = loading("output_scale", "0.01");
  const auto error = [&](const DriverOptions& options) {
    return relative_error(
        cpu, run(sim_driver_api(), virtual_host(), {{"time", "virtual"}}, "metis-0:1:0", options));
  };
  EXPECT_LT(error(good), 0.05);
  EXPECT_GT(error(wrong), 0.2);
}

TEST(SimReference, DeliversInRealTimeWhenDeviceAndHostAreDone) {
  const Results sim = run(sim_driver_api(),
                          std::make_shared<SteadyHost>(nullptr, &openvino_driver_api()),
                          {},
                          "metis-0:1:0",
                          loading());
  EXPECT_LT(relative_error(on_cpu(), sim), 0.05);
}

TEST(SimReference, CountsFramesThatWaitForTheHost) {
  const auto host = std::make_shared<SteadyHost>(nullptr, &openvino_driver_api());
  Driver driver = Driver::create(sim_driver_api(), host).value();
  Device device = driver.open("metis-0:1:0").value();
  LoadedModel model = device.load(kModel, loading("service", "1us")).value();
  testing::CompletionWaiter waiter;
  CompletionQueue queue = CompletionQueue::create(8, waiter.doorbell()).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  std::vector<FeatureMap> outputs;
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    outputs.push_back(map_for(model.output_spec(i)));
  }
  Request request = model.create_request(queue).value();
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(request.submit(inputs, outputs, i).has_value());
    ASSERT_EQ(waiter.next(queue).code, Errc::kOk);
  }
  double late = 0;
  for (const DeviceMetric& metric : device.metrics()) {
    late = metric.name == "host_limited" ? metric.value : late;
  }
  EXPECT_GT(late, 0);
}

TEST(SimReference, CancelsAFrameWhoseHostStillComputesAndUsesTheRequestAgain) {
  const auto host = std::make_shared<SteadyHost>(nullptr, &openvino_driver_api());
  Driver driver = Driver::create(sim_driver_api(), host).value();
  Device device = driver.open("metis-0:1:0").value();
  LoadedModel model = device.load(kModel, loading()).value();
  testing::CompletionWaiter waiter;
  CompletionQueue queue = CompletionQueue::create(8, waiter.doorbell()).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  std::vector<FeatureMap> outputs;
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    outputs.push_back(map_for(model.output_spec(i)));
  }
  Request request = model.create_request(queue).value();
  for (std::uint64_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(request.submit(inputs, outputs, i).has_value());
    if (i % 2 == 0) {
      request.cancel();
    }
    const Completion completion = waiter.next(queue);
    EXPECT_EQ(completion.token, i);
    EXPECT_TRUE(completion.code == Errc::kOk || (i % 2 == 0 && completion.code == Errc::kCancelled))
        << completion.message;
  }
}

TEST(SimReference, GoesWhileTheHostStillComputesForAFrameThatWasGivenUp) {
  const auto host = std::make_shared<SteadyHost>(nullptr, &openvino_driver_api());
  Driver driver = Driver::create(sim_driver_api(), host).value();
  Device device = driver.open("metis-0:1:0").value();
  // The device would take a day, so that no frame ends by itself.
  LoadedModel model = device.load(kModel, loading("service", "86400s")).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  std::vector<FeatureMap> outputs;
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    outputs.push_back(map_for(model.output_spec(i)));
  }
  for (int frames = 1; frames <= 10; ++frames) {
    testing::CompletionWaiter waiter;
    CompletionQueue queue = CompletionQueue::create(1, waiter.doorbell()).value();
    Request request = model.create_request(queue).value();
    for (int i = 0; i < frames; ++i) {
      ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
      request.cancel();
      EXPECT_EQ(waiter.next(queue).code, Errc::kCancelled);
    }
  }
}

TEST(SimReference, RefusesAFloatModelWithoutScalesBeforeTheLoad) {
  Driver driver = Driver::create(sim_driver_api(), virtual_host(), {{"time", "virtual"}}).value();
  Device device = driver.open("metis-0:1:0").value();
  const auto obstacles = device.explain(kModel, {}).value();
  ASSERT_EQ(obstacles.size(), 1U);
  EXPECT_EQ(obstacles[0].subject, "scales");
  const auto model = device.load(kModel, {});
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().code, Errc::kUnsupported);
  EXPECT_EQ(driver.open("mx3-0").value().explain(kModel, {}).value().size(), 0U)
      << "bf16 wants no scales";
}

TEST(SimReference, RefusesABatchThatTheHostCannotComputeBeforeTheLoad) {
  Driver driver = Driver::create(sim_driver_api(), virtual_host(), {{"time", "virtual"}}).value();
  Device device = driver.open("mx3-0").value();
  const auto obstacles = device.explain(kModel, {{"batch", "2"}}).value();
  ASSERT_EQ(obstacles.size(), 1U);
  EXPECT_NE(obstacles[0].text.find("batch 2 does not go through the model"), std::string::npos)
      << obstacles[0].text;
  EXPECT_FALSE(device.load(kModel, {{"batch", "2"}}).has_value());
  EXPECT_TRUE(device.explain(kModel, {{"batch", "2"}, {"compute", "none"}}).value().empty());
}

}  // namespace
}  // namespace penstock
