#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/doorbell.h"

namespace penstock {

/// One unit of execution of a running graph: a segment of nodes, a source, a model's station.
///
/// It knows no thread and no actor. Whoever drives it (an actor's shell, or the discrete-event
/// runner in virtual time) calls `step` after each ring and obeys its answer; so the same classes
/// run in production and in deterministic tests.
///
/// Thread-safety: `wake` from any thread; everything else by the driver, one call at a time.
class Runnable {
 public:
  enum class Step : std::uint8_t {
    kIdle,      ///< Nothing to do until the next ring, or `wake_at()`.
    kAgain,     ///< The turn's budget is used up; call again soon.
    kBlocking,  ///< Call `blocking_step` where blocking is allowed, then `step` again.
    kFinished,  ///< Never call again.
  };

  explicit Runnable(std::string name) : name_(std::move(name)) {}

  virtual ~Runnable() = default;
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;

  /// Does a bounded amount of work.
  virtual Step step(TimePoint now) = 0;

  virtual void blocking_step() {}

  /// The time at which `step` wants to be called although nobody rings.
  [[nodiscard]] virtual std::optional<TimePoint> wake_at() const { return std::nullopt; }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Books a turn that took `took`. A turn is meant to end soon, since others wait for its worker;
  /// one of more than `kLongTurn` is counted, and status names it. Turns of heavy work become
  /// shorter by and by, those of light work longer: see `share_of`. By the driver.
  void count_turn(Duration took) noexcept {
    if (took > kWantedTurn && turn_shift_ < kMostTurnShift) {
      ++turn_shift_;
    } else if (took < kWantedTurn / 4 && turn_shift_ > 0) {
      --turn_shift_;
    }
    if (took >= kLongTurn) {
      long_turns_.fetch_add(1, std::memory_order_relaxed);
    }
    if (took.count() > longest_turn_ns_.load(std::memory_order_relaxed)) {
      longest_turn_ns_.store(took.count(), std::memory_order_relaxed);
    }
  }

  static constexpr Duration kLongTurn = std::chrono::milliseconds(20);
  static constexpr Duration kWantedTurn = std::chrono::milliseconds(5);

  /// Return what was booked. Any thread.
  [[nodiscard]] std::uint64_t long_turns() const noexcept {
    return long_turns_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] Duration longest_turn() const noexcept {
    return Duration(longest_turn_ns_.load(std::memory_order_relaxed));
  }

  /// Sets who is rung when there may be work. Pre: before anything can ring.
  void set_driver(Doorbell driver) noexcept { driver_ = driver; }

  /// The doorbell that others ring.
  [[nodiscard]] Doorbell doorbell() noexcept {
    return {[](void* self) { static_cast<Runnable*>(self)->wake(); }, this};
  }

  /// Rings the driver unless a ring is already under way.
  void wake() noexcept {
    if (!rung_.exchange(true, std::memory_order_seq_cst)) {
      driver_.ring();
    }
  }

  /// The driver says that it is about to look: rings from now on are new.
  void begin_turn() noexcept { rung_.store(false, std::memory_order_seq_cst); }

 protected:
  /// Returns how many of at most `most` frames this turn should take. Decided from the turns
  /// before, because a look at the clock after each frame would cost as much as a hop.
  [[nodiscard]] int share_of(int most) const noexcept {
    const int share = most >> turn_shift_;
    return share > 0 ? share : 1;
  }

 private:
  static constexpr int kMostTurnShift = 8;

  const std::string name_;
  Doorbell driver_;
  std::atomic<bool> rung_{false};
  int turn_shift_ = 0;
  std::atomic<std::uint64_t> long_turns_{0};
  std::atomic<Duration::rep> longest_turn_ns_{0};
};

}  // namespace penstock
