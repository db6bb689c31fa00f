#include "engine/vision/yolov10_decoder.h"

#include <cmath>
#include <utility>

#include "engine/vision/output_shape.h"

namespace penstock {
namespace {

constexpr const char* kName = "yolov10";
constexpr std::size_t kRow = 6;

Status check_output(std::span<const TensorSpec> outputs) {
  if (outputs.size() != 1) {
    return wrong_output_count(outputs.size(), kName, "1");
  }
  PENSTOCK_RETURN_IF_ERROR(check_readable(outputs[0], kName));
  if (outputs[0].shape.rank() != 3 || outputs[0].shape[2] != kRow) {
    return misfit(outputs[0], kName, "1xNx6: two corners, score and class");
  }
  return {};
}

// Suppression would only cost time here: the filter sorts, drops broken boxes and keeps the best.
DetectionOptions without_suppression(DetectionOptions options) {
  options.iou = 1;
  options.max_candidates = NonMaximumSuppression::kMaxCandidates;
  return options;
}

}  // namespace

Status YoloV10Decoder::check(const DetectionOptions& options, std::span<const TensorSpec> outputs) {
  PENSTOCK_RETURN_IF_ERROR(DetectionFilter::create(without_suppression(options)));
  return check_output(outputs);
}

Result<YoloV10Decoder> YoloV10Decoder::create(const DetectionOptions& options,
                                              std::span<const TensorSpec> outputs) {
  PENSTOCK_ASSIGN_OR_RETURN(auto filter, DetectionFilter::create(without_suppression(options)));
  PENSTOCK_RETURN_IF_ERROR(check_output(outputs));
  return YoloV10Decoder(std::move(filter));
}

YoloV10Decoder::YoloV10Decoder(DetectionFilter filter) : filter_(std::move(filter)) {}

Status YoloV10Decoder::decode(std::span<const FeatureMap> outputs,
                              std::size_t batch_index,
                              const Affine& to_source,
                              const Box& picture,
                              DecodedObjects& out) {
  out.clear();
  PENSTOCK_RETURN_IF_ERROR(check_bound_count(outputs.size(), 1, kName));
  const Shape& shape = outputs[0].shape;
  if (shape.rank() != 3 || shape[2] != kRow) {
    return wrong_axis(outputs[0], kName, 2, kRow);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto elements, reader_.item(outputs[0], batch_index));
  const std::size_t labels = filter_.options().labels;
  // Without a table any class number is a label, as long as a float holds it exactly.
  const float most = labels == 0 ? 0x1p24F : static_cast<float>(labels);
  filter_.clear();
  for (std::size_t row = 0; row < elements.size() / kRow; ++row) {
    const auto values = elements.subspan(row * kRow, kRow);
    const float label = std::round(values[5]);
    if (!(label >= 0 && label < most)) {
      continue;
    }
    filter_.add({Box{values[0], values[1], values[2] - values[0], values[3] - values[1]},
                 values[4],
                 static_cast<std::int32_t>(label),
                 static_cast<std::uint32_t>(row)});
  }
  filter_.finish(to_source, picture, out.objects);
  return {};
}

}  // namespace penstock
