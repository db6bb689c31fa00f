#include "engine/vision/detection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

Error out_of_range(const std::string& option, const std::string& value, const std::string& rule) {
  return Error{Errc::kInvalidArgument, option + ": " + value + ", must be " + rule};
}

Status check_keep(const DetectionOptions& options) {
  for (const std::int32_t label : options.keep) {
    const bool is_known =
        label >= 0 && (options.labels == 0 || static_cast<std::size_t>(label) < options.labels);
    if (!is_known) {
      return out_of_range("keep",
                          std::to_string(label),
                          options.labels == 0
                              ? "a label id, from 0"
                              : "a label id below " + std::to_string(options.labels));
    }
  }
  return {};
}

}  // namespace

void DecodedObjects::clear() noexcept {
  objects.clear();
  keypoints.clear();
  keypoints_per_object = 0;
}

std::span<const Keypoint> DecodedObjects::keypoints_of(std::size_t index) const noexcept {
  return std::span<const Keypoint>(keypoints).subspan(index * keypoints_per_object,
                                                      keypoints_per_object);
}

void attach_keypoints(std::span<Object> objects,
                      std::span<const Keypoint> keypoints,
                      std::size_t keypoints_per_object) {
  PENSTOCK_CHECK(keypoints.size() >= objects.size() * keypoints_per_object)
      << keypoints.size() << " key points for " << objects.size() << " objects";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    objects[i].keypoints = keypoints.subspan(i * keypoints_per_object, keypoints_per_object);
  }
}

Result<DetectionFilter> DetectionFilter::create(const DetectionOptions& options) {
  if (options.input.width <= 0 || options.input.height <= 0) {
    return out_of_range(
        "input",
        std::to_string(options.input.width) + "x" + std::to_string(options.input.height),
        "the size of the model's input in pixels");
  }
  if (!(options.score >= 0 && options.score <= 1)) {
    return out_of_range("score", std::to_string(options.score), "between 0 and 1");
  }
  if (options.top_k == 0) {
    return out_of_range("top_k", "0", "at least 1");
  }
  PENSTOCK_RETURN_IF_ERROR(check_keep(options));
  PENSTOCK_ASSIGN_OR_RETURN(
      auto nms,
      NonMaximumSuppression::create({.iou = options.iou,
                                     .max_candidates = options.max_candidates,
                                     .class_agnostic = options.class_agnostic}));
  return DetectionFilter(options, std::move(nms));
}

DetectionFilter::DetectionFilter(DetectionOptions options, NonMaximumSuppression nms)
    : options_(std::move(options)),
      nms_(std::move(nms)) {
  for (const std::int32_t label : options_.keep) {
    const auto position = static_cast<std::size_t>(label);
    kept_.resize(std::max(kept_.size(), position + 1));
    kept_[position] = true;
  }
}

bool DetectionFilter::wants(std::int32_t label) const noexcept {
  const auto position = static_cast<std::size_t>(label);
  return kept_.empty() || (label >= 0 && position < kept_.size() && kept_[position]);
}

void DetectionFilter::add(const Candidate& candidate) {
  if (candidate.score >= options_.score && wants(candidate.label)) {
    nms_.add(candidate);
  }
}

void DetectionFilter::finish(const Affine& to_source,
                             const Box& picture,
                             std::vector<Object>& out) {
  std::size_t found = 0;
  for (const Candidate& candidate : nms_.run()) {
    if (found == options_.top_k) {
      break;
    }
    if (const auto box = place_in_picture(candidate.box, to_source, picture)) {
      Object& object = out.emplace_back();
      object.box = *box;
      object.score = candidate.score;
      object.label = candidate.label;
      ++found;
    }
  }
}

std::optional<Box> place_in_picture(const Box& box,
                                    const Affine& to_source,
                                    const Box& picture) noexcept {
  const Box mapped = to_source.apply(box);
  const float left = std::max(mapped.x, picture.x);
  const float top = std::max(mapped.y, picture.y);
  const float right = std::min(mapped.x + mapped.w, picture.x + picture.w);
  const float bottom = std::min(mapped.y + mapped.h, picture.y + picture.h);
  if (!(right > left && bottom > top)) {
    return std::nullopt;
  }
  return Box{left, top, right - left, bottom - top};
}

ClassScore best_class(const float* first, std::size_t count, std::size_t step) noexcept {
  ClassScore best{-std::numeric_limits<float>::infinity(), 0};
  for (std::size_t c = 0; c < count; ++c) {
    if (first[c * step] > best.value) {
      best = {first[c * step], static_cast<std::int32_t>(c)};
    }
  }
  return best;
}

float sigmoid(float x) noexcept {
  return 1 / (1 + std::exp(-x));
}

float logit_floor(float score) noexcept {
  if (score <= 0) {
    return -std::numeric_limits<float>::infinity();
  }
  // Near 1 one step of a float is a wide range of logits: a lower floor costs a few more sigmoids.
  const float bounded = std::min(score, 0.999F);
  return std::log(bounded / (1 - bounded)) - 0.01F;
}

float score_of_logit(float logit) noexcept {
  return std::isfinite(logit) ? sigmoid(logit) : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace penstock
