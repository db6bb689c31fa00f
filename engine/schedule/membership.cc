#include "engine/schedule/membership.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "engine/base/check.h"
#include "engine/schedule/waiting.h"

namespace penstock {
namespace {

template <class T, class Number>
void put_by(std::vector<T*>& table, Number number, T* thing) {
  if (table.size() <= number.index()) {
    table.resize(number.index() + 1, nullptr);
  }
  PENSTOCK_CHECK(thing == nullptr || table[number.index()] == nullptr)
      << "number " << number.value << " is in use";
  table[number.index()] = thing;
}

template <class T>
void erase_one(std::vector<T*>& list, const T* thing) {
  list.erase(std::remove(list.begin(), list.end(), thing), list.end());
}

/// Takes what knows its place in `store` out of it.
template <class T>
void erase_stored(std::vector<std::unique_ptr<T>>& store, const T& thing) {
  const std::size_t at = thing.store_index;
  std::swap(store[at], store.back());
  store[at]->store_index = static_cast<std::uint32_t>(at);
  store.pop_back();
}

double weight_of(double weight) noexcept {
  return std::isfinite(weight) && weight > 0 ? weight : 1;
}

FlowKnobs checked(FlowKnobs knobs) noexcept {
  knobs.weight = weight_of(knobs.weight);
  knobs.ifmap_queue_size = std::max<std::uint32_t>(knobs.ifmap_queue_size, 1);
  return knobs;
}

ClientKnobs checked(ClientKnobs knobs) noexcept {
  knobs.weight = weight_of(knobs.weight);
  knobs.fps_target = std::isfinite(knobs.fps_target) ? std::max(knobs.fps_target, 0.0) : 0;
  return knobs;
}

std::uint8_t rank_of(const FlowState& flow) noexcept {
  return static_cast<std::uint8_t>(flow.priority.value_or(flow.client->knobs.priority));
}

ClientLane& client_lane(ClientState& client, LaneState& lane, std::uint8_t rank) {
  for (const auto& one : client.lanes) {
    if (one->lane == &lane && one->fair.rank == rank) {
      return *one;
    }
  }
  auto made = std::make_unique<ClientLane>();
  made->client = &client;
  made->lane = &lane;
  made->fair.rank = rank;
  made->fair.number = client.number.value;
  made->fair.weight = client.knobs.weight;
  const std::size_t tags = (lane.device->number.index() + 1) * kPriorityClasses;
  if (client.tags.size() < tags) {
    client.tags.resize(tags, 0);
    client.active.resize(tags, 0);
  }
  client.lanes.push_back(std::move(made));
  return *client.lanes.back();
}

void release_client_lane(ClientState& client, const ClientLane* lane) {
  const auto at = std::find_if(
      client.lanes.begin(), client.lanes.end(), [&](const auto& one) { return one.get() == lane; });
  if (--(*at)->flows == 0) {
    client.lanes.erase(at);
  }
}

std::unique_ptr<FlowLane> new_flow_lane(FlowState& flow, LaneState& lane) {
  auto made = std::make_unique<FlowLane>();
  made->flow = &flow;
  made->lane = &lane;
  made->client = &client_lane(*flow.client, lane, rank_of(flow));
  ++made->client->flows;
  made->fair.client = &made->client->fair;
  made->fair.owner = made.get();
  made->fair.number = flow.number.value;
  made->due.owner = made.get();
  made->arrival.owner = made.get();
  ++lane.references;
  ++lane.device->open_flows;
  return made;
}

/// Gives the flow a place on each lane that it allows and does not have yet. Pre: not waiting.
void add_lanes(FlowState& flow) {
  std::vector<std::unique_ptr<FlowLane>> ordered;
  for (const DeviceNumber device : flow.allowed) {
    const auto has = [&](const auto& one) {
      return one != nullptr && one->lane->device->number == device && !one->lane->is_removed;
    };
    const auto old = std::find_if(flow.lanes.begin(), flow.lanes.end(), has);
    if (old != flow.lanes.end()) {
      ordered.push_back(std::move(*old));
      continue;
    }
    for (LaneState* lane : flow.package->lanes) {
      if (lane->device->number == device && !lane->is_removed) {
        ordered.push_back(new_flow_lane(flow, *lane));
      }
    }
  }
  for (auto& left : flow.lanes) {
    if (left != nullptr) {
      ordered.push_back(std::move(left));
    }
  }
  flow.lanes = std::move(ordered);
  flow.cursor =
      flow.lanes.empty() ? 0 : flow.cursor % static_cast<std::uint32_t>(flow.lanes.size());
}

/// Frees a closed flow of which nothing runs.
void destroy_flow(ScheduleState& state, FlowState& flow) {
  ClientState& client = *flow.client;
  for (const auto& lane : flow.lanes) {
    --lane->lane->references;
    release_client_lane(client, lane->client);
  }
  erase_one(flow.package->flows, &flow);
  erase_one(client.flows, &flow);
  if (--flow.share->flows == 0) {
    erase_one(state.freed_shares, flow.share);
    std::erase_if(client.shares, [&](const auto& one) { return one.get() == flow.share; });
  }
  erase_stored(state.flow_store, flow);
  if (client.is_gone && client.flows.empty()) {
    state.paced.take(client.pace);
    erase_stored(state.client_store, client);
  }
}

/// Lets requests that run end with `reason` of which nobody but the closed `flow` wanted anything.
void end_running(ScheduleState& state, const FlowState& flow, FinishReason reason) {
  const auto is_of_flow = [&](RequestSlot slot) {
    for (const RequestPart& part : state.requests.parts(slot)) {
      if (part.flow == &flow) {
        return true;
      }
    }
    return false;
  };
  for (const auto& batch : state.batches) {
    if (!batch->is_out) {
      continue;
    }
    for (const RequestSlot slot : batch->requests) {
      RequestState& request = state.requests.at(slot);
      if (!request.is_ending && is_of_flow(slot) && is_unwanted(state, slot)) {
        request.is_ending = true;
        request.end_reason = reason;
      }
    }
  }
}

ClientShare& share_of(ClientState& client, PackageState& package) {
  for (const auto& one : client.shares) {
    if (one->package == &package) {
      return *one;
    }
  }
  auto made = std::make_unique<ClientShare>();
  made->client = &client;
  made->package = &package;
  client.shares.push_back(std::move(made));
  return *client.shares.back();
}

}  // namespace

void add_device(ScheduleState& state, const AddDevice& event) {
  PENSTOCK_CHECK(event.device.index() < kMaxDevices) << event.device.value;
  auto device = std::make_unique<DeviceState>(state.knobs);
  device->number = event.device;
  device->capacity = event.capacity;
  put_by(state.devices, event.device, device.get());
  state.device_store.push_back(std::move(device));
}

void add_package(ScheduleState& state, const AddPackage& event) {
  auto package = std::make_unique<PackageState>();
  package->number = event.package;
  package->batch = event.batch;
  package->batch.preferred_frames = std::max<std::uint32_t>(event.batch.preferred_frames, 1);
  constexpr std::uint32_t kMostReserved = 256;
  state.most_requests =
      std::max(state.most_requests, std::min(package->batch.preferred_frames, kMostReserved));
  put_by(state.packages, event.package, package.get());
  state.package_store.push_back(std::move(package));
}

ResidenceState& new_residence(DeviceState& device) {
  auto made = device.spare_residences.empty() ? std::make_unique<ResidenceState>()
                                              : std::move(device.spare_residences.back());
  if (!device.spare_residences.empty()) {
    device.spare_residences.pop_back();
  }
  *made = ResidenceState{};
  device.residences.push_back(std::move(made));
  return *device.residences.back();
}

void drop_residence(DeviceState& device, ResidenceState& residence) {
  const auto at = std::find_if(device.residences.begin(),
                               device.residences.end(),
                               [&](const auto& one) { return one.get() == &residence; });
  device.spare_residences.push_back(std::move(*at));
  device.residences.erase(at);
}

void count_in(const ResidenceState& residence) noexcept {
  ++residence.lane->residences;
  residence.lane->held += residence.cores;
}

void count_out(const ResidenceState& residence) noexcept {
  --residence.lane->residences;
  residence.lane->held -= residence.cores;
}

void add_permanent_residence(ScheduleState& state, LaneState& lane, TimePoint now) {
  DeviceState& device = *lane.device;
  ResidenceState& residence = new_residence(device);
  residence.lane = &lane;
  residence.depth = std::max<std::uint32_t>(lane.placements.front().depth, 1);
  residence.turn.active_at = now;
  residence.last_completion = now;
  count_in(residence);
  mark_dirty(state, device);
}

void place_package(ScheduleState& state, const PlacePackage& event, TimePoint now) {
  PackageState* package = find_by(state.packages, event.package);
  DeviceState* device = find_by(state.devices, event.device);
  if (package == nullptr || device == nullptr) {
    return;
  }
  PENSTOCK_CHECK(!event.placements.empty()) << "a package needs a placement";
  const auto old = std::find_if(package->lanes.begin(),
                                package->lanes.end(),
                                [&](const LaneState* one) { return one->device == device; });
  LaneState* lane = nullptr;
  if (old != package->lanes.end()) {
    lane = *old;
  } else {
    device->lanes.push_back(std::make_unique<LaneState>(state.knobs));
    lane = device->lanes.back().get();
    lane->package = package;
    lane->device = device;
    package->lanes.push_back(lane);
  }
  lane->placements = event.placements;
  lane->max_sub_devices = event.max_sub_devices == 0 ? kMaxSubDevices : event.max_sub_devices;
  lane->always_resident = event.always_resident;
  lane->loads.forgive();
  lane->failing.forgive();
  lane->is_quarantined = false;
  const PlacementFacts& first = event.placements.front();
  lane->swap_cost = std::max(lane->swap_cost, first.activation_estimate);
  lane->longest_swap = std::max(lane->longest_swap, lane->swap_cost);
  if (lane->frame_time <= 0) {
    lane->frame_time = static_cast<double>(first.service_estimate.count());
    lane->longest_frame_time = lane->frame_time;
  }
  const bool can_be =
      std::any_of(event.placements.begin(), event.placements.end(), [&](const PlacementFacts& one) {
        return width_of(one) <= lane->max_sub_devices &&
               ResidencyPlanner::fits_empty(device->capacity, one);
      });
  if (!lane->always_resident && !can_be) {
    while (!lane->loads.fail(now)) {
    }
  }
  const bool is_up = device->state == SchedulerSnapshot::DeviceState::kUp;
  if (lane->always_resident && lane->residences == 0 && is_up) {
    add_permanent_residence(state, *lane, now);
  }
  for (FlowState* flow : package->flows) {
    stop_waiting(state, *flow);
    add_lanes(*flow);
  }
  route_all(state, *package, now);
}

void remove_package(ScheduleState& state, const RemovePackage& event, TimePoint now) {
  PackageState* package = find_by(state.packages, event.package);
  if (package == nullptr) {
    return;
  }
  const std::vector<FlowState*> flows = package->flows;
  for (FlowState* flow : flows) {
    close_flow(state, *flow, FinishReason::kCancelled, now);
  }
  package->is_removed = true;
  state.packages[event.package.index()] = nullptr;
  for (LaneState* lane : package->lanes) {
    lane->is_removed = true;
    mark_dirty(state, *lane->device);
  }
  state.has_removed = true;
}

void add_client(ScheduleState& state, const AddClient& event) {
  auto client = std::make_unique<ClientState>();
  client->number = event.client;
  client->knobs = checked(event.knobs);
  client->store_index = static_cast<std::uint32_t>(state.client_store.size());
  client->pace.owner = client.get();
  put_by(state.clients, event.client, client.get());
  state.client_store.push_back(std::move(client));
}

void remove_client(ScheduleState& state, const RemoveClient& event, TimePoint now) {
  ClientState* client = find_by(state.clients, event.client);
  if (client == nullptr) {
    return;
  }
  const std::vector<FlowState*> flows = client->flows;
  for (FlowState* flow : flows) {
    close_flow(state, *flow, FinishReason::kClientGone, now);
  }
  state.clients[event.client.index()] = nullptr;
  client->is_gone = true;
  if (client->flows.empty()) {
    state.paced.take(client->pace);
    erase_stored(state.client_store, *client);
  }
}

void open_flow(ScheduleState& state, const OpenFlow& event, TimePoint now) {
  ClientState* client = find_by(state.clients, event.client);
  PackageState* package = find_by(state.packages, event.package);
  if (client == nullptr || package == nullptr) {
    return;
  }
  auto made = std::make_unique<FlowState>();
  FlowState& flow = *made;
  flow.number = event.flow;
  flow.client = client;
  flow.package = package;
  flow.stream = event.stream;
  flow.knobs = checked(event.knobs);
  flow.priority = event.priority;
  flow.placement = event.placement;
  flow.failover = event.failover;
  flow.allowed = event.devices;
  flow.share = &share_of(*client, *package);
  ++flow.share->flows;
  flow.store_index = static_cast<std::uint32_t>(state.flow_store.size());
  add_lanes(flow);
  put_by(state.flows, event.flow, &flow);
  client->flows.push_back(&flow);
  package->flows.push_back(&flow);
  state.flow_store.push_back(std::move(made));
  route(state, flow, now);
}

void close_flow(ScheduleState& state, FlowState& flow, FinishReason reason, TimePoint now) {
  if (flow.is_closed) {
    // It was closed and its client dies: what still runs has its reason.
    return;
  }
  flow.is_closed = true;
  state.flows[flow.number.index()] = nullptr;
  erase_one(flow.share->told_full, &flow);
  stop_waiting(state, flow);
  const bool was_unused = flow.held == 0;
  while (!flow.queue.empty()) {
    const RequestSlot slot = state.requests.head_of(flow.queue);
    if (!is_unwanted(state, slot)) {
      withdraw(state, slot, flow, now);
      continue;
    }
    dequeue(state, slot, now);
    finish(state, slot, reason);
  }
  for (const auto& lane : flow.lanes) {
    --lane->lane->device->open_flows;
  }
  if (was_unused) {
    state.closed_flows.push_back(&flow);  // Else the last of its requests does it.
  }
  if (flow.running > 0) {
    end_running(state, flow, reason);
  }
}

void set_knobs(ScheduleState& state, const SetClientKnobs& event, TimePoint now) {
  ClientState* client = find_by(state.clients, event.client);
  if (client == nullptr) {
    return;
  }
  const bool moves = client->knobs.priority != event.knobs.priority;
  client->knobs = checked(event.knobs);
  for (const auto& lane : client->lanes) {
    lane->lane->queue.reweigh(lane->fair, client->knobs.weight);
  }
  if (moves) {
    for (FlowState* flow : client->flows) {
      if (flow->is_closed) {
        continue;
      }
      stop_waiting(state, *flow);
      for (const auto& lane : flow->lanes) {
        ClientLane* old = lane->client;
        lane->client = &client_lane(*client, *lane->lane, rank_of(*flow));
        ++lane->client->flows;
        lane->fair.client = &lane->client->fair;
        release_client_lane(*client, old);
      }
    }
  }
  // Whatever held it back is judged anew by its next request.
  client->is_full = false;
  client->is_paced = false;
  client->next_start = now;
  state.paced.take(client->pace);
  update_gate(state, *client, now);
}

void set_knobs(ScheduleState& state, const SetFlowKnobs& event, TimePoint now) {
  FlowState* flow = find_by(state.flows, event.flow);
  if (flow == nullptr) {
    return;
  }
  const TimePoint since = flow->head_since;
  const bool was_linked = flow->is_linked;
  stop_waiting(state, *flow);
  flow->knobs = checked(event.knobs);
  flow->is_ready = false;
  flow->share->is_ready = false;
  update_ready(state, *flow, now);
  update_waiting(state, *flow, now);
  if (was_linked && flow->is_linked) {
    // A change of knobs does not make anybody wait anew.
    stop_waiting(state, *flow);
    flow->is_linked = true;
    flow->head_since = since;
    update_waiting(state, *flow, now);
  }
  if (!flow->share->told_full.empty() && !flow->share->is_freed) {
    flow->share->is_freed = true;
    state.freed_shares.push_back(flow->share);
  }
}

void forget(ScheduleState& state) {
  for (FlowState* flow : state.closed_flows) {
    destroy_flow(state, *flow);
  }
  state.closed_flows.clear();
  if (!state.has_removed) {
    return;
  }
  state.has_removed = false;
  for (const auto& device : state.device_store) {
    std::erase_if(device->lanes, [&](const auto& lane) {
      const bool is_used = lane->residences > 0 || lane->coming > 0 || lane->references > 0;
      const bool goes = !is_used && (lane->is_removed || device->is_removed);
      if (goes) {
        erase_one(lane->package->lanes, lane.get());
      }
      state.has_removed = state.has_removed || (lane->is_removed && !goes);
      return goes;
    });
    state.has_removed = state.has_removed || (device->is_removed && !device->lanes.empty());
  }
  std::erase_if(state.device_store, [](const auto& device) {
    return device->is_removed && device->lanes.empty() && device->batches_out == 0;
  });
  std::erase_if(state.package_store, [&](const auto& package) {
    const bool is_used = !package->lanes.empty() || !package->flows.empty();
    state.has_removed = state.has_removed || (package->is_removed && is_used);
    return package->is_removed && !is_used;
  });
}

}  // namespace penstock
