#include "engine/device/device_runner.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

/// Returns "2.04 s".
std::string text_of(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", std::chrono::duration<double>(time).count());
  return text;
}

}  // namespace

const char* to_string(DeviceHealth health) noexcept {
  switch (health) {
    case DeviceHealth::kOk:
      return "ok";
    case DeviceHealth::kDegraded:
      return "degraded";
    case DeviceHealth::kFault:
      return "fault";
    case DeviceHealth::kResetting:
      return "resetting";
  }
  return "unknown";
}

DeviceRunner::DeviceRunner(Options options, Reports& reports)
    : Runnable(std::move(options.name)),
      reports_(reports),
      port_(std::move(options.port)),
      reset_limit_(options.reset_limit),
      test_interval_(options.test_interval) {
  PENSTOCK_CHECK(!options.sub_devices.empty()) << "device '" << name() << "'";
  for (const std::string& sub_device : options.sub_devices) {
    SubDeviceReports& self = *this;  // The base is private: nobody else may see it.
    sub_devices_.push_back(std::make_unique<SubDeviceRunner>(name() + "/" + sub_device, self));
  }
}

DeviceRunner::~DeviceRunner() {
  sub_devices_.clear();  // Their slots are of the port's device.
}

void DeviceRunner::post(Message message) {
  inbox_.post(std::move(message));
  wake();
}

void DeviceRunner::change(Change change) {
  post(std::move(change));
}

void DeviceRunner::reset() {
  post(Reset{});
}

void DeviceRunner::slots_dropped() {
  post(Dropped{});
}

void DeviceRunner::job_ended(JobEnd end) {
  if (end.code != Errc::kDeviceLost) {
    if (!worked_.load(std::memory_order_relaxed) && !worked_.exchange(true)) {
      wake();
    }
    reports_.job_ended(std::move(end));
    return;
  }
  lost_.post(std::move(end));
  wake();
}

void DeviceRunner::tell_lost() {
  lost_.take(lost_now_);
  for (JobEnd& end : lost_now_) {
    reports_.job_ended(std::move(end));
  }
}

Runnable::Step DeviceRunner::step(TimePoint now) {
  if (state_ == State::kOpening && !opened_ && !open_error_.has_value()) {
    tell_lost();
    return Step::kBlocking;
  }
  if (state_ == State::kOpening) {
    limit_.reset();
    if (open_error_.has_value()) {
      fault("cannot be opened: " + std::exchange(open_error_, std::nullopt)->message);
    } else {
      become_ready();
    }
  } else if (state_ == State::kTesting && found_.has_value()) {
    become_ready();
  }
  inbox_.take(messages_);
  for (Message& message : messages_) {
    obey(message, now);
  }
  if (opened_) {
    poll_health();
  }
  tell_lost();
  go_on_changing(now);
  if (limit_.has_value() && now >= *limit_) {
    limit_.reset();
    fault(overdue_text(now));
  }
  judge_test(now);
  // All slots are gone: what is left is to open anew.
  const bool is_due = tested_at_.has_value() && now >= *tested_at_;
  const bool blocks = state_ == State::kOpening || state_ == State::kTesting || is_due;
  return blocks ? Step::kBlocking : Step::kIdle;
}

void DeviceRunner::judge_test(TimePoint now) {
  if (const auto found = std::exchange(found_, std::nullopt); found.has_value()) {
    tested_at_.reset();
    if (!found->passed && state_ == State::kReady) {
      fault("its self test: " + found->text);
    }
  }
  if (state_ != State::kReady || !has_test_) {
    tested_at_.reset();
  } else if (!tested_at_.has_value() && worked_.load()) {
    tested_at_ = now + test_interval_;
  }
}

std::optional<TimePoint> DeviceRunner::wake_at() const {
  return limit_.has_value() && tested_at_.has_value() ? std::min(limit_, tested_at_)
         : limit_.has_value()                         ? limit_
                                                      : tested_at_;
}

void DeviceRunner::obey(Message& message, TimePoint now) {
  if (auto* wanted = std::get_if<Change>(&message); wanted != nullptr) {
    if (state_ != State::kReady || change_.has_value()) {
      reports_.residence_changed(
          {wanted->epoch,
           Errc::kDeviceLost,
           state_ != State::kReady ? "the device is not ready" : "another change is under way",
           {}});
      return;
    }
    change_ = std::move(*wanted);
    change_began_ = now;
    limit_ = now + change_->limit;
  } else if (std::holds_alternative<Reset>(message)) {
    obey_reset(now);
  } else if (--to_drop_ == 0) {
    opened_ = false;
    if (state_ == State::kDropping) {
      limit_.reset();
      state_ = State::kOpening;
    }
  }
}

std::string DeviceRunner::overdue_text(TimePoint now) const {
  switch (state_) {
    case State::kResetting:
      return "the reset does not end after " + text_of(reset_limit_);
    case State::kDropping:
      return "it cannot be opened anew, since its jobs do not end after " + text_of(reset_limit_);
    default:
      return "the change of residence does not end after " + text_of(now - change_began_);
  }
}

void DeviceRunner::obey_reset(TimePoint now) {
  if (state_ == State::kResetting || state_ == State::kDropping) {
    return;
  }
  if (opened_) {
    poll_health();  // What it said until now is not of this reset.
  }
  if (change_.has_value()) {
    end_change(Errc::kDeviceLost, "the device is being reset", now);
  }
  reset_began_ = false;
  if (to_drop_ > 0) {
    // The last time was given up; what it waits for is still to come.
    state_ = State::kDropping;
    limit_ = now + reset_limit_;
    return;
  }
  const Status status = opened_ ? port_->reset() : Status(Error{Errc::kUnsupported, {}});
  if (status.has_value()) {
    state_ = State::kResetting;
    limit_ = now + reset_limit_;
    return;
  }
  if (status.error().code != Errc::kUnsupported) {
    fault("cannot be reset: " + status.error().message);
    return;
  }
  state_ = State::kDropping;
  limit_ = now + reset_limit_;
  to_drop_ = sub_devices_.size();
  for (const auto& sub_device : sub_devices_) {
    sub_device->drop_slots();
  }
}

void DeviceRunner::poll_health() {
  while (auto change = port_->poll_health()) {
    note_health(std::move(*change));
  }
}

void DeviceRunner::note_health(HealthChange change) {
  if (state_ == State::kResetting && change.health != DeviceHealth::kResetting) {
    if (reset_began_) {
      end_reset(std::move(change));
    }
    return;  // Else it is of the time before the reset.
  }
  if (change.health == DeviceHealth::kFault) {
    if (state_ == State::kReady || state_ == State::kTesting) {
      fault(std::move(change.reason));
    }
    return;
  }
  reset_began_ = change.health == DeviceHealth::kResetting;
  reports_.health_changed(std::move(change));
}

void DeviceRunner::end_reset(HealthChange change) {
  if (change.health == DeviceHealth::kFault) {
    fault(std::move(change.reason));
    return;
  }
  limit_.reset();
  back_ = std::move(change);
  if (has_test_) {
    state_ = State::kTesting;
  } else {
    become_ready();
  }
}

void DeviceRunner::become_ready() {
  const auto found = std::exchange(found_, std::nullopt);
  auto back = std::exchange(back_, std::nullopt);
  if (found.has_value() && !found->passed) {
    fault("its self test: " + found->text);
    return;
  }
  state_ = State::kReady;
  tell_lost();  // It was lost before this.
  reports_.device_ready();
  if (back.has_value() && back->health == DeviceHealth::kDegraded) {
    reports_.health_changed(*std::move(back));
  }
}

void DeviceRunner::go_on_changing(TimePoint now) {
  while (change_.has_value()) {
    if (change_in_flight_ && !take_step_end(now)) {
      return;
    }
    if (change_->out.empty() && !change_->in.has_value()) {
      end_change(Errc::kOk, {}, now);
      return;
    }
    start_step(now);
  }
}

bool DeviceRunner::take_step_end(TimePoint now) {
  auto done = port_->pop_change();
  while (done.has_value() && done->token + 1 != next_token_) {
    done = port_->pop_change();  // That was of a change that was given up.
  }
  if (!done.has_value()) {
    return false;
  }
  change_in_flight_ = false;
  if (done->code == Errc::kOk) {
    return true;
  }
  fail_change(done->code, std::move(done->message), now);
  return false;
}

void DeviceRunner::start_step(TimePoint now) {
  while (port_->pop_change().has_value()) {
  }  // Of changes that were given up.
  const bool goes = !change_->out.empty();
  const Lane lane = goes ? change_->out.back() : *change_->in;
  const Status status = port_->change(lane, !goes, next_token_++);
  if (!status.has_value()) {
    fail_change(status.error().code, status.error().message, now);
    return;
  }
  change_in_flight_ = true;
  if (goes) {
    change_->out.pop_back();
  } else {
    change_->in.reset();
  }
}

void DeviceRunner::fail_change(Errc code, std::string text, TimePoint now) {
  if (code == Errc::kDeviceLost) {
    lose_change(text);
  } else {
    end_change(code, std::move(text), now);
  }
}

void DeviceRunner::end_change(Errc code, std::string text, TimePoint now) {
  const std::uint64_t epoch = change_->epoch;
  change_.reset();
  change_in_flight_ = false;
  limit_.reset();
  reports_.residence_changed({epoch, code, std::move(text), now - change_began_});
}

void DeviceRunner::lose_change(const std::string& text) {
  poll_health();  // Its own words say more.
  if (state_ == State::kReady) {
    fault("lost in a change of residence: " + text);
  }
}

void DeviceRunner::fault(std::string reason) {
  state_ = State::kFaulted;
  limit_.reset();
  reports_.device_faulted(reason);
  if (change_.has_value()) {
    const std::uint64_t epoch = change_->epoch;
    change_.reset();
    change_in_flight_ = false;
    reports_.residence_changed({epoch, Errc::kDeviceLost, std::move(reason), {}});
  }
}

void DeviceRunner::blocking_step() {
  if (state_ != State::kOpening) {
    worked_ = false;
    found_ = port_->self_test().value_or(SelfTest{});
    return;
  }
  std::vector<Doorbell> bells;
  for (const auto& sub_device : sub_devices_) {
    bells.push_back(sub_device->doorbell());
  }
  Result<SlotsBySubDevice> slots = Error{Errc::kInternal, {}};
  try {
    slots = port_->open(bells, doorbell());
  } catch (const std::exception& exception) {
    slots = Error{Errc::kInternal, exception.what()};
  }
  if (!slots.has_value()) {
    open_error_ = slots.error();
    return;
  }
  SlotsBySubDevice made = std::move(slots).value();
  for (std::size_t i = 0; i < sub_devices_.size() && i < made.size(); ++i) {
    if (made[i] != nullptr) {
      sub_devices_[i]->use_slots(std::move(made[i]));
    }
  }
  opened_ = true;
  found_ = port_->self_test();
  has_test_ = found_.has_value();
}

}  // namespace penstock
