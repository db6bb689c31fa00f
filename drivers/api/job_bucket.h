#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/model_info.h"
#include "engine/base/result.h"
#include "engine/tensor/shape.h"

namespace penstock {

/// Returns the shape of a tensor as it crosses the driver ABI.
Shape shape_of(const PenstockTensor& tensor);

/// The bucket that a job runs in, for requests of drivers: kept from job to job, as its memory is.
///
/// Thread-safety: one thread at a time.
/// Cost: no allocation after the first job.
class JobBucket {
 public:
  /// Chooses for the inputs of `job`. A model without buckets has one shape, at place 0.
  /// Errors: as `bucket_for`.
  Status choose(const ModelInfo& model, const Job& job);

  [[nodiscard]] std::size_t place() const noexcept { return place_; }

  /// Returns the shape that came. Pre: the model has buckets.
  [[nodiscard]] const Shape& input(std::size_t index) const { return inputs_[index]; }

  /// Returns the rows that came, where the bucket is a batch: outputs are cut to as many.
  [[nodiscard]] std::optional<std::int64_t> rows() const noexcept { return rows_; }

 private:
  std::vector<Shape> inputs_;
  std::size_t place_ = 0;
  std::optional<std::int64_t> rows_;
};

}  // namespace penstock
