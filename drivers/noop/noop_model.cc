#include "drivers/noop/noop_model.h"

#include <algorithm>
#include <string>
#include <utility>

#include "drivers/noop/noop_request.h"

namespace penstock {

NoopModel::NoopModel(std::shared_ptr<NoopState> device, NoopSpec spec)
    : device_(std::move(device)),
      spec_(std::move(spec)) {
  for (const ModelPlacement& placement : spec_.info.placements) {
    Place place;
    place.model = this;
    place.sub_devices = placement.sub_devices;
    places_.push_back(place);
  }
  device_->add(*this);
}

// Nothing is in flight any more, but the last finish() may not have returned yet.
NoopModel::~NoopModel() {
  device_->remove(*this);
  for (const Place& place : places_) {
    device_->host().cancel_call(place.ticket);
    if (place.has_room) {
      device_->give_room(place.sub_devices);
    }
  }
}

Result<std::unique_ptr<RequestBase>> NoopModel::create_request() {
  const std::uint32_t most = spec_.info.max_requests;
  if (requests_.fetch_add(1) >= most && most != 0) {
    requests_.fetch_sub(1);
    return Error{Errc::kUnavailable, "all " + std::to_string(most) + " requests are taken"};
  }
  return std::unique_ptr<RequestBase>(std::make_unique<NoopRequest>(*this));
}

Status NoopModel::activate(SubDeviceMask sub_devices, Change change) {
  return start(sub_devices, true, change);
}

Status NoopModel::deactivate(SubDeviceMask sub_devices, Change change) {
  return start(sub_devices, false, change);
}

Status NoopModel::start(SubDeviceMask sub_devices, bool goal, Change change) {
  std::unique_lock lock(mutex_);
  const auto place = std::find_if(places_.begin(), places_.end(), [&](const Place& candidate) {
    return candidate.sub_devices == sub_devices;
  });
  if (device_->is_lost()) {
    return Error{Errc::kDeviceLost, "the device is in fault or being reset"};
  }
  if (place == places_.end() || place->is_resident == goal) {
    lock.unlock();
    change.complete(Errc::kOk);  // Always resident, or already so.
    return {};
  }
  if (!place->has_room) {
    PENSTOCK_RETURN_IF_ERROR(device_->take_room(sub_devices));
    place->has_room = true;
  }
  place->is_resident = false;
  place->goal = goal;
  place->change = change;
  if (spec_.activation == Duration::zero()) {
    lock.unlock();
    finish(*place);
    return {};
  }
  // The call may come before the ticket is stored; it waits for the lock that is held here.
  place->ticket = device_->host().call_at(
      device_->host().now_ns() + spec_.activation.count(),
      [](void* argument) {
        Place& due = *static_cast<Place*>(argument);
        due.model->finish(due);
      },
      &*place);
  if (place->ticket == 0) {
    end_change(*place, !goal);
    return Error{Errc::kUnavailable, "the host takes no more timed calls"};
  }
  return {};
}

void NoopModel::finish(Place& place) noexcept {
  std::optional<Change> change;
  {
    const std::lock_guard lock(mutex_);
    if (place.change.has_value()) {
      change = end_change(place, place.goal);
    }
  }
  if (change.has_value()) {
    change->complete(Errc::kOk, {}, spec_.activation.count());
  }
}

/// Makes the change in flight the caller's: of the timer and a reset, only one gets it.
std::optional<Change> NoopModel::end_change(Place& place, bool is_resident) noexcept {
  place.is_resident = is_resident;
  if (place.has_room && !is_resident) {
    device_->give_room(place.sub_devices);
    place.has_room = false;
  }
  return std::exchange(place.change, std::nullopt);
}

void NoopModel::lose() noexcept {
  for (Place& place : places_) {
    std::optional<Change> change;
    std::uint64_t ticket = 0;
    {
      const std::lock_guard lock(mutex_);
      change = end_change(place, false);
      ticket = place.ticket;
    }
    if (change.has_value()) {
      // Without the lock: the call may be running and wait for it.
      device_->host().cancel_call(ticket);
      change->complete(Errc::kDeviceLost, "the device was reset");
    }
  }
}

Status NoopModel::check_resident(SubDeviceMask sub_devices) const {
  if (places_.empty()) {
    return {};
  }
  const std::lock_guard lock(mutex_);
  const bool is_resident = std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
    return place.is_resident && (sub_devices == 0 || sub_devices == place.sub_devices);
  });
  if (!is_resident) {
    return Error{Errc::kUnavailable, "the model is not resident there: activate it first"};
  }
  return {};
}

}  // namespace penstock
