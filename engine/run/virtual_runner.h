#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <vector>

#include "engine/base/clock.h"
#include "engine/run/runnable.h"

namespace penstock {

/// Drives runnables in virtual time on one thread: a discrete-event simulation of a graph with the
/// very classes that run in production.
///
/// When nothing is ready, the clock jumps to the earliest time that somebody waits for. With a
/// seed, the order among those that are ready is shuffled, so that property tests meet many
/// interleavings; the same seed gives the same run.
///
/// Ownership: the runnables are the caller's and outlive the runner.
/// Thread-safety: one thread.
class VirtualRunner {
 public:
  explicit VirtualRunner(ManualClock& clock, std::uint64_t seed = 0)
      : clock_(clock),
        random_(seed),
        shuffled_(seed != 0) {}

  VirtualRunner(const VirtualRunner&) = delete;
  VirtualRunner& operator=(const VirtualRunner&) = delete;
  /// The runnables may be rung afterwards; nobody hears it.
  ~VirtualRunner();

  /// Takes part from now on; its first step comes by itself.
  void add(Runnable& runnable);

  /// Calls `action` at virtual time `when`.
  void at(TimePoint when, std::function<void()> action);

  /// Runs until nobody has anything to do or to wait for, or `limit` steps were made. Returns
  /// whether it came to rest.
  bool run(std::uint64_t limit = 10'000'000);

  /// Runs until the clock reaches `until`, or all is at rest.
  bool run_until(TimePoint until, std::uint64_t limit = 10'000'000);

  [[nodiscard]] bool is_finished(const Runnable& runnable) const;

  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

 private:
  struct Entry {
    VirtualRunner* runner = nullptr;
    Runnable* runnable = nullptr;
    bool queued = false;
    bool finished = false;
    std::optional<TimePoint> armed;  // When its timer goes off.
  };

  struct Timer {
    TimePoint when;
    std::uint64_t order = 0;
    Entry* entry = nullptr;
    std::function<void()> action;

    bool operator>(const Timer& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  void enqueue(Entry& entry);
  Entry& next_ready();
  void turn(Entry& entry);
  bool advance(TimePoint until);

  ManualClock& clock_;
  std::mt19937_64 random_;
  bool shuffled_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::deque<Entry*> ready_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::uint64_t next_order_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace penstock
