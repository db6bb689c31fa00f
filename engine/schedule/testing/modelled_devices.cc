#include "engine/schedule/testing/modelled_devices.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

namespace penstock::testing {
namespace {

constexpr Duration kDetection = std::chrono::milliseconds(5);
constexpr Duration kReset = std::chrono::milliseconds(300);

}  // namespace

void ModelledDevices::add(DeviceNumber device, const DeviceCapacity& capacity) {
  devices_[device.value] = Device{};
  devices_[device.value].capacity = capacity;
}

void ModelledDevices::place(const PlacePackage& event) {
  places_[{event.device.value, event.package.value}] = event;
  if (event.always_resident) {
    Resident resident;
    resident.package = event.package;
    resident.depth = event.placements[0].depth;
    devices_[event.device.value].permanent[event.package.value] = resident;
  }
}

Duration ModelledDevices::shaken(Duration time) {
  if (troubles.jitter <= 0) {
    return time;
  }
  std::uniform_real_distribution<double> shake(1 - troubles.jitter, 1 + troubles.jitter);
  return Duration(static_cast<Duration::rep>(static_cast<double>(time.count()) * shake(random_)));
}

ModelledDevices::Resident* ModelledDevices::resident_of(const RunBatch& run) {
  Device& device = devices_.at(run.device.value);
  if (run.epoch == 0) {
    return &device.permanent.at(run.package.value);
  }
  const auto found = device.residents.find(run.epoch);
  return found != device.residents.end() ? &found->second : nullptr;
}

bool ModelledDevices::accept(const RunBatch& run) {
  Resident* resident = resident_of(run);
  if (resident == nullptr || resident->package != run.package ||
      !devices_.at(run.device.value).is_up) {
    callbacks_.violated("a batch runs where its package is not resident");
    timeline_.at(timeline_.now() + kDetection, [this, number = run.batch] {
      callbacks_.tell(BatchDone{number, Errc::kDeviceLost, {}});
    });
    return false;
  }
  if (++resident->in_flight > resident->depth) {
    callbacks_.violated("more batches than the depth");
  }
  return true;
}

void ModelledDevices::start(const RunBatch& run, std::uint32_t frames) {
  Resident& resident = *resident_of(run);
  const TimePoint now = timeline_.now();
  const PackageModel& model = models_[run.package.value];
  const double factor = troubles.slower ? troubles.slower(run) : 1;
  const auto times = [&](Duration time) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(time.count()) * factor));
  };
  const Duration service = times(shaken(model.service));
  const TimePoint end = std::max(now + times(model.latency) + service * (frames - 1),
                                 resident.last_end + service * frames);
  resident.last_end = end;
  const bool never_ends = troubles.never_ends && troubles.never_ends(run);
  const bool hangs = never_ends || (troubles.hangs && troubles.hangs(run));
  const Errc code = troubles.fails_batch ? troubles.fails_batch(run) : Errc::kOk;
  Batch& batch = batches_[run.batch.value];
  batch = {run, now, never_ends};
  batch.run.requests = {};  // They are the caller's.
  if (!hangs) {
    timeline_.at(end,
                 [this,
                  number = run.batch.value,
                  code,
                  life = devices_.at(run.device.value).life,
                  where = run.device.value] {
                   if (devices_.at(where).life == life) {
                     end_batch(number, code);
                   }
                 });
  }
}

void ModelledDevices::end_batch(std::uint64_t number, Errc code) {
  const auto found = batches_.find(number);
  if (found == batches_.end()) {
    return;
  }
  const Batch batch = std::move(found->second);
  batches_.erase(found);
  Resident* resident = resident_of(batch.run);
  if (resident != nullptr && resident->in_flight > 0) {
    --resident->in_flight;
  }
  const auto sub_devices = std::max(1, std::popcount(batch.run.sub_devices));
  callbacks_.on_end(
      {batch.run.batch, code, models_[batch.run.package.value].service * sub_devices});
  if (code != Errc::kOk) {
    callbacks_.on_fault();
  }
  callbacks_.tell(BatchDone{BatchNumber{number}, code, timeline_.now() - batch.start});
}

void ModelledDevices::check_memory(const Device& device, const Resident& incoming) {
  for (std::uint32_t bit = 0; bit < device.capacity.sub_devices; ++bit) {
    const SubDeviceMask one = SubDeviceMask{1} << bit;
    std::uint64_t memory = (incoming.mask & one) != 0 ? incoming.memory : 0;
    std::uint32_t count = (incoming.mask & one) != 0 ? 1 : 0;
    for (const auto& [epoch, resident] : device.residents) {
      memory += (resident.mask & one) != 0 ? resident.memory : 0;
      count += (resident.mask & one) != 0 ? 1 : 0;
    }
    const auto& capacity = device.capacity;
    if ((capacity.memory_per_sub_device != 0 && memory > capacity.memory_per_sub_device) ||
        (capacity.max_resident != 0 && count > capacity.max_resident)) {
      callbacks_.violated("sub-device " + std::to_string(bit) + " is over its limits");
    }
  }
  std::uint64_t shared = incoming.shared;
  for (const auto& [epoch, resident] : device.residents) {
    shared += resident.shared;
  }
  if (device.capacity.shared_memory != 0 && shared > device.capacity.shared_memory) {
    callbacks_.violated("the shared memory is over its limit");
  }
}

void ModelledDevices::check_places(const Device& device,
                                   const Resident& incoming,
                                   const PlacePackage& placed) {
  auto held = static_cast<std::uint32_t>(std::popcount(incoming.mask));
  for (const auto& [epoch, resident] : device.residents) {
    const bool is_same = resident.package == incoming.package;
    held += is_same ? static_cast<std::uint32_t>(std::popcount(resident.mask)) : 0;
    if (is_same && (resident.mask & incoming.mask) != 0) {
      callbacks_.violated("a package comes where it is already");
    }
  }
  if (placed.max_sub_devices != 0 && held > placed.max_sub_devices) {
    callbacks_.violated("a package holds more sub-devices than it may");
  }
}

void ModelledDevices::take_out(Device& device, const ChangeResidence& change) {
  for (const auto& [epoch, resident] : device.residents) {
    if ((resident.mask & change.sub_devices) != 0 && resident.in_flight > 0) {
      callbacks_.violated("swap while frames are in flight");
    }
  }
  for (const ChangeResidence::Outgoing& out : change.outgoing) {
    const auto found = device.residents.find(out.epoch);
    if (found == device.residents.end() || found->second.package != out.package) {
      callbacks_.violated("what goes out is not resident");
      continue;
    }
    if (found->second.in_flight > 0) {
      callbacks_.violated("swap while frames are in flight");
    }
    device.residents.erase(found);
  }
}

ModelledDevices::Resident ModelledDevices::incoming_of(const ChangeResidence& change) {
  const PlacementFacts& placed =
      places_.at({change.device.value, change.incoming.value}).placements.at(change.placement);
  Resident incoming;
  incoming.package = change.incoming;
  incoming.mask = placed.sub_devices;
  incoming.depth = placed.depth;
  incoming.memory = placed.memory_bytes;
  incoming.shared = placed.shared_bytes;
  return incoming;
}

void ModelledDevices::carry_out(const ChangeResidence& change) {
  Device& device = devices_.at(change.device.value);
  if (!device.is_up) {
    callbacks_.violated("a change of residence on a device that is down");
  }
  if (device.changing.has_value()) {
    callbacks_.violated("a change of residence while another one of the device is under way");
    lose_change(change.device, change.epoch);
    return;
  }
  take_out(device, change);
  const TimePoint now = timeline_.now();
  const std::size_t index = changes_.size();
  changes_.push_back({now,
                      now,
                      change.device,
                      change.incoming,
                      change.sub_devices,
                      change.outgoing.size(),
                      change.only_out,
                      Errc::kOk});
  Arrival arrival;
  arrival.index = index;
  arrival.epoch = change.epoch;
  arrival.life = device.life;
  if (!change.only_out) {
    arrival.resident = incoming_of(change);
    check_memory(device, arrival.resident);
    check_places(
        device, arrival.resident, places_.at({change.device.value, change.incoming.value}));
    if (troubles.fails_load && troubles.fails_load(change.device, change.incoming)) {
      arrival.code = Errc::kUnavailable;
    }
  }
  arrival.took = shaken(models_[change.incoming.value].activation);
  device.changing = change.epoch;
  timeline_.at(now + arrival.took, [this, arrival] { end_change(arrival); });
}

void ModelledDevices::end_change(const Arrival& arrival) {
  Change& change = changes_[arrival.index];
  const DeviceNumber where = change.device;
  Device& device = devices_.at(where.value);
  if (device.life != arrival.life) {
    return;
  }
  device.changing.reset();
  change.end = timeline_.now();
  change.code = arrival.code;
  if (arrival.code != Errc::kOk) {
    callbacks_.on_fault();
  } else if (!change.only_out) {
    device.residents[arrival.epoch] = arrival.resident;
    device.residents[arrival.epoch].last_end = timeline_.now();
  }
  callbacks_.tell(ResidenceChanged{where, arrival.epoch, arrival.code, arrival.took});
}

void ModelledDevices::carry_out(const CancelBatch& cancel) {
  const auto found = batches_.find(cancel.batch.value);
  if (found == batches_.end()) {
    callbacks_.violated("a batch is cancelled that does not run");
  } else if (troubles.obeys_cancel && !found->second.never_ends) {
    timeline_.at(timeline_.now() + std::chrono::milliseconds(1),
                 [this, number = cancel.batch.value] { end_batch(number, Errc::kCancelled); });
  }
}

void ModelledDevices::carry_out(const AbandonBatch& abandon) {
  if (batches_.erase(abandon.batch.value) == 0) {
    callbacks_.violated("a batch is abandoned that does not run");
    return;
  }
  abandoned_.push_back(abandon.batch);
  callbacks_.on_end({abandon.batch, Errc::kDeviceLost, Duration{0}});
  callbacks_.on_fault();
}

void ModelledDevices::carry_out(const Finding& finding) {
  findings_.push_back(finding);
}

void ModelledDevices::end_abandoned() {
  for (const BatchNumber number : std::exchange(abandoned_, {})) {
    callbacks_.tell(BatchDone{number, Errc::kOk, {}});
  }
}

void ModelledDevices::lose_change(DeviceNumber where, Epoch epoch) {
  timeline_.at(timeline_.now(), [this, where, epoch] {
    callbacks_.tell(ResidenceChanged{where, epoch, Errc::kDeviceLost, {}});
  });
}

void ModelledDevices::put_down(DeviceNumber where) {
  Device& device = devices_.at(where.value);
  ++device.life;
  device.is_up = false;
  device.residents.clear();
  if (const auto lost = std::exchange(device.changing, std::nullopt); lost.has_value()) {
    lose_change(where, *lost);
  }
  callbacks_.on_fault();
}

void ModelledDevices::carry_out(const ResetDevice& reset) {
  ++resets_;
  put_down(reset.device);
  timeline_.at(timeline_.now() + kReset, [this, where = reset.device] { end_reset(where); });
}

void ModelledDevices::end_reset(DeviceNumber where) {
  Device& device = devices_.at(where.value);
  std::vector<std::uint64_t> out;
  for (const auto& [number, batch] : batches_) {
    if (batch.run.device == where && !batch.never_ends) {
      out.push_back(number);
    }
  }
  for (auto& [package, resident] : device.permanent) {
    resident.in_flight = 0;
  }
  for (const std::uint64_t number : out) {
    end_batch(number, Errc::kDeviceLost);
  }
  if (troubles.fails_reset && troubles.fails_reset(where)) {
    callbacks_.tell(DeviceFaulted{where, 2});
    return;
  }
  device.is_up = true;
  callbacks_.on_fault();
  callbacks_.tell(DeviceReady{where});
}

void ModelledDevices::lose(DeviceNumber where) {
  put_down(where);
  callbacks_.tell(DeviceFaulted{where, 1});
}

}  // namespace penstock::testing
