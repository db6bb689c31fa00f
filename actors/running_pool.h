#pragma once

#include <memory>

#include "actors/workers.h"
#include "engine/base/clock.h"
#include "engine/device/device_pool.h"

namespace penstock::actors {

/// The devices of a process at work: one actor for the scheduler, one for each device, one for each
/// of its sub-devices.
///
/// Supervisor: whoever started it. A device's failure is an event that the scheduler handles; the
/// death of one of these actors would be a bug of ours.
/// Ownership: owns the pool. The destructor ends the actors, then closes the devices, which waits
/// for what is in flight: graphs that use it are destroyed before.
/// Thread-safety: as `DevicePool`.
class RunningPool {
 public:
  /// `clock` and `workers` outlive it.
  static std::unique_ptr<RunningPool> start(Workers& workers,
                                            std::unique_ptr<DevicePool> pool,
                                            const Clock* clock);

  RunningPool(const RunningPool&) = delete;
  RunningPool& operator=(const RunningPool&) = delete;
  ~RunningPool();

  [[nodiscard]] DevicePool& pool() noexcept;
  [[nodiscard]] const DevicePool& pool() const noexcept;

 private:
  struct Core;
  explicit RunningPool(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace penstock::actors
