#include "tools/status/status_sampler.h"

#include <algorithm>

namespace penstock {
namespace {

template <class List, class Value>
std::vector<std::uint64_t> counts(const List& list, Value value) {
  std::vector<std::uint64_t> result;
  result.reserve(list.size());
  for (const auto& item : list) {
    result.push_back(value(item));
  }
  return result;
}

/// Returns how many per second; 0 where there is nothing to compare with.
double rate(std::uint64_t now, std::uint64_t before, Duration between) {
  const double seconds = std::chrono::duration<double>(between).count();
  return seconds > 0 && now > before ? static_cast<double>(now - before) / seconds : 0;
}

std::vector<double> rates_of(const std::vector<std::uint64_t>& now,
                             const std::vector<std::uint64_t>& before,
                             Duration between) {
  std::vector<double> result;
  for (std::size_t i = 0; i < now.size(); ++i) {
    result.push_back(i < before.size() ? rate(now[i], before[i], between) : 0);
  }
  return result;
}

}  // namespace

StatusSampler::Look StatusSampler::look_at(const RunStatus& run, TimePoint now) {
  Look look;
  look.time = now;
  look.delivered = counts(run.streams, [](const auto& one) { return one.totals.delivered; });
  look.processed = counts(run.nodes, [](const auto& one) { return one.processed; });
  look.inferred = counts(run.devices, [](const auto& one) { return one.frames; });
  look.pushed = counts(run.edges, [](const auto& one) { return one.stats.pushed; });
  look.popped = counts(run.edges, [](const auto& one) {
    return one.stats.pushed - std::min(one.stats.pushed, one.stats.waiting);
  });
  return look;
}

void StatusSampler::look(const RunStatus& run, TimePoint now) {
  looks_.push_back(look_at(run, now));
  if (looks_.size() > kKept) {
    looks_.pop_front();
  }
}

const StatusSampler::Look* StatusSampler::since(TimePoint time) const {
  const auto found = std::find_if(
      looks_.begin(), looks_.end(), [&](const Look& look) { return look.time >= time; });
  return found != looks_.end() ? &*found : looks_.empty() ? nullptr : &looks_.back();
}

std::int64_t StatusSampler::oldest_ns(const Look& now, std::size_t edge) const {
  const std::uint64_t left = now.popped[edge];
  if (now.pushed[edge] == left) {
    return 0;
  }
  const auto seen = std::find_if(looks_.begin(), looks_.end(), [&](const Look& look) {
    return edge < look.pushed.size() && look.pushed[edge] > left;
  });
  if (seen != looks_.end()) {
    return (now.time - seen->time).count();
  }
  if (looks_.empty() || edge >= looks_.back().popped.size()) {
    return 0;
  }
  const Look& last = looks_.back();
  const Duration between = now.time - last.time;
  const double passed = rate(left, last.popped[edge], between);
  const auto waiting = static_cast<double>(now.pushed[edge] - left);
  const auto longest = static_cast<double>(between.count());
  return static_cast<std::int64_t>(passed > 0 ? std::min(longest, waiting / passed * 1e9)
                                              : longest);
}

StatusDocument::Rates StatusSampler::rates(const RunStatus& run,
                                           TimePoint now,
                                           Duration span) const {
  const Look current = look_at(run, now);
  StatusDocument::Rates rates;
  const Look* before = since(now - span);
  const Look& base = before == nullptr ? current : *before;
  const Duration between = now - base.time;
  rates.stream_fps = rates_of(current.delivered, base.delivered, between);
  rates.node_fps = rates_of(current.processed, base.processed, between);
  rates.device_fps = rates_of(current.inferred, base.inferred, between);
  for (std::size_t edge = 0; edge < current.pushed.size(); ++edge) {
    rates.queue_oldest_ns.push_back(oldest_ns(current, edge));
  }
  return rates;
}

}  // namespace penstock
