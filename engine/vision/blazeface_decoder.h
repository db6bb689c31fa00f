#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/vision/detection.h"
#include "engine/vision/tensor_reader.h"

namespace penstock {

/// A grid of cells over the model's input, with several proposals in each cell.
struct BlazeGrid {
  int rows = 0;
  int cols = 0;
  int per_cell = 0;
};

/// Returns the grids of a named model, or nothing. Known: "short" (16x16x2 and 8x8x6, the near
/// range face model, also its 256 pixel variant), "full" (48x48x1, the far range one).
std::optional<std::vector<BlazeGrid>> blazeface_preset(std::string_view name);

struct BlazefaceOptions {
  DetectionOptions detection;    ///< `labels`, `keep`: all objects have label 0.
  std::string preset = "short";  ///< Of `blazeface_preset`; empty where `grids` says it.
  std::vector<BlazeGrid> grids;  ///< Finest first, used where `preset` is empty.
  /// The surviving box and its points are the mean, weighted by score, of all proposals that it
  /// stands for: steadier from frame to frame than the best proposal alone.
  bool has_weighted_suppression = true;
};

/// Decodes single-class detectors with key points (Bazarevsky et al., "BlazeFace: Sub-millisecond
/// Neural Face Detection on Mobile GPUs", 2019): offsets against the centres of cells.
///
/// Shapes, for A proposals over all grids and K key points: scores [1,A,1] (logits) and regressors
/// [1,A,4+2K] (centre x, centre y, width, height, then x and y of each point, in pixels of the
/// input, all but the sizes relative to the centre of the cell); or one such pair for each grid, as
/// exporters to ONNX leave them ([1,512,1], [1,384,1], [1,512,16], [1,384,16]); in any order.
/// Key points come out in pixels of the source, not clipped, each with the score of its object.
class BlazefaceDecoder final : public ObjectDecoder {
 public:
  /// Errors: `kInvalidArgument` if an option is out of range or the outputs do not fit.
  static Status check(const BlazefaceOptions& options, std::span<const TensorSpec> outputs);
  static Result<BlazefaceDecoder> create(const BlazefaceOptions& options,
                                         std::span<const TensorSpec> outputs);

  Status decode(std::span<const FeatureMap> outputs,
                std::size_t batch_index,
                const Affine& to_source,
                const Box& picture,
                DecodedObjects& out) override;

 private:
  // A pair of outputs and the proposals that it holds.
  struct Part {
    std::size_t scores = 0;
    std::size_t regressors = 0;
    std::size_t first = 0;  // Among all proposals.
    std::size_t count = 0;
  };

  struct Layout {
    std::vector<Part> parts;
    std::size_t output_count = 0;
    std::size_t width = 0;  // Numbers of a proposal: 4 + 2 K.
  };

  BlazefaceDecoder(const BlazefaceOptions& options,
                   DetectionFilter filter,
                   std::vector<Point> centers,
                   Layout layout);

  static Result<std::vector<BlazeGrid>> grids_of(const BlazefaceOptions& options);
  static Result<Layout> find_parts(std::span<const BlazeGrid> grids,
                                   std::span<const TensorSpec> outputs);
  Status add_part(const Part& part, std::span<const FeatureMap> outputs, std::size_t batch_index);
  void add_proposal(std::size_t index, float score, std::span<const float> values);
  void average_groups();
  void write_objects(const Affine& to_source, const Box& picture, DecodedObjects& out);

  BlazefaceOptions options_;
  DetectionFilter filter_;
  std::vector<Point> centers_;  // Of each proposal's cell, pixels of the input.
  Layout layout_;
  float floor_ = 0;  // No logit below it reaches the score.
  // Each candidate's numbers, absolute: those of proposal i start at `slot_of_[i] * width`.
  std::vector<float> values_;
  std::vector<std::uint32_t> slot_of_;
  std::vector<double> sums_;  // A row for each survivor: the numbers, then the weight.
  TensorReader score_reader_;
  TensorReader regressor_reader_;
};

}  // namespace penstock
