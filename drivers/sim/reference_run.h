#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"

namespace penstock::sim {

/// One inference at a time on the host, of a model of fixed shapes, on memory of its own: the
/// caller's may go while it runs.
///
/// Thread-safety: `start` and `outputs` by the owner, never while one runs; the bell comes from a
/// thread of the reference driver, or from inside `start`.
class ReferenceRun {
 public:
  /// `ended(argument)` is called after each run; `failure()` says how it went.
  static Result<std::unique_ptr<ReferenceRun>> create(std::shared_ptr<LoadedModel> model,
                                                      Doorbell ended);
  ReferenceRun(std::shared_ptr<LoadedModel> model, Doorbell ended);
  ReferenceRun(const ReferenceRun&) = delete;
  ReferenceRun& operator=(const ReferenceRun&) = delete;
  /// Waits for a run that is under way.
  ~ReferenceRun() = default;

  /// Returns the memory that input or output `index` of the model is bound to.
  [[nodiscard]] std::byte* input(std::size_t index) { return inputs_[index].mutable_data(); }

  [[nodiscard]] const std::byte* output(std::size_t index) const { return outputs_[index].data(); }

  [[nodiscard]] std::vector<std::byte>& image() { return image_; }

  Status start();

  /// Asks to end early what runs; the bell still comes. From any thread.
  void cancel() noexcept { request_->cancel(); }

  /// Returns how the last run ended. Pre: the bell came.
  [[nodiscard]] const Status& result() const noexcept { return result_; }

 private:
  Status prepare();
  void on_ring();

  std::shared_ptr<LoadedModel> model_;
  Doorbell ended_;
  std::vector<FeatureMap> inputs_;
  std::vector<FeatureMap> outputs_;
  std::vector<std::byte> image_;
  Status result_;
  std::optional<CompletionQueue> queue_;
  std::optional<Request> request_;  // Goes first: it reports to the queue.
};

}  // namespace penstock::sim
