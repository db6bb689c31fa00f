#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "actors/disposal.h"
#include "actors/workers.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/device/device_pool.h"

namespace penstock::actors {

/// The devices of a process at work: one actor for the scheduler, one for each device, one for each
/// of its sub-devices.
///
/// Supervisor: whoever started it. A device's failure is an event that the scheduler handles; the
/// death of one of these actors would be a bug of ours.
/// Ownership: owns the pool. `close`, or the destructor, ends the actors, then closes the devices,
/// which waits for what is in flight, for some time: graphs that use it are destroyed before.
/// Thread-safety: as `DevicePool`.
class RunningPool {
 public:
  /// How long the destructor waits.
  static constexpr Duration kCloseLimit = std::chrono::seconds(30);

  /// `clock` and `workers` outlive it.
  static std::unique_ptr<RunningPool> start(Workers& workers,
                                            std::unique_ptr<DevicePool> pool,
                                            const Clock* clock);

  RunningPool(const RunningPool&) = delete;
  RunningPool& operator=(const RunningPool&) = delete;
  /// As `close`; what it says is logged.
  ~RunningPool();

  /// Ends the actors and closes the devices, and waits for that at most `limit`. Can be called
  /// again, to wait on.
  ///
  /// What hangs in a driver is left to a thread of its own, which owns the actors, the devices and
  /// the workers' system that they run on, but not the clock: a program that goes on keeps it. One
  /// that ends does so without destructors of static objects (`std::_Exit`), since a driver's may
  /// be in use.
  /// Errors: `kDeadlineExceeded`, naming who does not end.
  Status close(Duration limit);

  /// Pre: not closed, here and below.
  [[nodiscard]] DevicePool& pool() noexcept;
  [[nodiscard]] const DevicePool& pool() const noexcept;

 private:
  struct Core;
  explicit RunningPool(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;  // Null once closing.
  std::shared_ptr<DisposalProgress> progress_;
  std::optional<Disposal> closing_;
};

}  // namespace penstock::actors
