/// Packages on devices of several sub-devices: who holds how many of them, and for how long.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>

#include <gtest/gtest.h>

#include "engine/schedule/testing/small_world.h"

namespace penstock {
namespace {

using testing::Feed;
using testing::ScheduleWorld;
using testing::SmallWorld;
using namespace std::chrono_literals;

/// One device of four cores, each of which holds `most` packages; each package can be on each core.
/// 10 ms a frame, 20 ms a swap. Package, client and flow have the same number.
class FourCores : public ScheduleWorld {
 public:
  static constexpr std::uint32_t kCores = 4;

  explicit FourCores(std::uint32_t most = 1) { add_device(DeviceNumber{0}, {kCores, 0, 0, most}); }

  /// Adds a package with `work` from now on; by default it has always some.
  void join(std::uint32_t number,
            double weight = 1,
            std::uint32_t max_sub_devices = 0,
            bool is_whole = false,
            const Feed& work = {}) {
    set_model(PackageNumber{number},
              {SmallWorld::kService, SmallWorld::kService, SmallWorld::kSwap});
    apply(AddPackage{PackageNumber{number}, {}});
    PlacePackage place;
    place.package = PackageNumber{number};
    place.max_sub_devices = max_sub_devices;
    for (std::uint32_t core = 0; core < (is_whole ? 1 : kCores); ++core) {
      PlacementFacts facts;
      facts.sub_devices = is_whole ? 0xF : SubDeviceMask{1} << core;
      facts.activation_estimate = SmallWorld::kSwap;
      facts.service_estimate = SmallWorld::kService;
      place.placements.push_back(facts);
    }
    apply(place);
    ClientKnobs client = SmallWorld::uncounted();
    client.weight = weight;
    apply(AddClient{ClientNumber{number}, client});
    OpenFlow flow;
    flow.flow = FlowNumber{number};
    flow.client = ClientNumber{number};
    flow.package = PackageNumber{number};
    flow.devices = {DeviceNumber{0}};
    open(flow);
    feed(flow.flow, work);
  }

  /// Returns the cores on which a package is.
  SubDeviceMask cores_of(std::uint32_t package) {
    SubDeviceMask all = 0;
    const SchedulerSnapshot snapshot = scheduler().snapshot(now());
    for (const auto& one : snapshot.devices.front().residences) {
      all |= one.package.value == package ? one.sub_devices : 0;
    }
    return all;
  }

  std::uint32_t count_of(std::uint32_t package) {
    return static_cast<std::uint32_t>(std::popcount(cores_of(package)));
  }

  /// Returns how many frames a flow had done in the next while.
  double frames_in(std::uint32_t number, Duration time) {
    const auto before = flow(FlowNumber{number}).done_frames;
    run_for(time);
    return static_cast<double>(flow(FlowNumber{number}).done_frames - before);
  }
};

TEST(ScheduleCores, PackagesOfOneCoreEachTakeDifferentOnes) {
  // Also where a core has room for all of them.
  for (const std::uint32_t most : {1U, 4U}) {
    FourCores world(most);
    for (std::uint32_t i = 1; i <= 4; ++i) {
      world.join(i, 1, 1);
    }
    world.run_for(5s);
    SubDeviceMask all = 0;
    for (std::uint32_t i = 1; i <= 4; ++i) {
      EXPECT_EQ(world.count_of(i), 1U) << "most " << most;
      all |= world.cores_of(i);
    }
    EXPECT_EQ(all, SubDeviceMask{0xF}) << "most " << most;
    EXPECT_EQ(world.changes().size(), 4U) << "most " << most;
  }
}

TEST(ScheduleCores, PackageHoldsNoMoreThanItMay) {
  FourCores world;
  world.join(1, 1, 2);
  world.run_for(5s);
  EXPECT_EQ(world.count_of(1), 2U);
  EXPECT_NEAR(world.frames_in(1, 10s), 2000, 10);
}

TEST(ScheduleCores, FramesOfATurnCountOnAllCores) {
  FourCores world;
  world.join(1);
  world.run_for(200ms);
  ASSERT_EQ(world.count_of(1), 4U);
  world.join(2, 1, 0, true);  // Wants all of them.
  const TimePoint asked = world.now();
  world.run_for(3s);
  const auto first = std::find_if(world.started().begin(), world.started().end(), [](auto& one) {
    return one.flow == FlowNumber{2};
  });
  ASSERT_NE(first, world.started().end());
  // 600 frames on four cores at 10 ms, then the swap.
  EXPECT_LE(first->time - asked, 1600ms);
}

TEST(ScheduleCores, EqualPackagesSettleOnTwoCoresEach) {
  FourCores world;
  world.join(1);
  world.run_for(2s);
  world.join(2);
  world.run_for(30s);
  EXPECT_EQ(world.count_of(1), 2U);
  EXPECT_EQ(world.count_of(2), 2U);
  const std::size_t changes = world.changes().size();
  const auto before = world.flow(FlowNumber{2}).done_frames;
  EXPECT_NEAR(world.frames_in(1, 60s), 12000, 20);
  EXPECT_NEAR(static_cast<double>(world.flow(FlowNumber{2}).done_frames - before), 12000, 20);
  EXPECT_EQ(world.changes().size(), changes) << "nobody swaps any more";
}

TEST(ScheduleCores, WeightsDivideTheCores) {
  FourCores world;
  world.join(1);
  world.run_for(2s);
  world.join(2, 3);
  world.run_for(30s);
  EXPECT_EQ(world.count_of(1), 1U);
  EXPECT_EQ(world.count_of(2), 3U);
  const std::size_t changes = world.changes().size();
  world.run_for(60s);
  EXPECT_EQ(world.changes().size(), changes);
}

TEST(ScheduleCores, WhatCannotBeDividedIsSharedInTurns) {
  FourCores world;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    world.join(i);
  }
  world.run_for(10s);
  const auto second = world.flow(FlowNumber{2}).done_frames;
  const auto third = world.flow(FlowNumber{3}).done_frames;
  const double first = world.frames_in(1, 120s);
  const double each = 120.0 * 100 * 4 / 3;
  EXPECT_NEAR(first, each, each * 0.05);
  EXPECT_NEAR(
      static_cast<double>(world.flow(FlowNumber{2}).done_frames - second), each, each * 0.05);
  EXPECT_NEAR(
      static_cast<double>(world.flow(FlowNumber{3}).done_frames - third), each, each * 0.05);
}

TEST(ScheduleCores, NewcomerTakesFromWhoHoldsMost) {
  FourCores world;
  world.join(1, 3);
  world.run_for(2s);
  world.join(2);
  world.run_for(30s);
  ASSERT_EQ(world.count_of(2), 1U);
  world.join(3);
  world.run_for(10s);
  EXPECT_EQ(world.count_of(1), 2U);
  EXPECT_EQ(world.count_of(2), 1U) << "it has no other place";
  EXPECT_EQ(world.count_of(3), 1U);
}

/// Core 0 is slower than the others, by so many times.
std::function<double(const RunBatch&)> slow_first_core(double times) {
  return [times](const RunBatch& run) { return run.sub_devices == 1 ? times : 1; };
}

TEST(ScheduleCores, CoreThatIsFarSlowerHoldsNobodyUp) {
  FourCores world;
  world.troubles().slower = slow_first_core(50);
  Feed camera;
  camera.period = 20ms;
  world.join(1, 1, 0, false, camera);
  world.run_for(60s);
  ASSERT_GE(world.count_of(1), 2U);
  // It may be tried now and then: half a second in each half minute.
  EXPECT_GE(world.flow(FlowNumber{1}).done_frames, 60 * 50 - 80U);
  std::uint32_t on_slow = 0;
  for (const auto& one : world.started()) {
    on_slow += one.batch.sub_devices == 1 ? 1 : 0;
  }
  EXPECT_LE(on_slow, 8U);
}

TEST(ScheduleCores, SlowCoreServesWhoeverHasWaitedForMaxWait) {
  FourCores world;
  world.troubles().slower = slow_first_core(50);
  world.join(1, 1, 2);  // On two cores, the slow one among them.
  world.run_for(5s);
  ASSERT_EQ(world.cores_of(1) & 1U, 1U);
  world.troubles().hangs = [](const RunBatch& run) { return run.sub_devices != 1; };
  const TimePoint hung = world.now();
  world.run_for(5s);
  const auto first = std::find_if(world.started().begin(), world.started().end(), [&](auto& one) {
    return one.time > hung + 100ms && one.batch.sub_devices == 1;
  });
  ASSERT_NE(first, world.started().end()) << "waits for a core that hangs";
  EXPECT_LE(first->time - hung, 2600ms) << "max_wait, and a frame of the slow core";
}

TEST(ScheduleCores, CoreThatWasSlowIsUsedAgain) {
  FourCores world;
  world.troubles().slower = slow_first_core(50);
  world.join(1);
  world.run_for(10s);
  world.troubles().slower = nullptr;
  world.run_for(35s);
  EXPECT_NEAR(world.frames_in(1, 30s), 30 * 400, 60);
}

TEST(ScheduleCores, CoreThatIsSomewhatSlowerWorksWhereThereIsMuchToDo) {
  FourCores world;
  world.troubles().slower = slow_first_core(2);
  world.join(1);
  world.run_for(10s);
  EXPECT_NEAR(world.frames_in(1, 60s), 60 * 350, 60 * 10);
}

}  // namespace
}  // namespace penstock
