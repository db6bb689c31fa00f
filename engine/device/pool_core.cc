#include "engine/device/pool_core.h"

#include <algorithm>
#include <span>
#include <type_traits>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
/// Turns what a device reports into messages with its number.
class DevicePool::Core::Reporter final : public DeviceRunner::Reports {
 public:
  Reporter(Core& core, DeviceNumber device) : core_(core), device_(device) {}

  void job_ended(JobEnd end) override { core_.post(Ended{device_, std::move(end)}); }

  void residence_changed(ResidenceEnd end) override {
    core_.post(Changed{device_, std::move(end)});
  }

  void device_ready() override { core_.post(Health{device_, Health::News::kReady, {}}); }

  void device_faulted(std::string reason) override {
    core_.post(Health{device_, Health::News::kFaulted, {DeviceHealth::kFault, std::move(reason)}});
  }

  void health_changed(HealthChange change) override {
    core_.post(Health{device_, Health::News::kOther, std::move(change)});
  }

 private:
  Core& core_;
  DeviceNumber device_;
};

DevicePool::Core::Core(Options options)
    : Runnable("scheduler"),
      options_(std::move(options)),
      scheduler_(options_.knobs) {
  PENSTOCK_CHECK(options_.clock != nullptr) << "a pool needs a clock";
}

DevicePool::Core::~Core() = default;

DeviceNumber DevicePool::Core::add_device(DeviceWords words) {
  const DeviceNumber number{static_cast<std::uint32_t>(devices_.size())};
  PENSTOCK_CHECK(number.index() < kMaxDevices) << "device " << words.name;
  DeviceBook book;
  book.name = words.name;
  book.identity = words.identity;
  book.simulated = words.simulated;
  book.capacity = words.capacity;
  book.sub_device_swap_time.resize(words.sub_devices.size());
  book.reporter = std::make_unique<Reporter>(*this, number);
  DeviceRunner::Options runner;
  runner.name = words.name;
  runner.port = std::move(words.port);
  runner.sub_devices = std::move(words.sub_devices);
  book.runner = std::make_unique<DeviceRunner>(std::move(runner), *book.reporter);
  devices_.push_back(std::move(book));
  ++silent_devices_;
  return number;
}

PackageNumber DevicePool::Core::add_package(PackageWords words) {
  const PackageNumber number{static_cast<std::uint32_t>(packages_.size())};
  PackageBook book;
  book.words = std::move(words);
  packages_.push_back(std::move(book));
  scheduler_.apply(AddPackage{number, {}}, options_.clock->now());
  return number;
}

void DevicePool::Core::describe(PackageNumber package,
                                std::vector<std::shared_ptr<const TensorSpec>> inputs,
                                std::vector<std::shared_ptr<const TensorSpec>> outputs,
                                std::vector<ShapeBucket> buckets) {
  PackageWords& words = packages_.at(package.index()).words;
  words.inputs = std::move(inputs);
  words.outputs = std::move(outputs);
  words.buckets = std::move(buckets);
}

void DevicePool::Core::tell_terms(PackageNumber package,
                                  std::string mode,
                                  std::string service_time) {
  PackageBook& book = packages_.at(package.index());
  book.words.mode = std::move(mode);
  book.service_time = std::move(service_time);
}

void DevicePool::Core::place(PlacePackage facts) {
  DeviceBook& book = devices_.at(facts.device.index());
  book.placements[facts.package] = facts.placements;
  book.always_resident[facts.package] = facts.always_resident;
  book.placed.push_back(std::move(facts));
}

ClientNumber DevicePool::Core::add_client(ClientWords words) {
  const ClientNumber number{static_cast<std::uint32_t>(clients_.size())};
  scheduler_.apply(AddClient{number, words.knobs}, options_.clock->now());
  clients_.push_back(std::move(words));
  return number;
}

std::vector<Runnable*> DevicePool::Core::runnables() {
  std::vector<Runnable*> all{this};
  for (const DeviceBook& book : devices_) {
    all.push_back(book.runner.get());
    for (const auto& sub_device : book.runner->sub_devices()) {
      all.push_back(sub_device.get());
    }
  }
  return all;
}

const DevicePool::PackageWords& DevicePool::Core::package(PackageNumber number) const {
  return packages_.at(number.index()).words;
}

Runnable::Step DevicePool::Core::step(TimePoint now) {
  const std::lock_guard lock(mutex_);
  now_ = now;
  inbox_.take(messages_);
  for (Message& message : messages_) {
    const bool is_device = std::holds_alternative<Health>(message);
    if (silent_devices_ > 0 && !is_device) {
      held_.push_back(std::move(message));
    } else {
      obey(message, now);
    }
  }
  if (silent_devices_ == 0 && !held_.empty()) {
    for (Message& message : std::exchange(held_, {})) {
      obey(message, now);
    }
  }
  // What is finished may let in what waits outside, which is decided on at once.
  do {
    actions_.clear();
    wake_ = scheduler_.decide(now, actions_);
    carry_out(actions_, now);
  } while (!actions_.empty());
  return Step::kIdle;
}

void DevicePool::Core::obey(Message& message, TimePoint now) {
  if (auto* submission = std::get_if<Submission>(&message); submission != nullptr) {
    submit(*submission, now);
  } else if (auto* ended = std::get_if<Ended>(&message); ended != nullptr) {
    note_end(*ended, now);
  } else if (const auto* taken = std::get_if<Taken>(&message); taken != nullptr) {
    take_outputs(*taken->user, taken->frames, now);
  } else if (const auto* cancelled = std::get_if<CancelSlot>(&message); cancelled != nullptr) {
    cancel(*cancelled, now);
  } else if (const auto* ended_input = std::get_if<EndInput>(&message); ended_input != nullptr) {
    end_input(*ended_input, now);
  } else if (const auto* closed = std::get_if<Close>(&message); closed != nullptr) {
    close(*closed, now);
  } else if (auto* changed = std::get_if<Changed>(&message); changed != nullptr) {
    note_change(*changed, now);
  } else {
    note_health(std::get<Health>(message), now);
  }
}

void DevicePool::Core::submit(Submission& submission, TimePoint now) {
  std::uint32_t place = 0;
  if (free_requests_.empty()) {
    place = static_cast<std::uint32_t>(requests_.size());
    PENSTOCK_CHECK(place <= kPlaceMask) << "bounded by the backends' slots";
    requests_.emplace_back();
  } else {
    place = free_requests_.back();
    free_requests_.pop_back();
  }
  Request& made = requests_[place];
  made.number = RequestNumber{(next_serial_++ << kPlaceBits) | place};
  made.user = submission.user;
  made.slot = submission.slot;
  made.token = submission.token;
  made.frames = submission.maps->frames;
  made.deadline = submission.deadline;
  made.maps = std::move(submission.maps);
  made.code = Errc::kOk;
  made.message.clear();
  made.device_time = {};
  made.waits_outside = false;
  made.has_other_maps = false;
  User& user = *made.user;
  if (user.by_slot.size() <= made.slot) {
    user.by_slot.resize(made.slot + std::size_t{1});
  }
  user.by_slot[made.slot] = made.number;
  if (user.closed) {
    finish(made.number, FinishReason::kClientGone);
    return;
  }
  name_parts(made, submission.stream, now);
  // One line for all streams, since a batch of several may be in none before what came earlier.
  if (!user.outside.empty() || !offer(made.number, now)) {
    made.waits_outside = true;
    user.outside.push_back(made.number);
  }
}

/// Says which flows the frames of a request are of.
void DevicePool::Core::name_parts(Request& request, StreamId stream, TimePoint now) {
  request.parts.clear();
  if (request.maps->streams.empty()) {
    request.parts.push_back({flow_of(request.user, stream, now), request.frames});
    return;
  }
  std::uint32_t frames = 0;
  for (const StreamFrames& one : request.maps->streams) {
    request.parts.push_back({flow_of(request.user, one.stream, now), one.frames});
    frames += one.frames;
  }
  PENSTOCK_CHECK(frames == request.frames)
      << "a batch of " << request.frames << " frames names streams for " << frames;
}

bool DevicePool::Core::offer(RequestNumber number, TimePoint now) {
  const Request& offered = request(number);
  SubmitRequest wanted;
  wanted.request = number;
  wanted.flow = offered.parts.front().flow;
  wanted.frames = offered.parts.front().frames;
  wanted.others = std::span(offered.parts).subspan(1);
  if (offered.deadline != TimePoint::max()) {
    wanted.deadline = offered.deadline;
  }
  const Admission admission = scheduler_.admit(wanted, now);
  switch (admission.verdict) {
    case Admission::Verdict::kAccepted:
      return true;
    case Admission::Verdict::kFull:
      return false;
    case Admission::Verdict::kRefused:
    case Admission::Verdict::kDropped:
      finish(number, admission.reason);
      return true;
  }
  return true;
}

FlowKnobs DevicePool::Core::knobs_of(const User& user, StreamId stream) {
  FlowKnobs knobs = user.words.knobs;
  if (const auto words = user.words.streams.find(stream); words != user.words.streams.end()) {
    knobs.weight = words->second.weight;
  }
  if (user.has_ended_input) {
    knobs.min_frames = 1;
  }
  return knobs;
}

FlowNumber DevicePool::Core::flow_of(const std::shared_ptr<User>& user,
                                     StreamId stream,
                                     TimePoint now) {
  for (const auto& [known, flow] : user->flows) {
    if (known == stream) {
      return flow;
    }
  }
  FlowNumber number{static_cast<std::uint32_t>(flows_.size())};
  if (free_flows_.empty()) {
    flows_.emplace_back();
  } else {
    number.value = free_flows_.back();
    free_flows_.pop_back();
  }
  flows_[number.index()] = {};
  flows_[number.index()].user = user;
  flows_[number.index()].stream = stream;
  flows_[number.index()].rate = RateMeter(now);
  OpenFlow open;
  open.flow = number;
  open.client = user->words.client;
  open.package = user->words.package;
  open.stream = static_cast<std::uint64_t>(stream);
  open.knobs = knobs_of(*user, stream);
  if (const auto words = user->words.streams.find(stream); words != user->words.streams.end()) {
    open.priority = words->second.priority;
  }
  open.devices = user->words.devices;
  open.placement = user->words.placement;
  open.failover = user->words.failover;
  scheduler_.apply(open, now);
  user->flows.emplace_back(stream, number);
  return number;
}

void DevicePool::Core::cancel(const CancelSlot& message, TimePoint now) {
  const User& user = *message.user;
  if (message.slot >= user.by_slot.size()) {
    return;
  }
  Request* found = find(user.by_slot[message.slot]);
  if (found == nullptr || found->user != message.user) {
    return;
  }
  if (found->waits_outside) {
    auto& outside = message.user->outside;
    outside.erase(std::remove(outside.begin(), outside.end(), found->number), outside.end());
    finish(found->number, FinishReason::kCancelled);
  } else {
    scheduler_.apply(CancelRequest{found->number}, now);
  }
}

/// Lets the last frames go, though they are fewer than the user wanted at once.
void DevicePool::Core::end_input(const EndInput& message, TimePoint now) {
  User& user = *message.user;
  user.has_ended_input = true;
  for (const auto& [stream, flow] : user.flows) {
    scheduler_.apply(SetFlowKnobs{flow, knobs_of(user, stream)}, now);
  }
}

void DevicePool::Core::close(const Close& message, TimePoint now) {
  User& user = *message.user;
  user.closed = true;
  for (const RequestNumber number : std::exchange(user.outside, {})) {
    finish(number, FinishReason::kClientGone);
  }
  for (const auto& [stream, flow] : user.flows) {
    flows_[flow.index()].user.reset();
    scheduler_.apply(CloseFlow{flow}, now);
    free_flows_.push_back(flow.value);
  }
  user.flows.clear();
  take_outputs(user, user.untaken, now);  // Its client may have other backends.
}

void DevicePool::Core::take_outputs(User& user, std::uint32_t frames, TimePoint now) {
  frames = std::min(frames, user.untaken);
  if (frames > 0) {
    user.untaken -= frames;
    scheduler_.apply(OutputTaken{user.words.client, frames}, now);
  }
}

void DevicePool::Core::note_end(Ended& message, TimePoint now) {
  const BatchDone done{message.end.batch, message.end.code, message.end.device_time};
  if (std::erase(abandoned_, done.batch) > 0) {
    scheduler_.apply(done, now);  // Which counts it as of the past.
    return;
  }
  const auto running = std::find_if(running_.begin(), running_.end(), [&](const Running& one) {
    return one.batch == message.end.batch;
  });
  PENSTOCK_CHECK(running != running_.end()) << "end of unknown batch " << message.end.batch.value
                                            << " on " << devices_[message.device.index()].name;
  Request& ran = request(running->request);
  if (message.end.code != Errc::kOk) {
    devices_[message.device.index()].last_failure = message.end.message;
  }
  ran.code = message.end.code;
  ran.message = std::move(message.end.message);
  ran.device_time = message.end.device_time;
  if (ran.code == Errc::kOk) {
    PackageBook& package = packages_[running->package.index()];
    ++package.runs;
    package.frames += ran.frames;
  }
  *running = running_.back();
  running_.pop_back();
  scheduler_.apply(done, now);
}

void DevicePool::Core::note_change(const Changed& message, TimePoint now) {
  DeviceBook& book = devices_[message.device.index()];
  const ResidenceEnd& end = message.end;
  const auto ended = std::find_if(book.coming.begin(), book.coming.end(), [&](const Coming& one) {
    return one.epoch == end.epoch;
  });
  Coming change;
  if (ended != book.coming.end()) {
    change = *ended;
    book.coming.erase(ended);
  }
  const auto coming = change.package;
  if (end.code == Errc::kOk && coming.has_value()) {
    PackageBook& package = packages_[coming->index()];
    ++package.swaps;
    package.swap_time += end.took;
    book.swap_time += end.took;
    for (std::size_t i = 0; i < book.sub_device_swap_time.size(); ++i) {
      const bool is_of_it = change.sub_devices == 0 || (change.sub_devices >> i & 1U) != 0;
      book.sub_device_swap_time[i] += is_of_it ? end.took : Duration{0};
    }
  } else if (end.code != Errc::kOk) {
    tell(true,
         "device '" + book.name + "': " +
             (coming.has_value() ? "'" + packages_[coming->index()].words.name + "'" : "a model") +
             " could not be made resident: " + end.message);
  }
  scheduler_.apply(ResidenceChanged{message.device, end.epoch, end.code, end.took}, now);
}

void DevicePool::Core::make_known(DeviceNumber number, DeviceBook& book, TimePoint now) {
  if (std::exchange(book.known, true)) {
    return;
  }
  --silent_devices_;
  scheduler_.apply(AddDevice{number, book.capacity}, now);
  for (PlacePackage& facts : std::exchange(book.placed, {})) {
    scheduler_.apply(std::move(facts), now);
  }
}

void DevicePool::Core::note_health(Health& message, TimePoint now) {
  DeviceBook& book = devices_[message.device.index()];
  const bool was_known = book.known;
  make_known(message.device, book, now);
  const DeviceHealth before = std::exchange(
      book.health,
      message.news == Health::News::kReady ? DeviceHealth::kOk : message.change.health);
  book.reason = message.change.reason;
  switch (message.news) {
    case Health::News::kReady:
      if (was_known) {
        scheduler_.apply(DeviceReady{message.device}, now);
        tell(false, "device '" + book.name + "' is ready again");
      }
      return;
    case Health::News::kFaulted:
      scheduler_.apply(DeviceFaulted{message.device, keep_fault(book.reason)}, now);
      if (before != DeviceHealth::kFault) {
        tell(true, "device '" + book.name + "' has faulted: " + book.reason);
      }
      return;
    case Health::News::kOther:
      if (before != book.health) {
        tell(book.health != DeviceHealth::kOk,
             "device '" + book.name + "' is " + to_string(book.health) +
                 (book.reason.empty() ? "" : ": " + book.reason));
      }
      return;
  }
}

DevicePool::Core::Request* DevicePool::Core::find(RequestNumber number) {
  const auto place = static_cast<std::size_t>(number.value & kPlaceMask);
  return place < requests_.size() && number.value != 0 && requests_[place].number == number
             ? &requests_[place]
             : nullptr;
}

DevicePool::Core::Request& DevicePool::Core::request(RequestNumber number) {
  Request* found = find(number);
  PENSTOCK_CHECK(found != nullptr) << "request " << number.value << " is not under way";
  return *found;
}

std::uint32_t DevicePool::Core::keep_fault(const std::string& reason) {
  faults_.push_back(reason);
  if (faults_.size() > kFaultsKept) {
    faults_.pop_front();
    ++first_fault_;
  }
  return first_fault_ + static_cast<std::uint32_t>(faults_.size()) - 1;
}

void DevicePool::Core::tell(bool is_warning, std::string text) {
  if (options_.on_note) {
    options_.on_note({is_warning, std::move(text)});
  }
}

void DevicePool::Core::shut_down(
    const std::function<void(const std::string& device)>& before_each) {
  const std::lock_guard lock(mutex_);
  for (DeviceBook& book : devices_) {
    if (before_each) {
      before_each(book.name);
    }
    book.runner.reset();  // Waits for what is at the device.
  }
  devices_.clear();
  for (Request& left : requests_) {
    if (left.user != nullptr) {
      InferenceDone done;
      done.token = left.token;
      done.code = Errc::kUnavailable;
      done.message = "the devices were closed";
      left.maps.reset();
      left.user->box.put(std::move(done));
    }
  }
  requests_.clear();
}

}  // namespace penstock
