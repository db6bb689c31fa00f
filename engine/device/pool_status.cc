#include <algorithm>
#include <string>
#include <utility>

#include "engine/device/pool_core.h"
#include "engine/schedule/decision_text.h"

namespace penstock {
namespace {

const char* word_of(PriorityClass priority) noexcept {
  switch (priority) {
    case PriorityClass::kLow:
      return "low";
    case PriorityClass::kNormal:
      return "normal";
    case PriorityClass::kHigh:
      return "high";
  }
  return "normal";
}

std::string state_of(const SchedulerSnapshot::Device& device) {
  switch (device.state) {
    case SchedulerSnapshot::DeviceState::kFault:
      return "fault";
    case SchedulerSnapshot::DeviceState::kResetting:
      return "resetting";
    case SchedulerSnapshot::DeviceState::kGivenUp:
      return "given up";
    case SchedulerSnapshot::DeviceState::kUp:
      break;
  }
  for (const auto& residence : device.residences) {
    if (residence.state != SchedulerSnapshot::ResidenceState::kReady) {
      return "swapping";
    }
  }
  return device.residences.empty() ? "empty" : "loaded";
}

std::uint64_t quantile(const DurationHistogram& histogram, double share) {
  return static_cast<std::uint64_t>(std::max<Duration::rep>(histogram.quantile(share).count(), 0));
}

/// Adds the times of the flow; the greatest, where it ran on several devices.
void add_times(const SchedulerSnapshot& snapshot, FlowNumber flow, PoolStatus::Client* client) {
  for (const auto& times : snapshot.times) {
    if (times.flow == flow) {
      client->wait_p50_ns = std::max(client->wait_p50_ns, quantile(times.queue, 0.5));
      client->wait_p99_ns = std::max(client->wait_p99_ns, quantile(times.queue, 0.99));
      client->run_p50_ns = std::max(client->run_p50_ns, quantile(times.run, 0.5));
      client->run_p99_ns = std::max(client->run_p99_ns, quantile(times.run, 0.99));
    }
  }
}

/// Notes what a device's driver measures.
void add_figures(const std::vector<DeviceFigure>& figures, PoolStatus::Device* device) {
  bool has_waited = false;
  for (const DeviceFigure& figure : figures) {
    if (figure.name == "utilisation" && figure.sub_device >= 0 &&
        static_cast<std::size_t>(figure.sub_device) < device->sub_devices.size()) {
      device->sub_devices[static_cast<std::size_t>(figure.sub_device)].utilisation = figure.value;
    } else if (figure.name == "host_limited") {
      has_waited = figure.value > 0;
    } else if (figure.name == "full_rate") {
      device->device_fps = figure.value;
    } else if (figure.name == "host_rate") {
      device->host_fps = figure.value;
    }
  }
  // A frame now and then that waits for a host which is fast enough does not limit.
  device->host_limited = has_waited && device->host_fps < device->device_fps;
}

}  // namespace

PoolStatus DevicePool::Core::status() const {
  const std::lock_guard lock(mutex_);
  const TimePoint now = options_.clock->now();
  const SchedulerSnapshot snapshot = scheduler_.snapshot(now);
  PoolStatus status;
  for (const PackageBook& book : packages_) {
    PoolStatus::Package package;
    package.name = book.words.name;
    package.names = book.words.names;
    if (package.names.empty()) {
      package.names.push_back(package.name);
    }
    package.hash = book.words.hash;
    package.mode = book.words.mode;
    package.service_time = book.service_time;
    package.runs = book.runs;
    package.frames = book.frames;
    package.swaps = book.swaps;
    package.swap_ns = static_cast<std::uint64_t>(book.swap_time.count());
    status.packages.push_back(std::move(package));
  }
  add_devices(snapshot, &status);
  add_flows(snapshot, now, &status);
  const DecisionNames names{
      [this](DeviceNumber number) { return devices_.at(number.index()).name; },
      [this](PackageNumber number) { return packages_.at(number.index()).words.name; },
      [this](ClientNumber number) { return clients_.at(number.index()).name; },
      [this](std::uint32_t number) { return fault_text(number); }};
  for (const Decision& decision : snapshot.decisions) {
    status.decisions.push_back(
        {decision.time, to_text(decision, names), to_string(decision.kind), decision.times});
  }
  status.decision_count = snapshot.decision_count;
  return status;
}

std::string DevicePool::Core::fault_text(std::uint32_t number) const {
  const std::uint32_t index = number - first_fault_;
  return index < faults_.size() ? faults_[index] : "of long ago";
}

void DevicePool::Core::add_devices(const SchedulerSnapshot& snapshot, PoolStatus* status) const {
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    const DeviceBook& book = devices_[i];
    PoolStatus::Device device;
    device.name = book.name;
    device.identity = book.identity;
    device.simulated = book.simulated;
    device.health = to_string(book.health);
    device.reason = book.health == DeviceHealth::kOk ? std::string() : book.reason;
    device.resets = book.resets;
    device.swap_ns = static_cast<std::uint64_t>(book.swap_time.count());
    device.state = "opening";
    for (std::uint32_t s = 0; s < book.runner->sub_devices().size(); ++s) {
      PoolStatus::SubDevice sub_device;
      sub_device.index = s;
      sub_device.swap_ns = static_cast<std::uint64_t>(book.sub_device_swap_time[s].count());
      device.sub_devices.push_back(std::move(sub_device));
    }
    add_figures(book.runner->figures(), &device);
    status->devices.push_back(std::move(device));
  }
  for (const auto& seen : snapshot.devices) {
    PoolStatus::Device& device = status->devices.at(seen.device.index());
    device.state = state_of(seen);
    for (const auto& residence : seen.residences) {
      PoolStatus::Package& package = status->packages.at(residence.package.index());
      const bool comes_in = residence.state == SchedulerSnapshot::ResidenceState::kComingIn;
      for (PoolStatus::SubDevice& sub_device : device.sub_devices) {
        if (residence.sub_devices != 0 && (residence.sub_devices >> sub_device.index & 1U) == 0) {
          continue;
        }
        (comes_in ? sub_device.coming_in : sub_device.resident).push_back(package.name);
        (comes_in ? package.coming_in_on : package.resident_on)
            .push_back(device.name + ":" + std::to_string(sub_device.index));
        sub_device.in_flight += residence.in_flight;
      }
    }
  }
}

/// Returns the frames of each flow that found its queue full.
std::vector<std::uint32_t> DevicePool::Core::frames_outside() const {
  std::vector<std::uint32_t> frames(flows_.size());
  for (const Request& request : requests_) {
    if (request.user == nullptr || !request.waits_outside) {
      continue;
    }
    for (const FlowPart& part : request.parts) {
      frames[part.flow.index()] += part.frames;
    }
  }
  return frames;
}

void DevicePool::Core::add_flows(const SchedulerSnapshot& snapshot,
                                 TimePoint now,
                                 PoolStatus* status) const {
  const std::vector<std::uint32_t> outside = frames_outside();
  for (const auto& seen : snapshot.flows) {
    const FlowBook& book = flows_.at(seen.flow.index());
    const ClientWords& client = clients_.at(seen.client.index());
    PoolStatus::Client flow;
    flow.name = client.name;
    flow.priority = word_of(client.knobs.priority);
    flow.weight = client.knobs.weight;
    if (book.user != nullptr) {
      const auto words = book.user->words.streams.find(book.stream);
      if (words != book.user->words.streams.end()) {
        flow.name += words->second.name.empty() ? "" : " of " + words->second.name;
        flow.weight = words->second.weight;
        flow.priority = word_of(words->second.priority.value_or(client.knobs.priority));
      }
    }
    flow.queued = seen.queued + outside[seen.flow.index()];
    flow.in_flight = seen.running;
    flow.fps = book.rate.per_second(now);
    flow.oldest_ns = static_cast<std::uint64_t>(seen.oldest_age.count());
    for (std::size_t reason = 0; reason < book.finished.size(); ++reason) {
      const auto why = static_cast<FinishReason>(reason);
      if (why == FinishReason::kDone) {
        flow.done = book.finished[reason];
      } else if (why == FinishReason::kFailed || why == FinishReason::kNoDevice) {
        flow.failed += book.finished[reason];
      } else if (book.finished[reason] > 0) {
        flow.dropped.emplace_back(to_string(why), book.finished[reason]);
      }
    }
    add_times(snapshot, seen.flow, &flow);
    status->clients.push_back(std::move(flow));
  }
}

}  // namespace penstock
