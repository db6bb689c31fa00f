#include "actors/graph_shell.h"

#include <algorithm>

namespace penstock::actors {

GraphShell::GraphShell(caf::actor_config& config, Wiring* wiring)
    : GraphActor::base(config),
      wiring_(wiring),
      next_sample_(wiring->clock->now() + kStallPeriod) {}

GraphActor::behavior_type GraphShell::make_behavior() {
  set_timer();
  return {[this](const MemberEvent& message) {
            wiring_->supervisor.on_event(message.event, wiring_->clock->now());
            carry_on();
          },
          [this](tick_atom, std::uint64_t number) {
            if (number == timer_number_) {
              timer_.reset();
              carry_on();
            }
          },
          [this](stop_atom) {
            wiring_->supervisor.stop(wiring_->clock->now());
            carry_on();
          }};
}

void GraphShell::carry_on() {
  const TimePoint now = wiring_->clock->now();
  wiring_->supervisor.on_time(now);
  sample_stalls(now);
  for (const Supervisor::Note& note : wiring_->supervisor.take_notes()) {
    wiring_->on_note(note);
  }
  for (const Supervisor::Order& order : wiring_->supervisor.take_orders()) {
    order.runnable->order(order.order);
  }
  if (wiring_->supervisor.is_finished()) {
    if (!finished_) {
      finished_ = true;
      wiring_->on_finished(wiring_->supervisor);
    }
    return;
  }
  set_timer();
}

void GraphShell::sample_stalls(TimePoint now) {
  if (now < next_sample_) {
    return;
  }
  next_sample_ = now + kStallPeriod;
  for (const StallWatch::Report& report : wiring_->stalls.sample(now)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(report.age).count();
    const std::string what = "edge '" + report.edge + "': '" + report.consumer + "' ";
    if (report.over) {
      wiring_->on_note({Supervisor::Note::Level::kInfo, what + "takes frames again"});
    } else {
      wiring_->on_note({Supervisor::Note::Level::kWarning,
                        what + "has taken nothing for " + std::to_string(seconds) + " s while " +
                            std::to_string(report.waiting) + " frames wait"});
    }
  }
}

void GraphShell::set_timer() {
  TimePoint when = next_sample_;
  if (const auto due = wiring_->supervisor.wake_at(); due.has_value()) {
    when = std::min(when, *due);
  }
  if (timer_.has_value() && *timer_ <= when) {
    return;
  }
  timer_ = when;
  delayed_send(this,
               std::max(when - wiring_->clock->now(), Duration::zero()),
               tick_atom::value,
               ++timer_number_);
}

}  // namespace penstock::actors
