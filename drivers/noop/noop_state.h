#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/driver_adapter.h"
#include "engine/base/clock.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"

namespace penstock {

/// What every device of a noop driver is like: the driver's options.
struct NoopLimits {
  std::uint32_t sub_devices = 0;   ///< Parts of a device; 0: none that can be told apart.
  std::uint32_t max_resident = 0;  ///< Models at once on one sub-device; 0: any number.
  Duration settle{};               ///< From `configure` to the value being in force.
  Duration reset{};                ///< From a reset to being well again.

  /// A device without parts counts as its own sub-device 0.
  [[nodiscard]] std::uint32_t places() const noexcept { return sub_devices == 0 ? 1 : sub_devices; }
};

/// Something with work in flight that a reset must end.
class NoopPart {
 public:
  NoopPart() = default;
  NoopPart(const NoopPart&) = delete;
  NoopPart& operator=(const NoopPart&) = delete;

  /// Completes what is in flight with `kDeviceLost` and forgets what was resident.
  virtual void lose() noexcept = 0;

 protected:
  ~NoopPart() = default;
};

/// The state of one open device: health, events, counters, room, and its one setting. It outlives
/// requests and models, because each of them holds it.
///
/// Thread-safety: any thread. No lock is held when the host is called back, but for `parts_mutex_`:
/// it is never taken inside a call that the host may make from a callback.
class NoopState {
 public:
  NoopState(DriverHost host, Doorbell changed, const NoopLimits& limits);
  NoopState(const NoopState&) = delete;
  NoopState& operator=(const NoopState&) = delete;
  ~NoopState();

  [[nodiscard]] const DriverHost& host() const noexcept { return host_; }

  [[nodiscard]] const NoopLimits& limits() const noexcept { return limits_; }

  /// Counts an inference and returns how many there were since the last reset, with it.
  std::int64_t count_inference() noexcept;

  /// Whether inferences are lost: in fault, or being reset.
  [[nodiscard]] bool is_lost() const noexcept;

  /// Puts the device into fault.
  void fault(const std::string& reason);

  /// Loses what is in flight, and is well again after `limits().reset`.
  Status reset();

  std::optional<HealthEvent> poll_event();
  [[nodiscard]] std::vector<DeviceMetric> metrics() const;

  /// From `add` to `remove` a part is told to lose its work by a reset. `remove` waits for one.
  void add(NoopPart& part);
  void remove(NoopPart& part);

  /// Takes room for one more resident model on each of `sub_devices`, or on none.
  /// Errors: `kUnavailable`, naming the limit.
  Status take_room(SubDeviceMask sub_devices);
  void give_room(SubDeviceMask sub_devices) noexcept;

  /// The setting: how many times its latency an inference takes.
  [[nodiscard]] std::int64_t slowdown() const noexcept { return slowdown_.load(); }

  [[nodiscard]] std::vector<DeviceProperty> properties() const;
  Result<bool> configure(const std::string& name,
                         const std::string& value,
                         std::int32_t sub_device);

 private:
  void push_event(Health health, const std::string& reason);
  void finish_reset();
  void settle();

  const DriverHost host_;
  const Doorbell changed_;
  const NoopLimits limits_;
  std::atomic<std::int64_t> inferences_{0};
  std::atomic<std::int64_t> since_reset_{0};
  std::atomic<Health> health_{Health::kOk};
  std::mutex parts_mutex_;
  std::set<NoopPart*> parts_;
  mutable std::mutex mutex_;  // For what follows.
  std::deque<HealthEvent> events_;
  std::array<std::uint32_t, kMaxSubDevices> residents_{};
  std::atomic<std::int64_t> slowdown_{1};
  std::optional<std::int64_t> pending_slowdown_;
  std::uint64_t settle_ticket_ = 0;
  std::uint64_t reset_ticket_ = 0;
};

}  // namespace penstock
