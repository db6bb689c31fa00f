#include "actors/device_backend.h"

#include <utility>

namespace penstock::actors {

DeviceBackend::DeviceBackend(std::shared_ptr<LoadedModel> model, CompletionQueue completions)
    : model_(std::move(model)),
      completions_(std::move(completions)) {
  for (std::size_t i = 0; i < model_->inputs().size(); ++i) {
    inputs_.push_back(model_->input_spec(i));
  }
  for (std::size_t i = 0; i < model_->outputs().size(); ++i) {
    outputs_.push_back(model_->output_spec(i));
  }
}

Result<std::unique_ptr<InferenceBackend>> DeviceBackend::create(std::shared_ptr<LoadedModel> model,
                                                                std::uint32_t slots,
                                                                Doorbell doorbell) {
  PENSTOCK_ASSIGN_OR_RETURN(CompletionQueue completions, CompletionQueue::create(slots, doorbell));
  std::unique_ptr<DeviceBackend> backend(
      new DeviceBackend(std::move(model), std::move(completions)));
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    PENSTOCK_ASSIGN_OR_RETURN(Request request,
                              backend->model_->create_request(backend->completions_));
    backend->requests_.push_back(std::move(request));
  }
  return std::unique_ptr<InferenceBackend>(std::move(backend));
}

Status DeviceBackend::submit(std::uint32_t slot,
                             std::span<const FeatureMap> inputs,
                             std::span<const FeatureMap> outputs,
                             std::uint64_t token) {
  return requests_[slot].submit(inputs, outputs, token);
}

std::optional<InferenceDone> DeviceBackend::pop() {
  auto done = completions_.pop();
  if (!done.has_value()) {
    return std::nullopt;
  }
  return InferenceDone{done->token, done->code, std::move(done->message), done->device_time};
}

void DeviceBackend::cancel(std::uint32_t slot) noexcept {
  requests_[slot].cancel();
}

}  // namespace penstock::actors
