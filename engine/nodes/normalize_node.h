#pragma once

#include <memory>
#include <optional>

#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"
#include "engine/nodes/picture_resampler.h"

namespace penstock {

/// The actor `normalize`.
ActorType normalize_type();

/// Makes a tensor of floats of each picture, at the picture's own size: the last step of a
/// preprocess that is written by hand (`letterbox`, then this).
///
/// Shapes: f32 1x3xHxW, or 1xHxWx3 with `layout: nhwc`.
class NormalizeNode final : public Node {
 public:
  /// Errors: `kInvalidArgument` if mean or std has neither 1 nor 3 numbers.
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  /// Pre: the target is f32 without a size.
  explicit NormalizeNode(const PictureTarget& target);

  Status open(const NodeContext& context) override;
  /// Errors: as `PictureResampler::run`.
  Status process(Frame& frame, Emit& emit) override;

 private:
  PictureTarget target_;
  std::shared_ptr<const TensorSpec> spec_;
  std::optional<PictureResampler> resampler_;
};

}  // namespace penstock
