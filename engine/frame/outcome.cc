#include "engine/frame/outcome.h"

#include <array>
#include <cstddef>

namespace penstock {
namespace {

constexpr std::array<const char*, kReasonCount> kReasons = {"none",
                                                            "latest_wins",
                                                            "queue_oldest",
                                                            "queue_newest",
                                                            "deadline",
                                                            "filtered",
                                                            "sampled",
                                                            "node_failed",
                                                            "poison",
                                                            "device_failed",
                                                            "timeout",
                                                            "stream_stopped",
                                                            "shutdown",
                                                            "join_late",
                                                            "routed"};
constexpr std::array<const char*, 6> kOutcomes = {
    "none", "delivered", "dropped", "cancelled", "failed", "lost"};

}  // namespace

const char* to_string(Reason reason) noexcept {
  const auto index = static_cast<std::size_t>(reason);
  return index < kReasons.size() ? kReasons[index] : "unknown";
}

const char* to_string(Outcome outcome) noexcept {
  const auto index = static_cast<std::size_t>(outcome);
  return index < kOutcomes.size() ? kOutcomes[index] : "unknown";
}

}  // namespace penstock
