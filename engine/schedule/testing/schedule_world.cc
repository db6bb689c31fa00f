#include "engine/schedule/testing/schedule_world.h"

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

namespace penstock::testing {
namespace {

constexpr std::size_t kMostViolations = 20;

}  // namespace

ScheduleWorld::ScheduleWorld(const SchedulerKnobs& knobs, std::uint64_t seed)
    : random_(seed),
      devices_(timeline_,
               random_,
               {[this](const SchedulerEvent& event) { apply(event); },
                [this](const ModelledDevices::Ended& ended) { take_back(ended); },
                [this](const std::string& text) { fail(text); },
                [this] { last_disturbance_ = now(); }}),
      scheduler_(knobs) {}

void ScheduleWorld::fail(const std::string& text) {
  if (violations_.size() < kMostViolations) {
    const double seconds =
        std::chrono::duration<double>(now().time_since_epoch() - std::chrono::hours(1)).count();
    violations_.push_back(std::to_string(seconds) + " s: " + text);
  }
}

void ScheduleWorld::apply(const SchedulerEvent& event) {
  if (const auto* place = std::get_if<PlacePackage>(&event)) {
    devices_.place(*place);
  }
  if (const auto* add = std::get_if<AddClient>(&event)) {
    client_knobs_[add->client.value] = add->knobs;
  } else if (const auto* set = std::get_if<SetClientKnobs>(&event)) {
    client_knobs_[set->client.value] = set->knobs;
    last_disturbance_ = now();
  } else if (const auto* knobs = std::get_if<SetFlowKnobs>(&event)) {
    flows_.at(knobs->flow.value).opened.knobs = knobs->knobs;
    last_disturbance_ = now();
  } else if (const auto* taken = std::get_if<OutputTaken>(&event)) {
    outputs_held_[taken->client.value] -= taken->frames;
  }
  scheduler_.apply(event, now());
  decide();
}

void ScheduleWorld::add_device(DeviceNumber device, const DeviceCapacity& capacity) {
  devices_.add(device, capacity);
  apply(AddDevice{device, capacity});
}

void ScheduleWorld::open(const OpenFlow& event, bool checks_wait) {
  Flow flow;
  flow.opened = event;
  flow.checks_wait = checks_wait;
  flow.last_start = now();
  flow.idle_at = now();
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
  return submit_joint({{number, frames}}, lifetime, batch_key);
}

Admission ScheduleWorld::submit_joint(const std::vector<FlowPart>& parts,
                                      std::optional<Duration> lifetime,
                                      std::uint32_t batch_key) {
  SubmitRequest request;
  request.request = RequestNumber{next_request_++};
  request.flow = parts.front().flow;
  request.frames = parts.front().frames;
  request.others = std::span(parts).subspan(1);
  request.batch_key = batch_key;
  if (lifetime.has_value()) {
    request.deadline = now() + *lifetime;
  }
  const Admission admission = scheduler_.admit(request, now());
  const bool is_accepted = admission.verdict == Admission::Verdict::kAccepted;
  Flow& lead = flows_.at(request.flow.value);
  std::uint64_t& held = inputs_held_[{lead.opened.client.value, lead.opened.package.value}];
  if (is_accepted) {
    Request& added = requests_[request.request.value];
    added = {parts, 0, now(), false};
    for (const FlowPart& part : parts) {
      Flow& flow = flows_.at(part.flow.value);
      flow.queued.insert(request.request.value);
      flow.queued_frames += part.frames;
      flow.accepted += part.frames;
      added.frames += part.frames;
    }
    held += added.frames;
    ++accepted_;
  }
  decide();
  if (is_accepted && held > lead.opened.knobs.ifmap_queue_size) {
    fail("more frames of a client for a package than its queue holds");
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
  wake_ = scheduler_.decide(now(), actions_);
  for (const SchedulerAction& action : actions_.all()) {
    std::visit([&](const auto& one) { carry_out(one); }, action);
  }
  is_deciding_ = false;
  if (wake_.has_value() && *wake_ <= now()) {
    fail("asks to be asked again at once");
    wake_ = now() + std::chrono::nanoseconds(1);
  }
}

void ScheduleWorld::check_wait(const Request& request) {
  TimePoint since = std::max(request.admitted, last_disturbance_);
  for (const FlowPart& part : request.parts) {
    const Flow& flow = flows_.at(part.flow.value);
    const TimePoint last = request.parts.size() > 1 ? flow.last_leave : flow.last_start;
    since = std::max(since, flow.is_open ? last : now());
  }
  const Duration wait = now() - since;
  const Flow& flow = flows_.at(request.parts.front().flow.value);
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

void ScheduleWorld::start_part(const FlowPart& part, RequestNumber number) {
  Flow& flow = flows_.at(part.flow.value);
  // Of a flow that is closed the order does not matter any more.
  if (flow.is_open && (flow.queued.empty() || *flow.queued.begin() != number.value)) {
    fail("request " + std::to_string(number.value) + " overtakes in flow " +
         std::to_string(part.flow.value));
  }
  flow.queued.erase(number.value);
  flow.queued_frames -= part.frames;
  flow.last_start = now();
  flow.last_leave = now();
  if (flow.queued.empty()) {
    flow.idle_at = now();
  }
  flow.running += part.frames;
}

void ScheduleWorld::start_request(RequestNumber number) {
  Request& request = requests_.at(number.value);
  check_wait(request);
  for (const FlowPart& part : request.parts) {
    start_part(part, number);
  }
  const std::uint32_t client = flows_.at(request.parts.front().flow.value).opened.client.value;
  std::uint64_t& outputs = outputs_held_[client];
  const std::uint32_t room = client_knobs_[client].ofmap_queue_size;
  if (room != 0 && outputs > 0 && outputs + request.frames > room) {
    fail("more outputs of a client than its queue holds");
  }
  outputs += request.frames;
  request.is_running = true;
}

void ScheduleWorld::carry_out(const RunBatch& run) {
  if (!devices_.accept(run)) {
    return;
  }
  std::vector<RequestNumber>& requests = batches_[run.batch.value];
  requests.assign(run.requests.begin(), run.requests.end());
  std::uint32_t frames = 0;
  std::uint32_t first_flow = 0;
  for (const RequestNumber number : requests) {
    const auto found = requests_.find(number.value);
    if (found == requests_.end() || found->second.is_running) {
      fail("a request runs that is not waiting");
      continue;
    }
    first_flow = first_flow == 0 ? found->second.parts.front().flow.value : first_flow;
    start_request(number);
    frames += found->second.frames;
  }
  devices_.start(run, frames);
  Started started{now(), run, requests, FlowNumber{first_flow}};
  started.batch.requests = {};
  if (on_start) {
    on_start(started);
  }
  if (keeps_history) {
    started_.push_back(std::move(started));
  }
}

void ScheduleWorld::take_back(const ModelledDevices::Ended& ended) {
  const auto found = batches_.find(ended.batch.value);
  for (const RequestNumber number : found->second) {
    Request& request = requests_.at(number.value);
    request.is_running = false;
    for (const FlowPart& part : request.parts) {
      Flow& flow = flows_.at(part.flow.value);
      flow.running -= part.frames;
      // If it does not end now it waits again; `carry_out(FinishRequest)` takes it out.
      flow.queued.insert(number.value);
      flow.queued_frames += part.frames;
      if (ended.code == Errc::kOk) {
        flow.service += ended.frame_service * part.frames;
      }
    }
    const Flow& lead = flows_.at(request.parts.front().flow.value);
    outputs_held_[lead.opened.client.value] -= request.frames;
  }
  batches_.erase(found);
}

void ScheduleWorld::carry_out(const FinishRequest& finish) {
  const auto found = requests_.find(finish.request.value);
  if (found == requests_.end()) {
    fail("request " + std::to_string(finish.request.value) + " ends twice or was never accepted");
    return;
  }
  const Request request = std::move(found->second);
  if (request.is_running) {
    fail("a request ends while its batch runs");
  }
  requests_.erase(found);
  ++finished_[static_cast<std::size_t>(finish.reason)];
  for (const FlowPart& part : request.parts) {
    Flow& flow = flows_.at(part.flow.value);
    flow.queued.erase(finish.request.value);
    flow.queued_frames -= part.frames;
    flow.finished += part.frames;
    if (finish.reason != FinishReason::kDone) {
      flow.last_leave = now();
    }
    if (flow.queued.empty()) {
      flow.idle_at = now();
    }
    flow.done_frames += finish.reason == FinishReason::kDone ? part.frames : 0;
  }
  const Flow& lead = flows_.at(request.parts.front().flow.value);
  inputs_held_[{lead.opened.client.value, lead.opened.package.value}] -= request.frames;
  if (keeps_history) {
    ended_.push_back({now(), finish.request, lead.opened.flow, finish.reason});
  }
  if (finish.reason == FinishReason::kDone) {
    outputs_held_[lead.opened.client.value] += request.frames;
    take_later(lead.opened.client.value, request.frames);
  }
}

void ScheduleWorld::take_later(std::uint32_t client, std::uint32_t frames) {
  const auto reader = readers_.find(client);
  if (reader == readers_.end()) {
    at(now(), [this, client, frames] { apply(OutputTaken{ClientNumber{client}, frames}); });
    return;
  }
  if (reader->second == kNever) {
    return;
  }
  TimePoint& next = next_take_[client];
  next = std::max(next, now()) + reader->second * frames;
  at(next, [this, client, frames] { apply(OutputTaken{ClientNumber{client}, frames}); });
}

void ScheduleWorld::feed(FlowNumber number, const Feed& feed) {
  Flow& flow = flows_.at(number.value);
  flow.feed = feed;
  flow.is_fed = true;
  at(std::max(feed.start, now()), [this, number] { arrive(number.value); });
}

Admission ScheduleWorld::arrive_one(std::uint32_t number) {
  const Feed& feed = flows_.at(number).feed;
  std::vector<FlowPart> parts{{FlowNumber{number}, 1}};
  for (const FlowNumber other : feed.company) {
    if (flows_.at(other.value).is_open && random_() % 2 == 0) {
      parts.push_back({other, static_cast<std::uint32_t>(1 + random_() % 2)});
    }
  }
  return submit_joint(parts,
                      feed.lifetime > Duration{0} ? std::optional(feed.lifetime) : std::nullopt);
}

void ScheduleWorld::arrive(std::uint32_t number) {
  Flow& flow = flows_.at(number);
  if (!flow.is_open || now() >= flow.feed.stop) {
    return;
  }
  if (flow.feed.period > Duration{0}) {
    const Duration cycle = flow.feed.on + flow.feed.off;
    const Duration start = now() - std::max(flow.feed.start, TimePoint{std::chrono::hours(1)});
    const bool pauses = flow.feed.on > Duration{0} && start % cycle >= flow.feed.on;
    for (std::uint32_t i = 0; !pauses && i < flow.feed.burst; ++i) {
      arrive_one(number);
    }
    at(now() + devices_.shaken(flow.feed.period), [this, number] { arrive(number); });
    return;
  }
  const Duration cycle = flow.feed.on + flow.feed.off;
  const Duration since = now() - std::max(flow.feed.start, TimePoint{std::chrono::hours(1)});
  if (flow.feed.on > Duration{0}) {
    const Duration phase = since % cycle;
    at(now() + (cycle - phase), [this, number] { arrive(number); });
    if (phase >= flow.feed.on) {
      return;
    }
  }
  fill(number);
}

void ScheduleWorld::fill(std::uint32_t number) {
  Flow& flow = flows_.at(number);
  for (;;) {
    const bool is_open = flow.is_open && now() < flow.feed.stop;
    const Duration cycle = flow.feed.on + flow.feed.off;
    const Duration since = now() - std::max(flow.feed.start, TimePoint{std::chrono::hours(1)});
    const bool pauses = flow.feed.on > Duration{0} && since % cycle >= flow.feed.on;
    if (!is_open || pauses) {
      return;
    }
    if (arrive_one(number).verdict != Admission::Verdict::kAccepted) {
      return;
    }
  }
}

void ScheduleWorld::carry_out(const RoomAvailable& room) {
  const auto found = flows_.find(room.flow.value);
  if (found != flows_.end() && found->second.is_fed && found->second.feed.period == Duration{0}) {
    at(now(), [this, number = room.flow.value] { fill(number); });
  }
}

void ScheduleWorld::check_flows() {
  const SchedulerSnapshot snapshot = scheduler_.snapshot(now());
  std::map<std::uint32_t, std::uint64_t> timed;
  for (const auto& times : snapshot.times) {
    timed[times.flow.value] += times.total.count();
  }
  for (const auto& seen : snapshot.flows) {
    const Flow& flow = flows_.at(seen.flow.value);
    const bool is_same = seen.queued == flow.queued_frames && seen.running == flow.running &&
                         timed[seen.flow.value] == flow.done_frames;
    if (!is_same) {
      fail("flow " + std::to_string(seen.flow.value) + " has " + std::to_string(seen.queued) +
           " frames queued, " + std::to_string(seen.running) + " running, " +
           std::to_string(timed[seen.flow.value]) + " done, and not " +
           std::to_string(flow.queued_frames) + ", " + std::to_string(flow.running) + ", " +
           std::to_string(flow.done_frames));
    }
  }
}

void ScheduleWorld::run_until(TimePoint until) {
  for (;;) {
    const auto next = timeline_.next();
    const bool has_timed = next.has_value() && *next <= until;
    const bool has_wake = wake_.has_value() && *wake_ <= until;
    if (!has_timed && !has_wake) {
      break;
    }
    if (has_wake && (!has_timed || *wake_ < *next)) {
      timeline_.advance_to(*wake_);
      decide();
      continue;
    }
    timeline_.run_next();
  }
  if (until != TimePoint::max()) {
    timeline_.advance_to(until);
  }
}

bool ScheduleWorld::run_to_rest() {
  const TimePoint limit = now() + std::chrono::hours(24);
  for (;;) {
    const auto next = timeline_.next();
    if (!next.has_value() && !wake_.has_value()) {
      return true;
    }
    const TimePoint until =
        std::min(next.value_or(TimePoint::max()), wake_.value_or(TimePoint::max()));
    if (until > limit) {
      return false;
    }
    run_until(until);
  }
}

}  // namespace penstock::testing
