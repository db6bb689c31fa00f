#include "engine/schedule/testing/schedule_world.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <variant>

namespace penstock::testing {
namespace {

constexpr std::size_t kMostViolations = 20;
constexpr Duration kDetection = std::chrono::milliseconds(5);
constexpr Duration kReset = std::chrono::milliseconds(300);

}  // namespace

ScheduleWorld::ScheduleWorld(const SchedulerKnobs& knobs, std::uint64_t seed)
    : random_(seed),
      scheduler_(knobs) {}

void ScheduleWorld::fail(const std::string& text) {
  if (violations_.size() < kMostViolations) {
    const double seconds =
        std::chrono::duration<double>(now_.time_since_epoch() - std::chrono::hours(1)).count();
    violations_.push_back(std::to_string(seconds) + " s: " + text);
  }
}

Duration ScheduleWorld::shaken(Duration time) {
  if (jitter <= 0) {
    return time;
  }
  std::uniform_real_distribution<double> shake(1 - jitter, 1 + jitter);
  return Duration(static_cast<Duration::rep>(static_cast<double>(time.count()) * shake(random_)));
}

void ScheduleWorld::at(TimePoint when, std::function<void()> action) {
  timed_.push({std::max(when, now_), next_order_++, std::move(action)});
}

void ScheduleWorld::apply(const SchedulerEvent& event) {
  if (const auto* place = std::get_if<PlacePackage>(&event)) {
    places_[{place->device.value, place->package.value}] = *place;
    if (place->always_resident) {
      Resident resident;
      resident.package = place->package;
      resident.depth = place->placements[0].depth;
      devices_[place->device.value].permanent[place->package.value] = resident;
    }
  }
  if (const auto* add = std::get_if<AddClient>(&event)) {
    client_knobs_[add->client.value] = add->knobs;
  } else if (const auto* set = std::get_if<SetClientKnobs>(&event)) {
    client_knobs_[set->client.value] = set->knobs;
    last_disturbance_ = now_;
  } else if (const auto* knobs = std::get_if<SetFlowKnobs>(&event)) {
    flows_.at(knobs->flow.value).opened.knobs = knobs->knobs;
    last_disturbance_ = now_;
  } else if (const auto* taken = std::get_if<OutputTaken>(&event)) {
    outputs_held_[taken->client.value] -= taken->frames;
  }
  scheduler_.apply(event, now_);
  decide();
}

void ScheduleWorld::add_device(DeviceNumber device, const DeviceCapacity& capacity) {
  devices_[device.value] = Device{};
  devices_[device.value].capacity = capacity;
  apply(AddDevice{device, capacity});
}

void ScheduleWorld::open(const OpenFlow& event, bool checks_wait) {
  Flow flow;
  flow.opened = event;
  flow.checks_wait = checks_wait;
  flow.last_start = now_;
  flow.idle_at = now_;
  flows_[event.flow.value] = flow;
  apply(event);
}

void ScheduleWorld::close(FlowNumber flow) {
  flows_.at(flow.value).is_open = false;
  apply(CloseFlow{flow});
}

void ScheduleWorld::remove_client(ClientNumber client) {
  for (auto& [number, flow] : flows_) {
    if (flow.opened.client == client) {
      flow.is_open = false;
    }
  }
  apply(RemoveClient{client});
}

Admission ScheduleWorld::submit(FlowNumber number,
                                std::uint32_t frames,
                                std::optional<Duration> lifetime,
                                std::uint32_t batch_key) {
  SubmitRequest request;
  request.request = RequestNumber{next_request_++};
  request.flow = number;
  request.frames = frames;
  request.batch_key = batch_key;
  if (lifetime.has_value()) {
    request.deadline = now_ + *lifetime;
  }
  const Admission admission = scheduler_.admit(request, now_);
  if (admission.verdict == Admission::Verdict::kAccepted) {
    Flow& flow = flows_.at(number.value);
    requests_[request.request.value] = {number.value, frames, now_, false};
    flow.queued.insert(request.request.value);
    ++flow.accepted;
    std::uint64_t& held = inputs_held_[{flow.opened.client.value, flow.opened.package.value}];
    held += frames;
    ++accepted_;
  }
  decide();
  if (admission.verdict == Admission::Verdict::kAccepted) {
    const Flow& flow = flows_.at(number.value);
    if (inputs_held_[{flow.opened.client.value, flow.opened.package.value}] >
        flow.opened.knobs.ifmap_queue_size) {
      fail("more frames of a client for a package than its queue holds");
    }
  }
  return admission;
}

void ScheduleWorld::decide() {
  if (is_deciding_) {
    return;
  }
  is_deciding_ = true;
  actions_.clear();
  ++decisions_;
  wake_ = scheduler_.decide(now_, actions_);
  for (const SchedulerAction& action : actions_.all()) {
    std::visit([&](const auto& one) { carry_out(one); }, action);
  }
  is_deciding_ = false;
  if (wake_.has_value() && *wake_ <= now_) {
    fail("asks to be asked again at once");
    wake_ = now_ + std::chrono::nanoseconds(1);
  }
}

const PlacementFacts& ScheduleWorld::facts(DeviceNumber device,
                                           PackageNumber package,
                                           std::uint32_t index) {
  return places_.at({device.value, package.value}).placements.at(index);
}

void ScheduleWorld::check_wait(Flow& flow, TimePoint admitted) {
  const TimePoint since = std::max({admitted, flow.last_start, last_disturbance_});
  const Duration wait = now_ - since;
  if (!flow.checks_wait || flow.opened.knobs.max_wait == FlowKnobs::kOff || !flow.is_open) {
    return;
  }
  const double milliseconds = static_cast<double>(wait.count()) / 1e6;
  worst_wait_ms_ = std::max(worst_wait_ms_, milliseconds);
  // The bound holds `max_wait`; most waits need no look at the rest, which costs more.
  if (wait < flow.opened.knobs.max_wait && milliseconds < worst_wait_ms_) {
    return;
  }
  const auto bound = scheduler_.published_wait_bound(flow.opened.flow);
  if (!bound.has_value()) {
    return;
  }
  const double share = static_cast<double>(wait.count()) / static_cast<double>(bound->count());
  worst_wait_share_ = std::max(worst_wait_share_, share);
  if (wait > *bound) {
    fail("flow " + std::to_string(flow.opened.flow.value) + " waited " +
         std::to_string(static_cast<double>(wait.count()) / 1e6) + " ms, bound " +
         std::to_string(static_cast<double>(bound->count()) / 1e6) + " ms");
  }
}

void ScheduleWorld::carry_out(const RunBatch& run) {
  Device& device = devices_.at(run.device.value);
  Resident* resident = nullptr;
  if (run.epoch == 0) {
    resident = &device.permanent.at(run.package.value);
  } else if (const auto found = device.residents.find(run.epoch);
             found != device.residents.end() && found->second.package == run.package) {
    resident = &found->second;
  }
  if (resident == nullptr || !device.is_up) {
    fail("a batch runs where its package is not resident");
    at(now_ + kDetection, [this, number = run.batch] {
      apply(BatchDone{number, Errc::kDeviceLost, {}});
    });
    return;
  }
  if (++resident->in_flight > resident->depth) {
    fail("more batches than the depth");
  }
  Batch batch;
  batch.run = run;
  batch.requests.assign(run.requests.begin(), run.requests.end());
  batch.run.requests = {};
  batch.start = now_;
  std::uint32_t frames = 0;
  std::uint32_t first_flow = 0;
  for (const RequestNumber number : batch.requests) {
    const auto found = requests_.find(number.value);
    if (found == requests_.end() || found->second.is_running) {
      fail("a request runs that is not waiting");
      continue;
    }
    Request& request = found->second;
    Flow& flow = flows_.at(request.flow);
    first_flow = first_flow == 0 ? request.flow : first_flow;
    if (flow.queued.empty() || *flow.queued.begin() != number.value) {
      fail("request " + std::to_string(number.value) + " overtakes");
    }
    check_wait(flow, request.admitted);
    flow.queued.erase(number.value);
    flow.last_start = now_;
    if (flow.queued.empty()) {
      flow.idle_at = now_;
    }
    ++flow.running;
    std::uint64_t& outputs = outputs_held_[flow.opened.client.value];
    const std::uint32_t room = client_knobs_[flow.opened.client.value].ofmap_queue_size;
    if (room != 0 && outputs > 0 && outputs + request.frames > room) {
      fail("more outputs of a client than its queue holds");
    }
    outputs += request.frames;
    request.is_running = true;
    frames += request.frames;
  }
  const PackageModel& model = models_[run.package.value];
  const Duration service = shaken(model.service);
  const TimePoint end = std::max(now_ + model.latency + service * (frames - 1),
                                 resident->last_end + service * frames);
  resident->last_end = end;
  batch.hangs = hangs && hangs(run);
  Errc code = fails_batch ? fails_batch(run) : Errc::kOk;
  const Started started{now_, batch.run, batch.requests, FlowNumber{first_flow}};
  const bool comes = !batch.hangs;
  batches_[run.batch.value] = std::move(batch);
  if (comes) {
    at(end, [this, number = run.batch.value, code, life = device.life, where = run.device.value] {
      if (devices_.at(where).life == life) {
        end_batch(number, code);
      }
    });
  }
  if (on_start) {
    on_start(started);
  }
  if (keeps_history) {
    started_.push_back(started);
  }
}

void ScheduleWorld::end_batch(std::uint64_t number, Errc code) {
  const auto found = batches_.find(number);
  if (found == batches_.end()) {
    return;
  }
  Batch batch = std::move(found->second);
  batches_.erase(found);
  Device& device = devices_.at(batch.run.device.value);
  TimePoint since = batch.start;
  Resident* resident = nullptr;
  if (batch.run.epoch == 0) {
    resident = &device.permanent.at(batch.run.package.value);
  } else if (const auto at = device.residents.find(batch.run.epoch); at != device.residents.end()) {
    resident = &at->second;
  }
  if (resident != nullptr && resident->in_flight > 0) {
    --resident->in_flight;
  }
  const auto model = models_[batch.run.package.value];
  const auto cores = std::max(1, std::popcount(batch.run.sub_devices));
  for (const RequestNumber one : batch.requests) {
    Request& request = requests_.at(one.value);
    Flow& flow = flows_.at(request.flow);
    request.is_running = false;
    --flow.running;
    // If it does not end now it waits again; `carry_out(FinishRequest)` takes it out.
    flow.queued.insert(one.value);
    outputs_held_[flow.opened.client.value] -= request.frames;
    if (code == Errc::kOk) {
      flow.service += model.service * request.frames * cores;
    }
  }
  if (code != Errc::kOk) {
    last_disturbance_ = now_;
  }
  apply(BatchDone{BatchNumber{number}, code, now_ - since});
}

void ScheduleWorld::check_memory(const Device& device, const Resident& incoming) {
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
      fail("sub-device " + std::to_string(bit) + " is over its limits");
    }
  }
  std::uint64_t shared = incoming.shared;
  for (const auto& [epoch, resident] : device.residents) {
    shared += resident.shared;
  }
  if (device.capacity.shared_memory != 0 && shared > device.capacity.shared_memory) {
    fail("the shared memory is over its limit");
  }
}

void ScheduleWorld::carry_out(const ChangeResidence& change) {
  Device& device = devices_.at(change.device.value);
  if (!device.is_up) {
    fail("a change of residence on a device that is down");
  }
  for (const auto& [epoch, resident] : device.residents) {
    if ((resident.mask & change.sub_devices) != 0 && resident.in_flight > 0) {
      fail("swap while frames are in flight");
    }
  }
  for (const ChangeResidence::Outgoing& out : change.outgoing) {
    const auto found = device.residents.find(out.epoch);
    if (found == device.residents.end() || found->second.package != out.package) {
      fail("what goes out is not resident");
      continue;
    }
    if (found->second.in_flight > 0) {
      fail("swap while frames are in flight");
    }
    device.residents.erase(found);
  }
  const std::size_t index = changes_.size();
  changes_.push_back({now_,
                      now_,
                      change.device,
                      change.incoming,
                      change.sub_devices,
                      change.outgoing.size(),
                      change.only_out,
                      Errc::kOk});
  Resident incoming;
  if (!change.only_out) {
    const PlacementFacts& placed = facts(change.device, change.incoming, change.placement);
    incoming.package = change.incoming;
    incoming.mask = placed.sub_devices;
    incoming.placement = change.placement;
    incoming.depth = placed.depth;
    incoming.memory = placed.memory_bytes;
    incoming.shared = placed.shared_bytes;
    check_memory(device, incoming);
  }
  const bool fails = !change.only_out && fails_load && fails_load(change.device, change.incoming);
  const Duration took = shaken(models_[change.incoming.value].activation);
  at(now_ + took,
     [this,
      index,
      incoming,
      fails,
      took,
      only_out = change.only_out,
      where = change.device,
      epoch = change.epoch,
      life = device.life] {
       Device& here = devices_.at(where.value);
       if (here.life != life) {
         return;
       }
       changes_[index].end = now_;
       changes_[index].code = fails ? Errc::kUnavailable : Errc::kOk;
       if (!fails && !only_out) {
         here.residents[epoch] = incoming;
         here.residents[epoch].last_end = now_;
       }
       if (fails) {
         last_disturbance_ = now_;
       }
       apply(ResidenceChanged{where, epoch, changes_[index].code, took});
     });
}

void ScheduleWorld::carry_out(const FinishRequest& finish) {
  const auto found = requests_.find(finish.request.value);
  if (found == requests_.end()) {
    fail("request " + std::to_string(finish.request.value) + " ends twice or was never accepted");
    return;
  }
  const Request request = found->second;
  if (request.is_running) {
    fail("a request ends while its batch runs");
  }
  requests_.erase(found);
  ++finished_[static_cast<std::size_t>(finish.reason)];
  Flow& flow = flows_.at(request.flow);
  flow.queued.erase(finish.request.value);
  inputs_held_[{flow.opened.client.value, flow.opened.package.value}] -= request.frames;
  ++flow.finished;
  if (flow.queued.empty()) {
    flow.idle_at = now_;
  }
  if (keeps_history) {
    ended_.push_back({now_, finish.request, FlowNumber{request.flow}, finish.reason});
  }
  if (finish.reason == FinishReason::kDone) {
    flow.done_frames += request.frames;
    outputs_held_[flow.opened.client.value] += request.frames;
    take_later(flow.opened.client.value, request.frames);
  }
}

void ScheduleWorld::take_later(std::uint32_t client, std::uint32_t frames) {
  const auto reader = readers_.find(client);
  if (reader == readers_.end()) {
    at(now_, [this, client, frames] { apply(OutputTaken{ClientNumber{client}, frames}); });
    return;
  }
  if (reader->second == kNever) {
    return;
  }
  TimePoint& next = next_take_[client];
  next = std::max(next, now_) + reader->second * frames;
  at(next, [this, client, frames] { apply(OutputTaken{ClientNumber{client}, frames}); });
}

void ScheduleWorld::carry_out(const CancelBatch& cancel) {
  const auto found = batches_.find(cancel.batch.value);
  if (found == batches_.end()) {
    fail("a batch is cancelled that does not run");
  } else if (obeys_cancel) {
    at(now_ + std::chrono::milliseconds(1),
       [this, number = cancel.batch.value] { end_batch(number, Errc::kCancelled); });
  }
}

void ScheduleWorld::carry_out(const ResetDevice& reset) {
  ++resets_;
  Device& device = devices_.at(reset.device.value);
  ++device.life;
  device.is_up = false;
  device.residents.clear();
  last_disturbance_ = now_;
  at(now_ + kReset, [this, where = reset.device] {
    Device& here = devices_.at(where.value);
    std::vector<std::uint64_t> out;
    for (const auto& [number, batch] : batches_) {
      if (batch.run.device == where) {
        out.push_back(number);
      }
    }
    for (auto& [package, resident] : here.permanent) {
      resident.in_flight = 0;
    }
    for (const std::uint64_t number : out) {
      end_batch(number, Errc::kDeviceLost);
    }
    if (fails_reset && fails_reset(where)) {
      apply(DeviceFaulted{where, 2});
      return;
    }
    here.is_up = true;
    last_disturbance_ = now_;
    apply(DeviceReady{where});
  });
}

void ScheduleWorld::lose(DeviceNumber where) {
  Device& device = devices_.at(where.value);
  ++device.life;
  device.is_up = false;
  device.residents.clear();
  last_disturbance_ = now_;
  apply(DeviceFaulted{where, 1});
}

void ScheduleWorld::feed(FlowNumber number, const Feed& feed) {
  Flow& flow = flows_.at(number.value);
  flow.feed = feed;
  flow.is_fed = true;
  at(std::max(feed.start, now_), [this, number] { arrive(number.value); });
}

void ScheduleWorld::arrive(std::uint32_t number) {
  Flow& flow = flows_.at(number);
  if (!flow.is_open || now_ >= flow.feed.stop) {
    return;
  }
  if (flow.feed.period > Duration{0}) {
    const Duration cycle = flow.feed.on + flow.feed.off;
    const Duration start = now_ - std::max(flow.feed.start, TimePoint{std::chrono::hours(1)});
    const bool pauses = flow.feed.on > Duration{0} && start % cycle >= flow.feed.on;
    for (std::uint32_t i = 0; !pauses && i < flow.feed.burst; ++i) {
      submit(FlowNumber{number},
             1,
             flow.feed.lifetime > Duration{0} ? std::optional(flow.feed.lifetime) : std::nullopt);
    }
    at(now_ + shaken(flow.feed.period), [this, number] { arrive(number); });
    return;
  }
  const Duration cycle = flow.feed.on + flow.feed.off;
  const Duration since = now_ - std::max(flow.feed.start, TimePoint{std::chrono::hours(1)});
  if (flow.feed.on > Duration{0}) {
    const Duration phase = since % cycle;
    at(now_ + (cycle - phase), [this, number] { arrive(number); });
    if (phase >= flow.feed.on) {
      return;
    }
  }
  fill(number);
}

void ScheduleWorld::fill(std::uint32_t number) {
  Flow& flow = flows_.at(number);
  for (;;) {
    const bool is_open = flow.is_open && now_ < flow.feed.stop;
    const Duration cycle = flow.feed.on + flow.feed.off;
    const Duration since = now_ - std::max(flow.feed.start, TimePoint{std::chrono::hours(1)});
    const bool pauses = flow.feed.on > Duration{0} && since % cycle >= flow.feed.on;
    if (!is_open || pauses) {
      return;
    }
    const auto lifetime =
        flow.feed.lifetime > Duration{0} ? std::optional(flow.feed.lifetime) : std::nullopt;
    if (submit(FlowNumber{number}, 1, lifetime).verdict != Admission::Verdict::kAccepted) {
      return;
    }
  }
}

void ScheduleWorld::carry_out(const RoomAvailable& room) {
  const auto found = flows_.find(room.flow.value);
  if (found != flows_.end() && found->second.is_fed && found->second.feed.period == Duration{0}) {
    at(now_, [this, number = room.flow.value] { fill(number); });
  }
}

void ScheduleWorld::run_until(TimePoint until) {
  for (;;) {
    const bool has_timed = !timed_.empty() && timed_.top().when <= until;
    const bool has_wake = wake_.has_value() && *wake_ <= until;
    if (!has_timed && !has_wake) {
      break;
    }
    if (has_wake && (!has_timed || *wake_ < timed_.top().when)) {
      now_ = std::max(now_, *wake_);
      decide();
      continue;
    }
    Timed next = timed_.top();
    timed_.pop();
    now_ = std::max(now_, next.when);
    next.action();
  }
  if (until != TimePoint::max()) {
    now_ = std::max(now_, until);
  }
}

bool ScheduleWorld::run_to_rest() {
  const TimePoint limit = now_ + std::chrono::hours(24);
  while (!timed_.empty() || wake_.has_value()) {
    TimePoint next = wake_.value_or(TimePoint::max());
    if (!timed_.empty()) {
      next = std::min(next, timed_.top().when);
    }
    if (next > limit) {
      return false;
    }
    run_until(next);
  }
  return true;
}

}  // namespace penstock::testing
