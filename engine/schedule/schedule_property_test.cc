/// Random workloads in virtual time: whatever comes, nothing is lost, order and bounds hold, memory
/// is given back, and nobody waits beyond the published bound.
#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "engine/schedule/testing/schedule_world.h"

namespace penstock {
namespace {

using testing::Feed;
using testing::ScheduleWorld;
using namespace std::chrono_literals;

constexpr std::uint64_t kWorkloads = 400;

/// One random workload. What may go wrong in it depends on its seed, so that calm ones, whose waits
/// can be checked all the time, are among them.
class Workload {
 public:
  explicit Workload(std::uint64_t seed)
      : random_(seed),
        world_(SchedulerKnobs{}, seed),
        has_faults_(seed % 3 == 0),
        has_changes_(seed % 2 == 0),
        has_company_(seed % 4 == 1 || seed % 12 == 0) {
    world_.keeps_history = false;
    world_.troubles().jitter = seed % 5 == 0 ? 0.2 : 0;
  }

  void run() {
    add_devices();
    add_packages();
    const std::uint32_t clients = number(1, 8);
    for (std::uint32_t i = 0; i < clients; ++i) {
      world_.at(world_.now() + milliseconds(0, 3000), [this] { join(); });
    }
    if (has_changes_) {
      for (int i = 0; i < 12; ++i) {
        world_.at(world_.now() + milliseconds(500, 12000), [this] { change(); });
      }
    }
    if (has_faults_) {
      make_faulty();
    }
    for (int i = 0; i < 3; ++i) {
      world_.run_for(5s);
      world_.check_flows();
    }
    world_.troubles().fails_load = nullptr;
    world_.troubles().fails_batch = nullptr;
    world_.troubles().hangs = nullptr;
    world_.troubles().never_ends = nullptr;
    world_.troubles().fails_reset = nullptr;
  }

  /// All leave; returns whether the world comes to rest.
  bool end() {
    for (const std::uint32_t client : clients_) {
      world_.remove_client(ClientNumber{client});
      if (number(0, 3) == 0) {
        world_.apply(RemoveClient{ClientNumber{client}});
      }
    }
    for (std::uint32_t i = 0; i < packages_; ++i) {
      world_.apply(RemovePackage{PackageNumber{i}});
    }
    return world_.run_to_rest();
  }

  ScheduleWorld& world() { return world_; }

 private:
  std::uint32_t number(std::uint32_t least, std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
  }

  Duration milliseconds(std::uint32_t least, std::uint32_t most) {
    return std::chrono::milliseconds(number(least, most));
  }

  bool chance(std::uint32_t percent) { return number(1, 100) <= percent; }

  void add_devices() {
    devices_ = number(1, 3);
    for (std::uint32_t i = 0; i < devices_; ++i) {
      DeviceCapacity capacity;
      capacity.sub_devices = 1U << number(0, 2);
      capacity.memory_per_sub_device = chance(50) ? 100 : 0;
      capacity.shared_memory = chance(20) ? 300 : 0;
      capacity.max_resident = capacity.memory_per_sub_device == 0 || chance(30) ? number(1, 2) : 0;
      capacities_.push_back(capacity);
      world_.add_device(DeviceNumber{i}, capacity);
    }
  }

  void add_packages() {
    packages_ = number(1, 5);
    for (std::uint32_t i = 0; i < packages_; ++i) {
      testing::PackageModel model;
      model.service = std::chrono::microseconds(number(300, 12000));
      model.latency = model.service * number(1, 3);
      model.activation = milliseconds(1, 80);
      world_.set_model(PackageNumber{i}, model);
      AddPackage add;
      add.package = PackageNumber{i};
      if (chance(30)) {
        add.batch.preferred_frames = number(2, 8);
        add.batch.wait = milliseconds(0, 20);
        add.batch.frames_per_flow = number(0, 2);
      }
      world_.apply(add);
      for (std::uint32_t device = 0; device < devices_; ++device) {
        place(i, device, model);
      }
    }
  }

  void place(std::uint32_t package, std::uint32_t device, const testing::PackageModel& model) {
    PlacePackage event;
    event.package = PackageNumber{package};
    event.device = DeviceNumber{device};
    event.always_resident = chance(10);
    const std::uint32_t cores = capacities_[device].sub_devices;
    const std::uint32_t width = 1U << number(0, 2);
    PlacementFacts facts;
    facts.depth = number(1, 4);
    facts.memory_bytes = number(10, 100);
    facts.shared_bytes = number(0, 200);
    facts.activation_estimate = model.activation;
    facts.service_estimate = model.service;
    const std::uint32_t used = std::min(width, cores);
    event.max_sub_devices = chance(20) ? number(used, cores) : 0;
    for (std::uint32_t first = 0; first + used <= cores; first += used) {
      facts.sub_devices = ((SubDeviceMask{1} << used) - 1) << first;
      event.placements.push_back(facts);
    }
    world_.apply(event);
  }

  FlowKnobs knobs() {
    FlowKnobs knobs;
    knobs.frame_limit = chance(70) ? number(5, 300) : 600;
    knobs.time_limit = chance(20) ? milliseconds(20, 500) : Duration{0};
    knobs.linger = chance(15) ? milliseconds(1, 200) : Duration{0};
    knobs.min_frames = chance(20) ? number(2, 20) : 1;
    knobs.max_wait = chance(50) ? milliseconds(100, 3000) : 2s;
    knobs.ifmap_queue_size = number(1, 20);
    knobs.when_full = static_cast<WhenFull>(number(0, 3));
    knobs.weight = chance(30) ? number(1, 4) : 1;
    return knobs;
  }

  ClientKnobs client_knobs() {
    ClientKnobs knobs;
    knobs.priority = static_cast<PriorityClass>(chance(40) ? number(0, 2) : 1);
    knobs.weight = chance(40) ? number(1, 5) : 1;
    knobs.ofmap_queue_size = chance(40) ? number(1, 12) : 0;
    knobs.fps_target = chance(10) ? number(5, 100) : 0;
    knobs.smoothing = chance(10);
    return knobs;
  }

  void join() {
    const std::uint32_t client = next_client_++;
    AddClient add;
    add.client = ClientNumber{client};
    add.knobs = client_knobs();
    world_.apply(add);
    clients_.push_back(client);
    bool is_own_master = add.knobs.fps_target > 0 || add.knobs.smoothing;
    if (chance(20)) {
      world_.read_slowly(ClientNumber{client},
                         chance(20) ? ScheduleWorld::kNever : milliseconds(5, 100));
      is_own_master = true;
    }
    // Outputs that wait to be taken hold a client back as well.
    is_own_master = is_own_master || add.knobs.ofmap_queue_size != 0;
    // The bound is for devices that work.
    is_own_master = is_own_master || has_faults_;
    const std::uint32_t flows = number(1, 3);
    for (std::uint32_t i = 0; i < flows; ++i) {
      open(ClientNumber{client}, !is_own_master);
    }
  }

  void open(ClientNumber client, bool checks_wait) {
    OpenFlow event;
    event.flow = FlowNumber{next_flow_++};
    event.client = client;
    event.package = PackageNumber{number(0, packages_ - 1)};
    event.stream = event.flow.value;
    event.knobs = knobs();
    if (chance(10)) {
      event.priority = static_cast<PriorityClass>(number(0, 2));
    }
    for (std::uint32_t i = 0; i < devices_; ++i) {
      event.devices.push_back(DeviceNumber{i});
    }
    std::shuffle(event.devices.begin(), event.devices.end(), random_);
    event.placement = static_cast<FlowPlacement>(number(0, 2));
    event.failover = chance(60);
    world_.open(event, checks_wait);
    flows_.push_back(event.flow.value);
    Feed feed;
    if (has_company_) {
      feed.company = open_company(event, checks_wait);
    }
    feed.period = chance(50) ? milliseconds(1, 200) : Duration{0};
    if (event.knobs.when_full != WhenFull::kBlock && feed.period == Duration{0}) {
      feed.period = 3ms;
    }
    feed.burst = chance(30) ? number(2, 10) : 1;
    feed.on = chance(30) ? milliseconds(100, 2000) : Duration{0};
    feed.off = milliseconds(100, 2000);
    feed.start = world_.now();
    feed.stop = world_.now() + milliseconds(2000, 12000);
    feed.lifetime = chance(20) ? milliseconds(5, 1000) : Duration{0};
    world_.feed(event.flow, feed);
  }

  /// Opens flows whose frames can go with those of `first`; some have frames of their own too.
  std::vector<FlowNumber> open_company(OpenFlow event, bool checks_wait) {
    std::vector<FlowNumber> company;
    for (std::uint32_t i = 0; i < number(1, 3); ++i) {
      event.flow = FlowNumber{next_flow_++};
      event.stream = event.flow.value;
      event.knobs.weight = chance(30) ? number(1, 4) : 1;
      event.priority = std::nullopt;
      if (chance(20)) {
        event.priority = static_cast<PriorityClass>(number(0, 2));
      }
      world_.open(event, checks_wait);
      flows_.push_back(event.flow.value);
      company.push_back(event.flow);
      if (chance(50)) {
        Feed feed;
        feed.period = milliseconds(3, 200);
        feed.start = world_.now();
        feed.stop = world_.now() + milliseconds(2000, 12000);
        world_.feed(event.flow, feed);
      }
    }
    return company;
  }

  void change() {
    if (flows_.empty() || clients_.empty()) {
      return;
    }
    const FlowNumber flow{flows_[number(0, static_cast<std::uint32_t>(flows_.size()) - 1)]};
    switch (number(0, 5)) {
      case 0:
        // One that fills its queue as fast as it can must be told when it is full.
        {
          FlowKnobs changed = knobs();
          changed.when_full = world_.flow(flow).opened.knobs.when_full;
          world_.apply(SetFlowKnobs{flow, changed});
        }
        break;
      case 1: {
        const std::uint32_t client =
            clients_[number(0, static_cast<std::uint32_t>(clients_.size()) - 1)];
        ClientKnobs changed = client_knobs();
        changed.ofmap_queue_size = 0;
        changed.fps_target = 0;
        changed.smoothing = false;
        world_.apply(SetClientKnobs{ClientNumber{client}, changed});
        break;
      }
      case 2: {
        const std::uint32_t at = number(0, static_cast<std::uint32_t>(clients_.size()) - 1);
        world_.remove_client(ClientNumber{clients_[at]});
        clients_.erase(clients_.begin() + at);
        break;
      }
      case 3:
        world_.close(flow);
        break;
      case 4:
        join();
        break;
      default:
        for (int i = 0; i < 5; ++i) {
          world_.apply(CancelRequest{RequestNumber{world_.accepted() + 1 - number(0, 10)}});
        }
        break;
    }
  }

  void make_faulty() {
    for (std::uint32_t i = 0; i < number(1, 3); ++i) {
      const DeviceNumber device{number(0, devices_ - 1)};
      world_.at(world_.now() + milliseconds(500, 12000), [this, device] { world_.lose(device); });
    }
    world_.troubles().fails_load = [this](DeviceNumber, PackageNumber) { return chance(15); };
    world_.troubles().fails_reset = [this](DeviceNumber) { return chance(20); };
    if (chance(50)) {
      make_bad_time();
    }
    world_.troubles().fails_batch = [this](const RunBatch& run) {
      if (world_.now() >= bad_from_ && world_.now() < bad_until_ && run.device == bad_device_ &&
          (!bad_package_.has_value() || run.package == *bad_package_)) {
        return bad_code_;
      }
      return number(0, 200) == 0 ? (chance(50) ? Errc::kDeviceLost : Errc::kInternal) : Errc::kOk;
    };
    if (chance(30)) {
      world_.troubles().never_ends = [this](const RunBatch&) { return number(0, 2000) == 0; };
      world_.at(world_.now() + milliseconds(500, 60000), [this] { world_.end_abandoned(); });
    }
    if (chance(30)) {
      world_.troubles().hangs = [this](const RunBatch&) { return number(0, 3000) == 0; };
    }
  }

  /// For some time each job fails on one device: of one package, or of all.
  void make_bad_time() {
    bad_device_ = DeviceNumber{number(0, devices_ - 1)};
    if (chance(50)) {
      bad_package_ = PackageNumber{number(0, packages_ - 1)};
    }
    bad_from_ = world_.now() + milliseconds(0, 5000);
    bad_until_ = bad_from_ + milliseconds(100, 15000);
    constexpr std::array kCodes = {
        Errc::kInternal, Errc::kUnavailable, Errc::kDeviceLost, Errc::kCancelled, Errc::kCorrupt};
    bad_code_ = kCodes[number(0, kCodes.size() - 1)];
  }

  std::mt19937_64 random_;
  ScheduleWorld world_;
  bool has_faults_;
  bool has_changes_;
  bool has_company_;  // Requests have frames of several flows.
  std::uint32_t devices_ = 0;
  std::uint32_t packages_ = 0;
  std::uint32_t next_client_ = 0;
  std::uint32_t next_flow_ = 1;
  std::vector<DeviceCapacity> capacities_;
  std::vector<std::uint32_t> clients_;
  std::vector<std::uint32_t> flows_;
  DeviceNumber bad_device_;
  std::optional<PackageNumber> bad_package_;
  TimePoint bad_from_;
  TimePoint bad_until_;
  Errc bad_code_ = Errc::kOk;
};

TEST(ScheduleProperty, HoldsForEveryWorkload) {
  std::uint64_t accepted = 0;
  for (std::uint64_t seed = 1; seed <= kWorkloads; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Workload workload(seed);
    workload.run();
    EXPECT_TRUE(workload.end()) << "does not come to rest";
    ScheduleWorld& world = workload.world();
    for (const std::string& violation : world.violations()) {
      ADD_FAILURE() << violation;
    }
    const SchedulerSnapshot snapshot = world.scheduler().snapshot(world.now());
    EXPECT_EQ(snapshot.requests_held, 0U);
    EXPECT_EQ(snapshot.batches_out, 0U);
    EXPECT_TRUE(snapshot.flows.empty());
    EXPECT_TRUE(snapshot.lanes.empty()) << "memory of a removed package is kept";
    for (const auto& device : snapshot.devices) {
      EXPECT_TRUE(device.residences.empty()) << "a removed package is resident";
    }
    std::uint64_t finished = 0;
    for (const std::uint64_t count : snapshot.finished) {
      finished += count;
    }
    EXPECT_EQ(finished, world.accepted());
    accepted += world.accepted();
    if (HasFailure()) {
      break;
    }
  }
  EXPECT_GT(accepted, 100U * kWorkloads) << "the workloads hardly did anything";
}

}  // namespace
}  // namespace penstock
