#include "drivers/openvino/bucket_request.h"

#include <algorithm>
#include <utility>

#include "drivers/api/padded_copy.h"

namespace penstock::openvino {

BucketRequest::BucketRequest(std::shared_ptr<const Compiled> compiled,
                             const std::shared_ptr<DeviceCounters>& counters,
                             DriverHost host)
    : compiled_(std::move(compiled)),
      padded_(compiled_->info.inputs.size()),
      memory_(compiled_->info.inputs.size()) {
  for (const auto& bucket : compiled_->buckets) {
    requests_.push_back(std::make_unique<InferRequest>(bucket, counters, host));
  }
}

Status BucketRequest::submit(Job job) {
  PENSTOCK_RETURN_IF_ERROR(bucket_.choose(compiled_->info, job));
  const ShapeBucket& room = compiled_->info.buckets[bucket_.place()];
  for (std::size_t i = 0; i < padded_.size(); ++i) {
    padded_[i].data = nullptr;
    if (!(bucket_.input(i) == room.inputs[i])) {
      pad(i, job.input(i), room.inputs[i]);
    }
  }
  return requests_[bucket_.place()]->start(job, padded_, bucket_.rows());
}

void BucketRequest::pad(std::size_t input, const PenstockTensor& given, const Shape& room) {
  const std::vector<std::byte>& element = compiled_->padding[input];
  const auto bytes = static_cast<std::size_t>(room.element_count().value_or(0)) * element.size();
  if (memory_[input].size() < bytes) {
    memory_[input].resize(bytes);
  }
  copy_padded(static_cast<const std::byte*>(given.data),
              bucket_.input(input),
              memory_[input].data(),
              room,
              element);
  PenstockTensor& padded = padded_[input];
  padded = given;
  padded.data = memory_[input].data();
  padded.byte_length = bytes;
  std::copy(room.extents().begin(), room.extents().end(), padded.shape);
}

void BucketRequest::cancel() noexcept {
  // Only one of them has something in flight; which one is not asked, as another thread may submit.
  for (const auto& request : requests_) {
    request->cancel();
  }
}

}  // namespace penstock::openvino
