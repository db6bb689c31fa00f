#include "engine/vision/yolov5_decoder.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/vision/output_shape.h"

namespace penstock {
namespace {

constexpr const char* kName = "yolov5";
constexpr std::size_t kBoxAndObject = 5;

Box around(float center_x, float center_y, float width, float height) noexcept {
  return {center_x - width / 2, center_y - height / 2, width, height};
}

bool has_channels(std::int64_t extent, std::size_t labels) noexcept {
  const auto least = static_cast<std::int64_t>(kBoxAndObject);
  return labels == 0 ? extent > least : extent == least + static_cast<std::int64_t>(labels);
}

std::string channels_text(std::size_t labels) {
  return labels == 0 ? "(5+C)" : std::to_string(kBoxAndObject + labels);
}

Status check_anchors(const YoloV5Options& options, std::size_t heads) {
  const std::size_t count = options.anchors.size();
  if (count == 0 || count % heads != 0) {
    return Error{Errc::kInvalidArgument,
                 "anchors: " + std::to_string(count) + " for " + std::to_string(heads) +
                     " raw heads; decoder yolov5 wants the same number for each"};
  }
  for (const YoloAnchor& anchor : options.anchors) {
    if (!(anchor.width > 0 && anchor.height > 0)) {
      return Error{Errc::kInvalidArgument, "anchors: every width and height must be positive"};
    }
  }
  return {};
}

}  // namespace

Status YoloV5Decoder::check(const YoloV5Options& options, std::span<const TensorSpec> outputs) {
  PENSTOCK_RETURN_IF_ERROR(DetectionFilter::create(options.detection));
  PENSTOCK_RETURN_IF_ERROR(find_layout(options, outputs));
  return {};
}

Result<YoloV5Decoder> YoloV5Decoder::create(const YoloV5Options& options,
                                            std::span<const TensorSpec> outputs) {
  PENSTOCK_ASSIGN_OR_RETURN(auto filter, DetectionFilter::create(options.detection));
  PENSTOCK_ASSIGN_OR_RETURN(auto layout, find_layout(options, outputs));
  return YoloV5Decoder(options, std::move(filter), std::move(layout));
}

YoloV5Decoder::YoloV5Decoder(YoloV5Options options, DetectionFilter filter, Layout layout)
    : options_(std::move(options)),
      filter_(std::move(filter)),
      layout_(std::move(layout)),
      floor_(logit_floor(options_.detection.score)) {}

Result<YoloV5Decoder::Layout> YoloV5Decoder::find_layout(const YoloV5Options& options,
                                                         std::span<const TensorSpec> outputs) {
  if (outputs.empty()) {
    return wrong_output_count(0, kName, "at least 1");
  }
  for (const TensorSpec& output : outputs) {
    PENSTOCK_RETURN_IF_ERROR(check_readable(output, kName));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Shape& shape = outputs[i].shape;
    if (shape.rank() == 3 && has_channels(shape[2], options.detection.labels)) {
      Layout layout;
      layout.output_count = outputs.size();
      layout.class_count = static_cast<std::size_t>(shape[2]) - kBoxAndObject;
      layout.joined = i;
      return layout;
    }
  }
  return find_heads(options, outputs);
}

Result<YoloV5Decoder::Layout> YoloV5Decoder::find_heads(const YoloV5Options& options,
                                                        std::span<const TensorSpec> outputs) {
  Layout layout;
  layout.output_count = outputs.size();
  PENSTOCK_RETURN_IF_ERROR(check_anchors(options, outputs.size()));
  layout.anchors_per_head = options.anchors.size() / outputs.size();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(Head head, head_of(options, outputs[i], layout.anchors_per_head));
    head.output = i;
    const std::size_t classes = class_count_of(outputs[i], layout.anchors_per_head);
    if (i > 0 && classes != layout.class_count) {
      return misfit(
          outputs[i], kName, "as many classes in each head: " + std::to_string(layout.class_count));
    }
    layout.class_count = classes;
    layout.heads.push_back(head);
  }
  std::stable_sort(layout.heads.begin(), layout.heads.end(), [](const Head& a, const Head& b) {
    return a.stride_x < b.stride_x;
  });
  std::size_t index = 0;
  for (std::size_t i = 0; i < layout.heads.size(); ++i) {
    Head& head = layout.heads[i];
    head.first_anchor = i * layout.anchors_per_head;
    head.first_index = index;
    index += layout.anchors_per_head * head.rows * head.cols;
  }
  return layout;
}

// Pre: the output has one of the two shapes of a head.
std::size_t YoloV5Decoder::class_count_of(const TensorSpec& output, std::size_t anchors) {
  const Shape& shape = output.shape;
  const auto channels = shape.rank() == 5 ? static_cast<std::size_t>(shape[4])
                                          : static_cast<std::size_t>(shape[1]) / anchors;
  return channels - kBoxAndObject;
}

Result<YoloV5Decoder::Head> YoloV5Decoder::head_of(const YoloV5Options& options,
                                                   const TensorSpec& output,
                                                   std::size_t anchors) {
  const Shape& shape = output.shape;
  const std::size_t labels = options.detection.labels;
  const auto anchor_count = static_cast<std::int64_t>(anchors);
  const bool is_split =
      shape.rank() == 5 && shape[1] == anchor_count && has_channels(shape[4], labels);
  const bool is_planar = shape.rank() == 4 && shape[1] % anchor_count == 0 &&
                         has_channels(shape[1] / anchor_count, labels);
  const std::string channels = channels_text(labels);
  if (!is_split && !is_planar) {
    const std::string a = std::to_string(anchors);
    return misfit(output,
                  kName,
                  "1xNx" + channels + " joined, or raw heads 1x" + a + "xHxWx" + channels +
                      " or 1x(" + a + "*" + channels + ")xHxW");
  }
  const std::int64_t rows = shape[2];
  const std::int64_t cols = shape[3];
  const InputSize input = options.detection.input;
  if (rows <= 0 || cols <= 0 || input.height % rows != 0 || input.width % cols != 0) {
    return misfit(output,
                  kName,
                  "a grid HxW that divides the input " + std::to_string(input.height) + "x" +
                      std::to_string(input.width));
  }
  Head head;
  head.rows = static_cast<std::size_t>(rows);
  head.cols = static_cast<std::size_t>(cols);
  head.stride_x = static_cast<float>(input.width) / static_cast<float>(cols);
  head.stride_y = static_cast<float>(input.height) / static_cast<float>(rows);
  const std::size_t cells = head.rows * head.cols;
  const std::size_t values = kBoxAndObject + class_count_of(output, anchors);
  head.anchor_step = cells * values;
  head.cell_step = is_split ? values : 1;
  head.value_step = is_split ? 1 : cells;
  return head;
}

Status YoloV5Decoder::decode(std::span<const FeatureMap> outputs,
                             std::size_t batch_index,
                             const Affine& to_source,
                             const Box& picture,
                             DecodedObjects& out) {
  out.clear();
  PENSTOCK_RETURN_IF_ERROR(check_bound_count(outputs.size(), layout_.output_count, kName));
  filter_.clear();
  if (layout_.heads.empty()) {
    PENSTOCK_RETURN_IF_ERROR(add_joined(outputs[layout_.joined], batch_index));
  }
  for (const Head& head : layout_.heads) {
    PENSTOCK_RETURN_IF_ERROR(add_head(head, outputs[head.output], batch_index));
  }
  filter_.finish(to_source, picture, out.objects);
  return {};
}

Status YoloV5Decoder::add_joined(const FeatureMap& map, std::size_t batch_index) {
  const std::size_t channels = kBoxAndObject + layout_.class_count;
  if (map.shape.rank() != 3 || map.shape[2] != static_cast<std::int64_t>(channels)) {
    return wrong_axis(map, kName, 2, channels);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto elements, reader_.item(map, batch_index));
  for (std::size_t row = 0; row < elements.size() / channels; ++row) {
    const auto values = elements.subspan(row * channels, channels);
    if (!(values[4] >= options_.detection.score)) {
      continue;
    }
    const ClassScore best = best_class(&values[kBoxAndObject], layout_.class_count, 1);
    filter_.add({around(values[0], values[1], values[2], values[3]),
                 values[4] * best.value,
                 best.label,
                 static_cast<std::uint32_t>(row)});
  }
  return {};
}

Status YoloV5Decoder::add_head(const Head& head, const FeatureMap& map, std::size_t batch_index) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto elements, reader_.item(map, batch_index));
  const std::size_t wanted = head.anchor_step * layout_.anchors_per_head;
  if (elements.size() != wanted) {
    return wrong_element_count(map, kName, static_cast<std::int64_t>(wanted));
  }
  for (std::size_t anchor = 0; anchor < layout_.anchors_per_head; ++anchor) {
    for (std::size_t cell = 0; cell < head.rows * head.cols; ++cell) {
      const float* values = elements.data() + anchor * head.anchor_step + cell * head.cell_step;
      if (values[4 * head.value_step] >= floor_) {
        add_proposal(head, values, cell, anchor);
      }
    }
  }
  return {};
}

void YoloV5Decoder::add_proposal(const Head& head,
                                 const float* values,
                                 std::size_t cell,
                                 std::size_t anchor) {
  const auto value = [&](std::size_t k) { return values[k * head.value_step]; };
  const ClassScore best =
      best_class(values + kBoxAndObject * head.value_step, layout_.class_count, head.value_step);
  const YoloAnchor& size = options_.anchors[head.first_anchor + anchor];
  const auto col = static_cast<float>(cell % head.cols);
  const std::size_t row_index = cell / head.cols;
  const auto row = static_cast<float>(row_index);
  const float width = 2 * sigmoid(value(2));
  const float height = 2 * sigmoid(value(3));
  const std::size_t index = head.first_index + anchor * head.rows * head.cols + cell;
  filter_.add({around((2 * sigmoid(value(0)) - 0.5F + col) * head.stride_x,
                      (2 * sigmoid(value(1)) - 0.5F + row) * head.stride_y,
                      width * width * size.width,
                      height * height * size.height),
               score_of_logit(value(4)) * score_of_logit(best.value),
               best.label,
               static_cast<std::uint32_t>(index)});
}

}  // namespace penstock
