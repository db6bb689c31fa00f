#include "tools/bench/schedule_workload.h"

#include <array>
#include <random>

namespace penstock {
namespace {

using namespace std::chrono_literals;
using Kind = WorkloadClient::Kind;

constexpr std::array<const char*, 5> kShapes = {
    "even", "skewed", "bursts", "pauses", "slow readers"};
constexpr std::array<std::uint32_t, 4> kClients = {2, 6, 16, 50};

Duration between(std::mt19937_64& random, Duration least, Duration most) {
  std::uniform_int_distribution<Duration::rep> any(least.count(), most.count());
  return Duration(any(random));
}

WorkloadClient client_of(std::size_t shape, std::uint32_t number, std::uint32_t packages) {
  WorkloadClient client;
  client.package = number % packages;
  // The first of each package is steady; of the others every second one has the shape's habit.
  const bool is_odd = number >= packages && number % 2 == 1;
  if (shape == 1) {
    client.weight = 1.0 + number % 4;
  } else if (shape == 2 && is_odd) {
    client.kind = Kind::kBursty;
  } else if (shape == 3 && is_odd) {
    client.kind = Kind::kPausing;
  } else if (shape == 4 && is_odd) {
    client.kind = Kind::kSlowReader;
  }
  return client;
}

}  // namespace

const std::vector<ScheduleProfile>& schedule_profiles() {
  static const std::vector<ScheduleProfile> kProfiles = {
      {"mx3", 4, 4, 3, 2.5, 1ms, 7ms, 12ms, 40ms},
      {"metis", 4, 1, 2, 2.0, 2ms, 8ms, 3ms, 15ms},
      {"aries", 8, 4, 2, 1.5, 1ms, 6ms, 10ms, 30ms}};
  return kProfiles;
}

std::vector<ScheduleWorkload> schedule_workloads(const ScheduleProfile& profile) {
  std::vector<ScheduleWorkload> workloads;
  for (std::size_t shape = 0; shape < kShapes.size(); ++shape) {
    for (std::size_t size = 0; size < kClients.size(); ++size) {
      std::mt19937_64 random(shape * 10 + size + 1);
      const std::uint32_t clients = kClients[size];
      ScheduleWorkload workload;
      workload.name = std::string(kShapes[shape]) + ", " + std::to_string(clients) + " clients";
      // The knob's default for few; more clients take shorter turns so that all have ten.
      workload.frame_limit = size == 0 ? 600 : 300;
      const std::uint32_t packages = 2 + static_cast<std::uint32_t>(size) / 2 * 2;
      for (std::uint32_t i = 0; i < packages; ++i) {
        workload.packages.push_back({between(random, profile.least_service, profile.most_service),
                                     between(random, profile.least_swap, profile.most_swap)});
      }
      for (std::uint32_t i = 0; i < clients; ++i) {
        workload.clients.push_back(client_of(shape, i, packages));
      }
      workloads.push_back(workload);
    }
  }
  return workloads;
}

}  // namespace penstock
