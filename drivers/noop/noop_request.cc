#include "drivers/noop/noop_request.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/padded_copy.h"
#include "drivers/noop/noop_model.h"
#include "engine/tensor/shape_bucket.h"

namespace penstock {

NoopRequest::NoopRequest(NoopModel& model) : model_(model), device_(model.device()) {
  device_.add(*this);
}

// Whoever destroys a request may free the memory it works on: after remove() no reset is inside
// lose(), after cancel() nothing is in flight, and after cancel_call() nobody is inside finish().
NoopRequest::~NoopRequest() {
  device_.remove(*this);
  {
    const std::lock_guard lock(mutex_);
    is_held_ = false;
  }
  cancel();
  device_.host().cancel_call(ticket_);
  model_.forget_request();
}

Status NoopRequest::submit(Job job) {
  const NoopSpec& spec = model_.spec();
  const std::int64_t number = device_.count_inference();
  if (spec.fault_after > 0 && number > spec.fault_after) {
    device_.fault("fault_after: " + std::to_string(spec.fault_after) + " inferences are done");
  }
  std::unique_lock lock(mutex_);
  if (device_.is_lost()) {
    lock.unlock();
    perform(job, Errc::kDeviceLost);
    return {};
  }
  PENSTOCK_RETURN_IF_ERROR(model_.check_resident(job.sub_devices()));
  PENSTOCK_RETURN_IF_ERROR(bucket_.choose(spec.info, job));
  if (spec.hold_after > 0 && number > spec.hold_after) {
    job_ = job;
    is_held_ = true;
    return {};
  }
  const bool fails = spec.fail_every > 0 && number % spec.fail_every == 0;
  const Errc outcome = fails ? Errc::kInternal : Errc::kOk;
  if (spec.latency == Duration::zero()) {
    lock.unlock();
    perform(job, outcome);
    return {};
  }
  job_ = job;
  outcome_ = outcome;
  device_ns_ = spec.latency.count() * device_.slowdown();
  // The call may come before the ticket is stored; it waits for the lock that is held here.
  ticket_ = device_.host().call_at(
      device_.host().now_ns() + device_ns_,
      [](void* self) { static_cast<NoopRequest*>(self)->finish(); },
      this);
  if (ticket_ == 0) {
    job_.reset();
    return Error{Errc::kUnavailable, "the host takes no more timed calls"};
  }
  return {};
}

void NoopRequest::cancel() noexcept {
  end(Errc::kCancelled, "cancelled");
}

void NoopRequest::lose() noexcept {
  end(Errc::kDeviceLost, "the device was reset");
}

void NoopRequest::end(Errc code, std::string_view reason) noexcept {
  std::uint64_t ticket = 0;
  const std::optional<Job> job = take(&ticket);
  if (job.has_value()) {
    // Without the lock: the call may be running and wait for it.
    device_.host().cancel_call(ticket);
    job->complete(code, reason);
  }
}

/// Makes the job in flight the caller's: of timer, cancel and reset, only one gets it.
std::optional<Job> NoopRequest::take(std::uint64_t* ticket) noexcept {
  const std::lock_guard lock(mutex_);
  *ticket = ticket_;
  return is_held_ ? std::nullopt : std::exchange(job_, std::nullopt);
}

void NoopRequest::finish() noexcept {
  std::uint64_t ticket = 0;
  if (const std::optional<Job> job = take(&ticket); job.has_value()) {
    perform(*job, outcome_);
  }
}

void NoopRequest::perform(const Job& job, Errc outcome) const noexcept {
  if (outcome == Errc::kDeviceLost) {
    job.complete(outcome, "the device is in fault or being reset");
  } else if (outcome != Errc::kOk) {
    job.complete(outcome, "failed on demand: fail_every");
  } else {
    for (std::size_t i = 0; i < job.output_count(); ++i) {
      write_output(job, i);
    }
    job.complete(Errc::kOk, {}, device_ns_);
  }
}

void NoopRequest::write_output(const Job& job, std::size_t index) const noexcept {
  PenstockTensor& output = job.output(index);
  const NoopSpec::Write write = model_.spec().write;
  const std::vector<ShapeBucket>& buckets = model_.spec().info.buckets;
  const Shape shape = shape_of(output);
  if (bucket_.rows().has_value()) {
    output.shape[0] = std::min(output.shape[0], *bucket_.rows());
  }
  if (write == NoopSpec::Write::kNothing) {
    return;
  }
  const std::size_t bytes =
      shape.dense_bytes(static_cast<ElementType>(output.element_type)).value_or(0);
  if (write == NoopSpec::Write::kCopy && !buckets.empty() && index < job.input_count() &&
      shape == buckets[bucket_.place()].inputs[index] &&
      output.element_type == job.input(index).element_type) {
    copy_padded(static_cast<const std::byte*>(job.input(index).data),
                bucket_.input(index),
                static_cast<std::byte*>(output.data),
                shape,
                model_.spec().padding[index]);
    return;
  }
  std::size_t copied = 0;
  if (write == NoopSpec::Write::kCopy && index < job.input_count()) {
    const PenstockTensor& input = job.input(index);
    copied = std::min<std::size_t>(bytes, input.byte_length);
    std::memcpy(output.data, input.data, copied);
  }
  std::memset(static_cast<std::byte*>(output.data) + copied, 0, bytes - copied);
}

}  // namespace penstock
