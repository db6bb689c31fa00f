#include "drivers/openvino/infer_request.h"

#include <algorithm>
#include <utility>

#include <openvino/runtime/exception.hpp>
#include <openvino/runtime/tensor.hpp>

#include "drivers/openvino/ov_convert.h"

namespace penstock::openvino {
namespace {

bool same_shape(const ov::Shape& shape, const PenstockTensor& tensor) {
  return shape.size() == tensor.rank &&
         std::equal(
             shape.begin(), shape.end(), tensor.shape, [](std::size_t bound, std::int64_t given) {
               return static_cast<std::int64_t>(bound) == given;
             });
}

ov::Tensor wrap(const PenstockTensor& tensor, const ov::Shape& shape) {
  return {to_ov(static_cast<ElementType>(tensor.element_type)), shape, tensor.data};
}

ov::Shape shape_of(const PenstockTensor& tensor) {
  ov::Shape shape;
  for (std::size_t axis = 0; axis < tensor.rank; ++axis) {
    shape.push_back(static_cast<std::size_t>(tensor.shape[axis]));
  }
  return shape;
}

}  // namespace

InferRequest::InferRequest(std::shared_ptr<const Compiled> compiled,
                           std::shared_ptr<DeviceCounters> counters,
                           DriverHost host)
    : compiled_(std::move(compiled)),
      counters_(std::move(counters)),
      host_(host),
      inputs_(compiled_->info.inputs.size()),
      outputs_(compiled_->info.outputs.size()),
      // const_cast: creating a request does not change what users of the model see.
      request_(const_cast<ov::CompiledModel&>(compiled_->model).create_infer_request()) {
  has_open_outputs_ = std::any_of(compiled_->info.outputs.begin(),
                                  compiled_->info.outputs.end(),
                                  [](const TensorSpec& spec) { return !spec.shape.is_static(); });
}

InferRequest::~InferRequest() {
  try {
    cancel();
    // wait() returns after the callback has returned, so the completion is out.
    request_.wait();
  } catch (const std::exception&) {
    // The end of the inference was reported by the callback.
  }
}

void InferRequest::bind_input(std::size_t index, const PenstockTensor& tensor) {
  Binding& bound = inputs_[index];
  if (bound.data == tensor.data && same_shape(bound.shape, tensor)) {
    return;
  }
  bound.data = nullptr;
  const ov::Shape shape = shape_of(tensor);
  request_.set_input_tensor(index, wrap(tensor, shape));
  bound = {tensor.data, shape};
}

void InferRequest::bind_output(std::size_t index, const PenstockTensor& tensor) {
  Binding& bound = outputs_[index];
  if (bound.data == tensor.data && same_shape(bound.shape, tensor)) {
    return;
  }
  bound.data = nullptr;
  const ov::Shape shape = shape_of(tensor);
  request_.set_output_tensor(index, wrap(tensor, shape));
  bound = {tensor.data, shape};
}

Status InferRequest::start(Job job,
                           std::span<const PenstockTensor> inputs,
                           std::optional<std::int64_t> rows) {
  std::string port;
  try {
    for (std::size_t i = 0; i < job.input_count(); ++i) {
      port = "input '" + compiled_->info.inputs[i].name + "'";
      const bool is_replaced = i < inputs.size() && inputs[i].data != nullptr;
      bind_input(i, is_replaced ? inputs[i] : job.input(i));
    }
    for (std::size_t i = 0; i < job.output_count(); ++i) {
      port = "output '" + compiled_->info.outputs[i].name + "'";
      bind_output(i, job.output(i));
    }
    port.clear();
    // Set each time: OpenVINO takes the callback out while it runs and puts it back afterwards, so
    // a request that is started again in between would end without one.
    request_.set_callback([this](const std::exception_ptr& failure) { on_end(failure); });
    job_ = job;
    rows_ = rows;
    started_ns_ = host_.now_ns();
    in_flight_.store(true);
    counters_->in_flight.fetch_add(1);
    request_.start_async();
  } catch (const std::exception& exception) {
    if (in_flight_.exchange(false)) {
      counters_->in_flight.fetch_sub(1);
    }
    const Error error = error_from(exception, Errc::kInvalidArgument);
    return port.empty() ? error : error.within(port);
  }
  return {};
}

void InferRequest::cancel() noexcept {
  if (!in_flight_.load()) {
    return;
  }
  try {
    request_.cancel();
  } catch (const std::exception&) {
    // It ended in the meantime.
  }
}

void InferRequest::on_end(const std::exception_ptr& failure) noexcept {
  const std::int64_t took_ns = host_.now_ns() - started_ns_;
  const Job job = job_;
  Error error{Errc::kOk, {}};
  try {
    if (failure != nullptr) {
      std::rethrow_exception(failure);
    }
    if (has_open_outputs_) {
      report_output_shapes();
    }
    cut_rows();
  } catch (const std::exception& exception) {
    error = error_from(exception, Errc::kInternal);
  } catch (...) {
    error = {Errc::kInternal, "OpenVINO threw something unknown"};
  }
  counters_->in_flight.fetch_sub(1);
  counters_->busy_ns.fetch_add(took_ns);
  (error.code == Errc::kOk ? counters_->inferences : counters_->failures).fetch_add(1);
  in_flight_.store(false);
  // Last: from here on the request may be submitted again.
  job.complete(error.code, error.message, took_ns);
}

void InferRequest::cut_rows() const noexcept {
  for (std::size_t i = 0; rows_.has_value() && i < outputs_.size(); ++i) {
    PenstockTensor& output = job_.output(i);
    output.shape[0] = std::min(output.shape[0], *rows_);
  }
}

void InferRequest::report_output_shapes() {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const ov::Tensor given = request_.get_output_tensor(i);
    PenstockTensor& output = job_.output(i);
    if (given.data() != output.data && given.get_byte_size() > 0) {
      OPENVINO_THROW("output '",
                     compiled_->info.outputs[i].name,
                     "': shape ",
                     given.get_shape(),
                     " needs more than the ",
                     output.byte_length,
                     " bytes given");
    }
    const ov::Shape shape = given.get_shape();
    output.rank = static_cast<std::uint32_t>(shape.size());
    std::copy(shape.begin(), shape.end(), output.shape);
    // OpenVINO has changed the tensor that was bound: bind anew next time.
    outputs_[i].data = nullptr;
  }
}

}  // namespace penstock::openvino
