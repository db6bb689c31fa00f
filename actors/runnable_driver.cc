#include "actors/runnable_driver.h"

#include <algorithm>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/spawn_options.hpp>

namespace penstock::actors {

void RunnableDriver::ring() {
  LocalTurns* here = LocalTurnsBook::of_this_thread();
  if (here == nullptr || !here->take(*this)) {
    post();
  }
}

void RunnableDriver::on_wake() {
  rows_.note_begin();
  rows_.of_this_worker().run(*this);
}

void RunnableDriver::post() {
  rows_.note_post();
  caf::anon_send(shell_, wake_atom::value);
}

TimePoint RunnableDriver::turn(TimePoint now) {
  if (!runnable_.begin_turn()) {
    caf::anon_send(shell_, closed_atom::value);
    return now;
  }
  if (finished_) {
    end_turn();
    return now;
  }
  if (has_ticked_.exchange(false, std::memory_order_relaxed)) {
    timer_.reset();
  }
  const Runnable::Step step = runnable_.step(now);
  const TimePoint end = clock_->now();
  runnable_.count_turn(end - now);
  switch (step) {
    case Runnable::Step::kIdle:
      set_timer(end);
      break;
    case Runnable::Step::kAgain:
      runnable_.wake();
      break;
    case Runnable::Step::kBlocking:
      block();
      return end;  // The turn goes on: nobody else begins one.
    case Runnable::Step::kFinished:
      finished_ = true;
      break;
  }
  end_turn();
  return end;
}

void RunnableDriver::end_turn() {
  switch (runnable_.end_turn()) {
    case Runnable::Next::kRest:
      break;
    case Runnable::Next::kTurn:
      ring();
      break;
    case Runnable::Next::kClosed:
      caf::anon_send(shell_, closed_atom::value);
      break;
  }
}

void RunnableDriver::block() {
  // As arguments, not captured: CAF 0.17 dereferences a null pointer for a function without any.
  shell_.home_system().spawn<caf::detached>(
      [](caf::event_based_actor* /*worker*/, const RunnableActor& shell, Runnable* runnable) {
        runnable->blocking_step();
        caf::anon_send(shell, unblock_atom::value);
      },
      shell_,
      &runnable_);
}

void RunnableDriver::on_unblock() {
  runnable_.wake();  // What was found out while blocked is looked at.
  end_turn();
}

void RunnableDriver::on_tick() {
  has_ticked_.store(true, std::memory_order_relaxed);
  rows_.of_this_worker().ring(runnable_, clock_);
}

void RunnableDriver::set_timer(TimePoint now) {
  const auto when = runnable_.wake_at();
  if (!when.has_value() || (timer_.has_value() && *timer_ <= *when)) {
    return;
  }
  // An earlier timer that is still set costs a turn in which nothing happens.
  timer_ = when;
  caf::delayed_anon_send(shell_, std::max(*when - now, Duration::zero()), tick_atom::value);
}

}  // namespace penstock::actors
