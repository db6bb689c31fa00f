#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/job_bucket.h"
#include "drivers/openvino/compiled_store.h"
#include "drivers/openvino/infer_request.h"
#include "engine/tensor/shape.h"

namespace penstock::openvino {

/// One inference at a time of a model with buckets: in the first that its inputs fit into.
///
/// What has a bucket's very shape is used in place; what is smaller is copied into memory of the
/// request and padded there. Outputs are always the caller's.
/// Cost: a request of OpenVINO for each bucket, made at creation; memory for padded inputs when it
/// is needed first, then kept.
class BucketRequest final : public RequestBase {
 public:
  /// Pre: `compiled` has buckets.
  BucketRequest(std::shared_ptr<const Compiled> compiled,
                const std::shared_ptr<DeviceCounters>& counters,
                DriverHost host);

  Status submit(Job job) override;
  void cancel() noexcept override;

 private:
  /// Makes a copy of `given` that has the shape `room`.
  void pad(std::size_t input, const PenstockTensor& given, const Shape& room);

  std::shared_ptr<const Compiled> compiled_;
  std::vector<std::unique_ptr<InferRequest>> requests_;  // One a bucket.
  JobBucket bucket_;                                     // Of the job.
  std::vector<PenstockTensor> padded_;                   // One an input; without data: not padded.
  std::vector<std::vector<std::byte>> memory_;           // Of `padded_`.
};

}  // namespace penstock::openvino
