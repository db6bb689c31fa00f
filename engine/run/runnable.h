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

 private:
  const std::string name_;
  Doorbell driver_;
  std::atomic<bool> rung_{false};
};

}  // namespace penstock
