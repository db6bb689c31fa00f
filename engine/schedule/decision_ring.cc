#include "engine/schedule/decision_ring.h"

#include <algorithm>

namespace penstock {

DecisionRing::DecisionRing(std::size_t capacity) : ring_(std::max<std::size_t>(capacity, 1)) {}

void DecisionRing::add(const Decision& decision) noexcept {
  ring_[static_cast<std::size_t>(total_ % ring_.size())] = decision;
  ++total_;
}

std::vector<Decision> DecisionRing::list() const {
  const std::uint64_t kept = std::min<std::uint64_t>(total_, ring_.size());
  std::vector<Decision> all;
  all.reserve(static_cast<std::size_t>(kept));
  for (std::uint64_t number = total_ - kept; number < total_; ++number) {
    all.push_back(ring_[static_cast<std::size_t>(number % ring_.size())]);
  }
  return all;
}

}  // namespace penstock
