#include "engine/run/job_maps.h"

#include <cstddef>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

namespace penstock {
namespace {

FeatureMap some_map() {
  auto spec = std::make_shared<TensorSpec>();
  spec->type = ElementType::kU8;
  spec->shape = Shape{4};
  return make_feature_map(spec, spec->shape, Buffer::allocate(4)).value();
}

TEST(JobMaps, AreUsedAgainByWhoeverHasThemAlone) {
  Ref<JobMaps> maps = JobMaps::create({some_map()}, {some_map(), some_map()});
  const JobMaps* before = maps.get();
  JobMaps::renew(maps);
  EXPECT_EQ(maps.get(), before);
  EXPECT_TRUE(maps->inputs.empty());
  EXPECT_TRUE(maps->outputs.empty());
}

TEST(JobMaps, StayAsTheyAreForSomebodyElse) {
  Ref<JobMaps> maps = JobMaps::create({some_map()}, {some_map()});
  const Ref<JobMaps> other = maps;
  JobMaps::renew(maps);
  EXPECT_FALSE(maps == other);
  EXPECT_TRUE(maps->inputs.empty());
  EXPECT_EQ(other->inputs.size(), 1U);
  EXPECT_EQ(other->outputs.size(), 1U);
}

}  // namespace
}  // namespace penstock
