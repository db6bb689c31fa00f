#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/vision/detection.h"
#include "engine/vision/ssd_anchors.h"
#include "engine/vision/tensor_reader.h"

namespace penstock {

/// How class outputs become scores.
enum class ScoreForm : std::uint8_t {
  kSigmoid = 0,  ///< Logits, each class for itself.
  kSoftmax = 1,  ///< Logits, the classes of a row against each other.
  kScores = 2,   ///< They are scores already.
};

struct SsdOptions {
  DetectionOptions detection;
  std::string preset;        ///< Of `ssd_anchor_preset`; wins over `anchors`.
  SsdAnchorOptions anchors;  ///< Used where `preset` is empty.
  ScoreForm score_form = ScoreForm::kSigmoid;
  float center_variance = 10;  ///< The model's centre offsets are divided by it, ...
  float size_variance = 5;     ///< ... its logarithms of sizes by this.
  /// One object a box, its best class. Else, as in the paper, each class that reaches the score.
  bool best_class_only = false;
};

/// Decodes single-shot detectors: box offsets against fixed anchors, and class scores with a
/// background at class 0 (Liu et al., SSD, ECCV 2016).
///
/// Shapes: two outputs: boxes 1xAx4 (y, x, h, w offsets) and classes 1xAxC, with A anchors and C
/// classes including the background; in any order, boxes first where C is 4. Labels: a label table
/// of C entries names the background too, so label = class; one of C - 1 entries does not, so label
/// = class - 1. Without a table, label = class.
class SsdDecoder final : public ObjectDecoder {
 public:
  /// Errors: `kInvalidArgument` if an option is out of range or the outputs do not fit.
  static Status check(const SsdOptions& options, std::span<const TensorSpec> outputs);
  static Result<SsdDecoder> create(const SsdOptions& options, std::span<const TensorSpec> outputs);

  Status decode(std::span<const FeatureMap> outputs,
                std::size_t batch_index,
                const Affine& to_source,
                const Box& picture,
                DecodedObjects& out) override;

 private:
  struct Outputs {
    std::size_t boxes = 0;
    std::size_t classes = 0;
    std::size_t class_count = 0;
    std::int32_t label_shift = 0;  // label = class + shift
  };

  SsdDecoder(const SsdOptions& options,
             DetectionFilter filter,
             std::vector<SsdAnchor> anchors,
             const Outputs& outputs);

  static Result<Outputs> find_outputs(const SsdOptions& options,
                                      std::span<const TensorSpec> outputs,
                                      std::size_t anchor_count);
  void add_row(std::size_t row, std::span<const float> scores, std::span<const float> offsets);
  void to_softmax(std::span<const float> row);
  [[nodiscard]] Box box_at(std::size_t row, std::span<const float> offsets) const noexcept;

  SsdOptions options_;
  DetectionFilter filter_;
  std::vector<SsdAnchor> anchors_;
  Outputs outputs_;
  float floor_ = 0;             // No class whose value is below it reaches the score.
  std::vector<float> softmax_;  // One row.
  TensorReader box_reader_;
  TensorReader class_reader_;
};

}  // namespace penstock
