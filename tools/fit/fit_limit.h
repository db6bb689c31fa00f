#pragma once

#include <string>

#include "tools/fit/fit_figures.h"

namespace penstock {

/// What keeps a graph from serving more streams.
struct FitLimit {
  enum class Kind {
    kOrder,      ///< Frames of a stream came in a wrong order: a defect.
    kHealth,     ///< A device does not work, as one that is too hot.
    kFailures,   ///< Inferences failed.
    kSwapShare,  ///< Models take turns, and no more swaps are allowed.
    kMemory,     ///< Models do not fit together and take turns.
    kDevice,     ///< A part of the device computes all the time.
    kPace,       ///< A model gets all the frames a second that its words allow.
    kMinFrames,  ///< A model waits until it has as many frames as its words want.
    kLink,       ///< The device always has work and its parts rest: the way to it is full.
    kWindow,     ///< Frames find no place in the graph although the device has time.
  };

  Kind kind = Kind::kWindow;
  std::string why;  ///< One clause for a person, with the figures.
};

/// Returns the word of a limit in reports ("device", "swap_share").
const char* to_string(FitLimit::Kind kind) noexcept;

/// Returns what is full in a run that lost too many frames. Pure.
FitLimit limit_of(const FitFigures& figures);

}  // namespace penstock
