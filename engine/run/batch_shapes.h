#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"
#include "engine/tensor/shape_bucket.h"

namespace penstock {

/// Decides how the frames of one inference lie in the model's inputs and outputs.
///
/// Without buckets the ports say it: a batch is always as large as the model's. With buckets an
/// inference is laid out for the first that its frames fit into, so that few frames take a small
/// batch, and frames of one size go together.
///
/// Shapes: a frame's tensors have the shape of a batch of one where batches are made.
/// Thread-safety: none needed after `create`; all calls are const.
class BatchShapes {
 public:
  using Specs = std::span<const std::shared_ptr<const TensorSpec>>;

  /// Valid as long as the shapes that made it, until it is laid out again.
  struct Layout {
    Layout() = default;
    Layout(const Layout&) = delete;
    Layout& operator=(const Layout&) = delete;
    Layout(Layout&&) = default;
    Layout& operator=(Layout&&) = default;
    ~Layout() = default;

    std::span<const Shape> inputs;   ///< With rows for all frames, perhaps for more.
    std::span<const Shape> outputs;  ///< As above.
    std::vector<Shape> own;          ///< What `inputs` shows of a model with buckets.
  };

  BatchShapes() = default;

  /// Errors: `kUnsupported` for an output, or, where batches are made, an input whose shape is
  /// open; `kInvalidArgument` for a port that does not begin with the batch.
  static Result<BatchShapes> create(Specs inputs,
                                    Specs outputs,
                                    std::span<const ShapeBucket> buckets,
                                    std::uint32_t batch_size);

  /// Checks that a frame's tensors can be one of a batch. What a batch of one without buckets is
  /// given, the device checks.
  /// Errors: `kInvalidArgument`, naming the input. Cost: no allocation but for an error.
  [[nodiscard]] Status check_frame(std::span<const FeatureMap> maps) const;

  /// Returns whether two frames that were checked can go into one inference.
  [[nodiscard]] bool go_together(std::span<const FeatureMap> a,
                                 std::span<const FeatureMap> b) const noexcept;

  /// Says in `layout` how an inference of `frames` frames lies, the first of which has `maps`.
  /// Errors: `kInvalidArgument` if no bucket takes so many. Pre: checked.
  /// Cost: no allocation where `layout` was used before.
  [[nodiscard]] Status lay_out(std::span<const FeatureMap> maps,
                               std::size_t frames,
                               Layout& layout) const;

 private:
  [[nodiscard]] Status check_bytes(std::span<const FeatureMap> maps) const;

  std::vector<std::shared_ptr<const TensorSpec>> inputs_;
  std::vector<std::size_t> shares_;   // Bytes of one frame of a batch, by input; 0: open.
  std::vector<ShapeBucket> buckets_;  // Without buckets: one of the ports' shapes.
  bool has_buckets_ = false;
  std::uint32_t batch_size_ = 1;
};

}  // namespace penstock
