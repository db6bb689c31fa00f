#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "engine/base/result.h"
#include "engine/base/waiting_bell.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// A loaded model that runs one inference after the other, for tools that wait for each.
///
/// Ownership: owns the memory of its outputs, which the next run writes again.
/// Thread-safety: one thread.
class ModelRun {
 public:
  /// Errors: `kUnsupported` for an output whose size is open beyond its first extent, which is
  /// taken as 1; of `LoadedModel::create_request`.
  static Result<std::unique_ptr<ModelRun>> create(LoadedModel model);

  ModelRun(const ModelRun&) = delete;
  ModelRun& operator=(const ModelRun&) = delete;
  ~ModelRun() = default;

  [[nodiscard]] LoadedModel& model() noexcept { return model_; }

  /// Runs once, and waits. Errors: of `Request::submit`; what the inference failed with.
  Status run(std::span<const FeatureMap> inputs);

  [[nodiscard]] const std::vector<FeatureMap>& outputs() const noexcept { return outputs_; }

 private:
  explicit ModelRun(LoadedModel model) : model_(std::move(model)) {}

  Status add_output(const std::shared_ptr<const TensorSpec>& spec);

  WaitingBell bell_;
  LoadedModel model_;
  std::vector<FeatureMap> outputs_;
  std::optional<CompletionQueue> completions_;
  std::optional<Request> request_;
};

}  // namespace penstock
