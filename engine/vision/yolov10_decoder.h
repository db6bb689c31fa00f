#pragma once

#include <cstddef>
#include <span>

#include "engine/vision/detection.h"
#include "engine/vision/tensor_reader.h"

namespace penstock {

/// Decodes heads that were trained to need no suppression (YOLOv10 and other end-to-end models):
/// finished boxes, each with one class. `iou`, `max_candidates` and `class_agnostic` play no part.
///
/// Shapes: one output 1xNx6: left, top, right, bottom in pixels of the input, score 0..1, class.
class YoloV10Decoder final : public ObjectDecoder {
 public:
  /// Errors: `kInvalidArgument` if an option is out of range or the output does not fit.
  static Status check(const DetectionOptions& options, std::span<const TensorSpec> outputs);
  static Result<YoloV10Decoder> create(const DetectionOptions& options,
                                       std::span<const TensorSpec> outputs);

  Status decode(std::span<const FeatureMap> outputs,
                std::size_t batch_index,
                const Affine& to_source,
                const Box& picture,
                DecodedObjects& out) override;

 private:
  explicit YoloV10Decoder(DetectionFilter filter);

  DetectionFilter filter_;
  TensorReader reader_;
};

}  // namespace penstock
