#include "engine/vision/ssd_anchors.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace penstock {
namespace {

constexpr std::int64_t kMaxAnchors = 1'000'000;

struct SizedBox {
  float h = 0;
  float w = 0;
};

SizedBox with_ratio(float scale, float ratio) {
  const float root = std::sqrt(ratio);
  return {scale / root, scale * root};
}

std::vector<SizedBox> boxes_of_level(const SsdAnchorOptions& options, std::size_t level) {
  const std::size_t levels = options.strides.size();
  const auto scale_at = [&](std::size_t i) {
    if (i >= levels) {
      return 1.0F;
    }
    const float step = levels == 1 ? 0 : static_cast<float>(i) / static_cast<float>(levels - 1);
    return options.min_scale + (options.max_scale - options.min_scale) * step;
  };
  const float scale = scale_at(level);
  if (level == 0 && options.is_first_level_reduced) {
    return {with_ratio(0.1F, 1), with_ratio(scale, 2), with_ratio(scale, 0.5F)};
  }
  std::vector<SizedBox> boxes;
  for (const float ratio : options.ratios) {
    boxes.push_back(with_ratio(scale, ratio));
  }
  if (options.has_in_between_box) {
    boxes.push_back(with_ratio(std::sqrt(scale * scale_at(level + 1)), 1));
  }
  return boxes;
}

Error bad_anchors(const std::string& what) {
  return Error{Errc::kInvalidArgument, "anchors: " + what};
}

Status check(const SsdAnchorOptions& options, InputSize input) {
  if (input.width <= 0 || input.height <= 0) {
    return bad_anchors("the size of the model's input must be positive");
  }
  if (options.strides.empty() || options.ratios.empty()) {
    return bad_anchors("need at least one stride and one ratio");
  }
  if (std::any_of(options.strides.begin(), options.strides.end(), [](int s) { return s <= 0; })) {
    return bad_anchors("every stride must be positive");
  }
  const auto is_bad = [](float value) { return !(value > 0 && std::isfinite(value)); };
  if (is_bad(options.min_scale) || is_bad(options.max_scale) ||
      std::any_of(options.ratios.begin(), options.ratios.end(), is_bad)) {
    return bad_anchors("every scale and ratio must be positive");
  }
  return {};
}

}  // namespace

std::optional<SsdAnchorOptions> ssd_anchor_preset(std::string_view name) {
  if (name == "mobilenet_v2_oid_300") {
    SsdAnchorOptions options;
    options.strides = {16, 32, 64, 128, 256, 512};
    return options;
  }
  return std::nullopt;
}

Result<std::vector<SsdAnchor>> make_ssd_anchors(const SsdAnchorOptions& options, InputSize input) {
  PENSTOCK_RETURN_IF_ERROR(check(options, input));
  std::vector<SsdAnchor> anchors;
  std::int64_t count = 0;
  for (std::size_t level = 0; level < options.strides.size(); ++level) {
    const std::int64_t stride = options.strides[level];
    const std::int64_t rows = (input.height + stride - 1) / stride;
    const std::int64_t cols = (input.width + stride - 1) / stride;
    const std::vector<SizedBox> boxes = boxes_of_level(options, level);
    count += rows * cols * static_cast<std::int64_t>(boxes.size());
    if (count > kMaxAnchors) {
      return bad_anchors("more than " + std::to_string(kMaxAnchors) + " boxes");
    }
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t col = 0; col < cols; ++col) {
        const float y = (static_cast<float>(row) + 0.5F) / static_cast<float>(rows);
        const float x = (static_cast<float>(col) + 0.5F) / static_cast<float>(cols);
        for (const SizedBox& box : boxes) {
          anchors.push_back({y, x, box.h, box.w});
        }
      }
    }
  }
  return anchors;
}

}  // namespace penstock
