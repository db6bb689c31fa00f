#include "engine/vision/blazeface_decoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/vision/output_shape.h"

namespace penstock {
namespace {

constexpr const char* kName = "blazeface";
constexpr std::size_t kBoxExtent = 4;
constexpr int kMaxExtent = 1024;

std::size_t proposals_of(const BlazeGrid& grid) noexcept {
  return static_cast<std::size_t>(grid.rows) * static_cast<std::size_t>(grid.cols) *
         static_cast<std::size_t>(grid.per_cell);
}

std::vector<Point> centers_of(std::span<const BlazeGrid> grids, InputSize input) {
  std::vector<Point> centers;
  for (const BlazeGrid& grid : grids) {
    const float cell_width = static_cast<float>(input.width) / static_cast<float>(grid.cols);
    const float cell_height = static_cast<float>(input.height) / static_cast<float>(grid.rows);
    for (int row = 0; row < grid.rows; ++row) {
      for (int col = 0; col < grid.cols; ++col) {
        const Point center{(static_cast<float>(col) + 0.5F) * cell_width,
                           (static_cast<float>(row) + 0.5F) * cell_height};
        centers.insert(centers.end(), static_cast<std::size_t>(grid.per_cell), center);
      }
    }
  }
  return centers;
}

bool is_regressor_width(std::int64_t cols) noexcept {
  return cols >= 4 && cols % 2 == 0;
}

std::string pair_rule(std::size_t count) {
  const std::string rows = std::to_string(count);
  return "a pair 1x" + rows + "x1 (scores) and 1x" + rows + "x(4+2K) (regressors)";
}

// Finds an output of `rows` x (1 for scores, 4+2K for regressors) that no part before uses.
template <class Fits>
std::optional<std::size_t> take(std::span<const TensorSpec> outputs,
                                std::vector<bool>& used,
                                std::size_t rows,
                                Fits fits_cols) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto matrix = matrix_of(outputs[i].shape);
    if (!used[i] && matrix.has_value() && may_be(matrix->rows, static_cast<std::int64_t>(rows)) &&
        fits_cols(matrix->cols)) {
      used[i] = true;
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<BlazeGrid>> blazeface_preset(std::string_view name) {
  if (name == "short") {
    return std::vector<BlazeGrid>{{16, 16, 2}, {8, 8, 6}};
  }
  if (name == "full") {
    return std::vector<BlazeGrid>{{48, 48, 1}};
  }
  return std::nullopt;
}

Status BlazefaceDecoder::check(const BlazefaceOptions& options,
                               std::span<const TensorSpec> outputs) {
  PENSTOCK_RETURN_IF_ERROR(DetectionFilter::create(options.detection));
  PENSTOCK_ASSIGN_OR_RETURN(const auto grids, grids_of(options));
  PENSTOCK_RETURN_IF_ERROR(find_parts(grids, outputs));
  return {};
}

Result<BlazefaceDecoder> BlazefaceDecoder::create(const BlazefaceOptions& options,
                                                  std::span<const TensorSpec> outputs) {
  PENSTOCK_ASSIGN_OR_RETURN(auto filter, DetectionFilter::create(options.detection));
  PENSTOCK_ASSIGN_OR_RETURN(const auto grids, grids_of(options));
  PENSTOCK_ASSIGN_OR_RETURN(auto layout, find_parts(grids, outputs));
  return BlazefaceDecoder(
      options, std::move(filter), centers_of(grids, options.detection.input), std::move(layout));
}

BlazefaceDecoder::BlazefaceDecoder(const BlazefaceOptions& options,
                                   DetectionFilter filter,
                                   std::vector<Point> centers,
                                   Layout layout)
    : options_(options),
      filter_(std::move(filter)),
      centers_(std::move(centers)),
      layout_(std::move(layout)),
      floor_(logit_floor(options.detection.score)),
      slot_of_(centers_.size()) {}

Result<std::vector<BlazeGrid>> BlazefaceDecoder::grids_of(const BlazefaceOptions& options) {
  if (!options.preset.empty()) {
    auto grids = blazeface_preset(options.preset);
    if (!grids.has_value()) {
      return Error{Errc::kInvalidArgument,
                   "grids: no preset '" + options.preset + "'; known: short, full"};
    }
    return *std::move(grids);
  }
  const auto is_bad = [](int value) { return value <= 0 || value > kMaxExtent; };
  for (const BlazeGrid& grid : options.grids) {
    if (is_bad(grid.rows) || is_bad(grid.cols) || is_bad(grid.per_cell) ||
        proposals_of(grid) > NonMaximumSuppression::kMaxCandidates) {
      std::string message = "grids: " + Shape{grid.rows, grid.cols, grid.per_cell}.to_string();
      message += ", must be positive and at most ";
      message += std::to_string(NonMaximumSuppression::kMaxCandidates);
      message += " proposals";
      return Error{Errc::kInvalidArgument, message};
    }
  }
  if (options.grids.empty()) {
    return Error{Errc::kInvalidArgument, "grids: none, and no preset"};
  }
  return options.grids;
}

Result<BlazefaceDecoder::Layout> BlazefaceDecoder::find_parts(std::span<const BlazeGrid> grids,
                                                              std::span<const TensorSpec> outputs) {
  for (const TensorSpec& output : outputs) {
    PENSTOCK_RETURN_IF_ERROR(check_readable(output, kName));
  }
  std::vector<std::size_t> counts;
  std::size_t total = 0;
  for (const BlazeGrid& grid : grids) {
    counts.push_back(proposals_of(grid));
    total += counts.back();
  }
  if (outputs.size() == 2) {
    counts = {total};
  } else if (outputs.size() != 2 * grids.size()) {
    return wrong_output_count(
        outputs.size(),
        kName,
        "2 (scores, regressors), or 2 for each of its " + std::to_string(grids.size()) + " grids");
  }
  Layout layout;
  layout.output_count = outputs.size();
  std::vector<bool> used(outputs.size());
  std::size_t first = 0;
  for (const std::size_t count : counts) {
    const auto scores = take(outputs, used, count, [](std::int64_t cols) { return cols == 1; });
    const auto regressors = take(outputs, used, count, is_regressor_width);
    if (!scores.has_value() || !regressors.has_value()) {
      const auto unused = std::find(used.begin(), used.end(), false) - used.begin();
      return misfit(outputs[static_cast<std::size_t>(unused)], kName, pair_rule(count));
    }
    const auto width = static_cast<std::size_t>(matrix_of(outputs[*regressors].shape)->cols);
    if (layout.width != 0 && layout.width != width) {
      return misfit(outputs[*regressors],
                    kName,
                    "as many regressors in each grid: " + std::to_string(layout.width));
    }
    layout.width = width;
    layout.parts.push_back({*scores, *regressors, first, count});
    first += count;
  }
  return layout;
}

Status BlazefaceDecoder::decode(std::span<const FeatureMap> outputs,
                                std::size_t batch_index,
                                const Affine& to_source,
                                const Box& picture,
                                DecodedObjects& out) {
  out.clear();
  PENSTOCK_RETURN_IF_ERROR(check_bound_count(outputs.size(), layout_.output_count, kName));
  filter_.clear();
  values_.clear();
  for (const Part& part : layout_.parts) {
    PENSTOCK_RETURN_IF_ERROR(add_part(part, outputs, batch_index));
  }
  filter_.run();
  average_groups();
  write_objects(to_source, picture, out);
  return {};
}

Status BlazefaceDecoder::add_part(const Part& part,
                                  std::span<const FeatureMap> outputs,
                                  std::size_t batch_index) {
  const FeatureMap& score_map = outputs[part.scores];
  const FeatureMap& regressor_map = outputs[part.regressors];
  PENSTOCK_ASSIGN_OR_RETURN(const auto logits, score_reader_.item(score_map, batch_index));
  PENSTOCK_ASSIGN_OR_RETURN(const auto values, regressor_reader_.item(regressor_map, batch_index));
  if (logits.size() != part.count) {
    return wrong_element_count(score_map, kName, static_cast<std::int64_t>(part.count));
  }
  if (values.size() != part.count * layout_.width) {
    return wrong_element_count(
        regressor_map, kName, static_cast<std::int64_t>(part.count * layout_.width));
  }
  for (std::size_t i = 0; i < part.count; ++i) {
    if (logits[i] >= floor_) {
      add_proposal(part.first + i,
                   score_of_logit(logits[i]),
                   values.subspan(i * layout_.width, layout_.width));
    }
  }
  return {};
}

void BlazefaceDecoder::add_proposal(std::size_t index, float score, std::span<const float> values) {
  // A broken key point would spoil the mean of its whole group.
  const bool is_finite =
      std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  if (!is_finite) {
    return;
  }
  const Point center = centers_[index];
  slot_of_[index] = static_cast<std::uint32_t>(values_.size() / layout_.width);
  for (std::size_t k = 0; k < values.size(); ++k) {
    const bool is_size = k == 2 || k == 3;
    const float origin = k % 2 == 0 ? center.x : center.y;
    values_.push_back(is_size ? values[k] : values[k] + origin);
  }
  const float* own = &values_[values_.size() - layout_.width];
  filter_.add({Box{own[0] - own[2] / 2, own[1] - own[3] / 2, own[2], own[3]},
               score,
               0,
               static_cast<std::uint32_t>(index)});
}

// Without weighted suppression a group is its survivor alone, and the mean its own numbers.
void BlazefaceDecoder::average_groups() {
  const auto candidates = filter_.suppression().candidates();
  const auto survivor_of = filter_.suppression().survivor_of();
  const auto survivors = filter_.suppression().survivors();
  const std::size_t row = layout_.width + 1;
  sums_.assign(survivors.size() * row, 0);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::uint32_t group = survivor_of[i];
    if (!options_.has_weighted_suppression && survivors[group].index != candidates[i].index) {
      continue;
    }
    const float* own = &values_[slot_of_[candidates[i].index] * layout_.width];
    double* sum = &sums_[group * row];
    // A score of 0 (of a threshold of 0) still has to count for a group of its own.
    const double weight = std::max(static_cast<double>(candidates[i].score), 1e-9);
    for (std::size_t k = 0; k < layout_.width; ++k) {
      sum[k] += weight * static_cast<double>(own[k]);
    }
    sum[layout_.width] += weight;
  }
}

void BlazefaceDecoder::write_objects(const Affine& to_source,
                                     const Box& picture,
                                     DecodedObjects& out) {
  const std::size_t row = layout_.width + 1;
  out.keypoints_per_object = (layout_.width - kBoxExtent) / 2;
  const auto survivors = filter_.suppression().survivors();
  for (std::size_t i = 0; i < survivors.size(); ++i) {
    if (out.objects.size() == options_.detection.top_k) {
      break;
    }
    const double* sum = &sums_[i * row];
    const auto mean = [&](std::size_t k) {
      return static_cast<float>(sum[k] / sum[layout_.width]);
    };
    const Box box{mean(0) - mean(2) / 2, mean(1) - mean(3) / 2, mean(2), mean(3)};
    const auto placed = place_in_picture(box, to_source, picture);
    if (!placed.has_value()) {
      continue;
    }
    Object& object = out.objects.emplace_back();
    object.box = *placed;
    object.score = survivors[i].score;
    for (std::size_t k = kBoxExtent; k + 1 < layout_.width; k += 2) {
      out.keypoints.push_back({to_source.apply(Point{mean(k), mean(k + 1)}), object.score});
    }
  }
}

}  // namespace penstock
