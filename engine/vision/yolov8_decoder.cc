#include "engine/vision/yolov8_decoder.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "engine/vision/output_shape.h"

namespace penstock {
namespace {

constexpr const char* kName = "yolov8";
constexpr std::size_t kBoxExtent = 4;

struct HeadForm {
  std::size_t class_count = 0;
  bool is_channel_major = true;
};

std::optional<std::size_t> channel_axis(const Shape& shape, std::size_t labels) {
  if (labels > 0) {
    const auto wanted = static_cast<std::int64_t>(kBoxExtent + labels);
    for (const std::size_t axis : {std::size_t{1}, std::size_t{2}}) {
      if (shape[axis] == wanted) {
        return axis;
      }
    }
    return std::nullopt;
  }
  if (shape[1] == Shape::kDynamic && shape[2] == Shape::kDynamic) {
    return std::nullopt;
  }
  const bool is_first =
      shape[2] == Shape::kDynamic || (shape[1] != Shape::kDynamic && shape[1] <= shape[2]);
  const std::size_t axis = is_first ? 1 : 2;
  if (shape[axis] <= static_cast<std::int64_t>(kBoxExtent)) {
    return std::nullopt;
  }
  return axis;
}

Result<HeadForm> form_of(const DetectionOptions& options, std::span<const TensorSpec> outputs) {
  if (outputs.size() != 1) {
    return wrong_output_count(outputs.size(), kName, "1");
  }
  const TensorSpec& output = outputs[0];
  PENSTOCK_RETURN_IF_ERROR(check_readable(output, kName));
  const auto axis = output.shape.rank() == 3 ? channel_axis(output.shape, options.labels)
                                             : std::optional<std::size_t>();
  if (!axis.has_value()) {
    const std::string channels =
        options.labels == 0 ? "K" : std::to_string(kBoxExtent + options.labels);
    std::string rule = "1x" + channels + "xN or 1xNx" + channels;
    rule += options.labels == 0
                ? " with K of at least 5: a box and the classes"
                : ": 4 for the box and " + std::to_string(options.labels) + " labels";
    return misfit(output, kName, rule);
  }
  return HeadForm{static_cast<std::size_t>(output.shape[*axis]) - kBoxExtent, *axis == 1};
}

// Raises each of `Count` numbers to `scores` where these are greater. In this form, with a fixed
// count, compilers use the vector unit's maximum at -O2 already.
template <std::size_t Count>
void raise(const float* __restrict scores, float* __restrict best) noexcept {
  for (std::size_t i = 0; i < Count; ++i) {
    best[i] = scores[i] > best[i] ? scores[i] : best[i];
  }
}

Box around(float center_x, float center_y, float width, float height) noexcept {
  return {center_x - width / 2, center_y - height / 2, width, height};
}

}  // namespace

Status YoloV8Decoder::check(const DetectionOptions& options, std::span<const TensorSpec> outputs) {
  PENSTOCK_RETURN_IF_ERROR(DetectionFilter::create(options));
  PENSTOCK_RETURN_IF_ERROR(form_of(options, outputs));
  return {};
}

Result<YoloV8Decoder> YoloV8Decoder::create(const DetectionOptions& options,
                                            std::span<const TensorSpec> outputs) {
  PENSTOCK_ASSIGN_OR_RETURN(auto filter, DetectionFilter::create(options));
  PENSTOCK_ASSIGN_OR_RETURN(const auto form, form_of(options, outputs));
  return YoloV8Decoder(std::move(filter), form.class_count, form.is_channel_major);
}

YoloV8Decoder::YoloV8Decoder(DetectionFilter filter, std::size_t class_count, bool is_channel_major)
    : filter_(std::move(filter)),
      class_count_(class_count),
      is_channel_major_(is_channel_major) {}

Status YoloV8Decoder::decode(std::span<const FeatureMap> outputs,
                             std::size_t batch_index,
                             const Affine& to_source,
                             const Box& picture,
                             DecodedObjects& out) {
  out.clear();
  PENSTOCK_RETURN_IF_ERROR(check_bound_count(outputs.size(), 1, kName));
  const Shape& shape = outputs[0].shape;
  const std::size_t channels = kBoxExtent + class_count_;
  const std::size_t axis = is_channel_major_ ? 1 : 2;
  if (shape.rank() != 3 || shape[axis] != static_cast<std::int64_t>(channels)) {
    return wrong_axis(outputs[0], kName, axis, channels);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto elements, reader_.item(outputs[0], batch_index));
  filter_.clear();
  if (is_channel_major_) {
    add_columns(elements, elements.size() / channels);
  } else {
    add_rows(elements, elements.size() / channels);
  }
  filter_.finish(to_source, picture, out.objects);
  return {};
}

void YoloV8Decoder::add_rows(std::span<const float> elements, std::size_t rows) {
  const std::size_t channels = kBoxExtent + class_count_;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto values = elements.subspan(row * channels, channels);
    const ClassScore best = best_class(&values[kBoxExtent], class_count_, 1);
    filter_.add({around(values[0], values[1], values[2], values[3]),
                 best.value,
                 best.label,
                 static_cast<std::uint32_t>(row)});
  }
}

// Block by block, class by class, so that memory is read in its own order; which class was the best
// is asked only of the few proposals that reach the score.
void YoloV8Decoder::add_columns(std::span<const float> elements, std::size_t columns) {
  const float least = filter_.options().score;
  for (std::size_t first = 0; first < columns; first += kBlock) {
    const std::size_t count = std::min(kBlock, columns - first);
    const float* scores = elements.data() + kBoxExtent * columns + first;
    best_score_.fill(-std::numeric_limits<float>::infinity());
    for (std::size_t c = 0; c < class_count_; ++c) {
      if (count == kBlock) {
        raise<kBlock>(scores + c * columns, best_score_.data());
        continue;
      }
      for (std::size_t i = 0; i < count; ++i) {
        raise<1>(scores + c * columns + i, &best_score_[i]);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (!(best_score_[i] >= least)) {
        continue;
      }
      const float* box = elements.data() + first + i;
      const ClassScore best = best_class(scores + i, class_count_, columns);
      filter_.add({around(box[0], box[columns], box[2 * columns], box[3 * columns]),
                   best.value,
                   best.label,
                   static_cast<std::uint32_t>(first + i)});
    }
  }
}

}  // namespace penstock
