#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace penstock {

/// Classes of the scheduler: strict between classes, weighted shares within one.
enum class Priority { kLow, kNormal, kHigh };

/// Which device of a model's list a frame goes to.
enum class Placement { kPinned, kRoundRobin, kLeastLoaded };

/// Which frame a queue loses when it is full, an edge's or a model's; `kNone` blocks whoever brings
/// one instead.
enum class DropPolicy { kNone, kOldest, kNewest };

/// Return the words of the language ("normal", "round_robin").
const char* to_string(Priority priority) noexcept;
const char* to_string(Placement placement) noexcept;

/// The scheduler's knobs of one model, as docs/reference.md describes them.
///
/// Units: limits and queues in frames; times in nanoseconds, 0 = off; `max_wait` nothing = never.
struct ScheduleKnobs {
  std::int64_t frame_limit = 600;
  std::chrono::nanoseconds time_limit{0};
  std::chrono::nanoseconds linger{0};
  std::int64_t min_frames = 1;
  std::optional<std::chrono::nanoseconds> max_wait = std::chrono::seconds(2);
  std::int64_t ifmap_queue_size = 16;
  DropPolicy drop = DropPolicy::kNone;  ///< What becomes of a frame that `ifmap_queue_size` meets.
  std::int64_t ofmap_queue_size = 12;
  bool smoothing = false;
  double fps_target = 0;  ///< 0 = none.
  std::chrono::nanoseconds job_limit = std::chrono::seconds(10);
  Priority priority = Priority::kNormal;
  double weight = 1;

  friend bool operator==(const ScheduleKnobs&, const ScheduleKnobs&) = default;
};

/// The words of `scheduler:`, which hold for all devices of the graph.
struct SchedulerWords {
  double swap_share = 0.2;  ///< Of a sub-device's time, at most, spent on swaps; 1: no limit.
  std::chrono::nanoseconds job_limit = std::chrono::seconds(10);
  /// Of one change of what is on a device, at most.
  std::chrono::nanoseconds change_limit = std::chrono::seconds(60);
  std::int64_t fail_limit = 8;   ///< Jobs in a row that fail until a device is faulty.
  std::int64_t load_tries = 3;   ///< Failed loads in a row until a model is given up on a device.
  std::int64_t reset_tries = 5;  ///< Resets in a row until a device is given up.
  std::int64_t retries = 3;      ///< Of a frame whose device failed.
  std::int64_t history = 256;    ///< Decisions that are kept.

  friend bool operator==(const SchedulerWords&, const SchedulerWords&) = default;
};

/// How the frames of one stream are served at one actor that runs a model.
struct FlowSpec {
  std::string stream;
  Priority priority = Priority::kNormal;
  double weight = 1;

  friend bool operator==(const FlowSpec&, const FlowSpec&) = default;
};

}  // namespace penstock
