#pragma once

#include <cstdint>
#include <string>

#include "engine/frame/frame.h"

namespace penstock {

/// What a line says of the devices that had a part in its frame.
struct LineMarks {
  bool simulated = false;   ///< One of them is simulated.
  bool calibrated = false;  ///< A simulated one takes a time that is pinned, not estimated.
};

/// Appends the JSON object of `frame` to `out`, without the line's end:
/// `{"graph","stream","seq","time","pts_ns","objects":[{"label","score","box":[x,y,w,h],"track"}]}`.
///
/// `track` is null until the track is confirmed. An object with key points has
/// `"keypoints":[[x,y,score],...]`; a frame that was classified has `"labels":[{"label","score"}]`;
/// a frame without the payload has no such key. What a simulated device had a part in ends with
/// `"simulated":true`, and `"calibrated":true` where the time of one is pinned.
/// Units: pixels of the source picture, one decimal; scores 0..1, three; `wall_ns` since the epoch.
void append_frame_line(const std::string& graph,
                       const Frame& frame,
                       std::int64_t wall_ns,
                       LineMarks marks,
                       std::string& out);

}  // namespace penstock
