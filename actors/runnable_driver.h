#pragma once

#include <atomic>
#include <optional>
#include <string>

#include <caf/intrusive_ptr.hpp>

#include "actors/local_turns.h"
#include "actors/messages/run_messages.h"
#include "engine/base/clock.h"
#include "engine/run/runnable.h"

namespace penstock::actors {

/// Sees to it that one runnable gets the turns that it is owed: on the worker that rang, where
/// `LocalTurns` takes it, or on any worker, as a job in the queue of the actors' scheduler. What
/// may block goes to a thread of its own for just that turn, so that a file system that hangs holds
/// up nobody else.
///
/// A job, not a message to the runnable's actor: a row of turns begins with one runnable and may
/// hang in another, and must not leave the first one deaf.
///
/// Exactly one party holds an owed turn (a row of a worker, or a job), so turns never overlap.
///
/// Ownership: outlives the runnable's last ring; `ShellSet` owns it.
/// Thread-safety: `ring` and `close` from any thread; the rest by whoever holds the turn.
class RunnableDriver {
 public:
  RunnableDriver(Runnable& runnable, const Clock* clock, LocalTurnsBook& rows);
  RunnableDriver(const RunnableDriver&) = delete;
  RunnableDriver& operator=(const RunnableDriver&) = delete;
  ~RunnableDriver();

  /// Names the runnable's actor. Pre: before anything rings.
  void use(RunnableActor shell) { shell_ = std::move(shell); }

  [[nodiscard]] const RunnableActor& shell() const noexcept { return shell_; }

  /// A turn is owed from now on.
  void ring();

  /// Makes the turn that is owed. Returns when it ended, and the driver may be gone.
  TimePoint turn(TimePoint now);

  /// Has the owed turn made by any worker that is free.
  void post();

  /// The timer has gone off. By the actor.
  void on_tick();

  /// The blocking part of a turn is done: goes on with the turn. By the actor.
  void on_unblock();

  /// As `Runnable::close`; the actor hears of the end of a turn by `closed_atom`.
  [[nodiscard]] bool close() noexcept { return runnable_.close(); }

  [[nodiscard]] bool is_light() const noexcept { return runnable_.is_light(); }

  [[nodiscard]] bool is_in_turn() const noexcept { return runnable_.is_in_turn(); }

  [[nodiscard]] const std::string& name() const noexcept { return runnable_.name(); }

  [[nodiscard]] const Clock* clock() const noexcept { return clock_; }

 private:
  class Job;

  void end_turn();
  void tell_closed();
  void block();
  void set_timer(TimePoint now);

  Runnable& runnable_;
  const Clock* clock_;
  LocalTurnsBook& rows_;
  caf::intrusive_ptr<Job> job_;
  RunnableActor shell_;
  bool finished_ = false;
  std::optional<TimePoint> timer_;
  std::atomic<bool> has_ticked_{false};
};

}  // namespace penstock::actors
