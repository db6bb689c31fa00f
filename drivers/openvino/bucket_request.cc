#include "drivers/openvino/bucket_request.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "drivers/api/bucket_choice.h"
#include "drivers/api/padded_copy.h"

namespace penstock::openvino {
namespace {

Shape shape_of(const PenstockTensor& tensor) {
  return Shape(std::span<const std::int64_t>(tensor.shape, tensor.rank));
}

}  // namespace

BucketRequest::BucketRequest(std::shared_ptr<const Compiled> compiled,
                             const std::shared_ptr<DeviceCounters>& counters,
                             DriverHost host)
    : compiled_(std::move(compiled)),
      shapes_(compiled_->info.inputs.size()),
      padded_(compiled_->info.inputs.size()),
      memory_(compiled_->info.inputs.size()) {
  for (const auto& bucket : compiled_->buckets) {
    requests_.push_back(std::make_unique<InferRequest>(bucket, counters, host));
  }
}

Status BucketRequest::submit(Job job) {
  for (std::size_t i = 0; i < shapes_.size(); ++i) {
    shapes_[i] = shape_of(job.input(i));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::size_t chosen, bucket_for(compiled_->info, shapes_));
  const ShapeBucket& bucket = compiled_->info.buckets[chosen];
  for (std::size_t i = 0; i < shapes_.size(); ++i) {
    padded_[i].data = nullptr;
    if (!(shapes_[i] == bucket.inputs[i])) {
      pad(i, job.input(i), bucket.inputs[i]);
    }
  }
  std::optional<std::int64_t> rows;
  if (batch_of(bucket).has_value()) {
    rows = shapes_.front()[0];
  }
  return requests_[chosen]->start(job, padded_, rows);
}

void BucketRequest::pad(std::size_t input, const PenstockTensor& given, const Shape& room) {
  const std::vector<std::byte>& element = compiled_->padding[input];
  const auto bytes = static_cast<std::size_t>(room.element_count().value_or(0)) * element.size();
  if (memory_[input].size() < bytes) {
    memory_[input].resize(bytes);
  }
  copy_padded(static_cast<const std::byte*>(given.data),
              shape_of(given),
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
