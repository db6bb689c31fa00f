#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"
#include "engine/run/inference_backend.h"
#include "engine/run/job_maps.h"
#include "engine/schedule/schedule_ids.h"

namespace penstock {

/// How well a device is.
enum class DeviceHealth : std::uint8_t { kOk, kDegraded, kFault, kResetting };

/// Returns "ok", "degraded", "fault" or "resetting".
const char* to_string(DeviceHealth health) noexcept;

/// A change of health, as the driver reports it.
struct HealthChange {
  DeviceHealth health = DeviceHealth::kOk;
  std::string reason;
};

/// One live figure of a device; `sub_device` is -1 for the whole of it.
struct DeviceFigure {
  std::string name;
  std::string unit;
  double value = 0;
  std::int32_t sub_device = -1;
};

/// A place where a package can be executed: one of its placements.
struct Lane {
  PackageNumber package{};
  SubDeviceMask sub_devices = 0;  ///< 0: the whole device, for packages that are always resident.
  friend bool operator==(const Lane&, const Lane&) = default;
};

/// The execution slots of one sub-device, for all lanes that it leads.
///
/// Ownership: the memory of a job is the caller's until its end was popped or this is destroyed.
/// The destructor ends what is in flight and waits for it: destroy where blocking is allowed.
/// Thread-safety: one thread at a time; the doorbell rings from any.
class ExecutionSlots {
 public:
  virtual ~ExecutionSlots() = default;

  /// Returns how many jobs can be in flight on `lane` at once.
  [[nodiscard]] virtual std::uint32_t count(const Lane& lane) const = 0;

  /// Starts a job in a slot that is free; never blocks. On an error nothing was started.
  virtual Status submit(const Lane& lane,
                        std::uint32_t slot,
                        const JobMaps& maps,
                        std::uint64_t token) = 0;
  /// Asks to end early; the end still comes.
  virtual void cancel(const Lane& lane, std::uint32_t slot) noexcept = 0;
  [[nodiscard]] virtual std::optional<InferenceDone> pop() = 0;

 protected:
  ExecutionSlots() = default;
  ExecutionSlots(const ExecutionSlots&) = default;
  ExecutionSlots& operator=(const ExecutionSlots&) = default;
};

/// The slots of a device, by the index of the sub-device that leads; null where none leads.
using SlotsBySubDevice = std::vector<std::unique_ptr<ExecutionSlots>>;

/// What a device's own test says.
struct SelfTest {
  bool passed = true;
  std::string text;  ///< What it found, in the driver's words.
};

/// What the pool needs of one device. The engine knows no driver: whoever builds a pool puts a
/// driver's device behind this, tests put a table there.
///
/// Thread-safety: all calls by the device's runner, one at a time; `figures` from any thread.
class DevicePort {
 public:
  virtual ~DevicePort() = default;

  /// Opens the device, loads its packages and makes their slots; called again after all slots of
  /// the last time are destroyed, it opens the device anew. `bells` are rung by the slots, one a
  /// sub-device; `bell` for changes of residence and of health. May block for seconds.
  virtual Result<SlotsBySubDevice> open(std::span<const Doorbell> bells, Doorbell bell) = 0;

  /// Starts a change of residence of one package on one placement; its end is popped. Never blocks.
  virtual Status change(const Lane& lane, bool resident, std::uint64_t token) = 0;
  [[nodiscard]] virtual std::optional<InferenceDone> pop_change() = 0;

  /// Starts a reset, see `PenstockDriverApi::reset`: its course comes as changes of health.
  /// Errors: `kUnsupported` where the device must be opened anew instead.
  virtual Status reset() = 0;

  [[nodiscard]] virtual std::optional<HealthChange> poll_health() = 0;
  [[nodiscard]] virtual std::vector<DeviceFigure> figures() const = 0;

  /// Asks the device whether it computes rightly; nothing if it cannot tell. May block.
  [[nodiscard]] virtual std::optional<SelfTest> self_test() = 0;

 protected:
  DevicePort() = default;
  DevicePort(const DevicePort&) = default;
  DevicePort& operator=(const DevicePort&) = default;
};

}  // namespace penstock
