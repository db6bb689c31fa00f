#include "engine/vision/nms.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace penstock {
namespace {

// A strict total order as long as indices differ per label.
bool is_better(const Candidate& a, const Candidate& b) noexcept {
  if (a.score != b.score) {
    return a.score > b.score;
  }
  if (a.index != b.index) {
    return a.index < b.index;
  }
  return a.label < b.label;
}

bool is_usable(const Candidate& candidate) noexcept {
  const Box& box = candidate.box;
  return std::isfinite(candidate.score) && std::isfinite(box.x) && std::isfinite(box.y) &&
         std::isfinite(box.w) && std::isfinite(box.h) && box.w > 0 && box.h > 0;
}

}  // namespace

Result<NonMaximumSuppression> NonMaximumSuppression::create(const NmsOptions& options) {
  if (!(options.iou >= 0 && options.iou <= 1)) {
    return Error{Errc::kInvalidArgument,
                 "iou: " + std::to_string(options.iou) + ", must be between 0 and 1"};
  }
  if (options.max_candidates == 0 || options.max_candidates > kMaxCandidates) {
    return Error{Errc::kInvalidArgument,
                 "max_candidates: " + std::to_string(options.max_candidates) +
                     ", must be between 1 and " + std::to_string(kMaxCandidates)};
  }
  return NonMaximumSuppression(options);
}

NonMaximumSuppression::NonMaximumSuppression(const NmsOptions& options) : options_(options) {}

void NonMaximumSuppression::clear() noexcept {
  candidates_.clear();
  survivors_.clear();
  survivor_of_.clear();
}

void NonMaximumSuppression::add(const Candidate& candidate) {
  if (!is_usable(candidate)) {
    return;
  }
  if (candidates_.size() < options_.max_candidates) {
    candidates_.push_back(candidate);
    if (candidates_.size() == options_.max_candidates) {
      std::make_heap(candidates_.begin(), candidates_.end(), is_better);
    }
    return;
  }
  if (is_better(candidate, candidates_.front())) {
    std::pop_heap(candidates_.begin(), candidates_.end(), is_better);
    candidates_.back() = candidate;
    std::push_heap(candidates_.begin(), candidates_.end(), is_better);
  }
}

bool NonMaximumSuppression::suppresses(const Candidate& survivor,
                                       const Candidate& other) const noexcept {
  return (options_.class_agnostic || survivor.label == other.label) &&
         iou(survivor.box, other.box) > options_.iou;
}

std::span<const Candidate> NonMaximumSuppression::run() {
  std::sort(candidates_.begin(), candidates_.end(), is_better);
  survivors_.clear();
  survivor_of_.clear();
  // Rounding can lift the overlap of equal boxes above 1, so "keep all" cannot rest on
  // `suppresses`.
  const bool keeps_all = options_.iou >= 1;
  for (const Candidate& candidate : candidates_) {
    const auto by =
        keeps_all
            ? survivors_.end()
            : std::find_if(survivors_.begin(), survivors_.end(), [&](const Candidate& survivor) {
                return suppresses(survivor, candidate);
              });
    survivor_of_.push_back(static_cast<std::uint32_t>(by - survivors_.begin()));
    if (by == survivors_.end()) {
      survivors_.push_back(candidate);
    }
  }
  return survivors_;
}

}  // namespace penstock
