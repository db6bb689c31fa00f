#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "engine/vision/detection.h"
#include "engine/vision/tensor_reader.h"

namespace penstock {

/// Decodes anchor-free heads as YOLOv8, YOLO11 and their kin export them: per proposal the box,
/// then a score for each class, no score for "any object". An object's class is its best one.
///
/// Shapes: one output, 1x(4+C)xN or 1xNx(4+C), for C classes and N proposals: centre x, centre y,
/// width, height in pixels of the input, and C scores 0..1. With a label table C is its size;
/// without one the smaller extent is 4+C.
class YoloV8Decoder final : public ObjectDecoder {
 public:
  /// Errors: `kInvalidArgument` if an option is out of range or the output does not fit.
  static Status check(const DetectionOptions& options, std::span<const TensorSpec> outputs);
  static Result<YoloV8Decoder> create(const DetectionOptions& options,
                                      std::span<const TensorSpec> outputs);

  Status decode(std::span<const FeatureMap> outputs,
                std::size_t batch_index,
                const Affine& to_source,
                const Box& picture,
                DecodedObjects& out) override;

 private:
  static constexpr std::size_t kBlock = 512;

  YoloV8Decoder(DetectionFilter filter, std::size_t class_count, bool is_channel_major);

  void add_rows(std::span<const float> elements, std::size_t rows);
  void add_columns(std::span<const float> elements, std::size_t columns);

  DetectionFilter filter_;
  std::size_t class_count_ = 0;
  bool is_channel_major_ = true;
  std::array<float, kBlock> best_score_{};  // Of each proposal of a block.
  TensorReader reader_;
};

}  // namespace penstock
