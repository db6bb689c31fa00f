#include "drivers/api/job_bucket.h"

#include <span>

#include "drivers/api/bucket_choice.h"
#include "engine/tensor/shape_bucket.h"

namespace penstock {

Shape shape_of(const PenstockTensor& tensor) {
  return Shape(std::span<const std::int64_t>(tensor.shape, tensor.rank));
}

Status JobBucket::choose(const ModelInfo& model, const Job& job) {
  place_ = 0;
  rows_.reset();
  if (model.buckets.empty()) {
    return {};
  }
  inputs_.clear();
  for (std::size_t i = 0; i < job.input_count(); ++i) {
    inputs_.push_back(shape_of(job.input(i)));
  }
  PENSTOCK_ASSIGN_OR_RETURN(place_, bucket_for(model, inputs_));
  if (batch_of(model.buckets[place_]).has_value()) {
    rows_ = inputs_.front()[0];
  }
  return {};
}

}  // namespace penstock
