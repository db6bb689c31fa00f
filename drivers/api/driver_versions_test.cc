#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/api/manual_host.h"

// A driver of version 1.0 under a host of today, and a driver of today under older hosts.
namespace penstock {
namespace {

class EchoRequest final : public RequestBase {
 public:
  Status submit(Job job) override {
    job.complete(Errc::kOk, {}, static_cast<std::int64_t>(job.sub_devices() + 100 * job.frames()));
    return {};
  }

  void cancel() noexcept override {}
};

class EchoModel final : public ModelBase {
 public:
  EchoModel() {
    info_.mode = "single";
    info_.placements.resize(1);
    info_.placements[0].sub_devices = 3;
    info_.buckets.resize(1);
  }

  [[nodiscard]] const ModelInfo& info() const noexcept override { return info_; }

  Result<std::unique_ptr<RequestBase>> create_request() override {
    return std::unique_ptr<RequestBase>(std::make_unique<EchoRequest>());
  }

 private:
  ModelInfo info_;
};

class EchoDevice final : public DeviceBase {
 public:
  Result<std::vector<LoadObstacle>> explain(const std::string& /*path*/,
                                            const DriverOptions& /*options*/) override {
    return std::vector<LoadObstacle>();
  }

  Result<std::unique_ptr<ModelBase>> load(const std::string& /*path*/,
                                          const DriverOptions& /*options*/) override {
    return std::unique_ptr<ModelBase>(std::make_unique<EchoModel>());
  }
};

class EchoDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost host, const DriverOptions&) {
    return std::unique_ptr<DriverBase>(std::make_unique<EchoDriver>(host));
  }

  explicit EchoDriver(DriverHost host) : host_(host) {}

  Result<std::vector<DeviceInfo>> enumerate() override {
    DeviceInfo info;
    info.identity = "echo:0";
    // Shows what it sees of its host.
    info.name = host_.reference_driver() == nullptr ? "none" : host_.reference_driver()->name;
    info.max_resident = 7;
    return std::vector<DeviceInfo>{info};
  }

  Result<ModelInfo> inspect(const std::string& /*path*/) override { return ModelInfo(); }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& /*identity*/,
                                           Doorbell /*health_changed*/) override {
    return std::unique_ptr<DeviceBase>(std::make_unique<EchoDevice>());
  }

 private:
  DriverHost host_;
};

const PenstockDriverApi kEcho = make_driver_api<&EchoDriver::create>("echo", "1");

/// The table as a driver of 1.0 has it; what lies behind its end must not be called.
PenstockDriverApi first_table() {
  PenstockDriverApi api = kEcho;
  api.size = offsetof(PenstockDriverApi, claim);
  api.abi_minor = 0;
  api.claim = [](auto...) -> std::int32_t { std::abort(); };
  api.release = [](auto...) { std::abort(); };
  api.properties = [](auto...) -> std::int32_t { std::abort(); };
  api.configure = [](auto...) -> std::int32_t { std::abort(); };
  api.reset = [](auto...) -> std::int32_t { std::abort(); };
  api.activate = [](auto...) -> std::int32_t { std::abort(); };
  api.deactivate = [](auto...) -> std::int32_t { std::abort(); };
  return api;
}

TEST(DriverOfOneZero, HasNothingToClaimOrConfigureAndNoReset) {
  const PenstockDriverApi api = first_table();
  Driver driver = Driver::create(api, std::make_shared<ManualHost>()).value();
  Device device = driver.open("echo:0").value();

  EXPECT_TRUE(device.claim(1).has_value());
  device.release(1);
  EXPECT_TRUE(device.properties().value().empty());
  EXPECT_EQ(device.configure("clock", "800").error().code, Errc::kInvalidArgument);
  EXPECT_EQ(device.reset().error(), (Error{Errc::kUnsupported, "device 'echo:0' cannot be reset"}));
}

TEST(DriverOfOneZero, HasItsModelsAlwaysResident) {
  const PenstockDriverApi api = first_table();
  Driver driver = Driver::create(api, std::make_shared<ManualHost>()).value();
  LoadedModel model = driver.open("echo:0").value().load("", {}).value();
  CompletionQueue queue = CompletionQueue::create(1, {}).value();
  Activation activation = model.create_activation(queue).value();

  ASSERT_TRUE(activation.activate(3, 11).has_value());
  EXPECT_EQ(queue.pop().value().token, 11U);
  ASSERT_TRUE(activation.deactivate(3, 12).has_value());
  const Completion completion = queue.pop().value();
  EXPECT_EQ(completion.token, 12U);
  EXPECT_EQ(completion.code, Errc::kOk);
}

TEST(DriverOfOneZero, ShowsStructsThatAreShorter) {
  PenstockDriverApi api = first_table();
  api.enumerate = [](PenstockDriver*, auto visit, void* context, PenstockError*) -> std::int32_t {
    PenstockSubDeviceInfo sub_devices[2] = {};
    PenstockDeviceInfo info{};
    // As 1.0 had them; the bytes behind belong to others. (An array's items lie `size` apart: here
    // one item is shown, so that it need not be packed.)
    sub_devices[0].size = offsetof(PenstockSubDeviceInfo, group);
    sub_devices[0].in_use_by = 99;
    info.size = offsetof(PenstockDeviceInfo, shared_memory_bytes);
    info.identity = "old:0";
    info.kind = PENSTOCK_DEVICE_CPU;
    info.sub_device_count = 1;
    info.sub_devices = sub_devices;
    info.max_resident = 99;
    visit(context, &info);
    return PENSTOCK_OK;
  };
  const Driver driver = Driver::create(api, std::make_shared<ManualHost>()).value();
  const auto devices = driver.enumerate().value();
  ASSERT_EQ(devices.size(), 1U);
  EXPECT_EQ(devices[0].max_resident, 0U);
  ASSERT_EQ(devices[0].sub_devices.size(), 1U);
  EXPECT_EQ(devices[0].sub_devices[0].in_use_by, 0);
}

/// Calls of a host that was built for 1.0: its structs end earlier.
class HostOfOneZero : public ::testing::Test {
 protected:
  HostOfOneZero() {
    host_.size = offsetof(PenstockHost, reference_driver);
    host_.reference_driver = [](void*) -> const PenstockDriverApi* { std::abort(); };
    options_.size = sizeof(options_);
    EXPECT_EQ(kEcho.create(&host_, &options_, &driver_, nullptr), PENSTOCK_OK);
    EXPECT_EQ(kEcho.open_device(driver_, "echo:0", nullptr, nullptr, &device_, nullptr),
              PENSTOCK_OK);
    const PenstockModelSource source{sizeof(source), 0, "", options_};
    EXPECT_EQ(kEcho.load(device_, &source, &model_, nullptr), PENSTOCK_OK);
  }

  ~HostOfOneZero() override {
    kEcho.unload(model_);
    kEcho.close_device(device_);
    kEcho.destroy(driver_);
  }

  PenstockHost host_{};
  PenstockOptions options_{};
  PenstockDriver* driver_ = nullptr;
  PenstockDevice* device_ = nullptr;
  PenstockModel* model_ = nullptr;
};

TEST_F(HostOfOneZero, HasNoReferenceDriver) {
  std::string name;
  const auto visit = [](void* context, const PenstockDeviceInfo* info) {
    *static_cast<std::string*>(context) = info->name;
  };
  EXPECT_EQ(kEcho.enumerate(driver_, visit, &name, nullptr), PENSTOCK_OK);
  EXPECT_EQ(name, "none");
}

TEST_F(HostOfOneZero, IsShownNoPlacements) {
  PenstockModelVisitor visitor{};
  visitor.size = offsetof(PenstockModelVisitor, placement);
  visitor.summary = [](void*, const PenstockModelInfo*) {};
  visitor.input = [](void*, const PenstockTensorInfo*) {};
  visitor.output = [](void*, const PenstockTensorInfo*) {};
  visitor.property = [](void*, const char*, const char*) {};
  visitor.placement = [](void*, const PenstockPlacement*) { std::abort(); };
  EXPECT_EQ(kEcho.describe(model_, &visitor, nullptr), PENSTOCK_OK);
}

TEST_F(HostOfOneZero, IsShownNoBuckets) {
  PenstockModelVisitor visitor{};
  visitor.size = offsetof(PenstockModelVisitor, bucket);  // As 1.1 had it.
  visitor.summary = [](void*, const PenstockModelInfo*) {};
  visitor.input = [](void*, const PenstockTensorInfo*) {};
  visitor.output = [](void*, const PenstockTensorInfo*) {};
  visitor.property = [](void*, const char*, const char*) {};
  visitor.placement = [](void*, const PenstockPlacement*) {};
  visitor.bucket = [](void*, const PenstockBucket*) { std::abort(); };
  EXPECT_EQ(kEcho.describe(model_, &visitor, nullptr), PENSTOCK_OK);
}

TEST_F(HostOfOneZero, NamesNoSubDevicesInItsJobs) {
  PenstockRequest* request = nullptr;
  ASSERT_EQ(kEcho.create_request(model_, &request, nullptr), PENSTOCK_OK);
  PenstockCompletion completion{};
  completion.size = sizeof(completion);
  completion.done = [](void*) {};
  PenstockJob job{};
  job.size = offsetof(PenstockJob, sub_devices);
  job.completion = &completion;
  job.sub_devices = 99;
  EXPECT_EQ(kEcho.submit(request, &job, nullptr), PENSTOCK_OK);
  EXPECT_EQ(completion.device_ns, 0);
  kEcho.destroy_request(request);
}

TEST_F(HostOfOneZero, SaysNothingOfTheFramesInItsJobs) {
  PenstockRequest* request = nullptr;
  ASSERT_EQ(kEcho.create_request(model_, &request, nullptr), PENSTOCK_OK);
  PenstockCompletion completion{};
  completion.size = sizeof(completion);
  completion.done = [](void*) {};
  PenstockJob job{};
  job.size = offsetof(PenstockJob, frames);  // As 1.1 had it.
  job.completion = &completion;
  job.frames = 99;
  EXPECT_EQ(kEcho.submit(request, &job, nullptr), PENSTOCK_OK);
  EXPECT_EQ(completion.device_ns, 0);
  kEcho.destroy_request(request);
}

TEST(DriverHost, PassesTheReferenceDriverOn) {
  PenstockDriverApi reference = kEcho;
  reference.name = "reference";
  const Driver driver = Driver::create(kEcho, std::make_shared<ManualHost>(&reference)).value();
  EXPECT_EQ(driver.enumerate().value()[0].name, "reference");

  const Driver alone = Driver::create(kEcho, std::make_shared<ManualHost>()).value();
  EXPECT_EQ(alone.enumerate().value()[0].name, "none");
}

TEST(Request, RunsOnThePlacementThatItNames) {
  Driver driver = Driver::create(kEcho, std::make_shared<ManualHost>()).value();
  LoadedModel model = driver.open("echo:0").value().load("", {}).value();
  CompletionQueue queue = CompletionQueue::create(1, {}).value();
  Request request = model.create_request(queue).value();

  EXPECT_EQ(
      request.submit({}, {}, 1, 1).error(),
      (Error{Errc::kInvalidArgument, "sub-devices 0 are no placement of the model; it has: 0+1"}));
  ASSERT_TRUE(request.submit({}, {}, 2, 3).has_value());
  EXPECT_EQ(queue.pop().value().device_time, Duration(3));
  ASSERT_TRUE(request.submit({}, {}, 3).has_value());
  EXPECT_EQ(queue.pop().value().device_time, Duration(0));
}

TEST(Request, SaysHowManyRowsOfItsBatchHoldFrames) {
  Driver driver = Driver::create(kEcho, std::make_shared<ManualHost>()).value();
  LoadedModel model = driver.open("echo:0").value().load("", {}).value();
  CompletionQueue queue = CompletionQueue::create(1, {}).value();
  Request request = model.create_request(queue).value();

  ASSERT_TRUE(request.submit({}, {}, 1, 3, 5).has_value());
  EXPECT_EQ(queue.pop().value().device_time, Duration(503));
  ASSERT_TRUE(request.submit({}, {}, 2, 3).has_value());
  EXPECT_EQ(queue.pop().value().device_time, Duration(3)) << "not those of the job before";
}

}  // namespace
}  // namespace penstock
