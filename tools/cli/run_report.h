#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/run/run_status.h"
#include "engine/telemetry/pool_status.h"

namespace penstock {

/// What a person reads of a run: made of status values alone, so that it is tested without a run.

/// What was measured between two readings of the status.
struct RunPace {
  RunStatus before;
  RunStatus now;
  Duration between{0};  ///< From `before` to `now`.
  Duration since_start{0};
};

/// How a run ended.
struct RunEnd {
  Duration elapsed{0};
  Duration drain_limit{0};                ///< What it had to finish in after it was stopped.
  std::vector<std::string> cut_off = {};  ///< Names what had not finished by then.
};

/// Returns the status on one line: frames and rate of each stream, frames in flight, how many ended
/// otherwise than delivered (by outcome), progress and the time left where the length is known. Cut
/// to `width` columns (0: not cut).
std::string status_line(const RunPace& pace, std::size_t width);

/// Returns whether the frames themselves say that the run failed: one was lost, or a stream had
/// frames that failed and delivered none.
bool shows_failure(const RunStatus& status);

/// Returns the summary at the end: a line a stream (frames, rate, latency, what was not delivered
/// by outcome and reason), a line a model (inferences, time with work), which devices were
/// simulated or reset, which models took turns, and what needs a word of warning (lost frames,
/// restarts, what was cut off).
std::string summary_text(const RunStatus& status, const PoolStatus& pool, const RunEnd& end);

/// Returns the same as one JSON object.
std::string summary_json(const RunStatus& status, const PoolStatus& pool, const RunEnd& end);

}  // namespace penstock
