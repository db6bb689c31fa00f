#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/device/device_pool.h"
#include "engine/device/testing/fake_port.h"
#include "engine/device/testing/number_maps.h"

namespace penstock::testing {

/// Somebody who wants inferences and keeps what comes back.
class Customer {
 public:
  Customer(DevicePool& pool, DevicePool::BackendWords words) {
    backend_ = pool.make_backend(std::move(words), {});
  }

  void submit(std::int32_t value, StreamId stream = {}, TimePoint deadline = TimePoint::max()) {
    InferenceJob job;
    job.slot = static_cast<std::uint32_t>(outputs_.size());
    job.token = job.slot;
    outputs_.push_back(number_map(0));
    job.maps = JobMaps::create({number_map(value)}, {outputs_.back()});
    job.stream = stream;
    job.deadline = deadline;
    EXPECT_TRUE(backend_->submit(job).has_value());
  }

  /// Submits one batch with frames of several streams.
  void submit_batch(std::int32_t value, const std::vector<StreamFrames>& streams) {
    InferenceJob job;
    job.slot = static_cast<std::uint32_t>(outputs_.size());
    job.token = job.slot;
    outputs_.push_back(number_map(0));
    job.maps = JobMaps::create({number_map(value)}, {outputs_.back()});
    job.maps->frames = 0;
    job.maps->streams = streams;
    for (const StreamFrames& one : streams) {
      job.maps->frames += one.frames;
    }
    job.stream = streams.front().stream;
    EXPECT_TRUE(backend_->submit(job).has_value());
  }

  void collect() {
    while (auto done = backend_->pop()) {
      if (done->code == Errc::kOk && !done->dropped_by.has_value()) {
        backend_->taken(done->frames);
      }
      ends.push_back(std::move(*done));
    }
  }

  void leave() { backend_.reset(); }

  [[nodiscard]] const FeatureMap& output(std::size_t number) const { return outputs_.at(number); }

  void cancel(std::uint32_t slot) { backend_->cancel(slot); }

  /// Returns the values of those that came back well, in order.
  [[nodiscard]] std::vector<std::int32_t> values() const {
    std::vector<std::int32_t> values;
    for (const InferenceDone& done : ends) {
      if (done.code == Errc::kOk && !done.dropped_by.has_value()) {
        const FeatureMap& output = done.maps ? done.maps->outputs[0] : outputs_[done.token];
        values.push_back(number_of(output) - FakeMachine::kAdded);
      }
    }
    return values;
  }

  std::vector<InferenceDone> ends;

 private:
  std::unique_ptr<InferenceBackend> backend_;
  std::vector<FeatureMap> outputs_;
};

/// Returns 0, 1, ... `count` - 1.
inline std::vector<std::int32_t> first_numbers(std::int32_t count) {
  std::vector<std::int32_t> values;
  for (std::int32_t i = 0; i < count; ++i) {
    values.push_back(i);
  }
  return values;
}

}  // namespace penstock::testing
