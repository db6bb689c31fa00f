#include "actors/driver_device_port.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/driver.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/api/manual_host.h"
#include "engine/base/log.h"

namespace penstock::actors {
namespace {

constexpr std::chrono::seconds kFarTooLong{120};

/// A driver's device that begins each change of residence and ends it when the test says so. Its
/// devices share it, as the thread that closes one may outlive the test, and what is static.
struct Script {
  void end_changes() {
    for (const Change& change : std::exchange(changes, {})) {
      change.complete(Errc::kOk);
    }
  }

  void count_closed() {
    if (--open_devices == 0 && !was_closed.exchange(true)) {
      closed.set_value();
    }
  }

  void wait_until_closed() {
    EXPECT_EQ(closed.get_future().wait_for(kFarTooLong), std::future_status::ready);
  }

  std::vector<Change> changes;
  SubDeviceMask place = 1;  // Where models can be.
  std::atomic<int> open_devices{0};
  std::atomic<bool> was_closed{false};
  std::promise<void> closed;  // The first time.
};

std::shared_ptr<Script>& script() {
  static std::shared_ptr<Script> the_script;
  return the_script;
}

/// Takes a nanosecond for each frame that it is told of.
class CountingRequest final : public RequestBase {
 public:
  Status submit(Job job) override {
    job.complete(Errc::kOk, {}, job.frames());
    return {};
  }

  void cancel() noexcept override {}
};

class SlowModel final : public ModelBase {
 public:
  SlowModel() {
    info_.needs_activation = true;
    ModelPlacement placement;
    placement.sub_devices = script()->place;
    info_.placements.push_back(placement);
  }

  [[nodiscard]] const ModelInfo& info() const noexcept override { return info_; }

  Result<std::unique_ptr<RequestBase>> create_request() override {
    return std::unique_ptr<RequestBase>(std::make_unique<CountingRequest>());
  }

  Status activate(SubDeviceMask /*sub_devices*/, Change change) override {
    script()->changes.push_back(change);
    return {};
  }

 private:
  ModelInfo info_;
};

class SlowDevice final : public DeviceBase {
 public:
  SlowDevice() : script_(script()) { ++script_->open_devices; }

  SlowDevice(const SlowDevice&) = delete;
  SlowDevice& operator=(const SlowDevice&) = delete;

  ~SlowDevice() override { script_->count_closed(); }

  Result<std::vector<LoadObstacle>> explain(const std::string& /*path*/,
                                            const DriverOptions& /*options*/) override {
    return std::vector<LoadObstacle>();
  }

  Result<std::unique_ptr<ModelBase>> load(const std::string& /*path*/,
                                          const DriverOptions& /*options*/) override {
    return std::unique_ptr<ModelBase>(std::make_unique<SlowModel>());
  }

 private:
  std::shared_ptr<Script> script_;
};

class SlowDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost /*host*/, const DriverOptions&) {
    return std::unique_ptr<DriverBase>(std::make_unique<SlowDriver>());
  }

  Result<std::vector<DeviceInfo>> enumerate() override {
    DeviceInfo info;
    info.identity = "slow:0";
    SubDeviceInfo core;
    core.name = "core 0";
    info.sub_devices.push_back(core);
    return std::vector<DeviceInfo>{info};
  }

  Result<ModelInfo> inspect(const std::string& /*path*/) override { return ModelInfo(); }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& /*identity*/,
                                           Doorbell /*health_changed*/) override {
    return std::unique_ptr<DeviceBase>(std::make_unique<SlowDevice>());
  }
};

const PenstockDriverApi kSlow = make_driver_api<&SlowDriver::create>("slow", "1");

constexpr Lane kLane{PackageNumber{0}, 1};

class DriverDevicePortTest : public ::testing::Test {
 protected:
  DriverDevicePortTest() {
    script() = std::make_shared<Script>();
    LogOptions options;
    options.write = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += std::string(line) + "\n";
    };
    configure_log(std::move(options));
  }

  ~DriverDevicePortTest() override { configure_log({}); }

  void connect(Duration close_limit) {
    DriverDevicePort::Words words;
    words.driver = std::make_shared<Driver>(
        std::move(Driver::create(kSlow, std::make_shared<ManualHost>())).value());
    words.identity = "slow:0";
    words.close_limit = close_limit;
    port_ = std::move(DriverDevicePort::connect(std::move(words))).value();
    ASSERT_TRUE(port_->load(PackageNumber{0}, "model", {}).has_value());
  }

  Status open() {
    const Doorbell bells[] = {{}};
    const auto slots = port_->open(bells, {});
    return slots.has_value() ? Status() : Status(slots.error());
  }

  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  std::unique_ptr<DriverDevicePort> port_;

 private:
  std::mutex mutex_;
  std::string log_;
};

TEST_F(DriverDevicePortTest, TellsTheDriverHowManyFramesABatchHolds) {
  connect(kFarTooLong);
  const Doorbell bells[] = {{}};
  const auto slots = port_->open(bells, {});
  ASSERT_TRUE(slots.has_value());
  const Ref<JobMaps> maps = JobMaps::create();
  maps->frames = 5;
  ASSERT_TRUE(slots->front()->submit(kLane, 0, *maps, 9).has_value());
  EXPECT_EQ(slots->front()->pop().value().device_time, Duration(5));
}

TEST_F(DriverDevicePortTest, SaysWhichSubDevicesAModelNeedsThatAreNotClaimed) {
  connect(kFarTooLong);
  script()->place = 6;
  const auto loaded = port_->load(PackageNumber{1}, "/cache/of/packages/model", {});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Errc::kUnavailable);
  EXPECT_EQ(loaded.error().message,
            "it needs sub-devices 1,2, and `sub_devices` allows sub-devices 0");
}

TEST_F(DriverDevicePortTest, ClosesADeviceThatHasNothingToDo) {
  connect(kFarTooLong);
  ASSERT_TRUE(open().has_value());
  port_.reset();
  EXPECT_EQ(script()->open_devices, 0);
  EXPECT_EQ(log(), "");
}

TEST_F(DriverDevicePortTest, LeavesADeviceThatHangsToAThreadOfItsOwnAndNamesIt) {
  connect(Duration::zero());
  ASSERT_TRUE(open().has_value());
  ASSERT_TRUE(port_->change(kLane, true, 7).has_value());
  port_.reset();
  EXPECT_EQ(script()->open_devices, 1) << "its driver may still write to what belongs to it";
  EXPECT_NE(log().find("device 'slow:0' is not closed after 0 s: it does not end a change of "
                       "residence"),
            std::string::npos)
      << log();
  script()->end_changes();  // Long after the port: nothing dangles.
  script()->wait_until_closed();
}

TEST_F(DriverDevicePortTest, OpensADeviceAnewOnceWhatHungHasEnded) {
  connect(Duration::zero());
  ASSERT_TRUE(open().has_value());
  ASSERT_TRUE(port_->change(kLane, true, 7).has_value());
  const Status early = open();
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().code, Errc::kDeviceLost);
  EXPECT_NE(early.error().message.find("device 'slow:0' is not closed"), std::string::npos);
  EXPECT_FALSE(port_->poll_health().has_value());
  EXPECT_TRUE(port_->figures().empty());
  script()->end_changes();
  script()->wait_until_closed();
  while (!open().has_value()) {
    std::this_thread::yield();  // The thread that closed it is ending.
  }
  EXPECT_FALSE(port_->pop_change().has_value()) << "what has hung is of the past";
  EXPECT_EQ(script()->open_devices, 1);
  ASSERT_TRUE(port_->change(kLane, true, 8).has_value());
  script()->end_changes();
  EXPECT_EQ(port_->pop_change()->token, 8U);
}

}  // namespace
}  // namespace penstock::actors
