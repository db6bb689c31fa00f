#include "drivers/api/bucket_choice.h"

#include <string>

namespace penstock {

Result<std::size_t> bucket_for(const ModelInfo& model, std::span<const Shape> inputs) {
  if (const auto bucket = choose_bucket(model.buckets, inputs); bucket.has_value()) {
    return *bucket;
  }
  const ShapeBucket& largest = model.buckets.back();
  // Where several inputs fit one by one, but not together, the first stands for all.
  std::size_t misfit = 0;
  while (misfit + 1 < inputs.size() && fits_into(inputs[misfit], largest.inputs[misfit])) {
    ++misfit;
  }
  return Error{Errc::kInvalidArgument,
               "input '" + model.inputs[misfit].name + "': shape " + inputs[misfit].to_string() +
                   " fits none of the " + std::to_string(model.buckets.size()) +
                   " buckets; the largest is " + largest.to_string()};
}

}  // namespace penstock
