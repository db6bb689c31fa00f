#include "drivers/api/driver_calls.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/driver.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/api/manual_host.h"

namespace penstock {
namespace {

/// Where calls of the driver below wait while they are to hang.
class Gate {
 public:
  void shut(const std::string& call) {
    const std::lock_guard lock(mutex_);
    shut_.insert(call);
  }

  void open_all() {
    const std::lock_guard lock(mutex_);
    shut_.clear();
    changed_.notify_all();
  }

  void forget() {
    const std::lock_guard lock(mutex_);
    arrived_.clear();
    passed_.clear();
  }

  void pass(const std::string& call) {
    std::unique_lock lock(mutex_);
    arrived_.insert(call);
    changed_.notify_all();
    changed_.wait(lock, [&] { return shut_.count(call) == 0; });
    passed_.insert(call);
    changed_.notify_all();
  }

  void wait_until_arrived(const std::string& call) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_.count(call) != 0; });
  }

  void wait_until_passed(const std::string& call) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return passed_.count(call) != 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> shut_;
  std::set<std::string> arrived_;
  std::set<std::string> passed_;
};

/// Never destroyed: a call that was left may be in it when the process ends.
Gate& gate() {
  static Gate& only = *new Gate();
  return only;
}

class GatedDevice final : public DeviceBase {
 public:
  explicit GatedDevice(Doorbell bell) : bell_(bell) {}

  ~GatedDevice() override {
    gate().pass("close_device");
    bell_.ring();
  }

  Result<std::vector<LoadObstacle>> explain(const std::string& /*path*/,
                                            const DriverOptions& /*options*/) override {
    gate().pass("explain");
    return std::vector<LoadObstacle>();
  }

  Result<std::unique_ptr<ModelBase>> load(const std::string& /*path*/,
                                          const DriverOptions& /*options*/) override {
    return Error{Errc::kUnsupported, "loads nothing"};
  }

  std::vector<DeviceProperty> properties() override {
    gate().pass("properties");
    return {};
  }

 private:
  Doorbell bell_;
};

class GatedDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost /*host*/, const DriverOptions&) {
    gate().pass("create");
    return std::unique_ptr<DriverBase>(std::make_unique<GatedDriver>());
  }

  GatedDriver() = default;

  ~GatedDriver() override { gate().pass("destroy"); }

  Result<std::vector<DeviceInfo>> enumerate() override {
    gate().pass("enumerate");
    DeviceInfo info;
    info.identity = "gated:0";
    return std::vector<DeviceInfo>{info};
  }

  Result<ModelInfo> inspect(const std::string& /*path*/) override {
    gate().pass("inspect");
    return ModelInfo();
  }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& /*identity*/,
                                           Doorbell health_changed) override {
    gate().pass("open_device");
    return std::unique_ptr<DeviceBase>(std::make_unique<GatedDevice>(health_changed));
  }
};

constexpr CallLimits kShort{std::chrono::milliseconds(400), std::chrono::milliseconds(400)};
constexpr CallLimits kLong{std::chrono::minutes(5), std::chrono::minutes(5)};

/// Each test has a driver of another name: what hangs in one is no business of the next.
class DriverCallsTest : public ::testing::Test {
 protected:
  ~DriverCallsTest() override {
    gate().open_all();
    while (!left_driver_call().empty()) {
      std::this_thread::yield();
    }
    gate().forget();
  }

  static const PenstockDriverApi& table() {
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    auto& api = *new PenstockDriverApi(
        make_driver_api<&GatedDriver::create>((new std::string(test))->c_str(), "1"));
    return api;  // For ever, as a plug-in's.
  }

  Result<Driver> create(CallLimits limits) { return Driver::create(api_, host_, {}, limits); }

  [[nodiscard]] std::string place() const { return "driver '" + std::string(api_.name) + "'"; }

  const PenstockDriverApi& api_ = table();
  std::shared_ptr<ManualHost> host_ = std::make_shared<ManualHost>();
};

TEST_F(DriverCallsTest, AnswerWithinALimitAsWithoutOne) {
  Driver driver = create(kLong).value();
  EXPECT_EQ(driver.enumerate().value().size(), 1U);
  EXPECT_TRUE(driver.inspect("m.bin").has_value());
  EXPECT_TRUE(driver.open("gated:0").value().properties().value().empty());
  EXPECT_EQ(left_driver_call(), "");
  EXPECT_EQ(driver_calls_at_work(), "");
}

TEST_F(DriverCallsTest, EndAStartThatHangs) {
  gate().shut("create");
  EXPECT_EQ(create(kShort).error(),
            (Error{Errc::kDeadlineExceeded, place() + ": 'create' has not come back after 0.4 s"}));
  EXPECT_EQ(create(kShort).error(),
            (Error{Errc::kUnavailable, place() + " hangs in 'create', and is not started again"}));
  gate().open_all();
  gate().wait_until_passed("destroy");  // What started after all is ended.
}

TEST_F(DriverCallsTest, EndQuestionsThatHang) {
  Driver driver = create(kShort).value();
  gate().shut("inspect");
  EXPECT_EQ(driver.inspect("m.bin").error(),
            (Error{Errc::kDeadlineExceeded, "'inspect' of 'm.bin' has not come back after 0.4 s"}));
  const Device device = driver.open("gated:0").value();
  gate().shut("properties");
  EXPECT_EQ(device.properties().error().message,
            place() + ": 'properties' of device 'gated:0' has not come back after 0.4 s");
  gate().shut("enumerate");
  EXPECT_EQ(driver.enumerate().error().message, "'enumerate' has not come back after 0.4 s");
  EXPECT_EQ(driver.enumerate().error(),
            (Error{Errc::kDeadlineExceeded,
                   "'enumerate' hangs since an earlier call, and is not called again"}));
}

TEST_F(DriverCallsTest, CloseADeviceThatOpensTooLate) {
  Driver driver = create(kShort).value();
  gate().shut("open_device");
  EXPECT_EQ(driver.open("gated:0").error(),
            (Error{Errc::kDeadlineExceeded,
                   place() + ": 'open_device' of device 'gated:0' has not come back after 0.4 s"}));
  EXPECT_EQ(left_driver_call(api_.name), "'open_device' of device 'gated:0'");
  EXPECT_EQ(left_driver_call("another"), "");
  gate().open_all();
  gate().wait_until_passed("close_device");
}

TEST_F(DriverCallsTest, LeaveACloseThatHangsWhichRingsNobody) {
  Driver driver = create(kShort).value();
  gate().shut("close_device");
  {
    int rings = 0;
    const Device device =
        driver.open("gated:0", {[](void* count) { ++*static_cast<int*>(count); }, &rings}).value();
  }
  EXPECT_EQ(driver_calls_at_work(), place() + " is in 'close_device' of device 'gated:0'");
  gate().open_all();  // It rings now; `rings` is gone.
}

TEST_F(DriverCallsTest, LeaveAnEndThatHangs) {
  gate().shut("destroy");
  { const Driver driver = create(kShort).value(); }
  EXPECT_EQ(left_driver_call(api_.name), "'destroy'");
}

TEST_F(DriverCallsTest, AreNamedWhileTheyTakeTheirTime) {
  Driver driver = create(kShort).value();
  Device device = driver.open("gated:0").value();
  gate().shut("explain");
  std::thread asks([&] { EXPECT_TRUE(device.explain("m.bin", {}).has_value()) << "no limit"; });
  gate().wait_until_arrived("explain");
  EXPECT_EQ(driver_calls_at_work(), place() + " is in 'explain' of 'm.bin'");
  EXPECT_EQ(left_driver_call(), "");
  gate().open_all();
  asks.join();
}

}  // namespace
}  // namespace penstock
