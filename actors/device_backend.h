#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "engine/base/result.h"
#include "engine/run/inference_backend.h"

namespace penstock::actors {

/// A loaded model's requests, as a station wants to see them.
///
/// Ownership: shares the model; destroying it waits for what is at the device.
/// Thread-safety: as `InferenceBackend`.
class DeviceBackend final : public InferenceBackend {
 public:
  /// Makes `slots` requests on `model` that ring `doorbell`. May block.
  /// Errors: as `LoadedModel::create_request`.
  static Result<std::unique_ptr<InferenceBackend>> create(std::shared_ptr<LoadedModel> model,
                                                          std::uint32_t slots,
                                                          Doorbell doorbell);

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> inputs() const override {
    return inputs_;
  }

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> outputs() const override {
    return outputs_;
  }

  [[nodiscard]] std::uint32_t slots() const override {
    return static_cast<std::uint32_t>(requests_.size());
  }

  Status submit(std::uint32_t slot,
                std::span<const FeatureMap> inputs,
                std::span<const FeatureMap> outputs,
                std::uint64_t token) override;
  [[nodiscard]] std::optional<InferenceDone> pop() override;
  void cancel(std::uint32_t slot) noexcept override;

 private:
  DeviceBackend(std::shared_ptr<LoadedModel> model, CompletionQueue completions);

  std::shared_ptr<LoadedModel> model_;
  CompletionQueue completions_;
  std::vector<std::shared_ptr<const TensorSpec>> inputs_;
  std::vector<std::shared_ptr<const TensorSpec>> outputs_;
  std::vector<Request> requests_;  // Go first: they report to the queue.
};

}  // namespace penstock::actors
