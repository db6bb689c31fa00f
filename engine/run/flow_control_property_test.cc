// Random graphs in virtual time: whatever happens in them, places, buffers and credits come back,
// order holds, books balance, and nobody waits for ever.

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "engine/run/testing/random_world.h"

namespace penstock {
namespace {

using testing::RandomWorld;
using testing::WorldTraits;

constexpr std::uint64_t kSeeds = 1000;

void run_to_the_end(WorldTraits traits, bool all_delivered = false) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomWorld world(seed, traits);
    ASSERT_TRUE(world.run()) << "did not come to rest";
    world.check_finished();
    if (all_delivered) {
      world.check_all_delivered();
    }
  }
}

TEST(FlowControl, DeliversEveryFrameOfLosslessStreamsWithoutFailures) {
  run_to_the_end({}, /*all_delivered=*/true);
}

TEST(FlowControl, DeliversEveryFrameAlthoughNodesHoldFramesForAWhile) {
  run_to_the_end({.keeps = true}, /*all_delivered=*/true);
}

TEST(FlowControl, TellsEveryInputOfEveryFrameAlthoughNodesSendThemOnDifferentWays) {
  for (const bool keeps : {false, true}) {
    for (std::uint64_t seed = 1; seed <= kSeeds && !::testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      RandomWorld world(seed, {.keeps = keeps, .routes = true});
      ASSERT_TRUE(world.run()) << "did not come to rest";
      world.check_finished();
      world.check_all_delivered();
      world.check_all_told();
    }
  }
}

TEST(FlowControl, BalancesItsBooksWhenEdgesAndFiltersDrop) {
  run_to_the_end({.drops = true});
}

TEST(FlowControl, GivesAllBackWhenNodesAndSourcesFail) {
  run_to_the_end({.failures = true});
}

TEST(FlowControl, GivesAllBackWhateverHappensAtOnce) {
  run_to_the_end({.drops = true, .failures = true, .orders = true, .keeps = true, .routes = true});
}

TEST(FlowControl, GivesAllBackWhenTornDownAtAnyMomentInAnyOrder) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomWorld world(
        seed, {.drops = true, .failures = true, .orders = true, .keeps = true, .routes = true});
    world.run_a_while();
    world.check_bounds();
    world.tear_down();
    world.check_returned();
  }
}

}  // namespace
}  // namespace penstock
