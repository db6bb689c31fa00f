#include <algorithm>
#include <utility>

#include "drivers/sim/device/sim_device_core.h"

// How models come to a simulated device and leave it.
namespace penstock::sim {
namespace {

std::string text_of(SubDeviceMask place) {
  std::string text;
  for (unsigned i = 0; i < 64; ++i) {
    if (((place >> i) & 1U) != 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(i);
    }
  }
  return "{" + text + "}";
}

}  // namespace

bool SimDeviceCore::is_place(const CoreModel& model, SubDeviceMask place) const {
  return std::find(model.places.begin(), model.places.end(), place) != model.places.end();
}

SimDeviceCore::Unit* SimDeviceCore::find_unit(ModelId id, SubDeviceMask place) {
  for (Unit& unit : units_) {
    if (unit.state != State::kFree && unit.model == id && unit.place == place) {
      return &unit;
    }
  }
  return nullptr;
}

SimDeviceCore::Unit* SimDeviceCore::least_busy_unit(ModelId id) {
  Unit* best = nullptr;
  for (Unit& unit : units_) {
    if (unit.state == State::kResident && unit.model == id &&
        (best == nullptr || unit.in_flight < best->in_flight)) {
      best = &unit;
    }
  }
  return best;
}

SimDeviceCore::Unit& SimDeviceCore::make_unit(ModelId id, SubDeviceMask place, State state) {
  auto free = std::find_if(
      units_.begin(), units_.end(), [](const Unit& unit) { return unit.state == State::kFree; });
  Unit& unit = free == units_.end() ? units_.emplace_back() : *free;
  const ProfileMode& mode = models_[id].model.mode;
  unit = Unit();
  unit.state = state;
  unit.model = id;
  unit.place = place;
  unit.services.resize(models_[id].model.shapes.size());
  const auto inside = static_cast<std::uint32_t>(mode.stages + 0.999);
  unit.buffers =
      static_cast<std::uint32_t>(mode.frames) * (inside + (profile_.double_buffering ? 1U : 0U));
  return unit;
}

void SimDeviceCore::free_unit(Unit& unit) {
  if (!models_[unit.model].model.always_resident) {
    residence_.give_back(models_[unit.model].model, unit.place);
  }
  if (unit.start_event.has_value()) {
    events_.erase(Event::Kind::kStart, index_of(unit));
  }
  unit = Unit();
}

void SimDeviceCore::place_everywhere(ModelId id) {
  for (const SubDeviceMask place : models_[id].model.places) {
    make_unit(id, place, State::kResident);
  }
}

SimDeviceCore::ModelId SimDeviceCore::add_model(TimePoint now, CoreModel model) {
  advance(now);
  auto free = std::find_if(
      models_.begin(), models_.end(), [](const Loaded& loaded) { return !loaded.is_used; });
  const auto id = static_cast<ModelId>(free - models_.begin());
  if (free == models_.end()) {
    models_.emplace_back();
  }
  models_[id].model = std::move(model);
  models_[id].is_used = true;
  if (models_[id].model.always_resident && !lost_) {
    place_everywhere(id);
  }
  trace("model", id);
  return id;
}

std::size_t SimDeviceCore::live_frames(const Unit& unit) const {
  return static_cast<std::size_t>(
      std::count_if(frames_.begin(), frames_.end(), [&](const Frame& frame) {
        return frame.is_used && !frame.is_abandoned && frame.unit == index_of(unit);
      }));
}

void SimDeviceCore::drop_abandoned(const Unit& unit) {
  for (std::uint32_t slot = 0; slot < frames_.size(); ++slot) {
    if (frames_[slot].is_used && frames_[slot].unit == index_of(unit)) {
      for (const auto kind : {Event::Kind::kLoaded, Event::Kind::kComputed, Event::Kind::kOut}) {
        events_.erase(kind, slot);
      }
      end_frame(slot, Errc::kCancelled, "the model is unloaded", Duration(0));
    }
  }
}

void SimDeviceCore::remove_model(TimePoint now, ModelId id) {
  advance(now);
  for (Unit& unit : units_) {
    if (unit.state == State::kFree || unit.model != id) {
      continue;
    }
    events_.erase(Event::Kind::kChanged, index_of(unit));
    drop_abandoned(unit);
    if (unit.state == State::kDownloading || unit.state == State::kDraining) {
      outcome_of_change(unit.change_cookie, Errc::kCancelled, "the model is unloaded", Duration(0));
    }
    free_unit(unit);
  }
  models_[id] = Loaded();
  trace("unload", id);
}

void SimDeviceCore::outcome_of_change(std::uint64_t cookie,
                                      Errc code,
                                      std::string message,
                                      Duration time) {
  CoreOutcome outcome;
  outcome.cookie = cookie;
  outcome.is_change = true;
  outcome.code = code;
  outcome.message = std::move(message);
  outcome.device_time = time;
  effects_.outcomes.push_back(std::move(outcome));
}

Status SimDeviceCore::activate(TimePoint now,
                               ModelId id,
                               SubDeviceMask place,
                               std::uint64_t cookie) {
  advance(now);
  const CoreModel& model = models_[id].model;
  if (model.always_resident) {
    outcome_of_change(cookie, Errc::kOk, "", Duration(0));
    return {};
  }
  if (!is_place(model, place)) {
    return Error{Errc::kInvalidArgument,
                 "sub-devices " + text_of(place) + " are no placement of the model in mode '" +
                     model.mode.name + "'"};
  }
  if (lost_) {
    outcome_of_change(cookie, Errc::kDeviceLost, "the device is in fault", Duration(0));
    return {};
  }
  if (const Unit* there = find_unit(id, place); there != nullptr) {
    if (there->state == State::kResident) {
      outcome_of_change(cookie, Errc::kOk, "", Duration(0));
      return {};
    }
    return Error{Errc::kUnavailable,
                 "a change of residence on sub-devices " + text_of(place) + " is going on"};
  }
  PENSTOCK_RETURN_IF_ERROR(residence_.take(model, place));
  Unit& unit = make_unit(id, place, State::kDownloading);
  unit.change_cookie = cookie;
  unit.change_started = now_;
  unit.change_fails = faults_.fails_load(now_);
  const TimePoint begin = std::max(now_ + profile_.download.control, in_free_);
  in_free_ =
      begin + link_time(static_cast<double>(model.download_bytes), profile_.download.bytes_per_s);
  in_bytes_.add(now_, static_cast<double>(model.download_bytes));
  events_.push(in_free_, Event::Kind::kChanged, index_of(unit));
  ++swaps_;
  trace("activate", id, place);
  return {};
}

Status SimDeviceCore::deactivate(TimePoint now,
                                 ModelId id,
                                 SubDeviceMask place,
                                 std::uint64_t cookie) {
  advance(now);
  if (models_[id].model.always_resident) {
    outcome_of_change(cookie, Errc::kOk, "", Duration(0));
    return {};
  }
  if (!is_place(models_[id].model, place)) {
    return Error{Errc::kInvalidArgument,
                 "sub-devices " + text_of(place) + " are no placement of the model"};
  }
  if (lost_) {
    outcome_of_change(cookie, Errc::kDeviceLost, "the device is in fault", Duration(0));
    return {};
  }
  Unit* unit = find_unit(id, place);
  if (unit == nullptr) {
    outcome_of_change(cookie, Errc::kOk, "", Duration(0));
    return {};
  }
  if (unit->state != State::kResident || unit->in_flight > 0) {
    return Error{
        Errc::kUnavailable,
        "sub-devices " + text_of(place) + ": " +
            (unit->in_flight > 0 ? std::to_string(unit->in_flight) + " frames are in flight"
                                 : "a change of residence is going on")};
  }
  unit->state = State::kDraining;
  unit->change_cookie = cookie;
  unit->change_started = now_;
  events_.push(now_ + profile_.download.drain, Event::Kind::kChanged, index_of(*unit));
  trace("deactivate", id, place);
  return {};
}

void SimDeviceCore::finish_change(std::uint32_t index) {
  Unit& unit = units_[index];
  if (unit.state == State::kDraining && unit.in_flight > 0) {
    // Cancelled frames still take their time.
    constexpr Duration kAgain = std::chrono::microseconds(100);
    events_.push(now_ + std::max(profile_.download.drain, kAgain), Event::Kind::kChanged, index);
    return;
  }
  const Duration time = now_ - unit.change_started;
  const std::uint64_t cookie = unit.change_cookie;
  if (unit.state == State::kDownloading && !unit.change_fails) {
    unit.state = State::kResident;
    trace("resident", unit.model, unit.place);
    outcome_of_change(cookie, Errc::kOk, "", time);
    return;
  }
  const bool fails = unit.state == State::kDownloading;
  trace(fails ? "download_failed" : "gone", unit.model, unit.place);
  free_unit(unit);
  outcome_of_change(cookie,
                    fails ? Errc::kUnavailable : Errc::kOk,
                    fails ? "the download failed (fault script)" : "",
                    time);
}

}  // namespace penstock::sim
