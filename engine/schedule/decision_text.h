#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/schedule/decision_ring.h"
#include "engine/schedule/scheduler_action.h"

namespace penstock {

/// Returns the word for each ("swap_done", "overdue", "expired").
const char* to_string(DecisionKind kind) noexcept;
const char* to_string(DecisionReason reason) noexcept;
const char* to_string(FinishReason reason) noexcept;

/// How to name what a decision is about.
struct DecisionNames {
  std::function<std::string(DeviceNumber)> device;
  std::function<std::string(PackageNumber)> package;
  std::function<std::string(ClientNumber)> client;
  std::function<std::string(std::uint32_t)> fault;  ///< The caller's reason of a fault.
};

/// Returns one sentence without its time: "mx3:0: yolo comes in for ssd (turn over)".
std::string to_text(const Decision& decision, const DecisionNames& names);

}  // namespace penstock
