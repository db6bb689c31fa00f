#include "actors/runnable_shell.h"

#include <algorithm>

#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/spawn_options.hpp>

namespace penstock::actors {

RunnableShell::RunnableShell(caf::actor_config& config, Runnable* runnable, const Clock* clock)
    : RunnableActor::base(config),
      runnable_(runnable),
      clock_(clock) {}

RunnableActor::behavior_type RunnableShell::make_behavior() {
  // Whoever ends the actor destroys the runnable next: not while it blocks somewhere.
  set_exit_handler([this](caf::exit_msg& message) {
    if (blocked_) {
      exit_reason_ = message.reason;
    } else {
      quit(message.reason);
    }
  });
  return {[this](wake_atom) { turn(); },
          [this](tick_atom, std::uint64_t number) {
            if (number == timer_number_) {
              timer_.reset();
              turn();
            }
          },
          [this](unblock_atom) {
            blocked_ = false;
            if (exit_reason_.has_value()) {
              quit(*exit_reason_);
            } else {
              turn();
            }
          }};
}

void RunnableShell::turn() {
  if (blocked_ || finished_) {
    return;  // A ring while blocked is not lost: the end of the block is followed by a turn.
  }
  runnable_->begin_turn();
  const TimePoint begin = clock_->now();
  const Runnable::Step step = runnable_->step(begin);
  runnable_->count_turn(clock_->now() - begin);
  switch (step) {
    case Runnable::Step::kIdle:
      set_timer();
      break;
    case Runnable::Step::kAgain:
      runnable_->wake();
      break;
    case Runnable::Step::kBlocking:
      block();
      break;
    case Runnable::Step::kFinished:
      finished_ = true;
      break;
  }
}

void RunnableShell::block() {
  blocked_ = true;
  // As arguments, not captured: CAF 0.17 dereferences a null pointer for a function without any.
  home_system().spawn<caf::detached>(
      [](caf::event_based_actor* /*worker*/, const RunnableActor& shell, Runnable* runnable) {
        runnable->blocking_step();
        caf::anon_send(shell, unblock_atom::value);
      },
      caf::actor_cast<RunnableActor>(this),
      runnable_);
}

void RunnableShell::set_timer() {
  const auto when = runnable_->wake_at();
  if (!when.has_value() || (timer_.has_value() && *timer_ <= *when)) {
    return;
  }
  timer_ = when;
  const auto wait = std::max(*when - clock_->now(), Duration::zero());
  delayed_send(this, wait, tick_atom::value, ++timer_number_);
}

}  // namespace penstock::actors
