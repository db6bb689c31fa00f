#include "engine/schedule/decision_text.h"

#include <chrono>
#include <cstdio>

namespace penstock {
namespace {

/// Returns "31 ms", "2.5 s".
std::string time_text(Duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  char text[32];
  std::snprintf(
      text, sizeof text, seconds < 1 ? "%.3g ms" : "%.3g s", seconds < 1 ? seconds * 1e3 : seconds);
  return text;
}

std::string because(DecisionReason reason) {
  return reason == DecisionReason::kNone ? std::string()
                                         : std::string(" (") + to_string(reason) + ")";
}

std::string amount(std::uint32_t count, const char* one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

std::string run_text(const Decision& decision, const DecisionNames& names) {
  return names.package(decision.package) + " runs " + amount(decision.count, "frame") + " of " +
         names.client(decision.client) +
         (decision.times == 1 ? std::string()
                              : " in " + std::to_string(decision.times) + " batches");
}

std::string fault_text(const Decision& decision, const DecisionNames& names) {
  return decision.reason == DecisionReason::kReported ? "fault: " + names.fault(decision.count)
                                                      : "fault" + because(decision.reason);
}

std::string swap_text(const Decision& decision, const DecisionNames& names) {
  const std::string package = names.package(decision.package);
  switch (decision.kind) {
    case DecisionKind::kSwapChosen:
      return package + " shall come in" + because(decision.reason);
    case DecisionKind::kSwapStarted:
      return package +
             (decision.count == 0 ? " comes in"
                                  : " comes in for " + names.package(decision.other)) +
             because(decision.reason);
    case DecisionKind::kSwapDropped:
      return package + " is not wanted any more, nothing changes";
    case DecisionKind::kSwapDone:
      return package + " is in after " + time_text(decision.cost);
    case DecisionKind::kSwapFailed:
      return package + " failed to load, " + std::to_string(decision.count) + " in a row";
    case DecisionKind::kPackageGivenUp:
      return decision.reason == DecisionReason::kNone
                 ? package + " is given up after " + std::to_string(decision.count) +
                       " failed loads"
                 : package + " is given up" + because(decision.reason);
    case DecisionKind::kPackageAway:
      return package + " is kept away for " + time_text(decision.cost) + because(decision.reason);
    default:
      return package + " waits for " + names.package(decision.other) + because(decision.reason);
  }
}

}  // namespace

const char* to_string(DecisionKind kind) noexcept {
  switch (kind) {
    case DecisionKind::kRun:
      return "run";
    case DecisionKind::kSwapChosen:
      return "swap_chosen";
    case DecisionKind::kSwapStarted:
      return "swap_started";
    case DecisionKind::kSwapDropped:
      return "swap_dropped";
    case DecisionKind::kSwapDone:
      return "swap_done";
    case DecisionKind::kSwapFailed:
      return "swap_failed";
    case DecisionKind::kWaited:
      return "waited";
    case DecisionKind::kLost:
      return "lost";
    case DecisionKind::kStale:
      return "stale";
    case DecisionKind::kJobLimit:
      return "job_limit";
    case DecisionKind::kDeviceFault:
      return "device_fault";
    case DecisionKind::kReset:
      return "reset";
    case DecisionKind::kDeviceReady:
      return "device_ready";
    case DecisionKind::kDeviceGivenUp:
      return "device_given_up";
    case DecisionKind::kPackageGivenUp:
      return "package_given_up";
    case DecisionKind::kPackageAway:
      return "package_away";
    case DecisionKind::kAbandoned:
      return "abandoned";
  }
  return "unknown";
}

const char* to_string(DecisionReason reason) noexcept {
  switch (reason) {
    case DecisionReason::kNone:
      return "none";
    case DecisionReason::kFreePlace:
      return "free place";
    case DecisionReason::kOverdue:
      return "overdue";
    case DecisionReason::kHigherClass:
      return "higher class";
    case DecisionReason::kTurnOver:
      return "turn over";
    case DecisionReason::kQueueEmpty:
      return "queue empty";
    case DecisionReason::kMoreRoom:
      return "more room";
    case DecisionReason::kInTurn:
      return "in turn";
    case DecisionReason::kSwapShare:
      return "swap share";
    case DecisionReason::kLinger:
      return "linger";
    case DecisionReason::kLowerClass:
      return "lower class";
    case DecisionReason::kReserved:
      return "reserved";
    case DecisionReason::kRemoved:
      return "removed";
    case DecisionReason::kReported:
      return "reported";
    case DecisionReason::kJobOverdue:
      return "a job does not end";
    case DecisionReason::kChangeOverdue:
      return "a change of residence does not end";
    case DecisionReason::kChangeLost:
      return "lost in a change of residence";
    case DecisionReason::kResetOverdue:
      return "the reset does not end";
    case DecisionReason::kJobLost:
      return "a job was lost with it";
    case DecisionReason::kJobsFail:
      return "one job after the other fails";
    case DecisionReason::kJobsLeft:
      return "a reset does not end its jobs";
  }
  return "unknown";
}

const char* to_string(FinishReason reason) noexcept {
  switch (reason) {
    case FinishReason::kDone:
      return "done";
    case FinishReason::kExpired:
      return "expired";
    case FinishReason::kDropped:
      return "dropped";
    case FinishReason::kCancelled:
      return "cancelled";
    case FinishReason::kClientGone:
      return "client_gone";
    case FinishReason::kFailed:
      return "failed";
    case FinishReason::kNoDevice:
      return "no_device";
    case FinishReason::kRefused:
      return "refused";
  }
  return "unknown";
}

std::string to_text(const Decision& decision, const DecisionNames& names) {
  const std::string device = names.device(decision.device) + ": ";
  const std::string count = std::to_string(decision.count);
  switch (decision.kind) {
    case DecisionKind::kRun:
      return device + run_text(decision, names);
    case DecisionKind::kLost:
      return device + "a batch of " + amount(decision.count, "request") + " of " +
             names.package(decision.package) + " was lost";
    case DecisionKind::kStale:
      return device + "an answer of the past was ignored";
    case DecisionKind::kJobLimit:
      return device + "a batch of " + names.package(decision.package) +
             " has no answer and is cancelled";
    case DecisionKind::kAbandoned:
      return device + "a batch of " + names.package(decision.package) +
             " does not end and is waited for no longer";
    case DecisionKind::kDeviceFault:
      return device + fault_text(decision, names);
    case DecisionKind::kReset:
      return device + "reset, attempt " + count;
    case DecisionKind::kDeviceReady:
      return device + "ready";
    case DecisionKind::kDeviceGivenUp:
      return device + "given up";
    default:
      return device + swap_text(decision, names);
  }
}

}  // namespace penstock
