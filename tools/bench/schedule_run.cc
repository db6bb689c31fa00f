#include "tools/bench/schedule_run.h"

#include <algorithm>
#include <functional>
#include <map>

#include "engine/schedule/testing/schedule_world.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;
using Kind = WorkloadClient::Kind;
using testing::ScheduleWorld;

constexpr Duration kWarmUp = 10s;

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

/// Long enough for ten turns of the client that has to wait longest.
Duration run_time(const ScheduleWorkload& workload) {
  Duration cycle{0};
  for (const WorkloadPackage& package : workload.packages) {
    cycle += package.service * workload.frame_limit + package.swap;
  }
  return std::clamp<Duration>(cycle * 24, 60s, 400s);
}

/// Jain's index of service over weight.
double jain(const ScheduleWorkload& workload, const std::vector<double>& service) {
  double sum = 0;
  double squares = 0;
  double count = 0;
  for (std::size_t i = 0; i < workload.clients.size(); ++i) {
    if (workload.clients[i].kind == Kind::kSteady) {
      const double share = service[i] / workload.clients[i].weight;
      sum += share;
      squares += share * share;
      count += 1;
    }
  }
  return squares <= 0 ? 0 : sum * sum / (count * squares);
}

/// Returns the use of the device over the best possible for what ran: `frames` by package, in
/// `window` on `places` that work at the same time.
///
/// A turn has the frames that the frame limit allows; with `bounds_wait` no more than the package's
/// share of the longest time between two turns, which is `max_wait` and one turn of each other.
/// A swap is drain and download: the pipeline's stages but the last stand empty.
double use_of_best(const ScheduleProfile& profile,
                   const ScheduleWorkload& workload,
                   const std::vector<double>& frames,
                   double window,
                   bool bounds_wait) {
  const double places = static_cast<double>(profile.sub_devices) / profile.width;
  double used = 0;
  double swaps = 0;
  double turns = 0;
  for (const WorkloadPackage& package : workload.packages) {
    turns += workload.frame_limit * seconds(package.service);
  }
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const WorkloadPackage& package = workload.packages[i];
    const double longest_wait =
        seconds(FlowKnobs{}.max_wait) + turns - workload.frame_limit * seconds(package.service);
    const double arrives = frames[i] / window * longest_wait / places;
    const double turn =
        bounds_wait ? std::min<double>(workload.frame_limit, arrives) : workload.frame_limit;
    used += frames[i] * seconds(package.service);
    const double drain = seconds(package.service) * (profile.stages - 1);
    swaps += frames[i] / turn * (seconds(package.swap) + drain);
  }
  const double best = used / (used + swaps);
  return used / (window * places) / best;
}

void add_device(ScheduleWorld& world,
                const ScheduleProfile& profile,
                const ScheduleWorkload& workload) {
  world.add_device(DeviceNumber{0}, {profile.sub_devices, 0, 0, 1});
  for (std::uint32_t i = 0; i < workload.packages.size(); ++i) {
    const WorkloadPackage& package = workload.packages[i];
    const auto latency = Duration(
        static_cast<Duration::rep>(static_cast<double>(package.service.count()) * profile.stages));
    world.set_model(PackageNumber{i}, {package.service, latency, package.swap});
    world.apply(AddPackage{PackageNumber{i}, {}});
    PlacePackage place;
    place.package = PackageNumber{i};
    place.device = DeviceNumber{0};
    for (std::uint32_t first = 0; first < profile.sub_devices; first += profile.width) {
      PlacementFacts facts;
      facts.sub_devices = ((SubDeviceMask{1} << profile.width) - 1) << first;
      facts.depth = profile.depth;
      facts.activation_estimate = package.swap;
      facts.service_estimate = package.service;
      place.placements.push_back(facts);
    }
    world.apply(place);
  }
}

void add_client(ScheduleWorld& world, const ScheduleWorkload& workload, std::uint32_t number) {
  const WorkloadClient& client = workload.clients[number];
  AddClient add;
  add.client = ClientNumber{number};
  add.knobs.weight = client.weight;
  world.apply(add);
  if (client.kind == Kind::kSlowReader) {
    world.read_slowly(add.client, ScheduleWorkload::kReadPeriod);
  }
  OpenFlow open;
  open.flow = FlowNumber{number + 1};
  open.client = add.client;
  open.package = PackageNumber{client.package};
  open.devices = {DeviceNumber{0}};
  open.knobs.frame_limit = workload.frame_limit;
  testing::Feed feed;
  feed.start = world.now();
  if (client.kind == Kind::kBursty) {
    open.knobs.when_full = WhenFull::kDropOldest;
    feed.period = ScheduleWorkload::kBurstPeriod;
    feed.burst = ScheduleWorkload::kBurst;
  } else if (client.kind == Kind::kPausing) {
    feed.on = ScheduleWorkload::kOn;
    feed.off = ScheduleWorkload::kOff;
  }
  world.open(open, client.kind != Kind::kSlowReader);
  world.feed(open.flow, feed);
}

}  // namespace

ScheduleOutcome run_scheduler(const ScheduleProfile& profile, const ScheduleWorkload& workload) {
  ScheduleWorld world;
  world.keeps_history = false;
  add_device(world, profile, workload);
  for (std::uint32_t i = 0; i < workload.clients.size(); ++i) {
    add_client(world, workload, i);
  }
  world.run_for(kWarmUp);
  const auto snapshot = [&] {
    std::vector<double> done;
    for (std::uint32_t i = 0; i < workload.clients.size(); ++i) {
      done.push_back(static_cast<double>(world.flow(FlowNumber{i + 1}).done_frames));
    }
    return done;
  };
  const std::vector<double> before = snapshot();
  const Duration window = run_time(workload);
  world.run_for(window);
  const std::vector<double> after = snapshot();

  std::vector<double> service;
  std::vector<double> frames(workload.packages.size(), 0);
  for (std::size_t i = 0; i < after.size(); ++i) {
    const std::uint32_t package = workload.clients[i].package;
    service.push_back((after[i] - before[i]) * seconds(workload.packages[package].service));
    frames[package] += after[i] - before[i];
  }
  ScheduleOutcome outcome;
  outcome.use = use_of_best(profile, workload, frames, seconds(window), true);
  outcome.use_by_limit = use_of_best(profile, workload, frames, seconds(window), false);
  outcome.fairness = jain(workload, service);
  outcome.wait_share = world.worst_wait_share();
  outcome.worst_wait_ms = world.worst_wait_ms();
  outcome.violations = world.violations();
  return outcome;
}

namespace {

/// The vendors' way, frame by frame, in virtual time.
class RoundRobin {
 public:
  RoundRobin(const ScheduleProfile& profile, const ScheduleWorkload& workload)
      : profile_(profile),
        workload_(workload),
        places_(static_cast<double>(profile.sub_devices) / profile.width),
        clients_(workload.clients.size()),
        cursor_(workload.packages.size(), 0) {}

  ScheduleOutcome run() {
    const Duration end = kWarmUp + run_time(workload_);
    std::uint32_t package = 0;
    while (now_ < end) {
      turn(package);
      const std::uint32_t next =
          (package + 1) % static_cast<std::uint32_t>(workload_.packages.size());
      // Every turn drains the pipeline, downloads the package and fills the pipeline again.
      const double fill = seconds(workload_.packages[package].service) * (profile_.stages - 1);
      now_ += workload_.packages[next].swap + Duration(static_cast<Duration::rep>(fill * 1e9));
      package = next;
    }
    ScheduleOutcome outcome;
    std::vector<double> service;
    std::vector<double> frames(workload_.packages.size(), 0);
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      const std::uint32_t of = workload_.clients[i].package;
      service.push_back(clients_[i].frames * seconds(workload_.packages[of].service));
      frames[of] += clients_[i].frames;
    }
    outcome.use = use_of_best(profile_, workload_, frames, seconds(now_ - kWarmUp), false);
    outcome.fairness = jain(workload_, service);
    outcome.worst_wait_ms = worst_wait_ * 1e3;
    return outcome;
  }

 private:
  struct Client {
    double frames = 0;  ///< After the warm-up.
    Duration last_start{0};
    Duration taken_until{0};  ///< When a slow reader will have taken what it was given.
    std::uint64_t bursts_used = 0;
  };

  /// Returns whether the client has a frame to run now.
  bool has_frame(std::uint32_t number) const {
    const WorkloadClient& client = workload_.clients[number];
    if (client.kind == Kind::kPausing) {
      return now_ % (ScheduleWorkload::kOn + ScheduleWorkload::kOff) < ScheduleWorkload::kOn;
    }
    if (client.kind == Kind::kBursty) {
      const auto given = static_cast<std::uint64_t>(now_ / ScheduleWorkload::kBurstPeriod + 1) *
                         ScheduleWorkload::kBurst;
      return clients_[number].bursts_used < given;
    }
    return true;
  }

  /// The next client of the package that has a frame, in turn; nobody: the number of clients.
  std::uint32_t next_client(std::uint32_t package) {
    const auto count = static_cast<std::uint32_t>(clients_.size());
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t number = (cursor_[package] + i) % count;
      if (workload_.clients[number].package == package && has_frame(number)) {
        cursor_[package] = number + 1;
        return number;
      }
    }
    return count;
  }

  void turn(std::uint32_t package) {
    constexpr Duration kPoll = 250ms;
    const Duration service = workload_.packages[package].service;
    for (std::uint32_t frame = 0; frame < workload_.frame_limit; ++frame) {
      const std::uint32_t number = next_client(package);
      if (number == clients_.size()) {
        now_ += kPoll;
        return;
      }
      Client& client = clients_[number];
      // All places run the package at the same time.
      now_ += Duration(static_cast<Duration::rep>(static_cast<double>(service.count()) / places_));
      if (now_ > kWarmUp) {
        client.frames += 1;
        if (workload_.clients[number].kind == Kind::kSteady) {
          worst_wait_ = std::max(worst_wait_, seconds(now_ - client.last_start));
        }
      }
      client.last_start = now_;
      ++client.bursts_used;
      if (workload_.clients[number].kind == Kind::kSlowReader) {
        // Twelve outputs fit; then the device waits for the reader.
        client.taken_until = std::max(client.taken_until, now_) + ScheduleWorkload::kReadPeriod;
        now_ = std::max(now_, client.taken_until - 12 * ScheduleWorkload::kReadPeriod);
      }
    }
  }

  const ScheduleProfile& profile_;
  const ScheduleWorkload& workload_;
  double places_;
  std::vector<Client> clients_;
  std::vector<std::uint32_t> cursor_;
  Duration now_{0};
  double worst_wait_ = 0;
};

}  // namespace

ScheduleOutcome run_round_robin(const ScheduleProfile& profile, const ScheduleWorkload& workload) {
  return RoundRobin(profile, workload).run();
}

}  // namespace penstock
