#include "drivers/sim/sim_request.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "drivers/api/padded_copy.h"

namespace penstock::sim {

SimLoaded::~SimLoaded() {
  if (device == nullptr) {
    return;  // It was refused.
  }
  device->remove_model(id);
  device->wait_for_changes();
}

Result<std::unique_ptr<RequestBase>> SimRequest::create(std::shared_ptr<SimLoaded> model) {
  auto request = std::make_unique<SimRequest>(std::move(model));
  const Doorbell ended([](void* self) { static_cast<SimRequest*>(self)->on_host_done(); },
                       request.get());
  for (const std::shared_ptr<LoadedModel>& reference : request->model_->references) {
    PENSTOCK_ASSIGN_OR_RETURN(std::unique_ptr<ReferenceRun> run,
                              ReferenceRun::create(reference, ended));
    request->runs_.push_back(std::move(run));
  }
  return std::unique_ptr<RequestBase>(std::move(request));
}

SimRequest::SimRequest(std::shared_ptr<SimLoaded> model) : model_(std::move(model)) {
  model_->device->add_sink(*this);
}

SimRequest::~SimRequest() {
  cancel();
  model_->device->remove_sink(*this);
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !job_.has_value() && calls_ == 0; });
    host_wanted_ = false;
  }
  if (computes()) {
    for (const auto& run : runs_) {
      run->cancel();
    }
    // What the host still computes, for a frame that was given up, ends in `on_host_done`, which
    // wants all of this.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !host_running_ && calls_ == 0; });
  }
  runs_.clear();
  model_->requests.fetch_sub(1);
}

Status SimRequest::choose_shape(const Job& job) {
  PENSTOCK_RETURN_IF_ERROR(bucket_.choose(model_->plan.info, job));
  what_ = CoreFrame();
  what_.shape = static_cast<std::uint32_t>(bucket_.place());
  if (bucket_.rows().has_value()) {
    what_.batch = static_cast<int>(*bucket_.rows());
  }
  if (job.frames() > 0) {
    const int rows = what_.batch > 0 ? what_.batch : model_->plan.core.shapes[what_.shape].batch;
    what_.batch =
        static_cast<int>(std::min<std::uint32_t>(job.frames(), static_cast<std::uint32_t>(rows)));
  }
  return {};
}

Status SimRequest::submit(Job job) {
  PENSTOCK_RETURN_IF_ERROR(choose_shape(job));
  {
    std::unique_lock lock(mutex_);
    job_ = job;
    device_done_ = false;
    is_wrong_ = false;
    host_failure_.clear();
    host_done_ = !computes();
    host_wanted_ = computes();
  }
  Status accepted = model_->device->submit(model_->id, job.sub_devices(), *this, what_);
  std::unique_lock lock(mutex_);
  if (!accepted.has_value()) {
    job_.reset();
    host_wanted_ = false;
    return accepted;
  }
  // A frame that is over already (a lost device) wants nothing more.
  if (job_.has_value() && host_wanted_ && !host_running_) {
    start_host(std::move(lock));
  }
  return {};
}

/// Brings the inputs into the shape of their bucket, and through the device's form.
void SimRequest::fill_inputs() {
  const LoadPlan& plan = model_->plan;
  const auto& codecs = plan.ports[what_.shape].inputs;
  for (std::size_t i = 0; i < codecs.size(); ++i) {
    const auto* given = static_cast<const std::byte*>(job_->input(i).data);
    const Shape& room = codecs[i].port().shape;
    if (!plan.info.buckets.empty() && !(bucket_.input(i) == room)) {
      const std::vector<std::byte>& element = plan.padding[i];
      padded_.resize(static_cast<std::size_t>(*room.element_count()) * element.size());
      copy_padded(given, bucket_.input(i), padded_.data(), room, element);
      given = padded_.data();
    }
    codecs[i].to_model(given, running_->input(i), running_->image());
  }
}

/// Starts the inference on the host.
void SimRequest::start_host(std::unique_lock<std::mutex> lock) {
  host_wanted_ = false;
  host_running_ = true;
  running_ = runs_[what_.shape].get();
  const CoreShape& shape = model_->plan.core.shapes[what_.shape];
  running_frames_ = what_.batch > 0 ? what_.batch : shape.batch;
  // Under the lock: the caller's memory may go as soon as the job is taken away.
  fill_inputs();
  model_->device->host_meter().begin(HostMeter::now());
  ++calls_;
  lock.unlock();
  const Status started = running_->start();
  lock.lock();
  --calls_;
  if (started.has_value()) {
    changed_.notify_all();  // It may have ended already, and nobody else is left to say so.
    return;
  }
  model_->device->host_meter().end(HostMeter::now(), 0);
  host_running_ = false;
  host_done_ = true;
  host_failure_ = started.error().message;
  if (job_.has_value() && device_done_) {
    end(std::move(lock), Errc::kInternal, host_failure_);
    return;
  }
  changed_.notify_all();
}

void SimRequest::on_device_done(const CoreOutcome& outcome) noexcept {
  std::unique_lock lock(mutex_);
  if (!job_.has_value()) {
    return;
  }
  device_done_ = true;
  device_time_ = outcome.device_time;
  is_wrong_ = outcome.is_wrong;
  if (outcome.code != Errc::kOk) {
    host_wanted_ = false;
    end(std::move(lock), outcome.code, outcome.message);
    return;
  }
  if (model_->waits_for_host) {
    changed_.wait(lock, [&] { return host_done_ || !job_.has_value(); });
  }
  if (job_.has_value() && host_done_) {
    end(std::move(lock), Errc::kOk, "");
  }
}

void SimRequest::on_host_done() noexcept {
  std::unique_lock lock(mutex_);
  const bool is_done = running_->result().has_value();
  model_->device->host_meter().end(HostMeter::now(), is_done ? running_frames_ : 0);
  host_running_ = false;
  const bool is_of_this_frame = !host_wanted_ && job_.has_value();
  if (!is_of_this_frame) {
    if (host_wanted_ && job_.has_value()) {
      start_host(std::move(lock));
    } else {
      changed_.notify_all();
    }
    return;
  }
  host_done_ = true;
  host_failure_ = is_done ? "" : running_->result().error().message;
  const bool is_late = device_done_ && !model_->waits_for_host;
  if (is_late) {
    model_->device->count_late_frame();
    end(std::move(lock), Errc::kOk, "");
    return;
  }
  changed_.notify_all();
}

void SimRequest::on_reset() noexcept {
  std::unique_lock lock(mutex_);
  if (job_.has_value() && device_done_) {
    host_wanted_ = false;
    end(std::move(lock), Errc::kDeviceLost, "the device is reset");
  }
}

void SimRequest::cancel() noexcept {
  {
    std::unique_lock lock(mutex_);
    if (!job_.has_value()) {
      return;
    }
    if (device_done_) {
      host_wanted_ = false;
      end(std::move(lock), Errc::kCancelled, "cancelled");
      return;
    }
  }
  model_->device->cancel(*this);
}

/// Takes the job, of which there is one, and completes it: of all who could, only one gets it.
void SimRequest::end(std::unique_lock<std::mutex> lock,
                     Errc code,
                     const std::string& message) noexcept {
  const Job job = *job_;
  job_.reset();
  ++calls_;
  const Duration time = device_time_;
  Errc result = code;
  std::string_view text = message;
  const std::string failure = code == Errc::kOk ? host_failure_ : "";
  if (!failure.empty()) {
    result = Errc::kInternal;
    text = failure;
  }
  lock.unlock();
  if (result == Errc::kOk) {
    write_outputs(job);
  }
  job.complete(result, text, time.count());
  lock.lock();
  --calls_;
  changed_.notify_all();
}

void SimRequest::write_outputs(const Job& job) noexcept {
  const auto& codecs = model_->plan.ports[what_.shape].outputs;
  for (std::size_t i = 0; i < job.output_count(); ++i) {
    PenstockTensor& output = job.output(i);
    auto* to = static_cast<std::byte*>(output.data);
    const TensorSpec& port = codecs[i].port();
    const std::size_t bytes = port.shape.dense_bytes(port.type).value_or(0);
    if (computes()) {
      codecs[i].to_caller(runs_[what_.shape]->output(i), to, image_);
    } else {
      std::memset(to, 0, bytes);
    }
    if (is_wrong_) {
      // Every bit, so that any check of any result finds it.
      for (std::size_t b = 0; b < bytes; ++b) {
        to[b] = ~to[b];
      }
    }
    if (bucket_.rows().has_value()) {
      output.shape[0] = std::min(output.shape[0], *bucket_.rows());
    }
  }
}

}  // namespace penstock::sim
