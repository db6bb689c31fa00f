#include "tools/fit/fit_limit.h"

#include <array>
#include <cstdio>

namespace penstock {
namespace {

/// From here on a part counts as busy all the time: rates are measured in windows, and the last
/// frames before a limit come unevenly.
constexpr double kBusy = 0.9;
constexpr double kAlwaysFed = 0.95;
/// The scheduler stays below the share that it may spend.
constexpr double kNearShare = 0.85;

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.0f %%", share * 100);
  return text.data();
}

std::string most_drops(const FitFigures& figures) {
  const std::pair<std::string, std::uint64_t>* most = nullptr;
  for (const auto& drop : figures.drops) {
    if (most == nullptr || drop.second > most->second) {
      most = &drop;
    }
  }
  return most == nullptr ? "frames are late" : "most drops are " + most->first;
}

/// Of models that take turns on a device whose parts do not compute all the time.
FitLimit limit_of_turns(const FitFigures& figures) {
  const std::string turns =
      "the models do not fit on the device together and take turns; swaps take " +
      percent(figures.swap_share) + " of the time of the part that swaps most";
  if (figures.swap_share >= kNearShare * figures.swap_share_limit) {
    return {FitLimit::Kind::kSwapShare,
            turns + ", of at most " + percent(figures.swap_share_limit) + " (swap_share)"};
  }
  return {FitLimit::Kind::kMemory,
          turns + ", and its busiest part computes " + percent(figures.utilisation)};
}

}  // namespace

const char* to_string(FitLimit::Kind kind) noexcept {
  switch (kind) {
    case FitLimit::Kind::kOrder:
      return "order";
    case FitLimit::Kind::kHealth:
      return "health";
    case FitLimit::Kind::kFailures:
      return "failures";
    case FitLimit::Kind::kSwapShare:
      return "swap_share";
    case FitLimit::Kind::kMemory:
      return "memory";
    case FitLimit::Kind::kDevice:
      return "device";
    case FitLimit::Kind::kPace:
      return "pace";
    case FitLimit::Kind::kMinFrames:
      return "min_frames";
    case FitLimit::Kind::kLink:
      return "link";
    case FitLimit::Kind::kWindow:
      return "window";
  }
  return "window";
}

FitLimit limit_of(const FitFigures& figures) {
  if (!figures.in_order) {
    return {FitLimit::Kind::kOrder, "frames of a stream came in a wrong order"};
  }
  if (!figures.trouble.empty()) {
    return {FitLimit::Kind::kHealth, figures.trouble};
  }
  if (figures.failed > 0) {
    return {FitLimit::Kind::kFailures, std::to_string(figures.failed) + " frames failed"};
  }
  if (figures.utilisation >= kBusy) {
    return {FitLimit::Kind::kDevice,
            "the device's busiest part computes " + percent(figures.utilisation) + " of the time"};
  }
  if (!figures.pace.empty()) {
    return {
        FitLimit::Kind::kPace,
        figures.pace + ", and the device's busiest part computes " + percent(figures.utilisation)};
  }
  // Where the link is the limit there is always a frame on its way.
  if (!figures.gathering.empty() && figures.at_work < kBusy) {
    return {FitLimit::Kind::kMinFrames,
            figures.gathering + ", and the device's busiest part computes " +
                percent(figures.utilisation)};
  }
  if (figures.models > 1 && figures.swaps_per_second > 0) {
    return limit_of_turns(figures);
  }
  if (figures.with_work >= kAlwaysFed) {
    return {FitLimit::Kind::kLink,
            "the device has work " + percent(figures.with_work) +
                " of the time and its busiest part computes " + percent(figures.utilisation) +
                ": link and transfers are the limit"};
  }
  return {FitLimit::Kind::kWindow,
          "frames find no place in the graph (max_in_flight, queue) although the device's busiest "
          "part computes " +
              percent(figures.utilisation) + "; " + most_drops(figures)};
}

}  // namespace penstock
