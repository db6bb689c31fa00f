#include "actors/running_pool.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/testing/gate.h"
#include "actors/workers.h"
#include "engine/base/clock.h"
#include "engine/device/device_pool.h"

namespace penstock::actors {
namespace {

using testing::Gate;
using testing::kFarTooLong;

/// What a device does, and what the test lets it do.
struct Script {
  bool hangs_in_open = false;
  bool hangs_in_close = false;
  Gate opening;
  Gate may_go_on;
  Gate closed;
};

class ScriptedPort final : public DevicePort {
 public:
  explicit ScriptedPort(Script& script) : script_(script) {}

  ScriptedPort(const ScriptedPort&) = delete;
  ScriptedPort& operator=(const ScriptedPort&) = delete;

  ~ScriptedPort() override {
    if (script_.hangs_in_close) {
      script_.may_go_on.wait();
    }
    script_.closed.open();
  }

  Result<SlotsBySubDevice> open(std::span<const Doorbell> bells, Doorbell /*bell*/) override {
    script_.opening.open();
    if (script_.hangs_in_open) {
      script_.may_go_on.wait();
    }
    return SlotsBySubDevice(bells.size());
  }

  Status change(const Lane& /*lane*/, bool /*resident*/, std::uint64_t /*token*/) override {
    return Error{Errc::kUnsupported, "not part of this test"};
  }

  [[nodiscard]] std::optional<InferenceDone> pop_change() override { return std::nullopt; }

  Status reset() override { return {}; }

  [[nodiscard]] std::optional<HealthChange> poll_health() override { return std::nullopt; }

  [[nodiscard]] std::vector<DeviceFigure> figures() const override { return {}; }

  [[nodiscard]] std::optional<SelfTest> self_test() override { return std::nullopt; }

 private:
  Script& script_;
};

class RunningPoolTest : public ::testing::Test {
 protected:
  /// Starts a pool of one device, which is being opened when this returns.
  void start() {
    DevicePool::Options options;
    options.clock = &clock_;
    auto pool = std::make_unique<DevicePool>(std::move(options));
    DevicePool::DeviceWords words;
    words.name = "npu";
    words.sub_devices = {"core 0"};
    words.port = std::make_unique<ScriptedPort>(script_);
    pool->add_device(std::move(words));
    pool_ = RunningPool::start(workers_, std::move(pool), &clock_);
    script_.opening.wait();
  }

  /// Closes without waiting until it says that it waits for `what` and nothing else.
  void expect_waits_for(const std::string& what) {
    Status status = pool_->close(Duration::zero());
    while (!status.has_value() && status.error().message.find(what) == std::string::npos) {
      std::this_thread::yield();  // The actors that do not hang are still ending.
      status = pool_->close(Duration::zero());
    }
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, Errc::kDeadlineExceeded);
    EXPECT_EQ(status.error().message, "the devices are not closed after 0 s: waited for " + what);
  }

  const SteadyClock clock_;
  Script script_;
  Workers workers_ = std::move(Workers::start(2)).value();
  std::unique_ptr<RunningPool> pool_;
};

TEST_F(RunningPoolTest, ClosesItsDevices) {
  start();
  EXPECT_TRUE(pool_->close(kFarTooLong).has_value());
  EXPECT_TRUE(script_.closed.is_open());
  EXPECT_TRUE(pool_->close(Duration::zero()).has_value()) << "closed is closed";
}

TEST_F(RunningPoolTest, LeavesADeviceThatHangsWhileItOpensAndNamesIt) {
  script_.hangs_in_open = true;
  start();
  expect_waits_for("'npu' in a call of the driver that does not return");
  EXPECT_FALSE(script_.closed.is_open()) << "nothing goes that is in use";
  script_.may_go_on.open();
  EXPECT_TRUE(pool_->close(kFarTooLong).has_value());
  EXPECT_TRUE(script_.closed.is_open());
}

TEST_F(RunningPoolTest, LeavesADeviceThatDoesNotEndWhatIsInFlightAndNamesIt) {
  script_.hangs_in_close = true;
  start();
  expect_waits_for("device 'npu' to end what is in flight there");
  EXPECT_FALSE(script_.closed.is_open());
  script_.may_go_on.open();
  EXPECT_TRUE(pool_->close(kFarTooLong).has_value());
  EXPECT_TRUE(script_.closed.is_open());
}

TEST_F(RunningPoolTest, KeepsTheWorkersForWhatIsLeftBehind) {
  script_.hangs_in_open = true;
  start();
  expect_waits_for("'npu' in a call of the driver that does not return");
  workers_ = std::move(Workers::start(1)).value();  // Would wait for the actors, were it theirs.
  script_.may_go_on.open();
  EXPECT_TRUE(pool_->close(kFarTooLong).has_value());
}

}  // namespace
}  // namespace penstock::actors
