#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"
#include "engine/frame/frame.h"
#include "engine/frame/outcome.h"
#include "engine/run/job_maps.h"
#include "engine/tensor/feature_map.h"
#include "engine/tensor/shape_bucket.h"

namespace penstock {

/// The end of one inference: `code` is `kOk` or why it failed.
struct InferenceDone {
  std::uint64_t token = 0;
  Errc code = Errc::kOk;
  std::string message;
  Duration device_time{0};
  /// Set where its frames were left out on purpose, too late or because a queue was full: it did
  /// not run, although `code` is `kOk`.
  std::optional<Reason> dropped_by = {};
  std::uint32_t frames = 1;  ///< As submitted.
  /// Set where the results do not lie in the job's own maps: a device that was given up may still
  /// write there.
  Ref<JobMaps> maps = {};
};

/// One inference as a station hands it over.
struct InferenceJob {
  std::uint32_t slot = 0;  ///< A free one.
  std::uint64_t token = 0;
  /// Let go of before the end is popped, unless a device that was given up may still look at it.
  Ref<JobMaps> maps;
  StreamId stream{};                      ///< Of the first frame; `maps` say of which others.
  TimePoint deadline = TimePoint::max();  ///< The earliest of its frames'.
};

/// What a station needs of a loaded model: room for `slots()` inferences at once.
///
/// The engine knows no driver; whoever builds a run puts a device's requests behind this, tests put
/// a table there.
/// Thread-safety: all calls by the station's driver; the doorbell given at creation is rung from
/// any thread, never after destruction.
class InferenceBackend {
 public:
  virtual ~InferenceBackend() = default;

  [[nodiscard]] virtual std::span<const std::shared_ptr<const TensorSpec>> inputs() const = 0;
  [[nodiscard]] virtual std::span<const std::shared_ptr<const TensorSpec>> outputs() const = 0;

  /// The shapes that a model with open ones was loaded for, the smaller ones first: inputs must fit
  /// into one, and outputs be laid out for the first that they fit into. None: the ports say all.
  [[nodiscard]] virtual std::span<const ShapeBucket> buckets() const { return {}; }

  /// Inferences that can be in flight at once; at least 1, constant.
  [[nodiscard]] virtual std::uint32_t slots() const = 0;

  /// Starts an inference; never blocks. On an error nothing was started.
  virtual Status submit(const InferenceJob& job) = 0;
  /// Returns an inference that has ended. Whoever is rung calls it until there is none.
  [[nodiscard]] virtual std::optional<InferenceDone> pop() = 0;

  /// Says that the results of so many frames that ended well have gone to whoever reads them. Until
  /// then they count as outputs that nobody has taken, of which a user may have only so many.
  virtual void taken(std::uint32_t /*frames*/) noexcept {}

  /// Whether inferences of one stream start in the order in which they were submitted.
  [[nodiscard]] virtual bool starts_in_order() const noexcept { return true; }

  /// Says that nothing more will be submitted: what waits for company need not wait any longer.
  virtual void end_input() noexcept {}

  /// Asks to end early; the completion still comes.
  virtual void cancel(std::uint32_t slot) noexcept = 0;

 protected:
  InferenceBackend() = default;
  InferenceBackend(const InferenceBackend&) = default;
  InferenceBackend& operator=(const InferenceBackend&) = default;
};

/// Makes a backend that rings `doorbell` for each completion. May block for seconds.
using BackendFactory = std::function<Result<std::unique_ptr<InferenceBackend>>(Doorbell doorbell)>;

}  // namespace penstock
