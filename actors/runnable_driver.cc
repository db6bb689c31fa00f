#include "actors/runnable_driver.h"

#include <algorithm>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/ref_counted.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/send.hpp>
#include <caf/spawn_options.hpp>

namespace penstock::actors {

/// Lives as long as a worker has it in hand, which is longer than its turn.
class RunnableDriver::Job final : public caf::resumable, public caf::ref_counted {
 public:
  explicit Job(RunnableDriver& driver) : driver_(driver), rows_(driver.rows_) {}

  resume_result resume(caf::execution_unit* /*worker*/, std::size_t /*messages*/) override {
    rows_.note_begin();
    rows_.of_this_worker().run(driver_);
    return awaiting_message;  // Rests until it is enqueued again.
  }

  void intrusive_ptr_add_ref_impl() override { ref(); }

  void intrusive_ptr_release_impl() override { deref(); }

 private:
  RunnableDriver& driver_;
  LocalTurnsBook& rows_;
};

RunnableDriver::RunnableDriver(Runnable& runnable, const Clock* clock, LocalTurnsBook& rows)
    : runnable_(runnable),
      clock_(clock),
      rows_(rows),
      job_(caf::make_counted<Job>(*this)) {}

RunnableDriver::~RunnableDriver() = default;

void RunnableDriver::ring() {
  LocalTurns* here = LocalTurnsBook::of_this_thread();
  if (here == nullptr || !here->take(*this)) {
    post();
  }
}

void RunnableDriver::post() {
  rows_.note_post();
  shell_.home_system().scheduler().enqueue(caf::intrusive_ptr<Job>(job_).release());
}

TimePoint RunnableDriver::turn(TimePoint now) {
  if (!runnable_.begin_turn()) {
    tell_closed();
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
      tell_closed();
      break;
  }
}

void RunnableDriver::tell_closed() {
  // The actor may have ended, and the driver may be gone, before this has returned.
  const RunnableActor shell = shell_;
  caf::anon_send(shell, closed_atom::value);
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
  runnable_.wake();
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
