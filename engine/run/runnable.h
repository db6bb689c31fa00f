#pragma once

#include <algorithm>
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
/// runner in virtual time) makes a turn after each ring, which is `begin_turn`, `step` and
/// `end_turn`, and obeys what they answer; so the same classes run in production and in
/// deterministic tests.
///
/// States: at rest -> rung (a turn is owed) -> running -> at rest, or rung again; closed.
/// Thread-safety: `wake` and `close` from any thread; everything else by the driver, one turn at a
/// time, on whichever thread.
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

  /// Does a bounded amount of work. Must not throw: what a user's node throws is caught where it is
  /// called.
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
    const std::uint32_t heavy = heavy_turns_.load(std::memory_order_relaxed);
    heavy_turns_.store(heavy << 1U | (took > kHeavyTurn ? 1U : 0U), std::memory_order_relaxed);
    if (took <= kHeavyTurn) {
      const Duration::rep usual = usual_turn_ns_.load(std::memory_order_relaxed);
      usual_turn_ns_.store(usual + (took.count() - usual) / 8, std::memory_order_relaxed);
    }
    if (took >= kLongTurn) {
      long_turns_.fetch_add(1, std::memory_order_relaxed);
    }
    if (took.count() > longest_turn_ns_.load(std::memory_order_relaxed)) {
      longest_turn_ns_.store(took.count(), std::memory_order_relaxed);
    }
  }

  /// Returns whether the usual turn takes no more than `kLightTurn`, and of the last 32 one at most
  /// took more than `kHeavyTurn`. One does not count, since any turn is long when the system gives
  /// its core to somebody else. Any thread.
  [[nodiscard]] bool is_light() const noexcept {
    const std::uint32_t heavy = heavy_turns_.load(std::memory_order_relaxed);
    return (heavy & (heavy - 1)) == 0 &&
           usual_turn_ns_.load(std::memory_order_relaxed) <= kLightTurn.count();
  }

  static constexpr Duration kLongTurn = std::chrono::milliseconds(20);
  static constexpr Duration kWantedTurn = std::chrono::milliseconds(5);
  /// About what it costs to have another worker make the turn, with all that it then fetches anew:
  /// what is shorter is better made where it was rung, what is longer beside what rang it.
  static constexpr Duration kLightTurn = std::chrono::microseconds(16);
  static constexpr Duration kHeavyTurn = std::chrono::microseconds(100);

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

  /// Rings the driver unless it knows already. A ring during a turn waits for `end_turn`.
  void wake() noexcept {
    if (turn_.fetch_or(kRung, std::memory_order_seq_cst) == 0) {
      driver_.ring();
    }
  }

  /// What follows a turn.
  enum class Next : std::uint8_t {
    kRest,    ///< Nothing, until the next ring.
    kTurn,    ///< Somebody rang meanwhile: the driver owes a turn, and will not be rung for it.
    kClosed,  ///< Nothing, ever: `close` was called.
  };

  /// The driver says that it is about to look: rings from now on are new. Returns false after
  /// `close`: the turn that was owed is not to be made, and none will be owed any more.
  /// Pre: no turn is under way.
  [[nodiscard]] bool begin_turn() noexcept {
    std::uint8_t state = turn_.load(std::memory_order_relaxed);
    for (;;) {
      const bool is_closed = (state & kClosed) != 0;
      const std::uint8_t next = is_closed ? kClosed : kRunning;
      if (turn_.compare_exchange_weak(state, next, std::memory_order_seq_cst)) {
        return !is_closed;
      }
    }
  }

  /// The turn is over. By whoever began it; from now on another thread may begin the next.
  [[nodiscard]] Next end_turn() noexcept {
    std::uint8_t state = turn_.load(std::memory_order_relaxed);
    for (;;) {
      const bool is_closed = (state & kClosed) != 0;
      const std::uint8_t next = is_closed ? kClosed : state & kRung;
      if (turn_.compare_exchange_weak(state, next, std::memory_order_seq_cst)) {
        return is_closed ? Next::kClosed : (state & kRung) != 0 ? Next::kTurn : Next::kRest;
      }
    }
  }

  /// No turn begins from now on, and the driver is rung no more. Returns whether none is owed or
  /// under way; otherwise the end of that one says so. Any thread.
  [[nodiscard]] bool close() noexcept {
    return (turn_.fetch_or(kClosed, std::memory_order_seq_cst) & (kRung | kRunning)) == 0;
  }

  /// Whether a turn is under way: after long enough, that it hangs. Any thread.
  [[nodiscard]] bool is_in_turn() const noexcept {
    return (turn_.load(std::memory_order_relaxed) & kRunning) != 0;
  }

 protected:
  /// Returns how many of at most `most` frames this turn should take. Decided from the turns
  /// before, because a look at the clock after each frame would cost as much as a hop.
  [[nodiscard]] int share_of(int most) const noexcept {
    const int share = most >> turn_shift_;
    return share > 0 ? share : 1;
  }

 private:
  static constexpr int kMostTurnShift = 8;
  static constexpr std::uint8_t kRung = 1;     // A turn is owed, or will be when this one ends.
  static constexpr std::uint8_t kRunning = 2;  // A turn is under way.
  static constexpr std::uint8_t kClosed = 4;

  const std::string name_;
  Doorbell driver_;
  std::atomic<std::uint8_t> turn_{0};
  int turn_shift_ = 0;
  std::atomic<std::uint64_t> long_turns_{0};
  std::atomic<Duration::rep> longest_turn_ns_{0};
  std::atomic<std::uint32_t> heavy_turns_{0};    // A bit a turn, the last one lowest.
  std::atomic<Duration::rep> usual_turn_ns_{0};  // A mean in which the last turns count most.
};

}  // namespace penstock
