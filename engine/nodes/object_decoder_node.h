#pragma once

#include <memory>

#include "engine/node/node.h"
#include "engine/vision/detection.h"

namespace penstock {

/// Turns a model's outputs into the frame's objects, in pixels of the source picture, and gives the
/// tensors back.
class ObjectDecoderNode final : public Node {
 public:
  /// `labels` outlives all frames (`intern_labels`) and may be null.
  ObjectDecoderNode(std::unique_ptr<ObjectDecoder> decoder,
                    InputSize input,
                    const LabelTable* labels);

  /// Boxes are clipped to the frame's picture; without one, to what the model was given.
  /// Errors: as `ObjectDecoder::decode`; `kInvalidArgument` for a frame without tensors.
  Status process(Frame& frame, Emit& emit) override;

 private:
  std::unique_ptr<ObjectDecoder> decoder_;
  InputSize input_;
  const LabelTable* labels_;
  DecodedObjects found_;
};

}  // namespace penstock
