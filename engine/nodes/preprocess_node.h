#pragma once

#include <memory>
#include <optional>

#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"
#include "engine/nodes/picture_resampler.h"

namespace penstock {

/// Makes the input of a model from each frame's picture: one pass from the decoder's YUV to the
/// model's element type, layout, channel order and size, and the map back to the source picture.
///
/// A model whose input is u8 gets the pixels 0..255 as they are: it normalises inside.
/// Shapes: 1x3xHxW or 1xHxWx3, as the model's input says.
class PreprocessNode final : public Node {
 public:
  /// Options: those of the language's `preprocess`.
  /// Errors: `kInvalidArgument` if there is no size, or mean and std have neither 1 nor 3 numbers;
  /// `kUnsupported` if the model does not take f32 or u8 pictures of three channels, or `normalize`
  /// is written for u8.
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  PreprocessNode(const PictureTarget& target, std::shared_ptr<const TensorSpec> spec);

  Status open(const NodeContext& context) override;
  /// Errors: as `PictureResampler::run`.
  Status process(Frame& frame, Emit& emit) override;

 private:
  PictureTarget target_;
  std::shared_ptr<const TensorSpec> spec_;
  Shape shape_;
  std::optional<PictureResampler> resampler_;
};

}  // namespace penstock
