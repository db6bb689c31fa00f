#include "drivers/api/job_bucket.h"

#include <algorithm>
#include <cstdint>

#include <gtest/gtest.h>

namespace penstock {
namespace {

/// A job with one input.
class JobBucketTest : public ::testing::Test {
 protected:
  JobBucketTest() {
    input_.size = sizeof(input_);
    job_.size = sizeof(job_);
    job_.input_count = 1;
    job_.inputs = &input_;
    model_.inputs.emplace_back();
    model_.inputs[0].name = "image";
    model_.buckets = {{{Shape{1, 8}}, {Shape{1, 10}}},
                      {{Shape{4, 8}}, {Shape{4, 10}}},
                      {{Shape{4, 16}}, {Shape{1, 10}}}};
  }

  Status choose(const Shape& shape) {
    input_.rank = static_cast<std::uint32_t>(shape.rank());
    std::copy(shape.extents().begin(), shape.extents().end(), input_.shape);
    return bucket_.choose(model_, Job(job_));
  }

  PenstockTensor input_{};
  PenstockJob job_{};
  ModelInfo model_;
  JobBucket bucket_;
};

TEST_F(JobBucketTest, IsTheFirstThatTheInputsFitInto) {
  ASSERT_TRUE(choose({3, 6}).has_value());
  EXPECT_EQ(bucket_.place(), 1U);
  EXPECT_EQ(bucket_.input(0), Shape({3, 6}));
  ASSERT_TRUE(choose({1, 8}).has_value());
  EXPECT_EQ(bucket_.place(), 0U);
}

TEST_F(JobBucketTest, HasTheRowsThatCameWhereItIsABatch) {
  ASSERT_TRUE(choose({3, 8}).has_value());
  EXPECT_EQ(bucket_.rows(), 3);
  ASSERT_TRUE(choose({3, 16}).has_value());
  EXPECT_FALSE(bucket_.rows().has_value()) << "its output has other rows";
}

TEST_F(JobBucketTest, IsTheOnlyShapeOfAModelWithoutBuckets) {
  ASSERT_TRUE(choose({3, 16}).has_value());
  model_.buckets.clear();
  ASSERT_TRUE(choose({7, 7}).has_value());
  EXPECT_EQ(bucket_.place(), 0U);
  EXPECT_FALSE(bucket_.rows().has_value());
}

TEST_F(JobBucketTest, IsNoneForWhatFitsNowhere) {
  EXPECT_EQ(choose({5, 8}).error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace penstock
