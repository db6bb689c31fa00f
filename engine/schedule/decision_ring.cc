#include "engine/schedule/decision_ring.h"

#include <algorithm>

namespace penstock {

DecisionRing::DecisionRing(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {
  runs_.entries.resize(std::max<std::size_t>(capacity_ / 2, 1));
  others_.entries.resize(std::max<std::size_t>(capacity_ - capacity_ / 2, 1));
}

bool DecisionRing::add_to_run(const Decision& decision) noexcept {
  const std::uint64_t kept = std::min<std::uint64_t>(runs_.entries.size(), kLookBack);
  const std::uint64_t first =
      std::max(runs_since_, runs_.added - std::min<std::uint64_t>(runs_.added, kept));
  for (std::uint64_t index = runs_.added; index > first; --index) {
    Entry& entry = runs_.entry(index - 1);
    Decision& run = entry.decision;
    if (run.device == decision.device && run.package == decision.package &&
        run.client == decision.client) {
      run.time = decision.time;
      run.number = decision.number;
      run.count += decision.count;
      ++run.times;
      entry.at = total_;
      return true;
    }
  }
  return false;
}

void DecisionRing::add(const Decision& decision) noexcept {
  if (decision.kind != DecisionKind::kRun) {
    others_.push(decision, total_);
    runs_since_ = runs_.added;
  } else if (!add_to_run(decision)) {
    runs_.push(decision, total_);
  }
  ++total_;
}

void DecisionRing::append(const Ring& ring, std::vector<Entry>& all) {
  const std::uint64_t kept = std::min<std::uint64_t>(ring.added, ring.entries.size());
  all.insert(
      all.end(), ring.entries.begin(), ring.entries.begin() + static_cast<std::ptrdiff_t>(kept));
}

std::vector<Decision> DecisionRing::list() const {
  std::vector<Entry> all;
  append(runs_, all);
  append(others_, all);
  std::sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) { return a.at < b.at; });
  const std::size_t skipped = all.size() - std::min(all.size(), capacity_);
  std::vector<Decision> decisions;
  decisions.reserve(all.size() - skipped);
  for (std::size_t i = skipped; i < all.size(); ++i) {
    decisions.push_back(all[i].decision);
  }
  return decisions;
}

}  // namespace penstock
