#include "engine/vision/ssd_decoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/vision/output_shape.h"

namespace penstock {
namespace {

constexpr const char* kName = "ssd";
constexpr std::size_t kBoxExtent = 4;

Result<std::vector<SsdAnchor>> anchors_of(const SsdOptions& options) {
  if (options.preset.empty()) {
    return make_ssd_anchors(options.anchors, options.detection.input);
  }
  const auto preset = ssd_anchor_preset(options.preset);
  if (!preset.has_value()) {
    return Error{Errc::kInvalidArgument,
                 "anchors: no preset '" + options.preset + "'; known: mobilenet_v2_oid_300"};
  }
  return make_ssd_anchors(*preset, options.detection.input);
}

Status check_variances(const SsdOptions& options) {
  for (const float variance : {options.center_variance, options.size_variance}) {
    if (!(variance > 0 && std::isfinite(variance))) {
      return Error{Errc::kInvalidArgument,
                   "variance: " + std::to_string(variance) + ", must be positive"};
    }
  }
  return {};
}

Result<std::int32_t> label_shift_of(std::size_t labels,
                                    std::size_t classes,
                                    const TensorSpec& output) {
  if (labels == 0 || labels == classes) {
    return 0;
  }
  if (labels + 1 == classes) {
    return -1;
  }
  return misfit(output,
                kName,
                "as many classes as there are labels (" + std::to_string(labels) +
                    "), or one more for the background");
}

}  // namespace

Status SsdDecoder::check(const SsdOptions& options, std::span<const TensorSpec> outputs) {
  PENSTOCK_RETURN_IF_ERROR(DetectionFilter::create(options.detection));
  PENSTOCK_RETURN_IF_ERROR(check_variances(options));
  PENSTOCK_ASSIGN_OR_RETURN(const auto anchors, anchors_of(options));
  PENSTOCK_RETURN_IF_ERROR(find_outputs(options, outputs, anchors.size()));
  return {};
}

Result<SsdDecoder> SsdDecoder::create(const SsdOptions& options,
                                      std::span<const TensorSpec> outputs) {
  PENSTOCK_RETURN_IF_ERROR(check_variances(options));
  PENSTOCK_ASSIGN_OR_RETURN(auto filter, DetectionFilter::create(options.detection));
  PENSTOCK_ASSIGN_OR_RETURN(auto anchors, anchors_of(options));
  PENSTOCK_ASSIGN_OR_RETURN(const auto found, find_outputs(options, outputs, anchors.size()));
  return SsdDecoder(options, std::move(filter), std::move(anchors), found);
}

SsdDecoder::SsdDecoder(const SsdOptions& options,
                       DetectionFilter filter,
                       std::vector<SsdAnchor> anchors,
                       const Outputs& outputs)
    : options_(options),
      filter_(std::move(filter)),
      anchors_(std::move(anchors)),
      outputs_(outputs),
      floor_(options.score_form == ScoreForm::kSigmoid ? logit_floor(options.detection.score)
                                                       : options.detection.score),
      softmax_(outputs.class_count) {}

Result<SsdDecoder::Outputs> SsdDecoder::find_outputs(const SsdOptions& options,
                                                     std::span<const TensorSpec> outputs,
                                                     std::size_t anchor_count) {
  const std::string anchors_text = std::to_string(anchor_count);
  if (outputs.size() != 2) {
    return wrong_output_count(outputs.size(), kName, "2: boxes and classes");
  }
  for (const TensorSpec& output : outputs) {
    PENSTOCK_RETURN_IF_ERROR(check_readable(output, kName));
    const auto matrix = matrix_of(output.shape);
    if (!matrix.has_value() || !may_be(matrix->rows, static_cast<std::int64_t>(anchor_count))) {
      return misfit(output, kName, "1x" + anchors_text + "xK, a row for each anchor");
    }
  }
  const auto cols = [&](std::size_t i) { return matrix_of(outputs[i].shape)->cols; };
  Outputs found;
  found.boxes = cols(0) == kBoxExtent ? 0 : 1;
  found.classes = 1 - found.boxes;
  if (cols(found.boxes) != kBoxExtent) {
    return misfit(outputs[0], kName, "one output 1x" + anchors_text + "x4 with the boxes");
  }
  if (cols(found.classes) < 2) {
    return misfit(outputs[found.classes],
                  kName,
                  "1x" + anchors_text + "xC, the background and at least one class");
  }
  found.class_count = static_cast<std::size_t>(cols(found.classes));
  PENSTOCK_ASSIGN_OR_RETURN(
      found.label_shift,
      label_shift_of(options.detection.labels, found.class_count, outputs[found.classes]));
  return found;
}

Status SsdDecoder::decode(std::span<const FeatureMap> outputs,
                          std::size_t batch_index,
                          const Affine& to_source,
                          const Box& picture,
                          DecodedObjects& out) {
  out.clear();
  PENSTOCK_RETURN_IF_ERROR(check_bound_count(outputs.size(), 2, kName));
  const FeatureMap& box_map = outputs[outputs_.boxes];
  const FeatureMap& class_map = outputs[outputs_.classes];
  PENSTOCK_ASSIGN_OR_RETURN(const auto boxes, box_reader_.item(box_map, batch_index));
  PENSTOCK_ASSIGN_OR_RETURN(const auto classes, class_reader_.item(class_map, batch_index));
  if (boxes.size() != anchors_.size() * kBoxExtent) {
    return wrong_element_count(
        box_map, kName, static_cast<std::int64_t>(anchors_.size() * kBoxExtent));
  }
  if (classes.size() != anchors_.size() * outputs_.class_count) {
    return wrong_element_count(
        class_map, kName, static_cast<std::int64_t>(anchors_.size() * outputs_.class_count));
  }
  filter_.clear();
  for (std::size_t row = 0; row < anchors_.size(); ++row) {
    add_row(row,
            classes.subspan(row * outputs_.class_count, outputs_.class_count),
            boxes.subspan(row * kBoxExtent, kBoxExtent));
  }
  filter_.finish(to_source, picture, out.objects);
  return {};
}

void SsdDecoder::add_row(std::size_t row,
                         std::span<const float> scores,
                         std::span<const float> offsets) {
  if (options_.score_form == ScoreForm::kSoftmax) {
    to_softmax(scores);
    scores = softmax_;
  }
  // Nearly all rows end here; counting instead of leaving at the first hit lets it vectorise.
  std::size_t above = 0;
  for (const float value : scores.subspan(1)) {
    above += value >= floor_ ? 1U : 0U;
  }
  if (above == 0) {
    return;
  }
  Candidate best{box_at(row, offsets), -1, 0, static_cast<std::uint32_t>(row)};
  for (std::size_t c = 1; c < scores.size(); ++c) {
    if (!(scores[c] >= floor_)) {
      continue;
    }
    Candidate candidate = best;
    candidate.score =
        options_.score_form == ScoreForm::kSigmoid ? score_of_logit(scores[c]) : scores[c];
    candidate.label = static_cast<std::int32_t>(c) + outputs_.label_shift;
    if (!options_.best_class_only) {
      filter_.add(candidate);
    } else if (candidate.score > best.score) {
      best = candidate;
    }
  }
  if (options_.best_class_only && best.score >= 0) {
    filter_.add(best);
  }
}

void SsdDecoder::to_softmax(std::span<const float> row) {
  const float highest = *std::max_element(row.begin(), row.end());
  float sum = 0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    softmax_[c] = std::exp(row[c] - highest);
    sum += softmax_[c];
  }
  for (float& value : softmax_) {
    value /= sum;
  }
}

Box SsdDecoder::box_at(std::size_t row, std::span<const float> offsets) const noexcept {
  const SsdAnchor& anchor = anchors_[row];
  const float y = anchor.y + offsets[0] / options_.center_variance * anchor.h;
  const float x = anchor.x + offsets[1] / options_.center_variance * anchor.w;
  const float h = anchor.h * std::exp(offsets[2] / options_.size_variance);
  const float w = anchor.w * std::exp(offsets[3] / options_.size_variance);
  const auto width = static_cast<float>(options_.detection.input.width);
  const auto height = static_cast<float>(options_.detection.input.height);
  return {(x - w / 2) * width, (y - h / 2) * height, w * width, h * height};
}

}  // namespace penstock
