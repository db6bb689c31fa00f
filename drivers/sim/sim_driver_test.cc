#include "drivers/sim/sim_driver.h"

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/host_services.h"
#include "drivers/api/manual_host.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A host whose calls come late: its clock is ahead of theirs.
class LateHost final : public HostServices {
 public:
  void log(DriverLogLevel /*level*/, std::string_view /*text*/) noexcept override {}

  [[nodiscard]] TimePoint now() const noexcept override { return calls.now() + late; }

  std::uint64_t call_at(TimePoint when, Call call, void* argument) noexcept override {
    return calls.call_at(when, call, argument);
  }

  bool cancel_call(std::uint64_t ticket) noexcept override { return calls.cancel_call(ticket); }

  ManualHost calls;
  Duration late{0};
};

FeatureMap map_for(const std::shared_ptr<const TensorSpec>& spec) {
  return make_feature_map(
             spec, spec->shape, Buffer::allocate(spec->shape.dense_bytes(spec->type).value()))
      .value();
}

/// A simulated device in virtual time, through the C ABI.
class SimDriverTest : public ::testing::Test {
 protected:
  void start(DriverOptions options, const std::string& identity = "metis-0:1:0") {
    options.emplace("compute", "none");
    options.emplace("time", "virtual");
    driver_.emplace(Driver::create(sim_driver_api(), host_, options).value());
    device_.emplace(driver_->open(identity, bell()).value());
    queue_.emplace(CompletionQueue::create(256, {}).value());
  }

  Doorbell bell() {
    return {[](void* rings) { ++*static_cast<int*>(rings); }, &rings_};
  }

  LoadedModel load(DriverOptions options = {}) {
    options.emplace("service", "10ms");
    auto model = device_->load("", options);
    EXPECT_TRUE(model.has_value()) << model.error().message;
    return std::move(model).value();
  }

  /// Returns the next completion, moving time on as far as needed.
  Completion next() {
    while (true) {
      if (auto completion = queue_->pop(); completion.has_value()) {
        return *completion;
      }
      if (!host_->run_next()) {
        ADD_FAILURE() << "nothing will happen any more";
        return {};
      }
    }
  }

  Duration now() const { return host_->now().time_since_epoch(); }

  std::shared_ptr<ManualHost> host_ = std::make_shared<ManualHost>();
  int rings_ = 0;
  std::optional<Driver> driver_;
  std::optional<Device> device_;
  std::optional<CompletionQueue> queue_;
};

TEST_F(SimDriverTest, ListsDevicesOfEachProfileAndSaysThatTheyAreSimulated) {
  start({{"devices", "2*mx3, metis, aries"}});
  const auto devices = driver_->enumerate().value();
  ASSERT_EQ(devices.size(), 4U);
  EXPECT_EQ(devices[0].identity, "mx3-0");
  EXPECT_EQ(devices[1].identity, "mx3-1");
  EXPECT_EQ(devices[3].sub_devices.size(), 8U);
  EXPECT_EQ(devices[3].sub_devices[5].group, 1U);
  for (const DeviceInfo& device : devices) {
    EXPECT_EQ(device.kind, DeviceKind::kSim);
    EXPECT_NE(device.name.find("simulated"), std::string::npos);
  }
}

TEST_F(SimDriverTest, ReadsAProfileOfTheUser) {
  const std::string path = ::testing::TempDir() + "/own.yaml";
  std::ofstream(path) << "profile: own\ntitle: simulated own\nidentity: 'own-{index}'\n"
                         "sub_devices: {count: 3}\nmodes: [{name: single}]\n";
  start({{"devices", path}}, "own-0");
  EXPECT_EQ(device_->info().sub_devices.size(), 3U);
}

TEST_F(SimDriverTest, NamesItselfOnceAndThePlaceInAProfileThatIsWrong) {
  const std::string path = ::testing::TempDir() + "/wrong.yaml";
  std::ofstream(path) << "profile: own\ntitle: simulated own\nidentity: 'own-{index}'\n"
                         "sub_devices: {count: 3}\nmodes: [{name: single}]\njitter: 2\n";
  const auto driver = Driver::create(sim_driver_api(), host_, {{"devices", path}});
  ASSERT_FALSE(driver.has_value());
  EXPECT_EQ(driver.error().message,
            "driver 'sim': option 'devices': " + path +
                ":6:9: error[E013]: 'jitter' is '2': must be from 0 to 0.5");
}

TEST_F(SimDriverTest, RefusesOptionsNamingWhatIsWrong) {
  const auto refusal = [&](const DriverOptions& options) {
    const auto driver = Driver::create(sim_driver_api(), host_, options);
    return driver.has_value() ? "" : driver.error().message;
  };
  EXPECT_NE(refusal({{"devices", "metiss"}}).find("mx3, metis, aries"), std::string::npos);
  EXPECT_NE(refusal({{"devices", "x*metis"}}).find("count"), std::string::npos);
  EXPECT_NE(refusal({{"faults", "[{kind: bang}]"}}).find("faults:1:9"), std::string::npos);
  EXPECT_NE(refusal({{"faults.gone", "[]"}}).find("no such device"), std::string::npos);
}

TEST_F(SimDriverTest, RunsFramesWhereTheModelWasActivated) {
  start({});
  LoadedModel model = load();
  EXPECT_TRUE(model.info().needs_activation);
  ASSERT_EQ(model.info().placements.size(), 4U);
  Activation activation = model.create_activation(*queue_).value();
  Request request = model.create_request(*queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0))};
  EXPECT_EQ(request.submit(inputs, outputs, 1, 2).error().code, Errc::kUnavailable);

  ASSERT_TRUE(activation.activate(2, 77).has_value());
  const Completion active = next();
  EXPECT_EQ(active.token, 77U);
  EXPECT_EQ(active.code, Errc::kOk);
  EXPECT_GE(active.device_time, milliseconds(3));
  const Duration begun = now();
  ASSERT_TRUE(request.submit(inputs, outputs, 5, 2).has_value());
  const Completion done = next();
  EXPECT_EQ(done.token, 5U);
  EXPECT_EQ(done.code, Errc::kOk);
  EXPECT_NEAR(static_cast<double>((now() - begun).count()), 10e6, 1.5e6);

  ASSERT_TRUE(activation.deactivate(2, 78).has_value());
  EXPECT_EQ(next().token, 78U);
  EXPECT_EQ(request.submit(inputs, outputs, 6, 2).error().code, Errc::kUnavailable);
}

/// How long a first frame takes on a device of its own.
Duration first_frame(const std::string& time) {
  const auto host = std::make_shared<ManualHost>();
  Driver driver =
      Driver::create(sim_driver_api(), host, {{"compute", "none"}, {"time", time}}).value();
  Device device = driver.open("metis-0:1:0", {}).value();
  CompletionQueue queue = CompletionQueue::create(4, {}).value();
  LoadedModel model = device.load("", {{"service", "10ms"}, {"residence", "resident"}}).value();
  Request request = model.create_request(queue).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0))};
  EXPECT_TRUE(request.submit(inputs, outputs, 1, 1).has_value());
  while (!queue.pop().has_value() && host->run_next()) {
  }
  return host->now().time_since_epoch();
}

TEST_F(SimDriverTest, InSteadyTimeLeavesWhatIsDueForAWhileToWhoeverSubmitsNext) {
  const Duration due = first_frame("virtual");
  const Duration left_for = first_frame("steady") - due;
  EXPECT_GT(left_for, Duration(0));
  EXPECT_LT(left_for, milliseconds(1));

  start({{"time", "steady"}});
  LoadedModel model = load({{"residence", "resident"}});
  Request first = model.create_request(*queue_).value();
  Request second = model.create_request(*queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0))};
  ASSERT_TRUE(first.submit(inputs, outputs, 1, 1).has_value());
  host_->advance(due);
  EXPECT_FALSE(queue_->pop().has_value());
  ASSERT_TRUE(second.submit(inputs, outputs, 2, 1).has_value());
  const auto done = queue_->pop();
  ASSERT_TRUE(done.has_value()) << "nobody needed to wake";
  EXPECT_EQ(done->token, 1U);
}

TEST_F(SimDriverTest, CountsEachFrameOfABatchInItsRates) {
  start({});
  LoadedModel model = load({{"residence", "resident"}, {"batch", "4"}});
  Request request = model.create_request(*queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0))};
  ASSERT_TRUE(request.submit(inputs, outputs, 1, 1).has_value());
  const Duration took = next().device_time;
  double rate = 0;
  for (const DeviceMetric& metric : device_->metrics()) {
    rate = metric.name == "full_rate" ? metric.value : rate;
  }
  EXPECT_NEAR(rate, 4e9 / static_cast<double>(took.count()), 5) << "a request of 10 ms";
}

TEST_F(SimDriverTest, RefusesASecondModelOnACoreNamingTheLimit) {
  start({});
  LoadedModel first = load();
  LoadedModel second = load();
  Activation a = first.create_activation(*queue_).value();
  Activation b = second.create_activation(*queue_).value();
  ASSERT_TRUE(a.activate(1, 1).has_value());
  next();
  const Status refused = b.activate(1, 2);
  EXPECT_EQ(refused.error().code, Errc::kUnavailable);
  EXPECT_NE(refused.error().message.find("core 0"), std::string::npos);
  EXPECT_EQ(b.activate(3, 2).error().code, Errc::kInvalidArgument);
}

TEST_F(SimDriverTest, EndsWhatIsInFlightBeforeAResetIsOver) {
  start({{"faults", "[{kind: hang, after: 1}]"}});
  LoadedModel model = load({{"residence", "resident"}});
  std::vector<Request> requests;
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  std::vector<std::vector<FeatureMap>> outputs;
  for (std::uint64_t i = 0; i < 3; ++i) {
    requests.push_back(model.create_request(*queue_).value());
    outputs.push_back({map_for(model.output_spec(0))});
    ASSERT_TRUE(requests[i].submit(inputs, outputs[i], i).has_value());
  }
  host_->advance(seconds(30));
  EXPECT_FALSE(queue_->pop().has_value()) << "a device that hangs completes nothing";
  ASSERT_TRUE(device_->reset().has_value());
  for (int i = 0; i < 3; ++i) {
    const auto completion = queue_->pop();
    ASSERT_TRUE(completion.has_value());
    EXPECT_EQ(completion->code, Errc::kDeviceLost);
  }
  EXPECT_EQ(device_->poll_event()->health, Health::kResetting);
  EXPECT_FALSE(device_->poll_event().has_value());
  host_->advance(seconds(10));
  EXPECT_EQ(device_->poll_event()->health, Health::kOk);
  EXPECT_EQ(rings_, 2);
  ASSERT_TRUE(requests[0].submit(inputs, outputs[0], 9).has_value());
  EXPECT_EQ(next().code, Errc::kOk);
}

TEST_F(SimDriverTest, RingsWhenAPendingPropertyIsInForce) {
  start({});
  EXPECT_FALSE(device_->configure("clock", "400", 2).value());
  const auto clock = [&] {
    const std::vector<DeviceProperty> all = device_->properties().value();
    for (const DeviceProperty& property : all) {
      if (property.name == "clock" && property.sub_device == 2) {
        return property;
      }
    }
    return DeviceProperty();
  };
  EXPECT_TRUE(clock().is_pending);
  EXPECT_EQ(rings_, 0);
  host_->advance(milliseconds(50));
  EXPECT_EQ(rings_, 1);
  EXPECT_FALSE(clock().is_pending);
  EXPECT_EQ(clock().value, "400");
}

TEST_F(SimDriverTest, KeepsClaimsApartAndGivesThemBackWithTheHandle) {
  start({});
  ASSERT_TRUE(device_->claim(3).has_value());
  std::optional<Device> other(driver_->open("metis-0:1:0").value());
  EXPECT_EQ(other->claim(6).error().code, Errc::kUnavailable);
  ASSERT_TRUE(other->claim(12).has_value());
  EXPECT_NE(driver_->enumerate().value()[1].sub_devices[3].in_use_by, 0);
  EXPECT_EQ(other->claim(16).error().code, Errc::kInvalidArgument);
  other.reset();
  EXPECT_EQ(driver_->enumerate().value()[1].sub_devices[3].in_use_by, 0);
  device_->release(1);
  EXPECT_TRUE(driver_->open("metis-0:1:0").value().claim(13).has_value());
}

TEST_F(SimDriverTest, LosesAClaimRaceByScript) {
  start({{"faults.metis-0:1:0", "[{kind: claim_race}]"}});
  EXPECT_EQ(device_->claim(1).error().code, Errc::kUnavailable);
  EXPECT_TRUE(device_->claim(1).has_value());
}

TEST(SimDriverClaim, PassesOnWhatEndedMeanwhileWhereItIsLost) {
  const auto host = std::make_shared<LateHost>();
  Driver driver =
      Driver::create(
          sim_driver_api(),
          host,
          {{"devices", "metis"}, {"compute", "none"}, {"faults", "[{kind: claim_race}]"}})
          .value();
  Device device = driver.open("metis-0:1:0").value();
  Device other = driver.open("metis-0:1:0").value();
  LoadedModel model = device.load("", {{"service", "10ms"}, {"residence", "resident"}}).value();
  CompletionQueue queue = CompletionQueue::create(4, {}).value();
  Request request = model.create_request(queue).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0))};
  ASSERT_TRUE(request.submit(inputs, outputs, 7).has_value());
  host->late = seconds(1);
  EXPECT_EQ(other.claim(1).error().code, Errc::kUnavailable);
  host->calls.advance(seconds(2));
  const auto completion = queue.pop();
  ASSERT_TRUE(completion.has_value()) << "the frame of the other handle";
  EXPECT_EQ(completion->token, 7U);
  EXPECT_EQ(completion->code, Errc::kOk);
}

TEST_F(SimDriverTest, ShowsWrongResultsWhileTheScriptSaysSo) {
  start({{"faults", "[{kind: probe_wrong, for: 1s}]"}});
  LoadedModel model = load({{"residence", "resident"}});
  Request request = model.create_request(*queue_).value();
  const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
  const std::vector<FeatureMap> outputs = {map_for(model.output_spec(0))};
  ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
  next();
  EXPECT_EQ(outputs[0].data()[0], std::byte{0xFF});
  host_->advance(seconds(2));
  ASSERT_TRUE(request.submit(inputs, outputs, 2).has_value());
  next();
  EXPECT_EQ(outputs[0].data()[0], std::byte{0});
}

/// Runs a scripted load through the ABI and returns what it leaves in the trace file.
std::string trace_of(const std::string& seed) {
  const std::string path = ::testing::TempDir() + "/trace-" + seed;
  {
    const auto host = std::make_shared<ManualHost>();
    Driver driver = Driver::create(sim_driver_api(),
                                   host,
                                   {{"devices", "metis"},
                                    {"compute", "none"},
                                    {"time", "virtual"},
                                    {"seed", seed},
                                    {"trace", path},
                                    {"faults", "[{kind: slow, factor: 5, probability: 0.05}]"}})
                        .value();
    Device device = driver.open("metis-0:1:0").value();
    LoadedModel model = device.load("", {{"service", "3ms"}, {"residence", "resident"}}).value();
    CompletionQueue queue = CompletionQueue::create(16, {}).value();
    std::vector<Request> requests;
    std::vector<std::vector<FeatureMap>> outputs;
    const std::vector<FeatureMap> inputs = {map_for(model.input_spec(0))};
    for (std::uint64_t i = 0; i < 8; ++i) {
      requests.push_back(model.create_request(queue).value());
      outputs.push_back({map_for(model.output_spec(0))});
      EXPECT_TRUE(requests[i].submit(inputs, outputs[i], i).has_value());
    }
    for (int frames = 8; frames < 400;) {
      EXPECT_TRUE(host->run_next());
      while (const auto completion = queue.pop()) {
        const std::size_t i = completion->token;
        EXPECT_TRUE(requests[i].submit(inputs, outputs[i], i).has_value());
        ++frames;
      }
    }
    host->advance(seconds(1));
  }
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(SimDriverTrace, IsTheSameByteForByteForTheSameSeed) {
  const std::string first = trace_of("3");
  EXPECT_GT(first.size(), 10'000U);
  EXPECT_EQ(first.substr(0, 12), "metis-0:1:0 ");
  EXPECT_EQ(first, trace_of("3"));
  EXPECT_NE(first, trace_of("4"));
}

}  // namespace
}  // namespace penstock
