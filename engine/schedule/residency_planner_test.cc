#include "engine/schedule/residency_planner.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

DeviceCapacity cores(std::uint32_t count, std::uint64_t memory = 0, std::uint32_t most = 0) {
  return {count, memory, 0, most};
}

PlacementFacts on(SubDeviceMask mask, std::uint64_t memory = 0) {
  PlacementFacts facts;
  facts.sub_devices = mask;
  facts.memory_bytes = memory;
  return facts;
}

Resident lying(SubDeviceMask mask, std::uint64_t memory, bool may_leave, bool has_work = true) {
  Resident resident;
  resident.sub_devices = mask;
  resident.memory_bytes = memory;
  resident.has_work = has_work;
  resident.leave.may_leave = may_leave;
  resident.leave.reason = may_leave ? DecisionReason::kTurnOver : DecisionReason::kInTurn;
  return resident;
}

TEST(ResidencyPlanner, PackagesThatFitTogetherStayTogether) {
  ResidencyPlanner planner;
  const std::vector<Resident> residents = {lying(1, 60, false)};
  const auto choice = planner.choose(cores(1, 100), residents, std::vector{on(1, 40)}, {});
  ASSERT_TRUE(choice.has_value());
  EXPECT_TRUE(choice->is_allowed);
  EXPECT_TRUE(choice->victims.empty());
}

TEST(ResidencyPlanner, TakesAFreePlaceBeforeItSendsAnybodyOut) {
  ResidencyPlanner planner;
  const std::vector<Resident> residents = {lying(1, 0, true)};
  const auto choice = planner.choose(cores(2, 0, 1), residents, std::vector{on(1), on(2)}, {});
  ASSERT_TRUE(choice.has_value());
  EXPECT_EQ(choice->placement, 1U);
}

TEST(ResidencyPlanner, SendsTheIdleOutFirst) {
  ResidencyPlanner planner;
  const std::vector<Resident> residents = {lying(1, 50, true, true), lying(1, 50, true, false)};
  const auto choice = planner.choose(cores(1, 100), residents, std::vector{on(1, 50)}, {});
  ASSERT_TRUE(choice.has_value());
  ASSERT_EQ(choice->victims.size(), 1U);
  EXPECT_EQ(choice->victims[0], 1U);
}

TEST(ResidencyPlanner, TakesFromWhoHasOtherPlaces) {
  ResidencyPlanner planner;
  std::vector<Resident> residents = {lying(1, 0, true), lying(2, 0, true), lying(4, 0, true)};
  residents[1].places = 2;
  residents[2].places = 2;
  const auto choice =
      planner.choose(cores(3, 0, 1), residents, std::vector{on(1), on(2), on(4)}, {});
  ASSERT_TRUE(choice.has_value());
  EXPECT_EQ(choice->placement, 1U);
}

TEST(ResidencyPlanner, SharesASubDeviceWithAsFewAsItCan) {
  ResidencyPlanner planner;
  const std::vector<Resident> residents = {
      lying(1, 10, false), lying(2, 10, false, false), lying(2, 10, false, false)};
  const auto on_all = std::vector{on(1, 10), on(2, 10), on(4, 10)};
  EXPECT_EQ(planner.choose(cores(3, 100), residents, on_all, {})->placement, 2U);
  EXPECT_EQ(planner.choose(cores(3, 100), residents, on_all, {4})->placement, 1U)
      << "two that are idle rather than one that works";
}

TEST(ResidencyPlanner, TakesNoMoreSubDevicesThanItMay) {
  ResidencyPlanner planner;
  const auto both = std::vector{on(3), on(1)};
  EXPECT_EQ(planner.choose(cores(2), {}, both, {0, 1})->placement, 1U);
  EXPECT_EQ(planner.choose(cores(2), {}, both, {0, 2})->placement, 0U);
}

TEST(ResidencyPlanner, LargePlacementNeedsAllToLeave) {
  ResidencyPlanner planner;
  const std::vector<Resident> residents = {lying(1, 0, true), lying(2, 0, false)};
  const auto choice = planner.choose(cores(2, 0, 1), residents, std::vector{on(3)}, {});
  ASSERT_TRUE(choice.has_value());
  EXPECT_FALSE(choice->is_allowed);
  EXPECT_EQ(choice->reason, DecisionReason::kInTurn);
  EXPECT_EQ(choice->holder, 1U);
}

TEST(ResidencyPlanner, KeepsOffBlockedSubDevices) {
  ResidencyPlanner planner;
  EXPECT_FALSE(planner.choose(cores(2, 0, 1), {}, std::vector{on(3)}, {2}).has_value());
}

TEST(ResidencyPlanner, SharedMemoryCountsEverywhere) {
  ResidencyPlanner planner;
  DeviceCapacity capacity = cores(2);
  capacity.shared_memory = 100;
  Resident other = lying(1, 0, true);
  other.shared_bytes = 70;
  PlacementFacts wanted = on(2);
  wanted.shared_bytes = 40;
  const auto choice = planner.choose(capacity, std::vector{other}, std::vector{wanted}, {});
  ASSERT_TRUE(choice.has_value());
  EXPECT_EQ(choice->victims.size(), 1U);
}

TEST(ResidencyPlanner, NeverFitsWhereItIsTooLarge) {
  EXPECT_TRUE(ResidencyPlanner::fits_empty(cores(1, 100), on(1, 100)));
  EXPECT_FALSE(ResidencyPlanner::fits_empty(cores(1, 100), on(1, 101)));
  EXPECT_FALSE(ResidencyPlanner::fits_empty(cores(1), on(2)));
}

}  // namespace
}  // namespace penstock
