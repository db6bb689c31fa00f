#include "engine/run/virtual_runner.h"

#include <algorithm>
#include <utility>

namespace penstock {

void VirtualRunner::add(Runnable& runnable) {
  auto entry = std::make_unique<Entry>();
  entry->runner = this;
  entry->runnable = &runnable;
  Entry* raw = entry.get();
  entries_.push_back(std::move(entry));
  runnable.set_driver({[](void* context) {
                         auto* self = static_cast<Entry*>(context);
                         self->runner->enqueue(*self);
                       },
                       raw});
  // Not by `wake`: a ring that came before there was a driver would hide this one.
  enqueue(*raw);
}

VirtualRunner::~VirtualRunner() {
  for (const auto& entry : entries_) {
    entry->runnable->set_driver({});
  }
}

void VirtualRunner::at(TimePoint when, std::function<void()> action) {
  timers_.push({when, next_order_++, nullptr, std::move(action)});
}

void VirtualRunner::enqueue(Entry& entry) {
  if (!entry.queued && !entry.finished) {
    entry.queued = true;
    ready_.push_back(&entry);
  }
}

VirtualRunner::Entry& VirtualRunner::next_ready() {
  if (shuffled_ && ready_.size() > 1) {
    std::uniform_int_distribution<std::size_t> pick(0, ready_.size() - 1);
    std::swap(ready_.front(), ready_[pick(random_)]);
  }
  Entry& entry = *ready_.front();
  ready_.pop_front();
  entry.queued = false;
  return entry;
}

void VirtualRunner::turn(Entry& entry) {
  if (!entry.runnable->begin_turn() || entry.finished) {
    return;
  }
  ++steps_;
  switch (entry.runnable->step(clock_.now())) {
    case Runnable::Step::kIdle:
      break;
    case Runnable::Step::kAgain:
      enqueue(entry);
      break;
    case Runnable::Step::kBlocking:
      entry.runnable->blocking_step();
      enqueue(entry);
      break;
    case Runnable::Step::kFinished:
      entry.finished = true;
      break;
  }
  if (entry.runnable->end_turn() == Runnable::Next::kTurn) {
    enqueue(entry);
  }
  if (entry.finished) {
    return;
  }
  const auto when = entry.runnable->wake_at();
  if (when.has_value() && when != entry.armed) {
    timers_.push({*when, next_order_++, &entry, {}});
  }
  entry.armed = when;
}

bool VirtualRunner::advance(TimePoint until) {
  if (timers_.empty() || timers_.top().when > until) {
    return false;
  }
  const Timer timer = timers_.top();
  timers_.pop();
  if (timer.entry == nullptr) {
    clock_.advance_to(timer.when);
    timer.action();
  } else if (timer.entry->armed == timer.when) {  // Else the runnable has changed its mind.
    clock_.advance_to(timer.when);
    timer.entry->armed.reset();
    enqueue(*timer.entry);
  }
  return true;
}

bool VirtualRunner::run(std::uint64_t limit) {
  return run_until(TimePoint::max(), limit);
}

bool VirtualRunner::run_until(TimePoint until, std::uint64_t limit) {
  const std::uint64_t end = steps_ + limit;
  while (steps_ < end) {
    if (!ready_.empty()) {
      turn(next_ready());
    } else if (!advance(until)) {
      if (until != TimePoint::max()) {
        clock_.advance_to(until);
      }
      return true;
    }
  }
  return false;
}

bool VirtualRunner::is_finished(const Runnable& runnable) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
    return entry->runnable == &runnable;
  });
  return found != entries_.end() && (*found)->finished;
}

}  // namespace penstock
