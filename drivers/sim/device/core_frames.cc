#include <algorithm>
#include <utility>

#include "drivers/sim/device/sim_device_core.h"

// The way of frames through a simulated device.
namespace penstock::sim {

std::uint32_t SimDeviceCore::take_frame_slot() {
  if (free_frames_.empty()) {
    frames_.emplace_back();
    links_.next.push_back(kNoSlot);
    free_frames_.push_back(static_cast<std::uint32_t>(frames_.size() - 1));
  }
  const std::uint32_t slot = free_frames_.back();
  free_frames_.pop_back();
  frames_[slot] = Frame();
  frames_[slot].is_used = true;
  return slot;
}

const CoreShape& SimDeviceCore::shape_of(const Frame& frame) const {
  return models_[units_[frame.unit].model].model.shapes[frame.what.shape];
}

int SimDeviceCore::batch_of(const Frame& frame) const {
  return frame.what.batch > 0 ? frame.what.batch : shape_of(frame).batch;
}

Status SimDeviceCore::submit(
    TimePoint now, ModelId id, SubDeviceMask place, std::uint64_t cookie, CoreFrame what) {
  advance(now);
  const std::uint64_t version = faults_.version();
  const FaultPlan::FrameFaults faults = faults_.on_frame(now_);
  if (faults_.version() != version) {
    after_faults();
  }
  if (lost_) {
    CoreOutcome outcome;
    outcome.cookie = cookie;
    outcome.code = Errc::kDeviceLost;
    outcome.message = "the device is in fault: " + reason_;
    effects_.outcomes.push_back(std::move(outcome));
    return {};
  }
  Unit* unit = place == 0 ? least_busy_unit(id) : find_unit(id, place);
  if (unit == nullptr || unit->state != State::kResident) {
    return Error{Errc::kUnavailable,
                 "model '" + models_[id].model.name + "' is not resident there: activate it first"};
  }
  const std::uint32_t slot = take_frame_slot();
  Frame& frame = frames_[slot];
  frame.cookie = cookie;
  frame.number = ++frame_number_;
  frame.unit = index_of(*unit);
  frame.what = what;
  frame.is_waiting = true;
  frame.faults = faults;
  ++unit->in_flight;
  ++in_flight_;
  unit->waiting.push(links_, slot);
  trace("submit", frame.number, frame.unit);
  load_next(*unit);
  return {};
}

bool SimDeviceCore::cancel(TimePoint now, std::uint64_t cookie) {
  advance(now);
  for (std::uint32_t slot = 0; slot < frames_.size(); ++slot) {
    Frame& frame = frames_[slot];
    if (!frame.is_used || frame.is_abandoned || frame.cookie != cookie) {
      continue;
    }
    trace("cancel", frame.number);
    if (frame.is_waiting) {
      units_[frame.unit].waiting.remove(links_, slot);
      end_frame(slot, Errc::kCancelled, "cancelled", Duration(0));
      return true;
    }
    CoreOutcome outcome;
    outcome.cookie = cookie;
    outcome.code = Errc::kCancelled;
    outcome.message = "cancelled";
    effects_.outcomes.push_back(std::move(outcome));
    frame.is_abandoned = true;
    return true;
  }
  return false;
}

Duration SimDeviceCore::transfer_time(LinkWay way, std::uint64_t bytes, int repeats) const {
  return sim::transfer_time(profile_.link, way, static_cast<double>(bytes)) * (1 + repeats);
}

/// Sends waiting frames to the device while there are buffers for them.
void SimDeviceCore::load_next(Unit& unit) {
  while (unit.waiting.count > 0 && unit.in_buffers < unit.buffers) {
    const std::uint32_t slot = unit.waiting.pop(links_);
    Frame& frame = frames_[slot];
    frame.is_waiting = false;
    ++unit.in_buffers;
    host_free_ = std::max(now_, host_free_) + host_time(profile_.costs);
    frame.begun = std::max(host_free_, in_free_);
    const std::uint64_t bytes = shape_of(frame).input_bytes;
    in_free_ = frame.begun + transfer_time(LinkWay::kIn, bytes, frame.faults.repeats);
    if (profile_.link.host_moves) {
      host_free_ = in_free_;
    }
    link_errors_ += static_cast<std::uint64_t>(frame.faults.repeats);
    in_bytes_.add(now_, static_cast<double>(bytes));
    events_.push(in_free_, Event::Kind::kLoaded, slot);
  }
}

void SimDeviceCore::on_loaded(std::uint32_t slot) {
  Frame& frame = frames_[slot];
  frame.loaded = now_;
  Unit& unit = units_[frame.unit];
  unit.loaded.push(links_, slot);
  trace("loaded", frame.number, frame.unit);
  try_start(unit);
}

TimePoint SimDeviceCore::free_at(SubDeviceMask place) const {
  TimePoint free = TimePoint::min();
  for (std::size_t i = 0; i < sub_free_.size(); ++i) {
    if (((place >> i) & 1U) != 0) {
      free = std::max(free, sub_free_[i]);
    }
  }
  return free;
}

void SimDeviceCore::occupy(SubDeviceMask place, TimePoint until) {
  for (std::size_t i = 0; i < sub_free_.size(); ++i) {
    if (((place >> i) & 1U) != 0) {
      sub_free_[i] = until;
    }
  }
}

/// Returns when the frames that are loaded may start. Pre: there are some.
TimePoint SimDeviceCore::start_time(const Unit& unit) const {
  const ProfileMode& mode = models_[unit.model].model.mode;
  TimePoint when = free_at(unit.place);
  if (mode.waits_for_batch && unit.loaded.count < static_cast<std::uint32_t>(mode.frames)) {
    when = std::max(when, frames_[unit.loaded.head].loaded + mode.batch_wait);
  }
  return when;
}

/// Returns another model that wants the same sub-devices now, for a frame that came earlier.
SimDeviceCore::Unit* SimDeviceCore::older_rival(const Unit& unit) {
  Unit* oldest = nullptr;
  std::uint64_t number = frames_[unit.loaded.head].number;
  for (Unit& other : units_) {
    if (&other == &unit || other.loaded.count == 0 || (other.place & unit.place) == 0) {
      continue;
    }
    const Frame& head = frames_[other.loaded.head];
    if (head.number < number && start_time(other) <= now_) {
      number = head.number;
      oldest = &other;
    }
  }
  return oldest;
}

void SimDeviceCore::try_start(Unit& unit) {
  if (unit.loaded.count == 0) {
    return;
  }
  if (start_time(unit) <= now_) {
    Unit* rival = older_rival(unit);
    Unit& first = rival == nullptr ? unit : *rival;
    const auto most = static_cast<std::uint32_t>(models_[first.model].model.mode.frames);
    start_batch(first, std::min(most, first.loaded.count));
    if (unit.loaded.count == 0) {
      return;
    }
  }
  const TimePoint when = std::max(start_time(unit), now_);
  // An event that is there already and comes no later looks again; it may also find nothing to do.
  if (!unit.start_event.has_value() || when < *unit.start_event) {
    unit.start_event = when;
    events_.push(when, Event::Kind::kStart, index_of(unit));
  }
}

/// Returns the time until the frame after the next `count` ones may start: the largest of them
/// says.
Duration SimDeviceCore::interval_of(Unit& unit, std::uint32_t count) {
  if (unit.service_epoch != point_epoch_) {
    const CoreModel& model = models_[unit.model].model;
    for (std::size_t i = 0; i < model.shapes.size(); ++i) {
      unit.services[i] = service_time(model, model.shapes[i], unit.place);
    }
    unit.service_epoch = point_epoch_;
  }
  Duration service{0};
  std::uint32_t slot = unit.loaded.head;
  for (std::uint32_t i = 0; i < count; ++i, slot = links_.next[slot]) {
    service = std::max(service, unit.services[frames_[slot].what.shape]);
  }
  const double slow = frames_[unit.loaded.head].faults.slow;
  const double factor = slow * std::max(0.1, 1 + profile_.jitter * random_.spread());
  return Duration(static_cast<std::int64_t>(static_cast<double>(service.count()) * factor));
}

void SimDeviceCore::start_batch(Unit& unit, std::uint32_t count) {
  const CoreModel& model = models_[unit.model].model;
  const Duration interval = interval_of(unit, count);
  const auto latency = Duration(
      static_cast<std::int64_t>(static_cast<double>(interval.count()) * model.mode.stages));
  // In a pipeline nothing overtakes: a small frame waits for the large one before it.
  unit.computed = std::max(now_ + latency, unit.computed);
  occupy(unit.place, now_ + interval);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t slot = unit.loaded.pop(links_);
    frames_[slot].share = interval / model.mode.frames;
    trace("start", frames_[slot].number, frames_[slot].unit);
    events_.push(unit.computed, Event::Kind::kComputed, slot);
  }
  const double full = static_cast<double>(count) / model.mode.frames;
  const double watt = profile_.thermal.busy_watt * full * point_of(model, unit.place).clock_ratio;
  for (int i = 0; i < profile_.sub_devices; ++i) {
    if (((unit.place >> static_cast<unsigned>(i)) & 1U) != 0) {
      busy_[static_cast<std::size_t>(i)].add(now_, static_cast<double>(interval.count()) * full);
      thermal_.start_work(i, watt, now_, now_ + interval);
    }
  }
  arm_tick();
}

void SimDeviceCore::on_computed(std::uint32_t slot) {
  Frame& frame = frames_[slot];
  Unit& unit = units_[frame.unit];
  const std::uint64_t bytes = shape_of(frame).output_bytes;
  trace("computed", frame.number, frame.unit);
  book(frame);
  const bool host_moves = profile_.link.host_moves;
  const TimePoint begin = std::max({now_, out_free_, host_moves ? host_free_ : now_});
  out_free_ = begin + transfer_time(LinkWay::kOut, bytes, frame.faults.repeats);
  if (host_moves) {
    host_free_ = out_free_;
  }
  out_bytes_.add(now_, static_cast<double>(bytes));
  events_.push(out_free_, Event::Kind::kOut, slot);
  if (profile_.double_buffering) {
    give_buffer_back(unit);
  }
}

/// Notes a frame together with all that it takes, so that one under way or lost counts in neither.
void SimDeviceCore::book(const Frame& frame) {
  const Unit& unit = units_[frame.unit];
  const CoreShape& shape = shape_of(frame);
  for (std::size_t i = 0; i < worked_.size(); ++i) {
    worked_[i] += ((unit.place >> i) & 1U) != 0 ? frame.share : Duration(0);
  }
  around_.host += host_time(profile_.costs);
  around_.link_in += transfer_time(LinkWay::kIn, shape.input_bytes, frame.faults.repeats);
  around_.link_out += transfer_time(LinkWay::kOut, shape.output_bytes, frame.faults.repeats);
  computed_ += static_cast<std::uint64_t>(batch_of(frame));
}

void SimDeviceCore::give_buffer_back(Unit& unit) {
  --unit.in_buffers;
  load_next(unit);
}

void SimDeviceCore::on_out(std::uint32_t slot) {
  const Frame frame = frames_[slot];
  Unit& unit = units_[frame.unit];
  ++completed_;
  frame_rate_.add(now_, batch_of(frame));
  end_frame(slot,
            frame.faults.fails ? Errc::kUnavailable : Errc::kOk,
            frame.faults.fails ? "link error: the transfer failed (fault script)" : "",
            now_ - frame.begun);
  if (!profile_.double_buffering) {
    give_buffer_back(unit);
  }
}

/// Gives the slot back, with an outcome unless the caller has one already.
void SimDeviceCore::end_frame(std::uint32_t slot,
                              Errc code,
                              const char* message,
                              Duration device_time) {
  Frame& frame = frames_[slot];
  trace("end", frame.number, static_cast<std::uint64_t>(code));
  if (!frame.is_abandoned) {
    CoreOutcome outcome;
    outcome.cookie = frame.cookie;
    outcome.code = code;
    outcome.message = message;
    outcome.device_time = device_time;
    outcome.is_wrong = frame.faults.wrong;
    effects_.outcomes.push_back(std::move(outcome));
  }
  --units_[frame.unit].in_flight;
  --in_flight_;
  frame.is_used = false;
  free_frames_.push_back(slot);
}

}  // namespace penstock::sim
