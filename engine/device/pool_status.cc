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

}  // namespace

PoolStatus DevicePool::Core::status() const {
  const std::lock_guard lock(mutex_);
  const TimePoint now = options_.clock->now();
  const SchedulerSnapshot snapshot = scheduler_.snapshot(now);
  PoolStatus status;
  for (const PackageBook& book : packages_) {
    PoolStatus::Package package;
    package.name = book.words.name;
    package.hash = book.words.hash;
    package.mode = book.words.mode;
    package.runs = book.runs;
    package.frames = book.frames;
    package.swaps = book.swaps;
    package.swap_ns = static_cast<std::uint64_t>(book.swap_time.count());
    status.packages.push_back(std::move(package));
  }
  add_devices(snapshot, &status);
  add_clients(snapshot, &status);
  const DecisionNames names{
      [this](DeviceNumber number) { return devices_.at(number.index()).name; },
      [this](PackageNumber number) { return packages_.at(number.index()).words.name; },
      [this](ClientNumber number) { return clients_.at(number.index()).name; }};
  for (const Decision& decision : snapshot.decisions) {
    status.decisions.push_back({decision.time, to_text(decision, names)});
  }
  status.decision_count = snapshot.decisions.size();
  return status;
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
    device.state = "opening";
    for (std::uint32_t s = 0; s < book.runner->sub_devices().size(); ++s) {
      PoolStatus::SubDevice sub_device;
      sub_device.index = s;
      device.sub_devices.push_back(std::move(sub_device));
    }
    for (const DeviceFigure& figure : book.runner->figures()) {
      if (figure.name == "utilisation" && figure.sub_device >= 0 &&
          static_cast<std::size_t>(figure.sub_device) < device.sub_devices.size()) {
        device.sub_devices[static_cast<std::size_t>(figure.sub_device)].utilisation = figure.value;
      }
      device.host_limited =
          device.host_limited || (figure.name == "host_limited" && figure.value > 0);
    }
    status->devices.push_back(std::move(device));
  }
  for (const auto& seen : snapshot.devices) {
    PoolStatus::Device& device = status->devices.at(seen.device.index());
    device.state = state_of(seen);
    for (const auto& residence : seen.residences) {
      PoolStatus::Package& package = status->packages.at(residence.package.index());
      for (PoolStatus::SubDevice& sub_device : device.sub_devices) {
        if (residence.sub_devices != 0 && (residence.sub_devices >> sub_device.index & 1U) == 0) {
          continue;
        }
        sub_device.resident.push_back(package.name);
        sub_device.in_flight += residence.in_flight;
        package.resident_on.push_back(device.name + ":" + std::to_string(sub_device.index));
      }
    }
  }
}

void DevicePool::Core::add_clients(const SchedulerSnapshot& snapshot, PoolStatus* status) const {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    PoolStatus::Client client;
    client.name = clients_[i].name;
    client.priority = word_of(clients_[i].knobs.priority);
    client.weight = clients_[i].knobs.weight;
    status->clients.push_back(std::move(client));
  }
  for (const auto& seen : snapshot.clients) {
    PoolStatus::Client& client = status->clients.at(seen.client.index());
    for (std::size_t reason = 0; reason < seen.finished.size(); ++reason) {
      const auto why = static_cast<FinishReason>(reason);
      if (why == FinishReason::kDone) {
        client.done = seen.finished[reason];
      } else if (seen.finished[reason] > 0) {
        client.dropped.emplace_back(to_string(why), seen.finished[reason]);
      }
    }
  }
  for (const auto& flow : snapshot.flows) {
    PoolStatus::Client& client = status->clients.at(flow.client.index());
    client.queued += flow.queued;
    client.in_flight += flow.running;
    client.oldest_ns =
        std::max(client.oldest_ns, static_cast<std::uint64_t>(flow.oldest_age.count()));
  }
  for (const auto& times : snapshot.times) {
    PoolStatus::Client& client = status->clients.at(times.client.index());
    client.wait_p50_ns = std::max(client.wait_p50_ns, quantile(times.queue, 0.5));
    client.wait_p99_ns = std::max(client.wait_p99_ns, quantile(times.queue, 0.99));
    client.run_p50_ns = std::max(client.run_p50_ns, quantile(times.run, 0.5));
    client.run_p99_ns = std::max(client.run_p99_ns, quantile(times.run, 0.99));
  }
}

}  // namespace penstock
