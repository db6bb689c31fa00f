#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/vision/detection.h"
#include "engine/vision/tensor_reader.h"

namespace penstock {

/// An anchor's size in pixels of the model's input.
struct YoloAnchor {
  float width = 0;
  float height = 0;
};

struct YoloV5Options {
  DetectionOptions detection;
  /// For raw heads: the same number for each head, finest grid first. These are those of the COCO
  /// models with three heads.
  std::vector<YoloAnchor> anchors = {{10, 13},
                                     {16, 30},
                                     {33, 23},
                                     {30, 61},
                                     {62, 45},
                                     {59, 119},
                                     {116, 90},
                                     {156, 198},
                                     {373, 326}};
};

/// Decodes anchor-based heads as YOLOv5 exports them: per proposal the box, the score that it is
/// any object, and a score for each class given that. An object's score is the product.
///
/// Shapes, for C classes and A anchors a cell, either form:
/// - joined: an output 1xNx(5+C) with the anchors applied already: centre x, centre y, width,
/// height
///   in pixels of the input, scores 0..1. Further outputs (the raw heads beside it) are left alone.
/// - raw: one output a head, 1xAxHxWx(5+C) or 1x(A*(5+C))xHxW, before the sigmoid; any order.
///   With s = sigmoid(t): centre = (2 s - 0.5 + cell) * stride, size = (2 s)^2 * anchor.
/// With a label table C is its size.
class YoloV5Decoder final : public ObjectDecoder {
 public:
  /// Errors: `kInvalidArgument` if an option is out of range or the outputs do not fit.
  static Status check(const YoloV5Options& options, std::span<const TensorSpec> outputs);
  static Result<YoloV5Decoder> create(const YoloV5Options& options,
                                      std::span<const TensorSpec> outputs);

  Status decode(std::span<const FeatureMap> outputs,
                std::size_t batch_index,
                const Affine& to_source,
                const Box& picture,
                DecodedObjects& out) override;

 private:
  // One raw head. Strides are those of the elements: a proposal's value k is at
  // `anchor * anchor_step + cell * cell_step + k * value_step`.
  struct Head {
    std::size_t output = 0;
    std::size_t rows = 0;
    std::size_t cols = 0;
    std::size_t first_anchor = 0;  // In the options.
    std::size_t first_index = 0;   // Of its proposals among all.
    std::size_t anchor_step = 0;
    std::size_t cell_step = 0;
    std::size_t value_step = 0;
    float stride_x = 0;
    float stride_y = 0;
  };

  struct Layout {
    std::size_t output_count = 0;
    std::size_t class_count = 0;
    std::size_t joined = 0;  // The joined output, if `heads` is empty.
    std::size_t anchors_per_head = 0;
    std::vector<Head> heads;  // Finest first.
  };

  YoloV5Decoder(YoloV5Options options, DetectionFilter filter, Layout layout);

  static Result<Layout> find_layout(const YoloV5Options& options,
                                    std::span<const TensorSpec> outputs);
  static Result<Layout> find_heads(const YoloV5Options& options,
                                   std::span<const TensorSpec> outputs);
  static Result<Head> head_of(const YoloV5Options& options,
                              const TensorSpec& output,
                              std::size_t anchors);
  static std::size_t class_count_of(const TensorSpec& output, std::size_t anchors);

  Status add_joined(const FeatureMap& map, std::size_t batch_index);
  Status add_head(const Head& head, const FeatureMap& map, std::size_t batch_index);
  void add_proposal(const Head& head, const float* values, std::size_t cell, std::size_t anchor);

  YoloV5Options options_;
  DetectionFilter filter_;
  Layout layout_;
  float floor_ = 0;  // No logit below it reaches the score.
  TensorReader reader_;
};

}  // namespace penstock
