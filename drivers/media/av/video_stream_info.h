#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct AVCodecParameters;

namespace penstock {

/// What a source says of its picture stream once it is open.
///
/// Units: sizes in pixels as shown, that is after rotation. The shape of a pixel (sample aspect
/// ratio) is ignored: pictures and boxes are in stored pixels, as models see them.
struct VideoStreamInfo {
  std::string codec;  ///< libav's name: "h264".
  int width = 0;
  int height = 0;
  int quarter_turns = 0;     ///< Clockwise turns that make the picture upright, 0..3.
  double frame_rate_hz = 0;  ///< 0 where nobody knows.
  std::optional<std::int64_t> duration_ns;  ///< Nothing for live sources.
  std::optional<std::int64_t> frames;       ///< As the file says, or duration times rate.
  bool is_live = false;

  /// How many frames the container names and when the last of them ends, from the stream's start;
  /// nothing where that would be a guess. What comes short of it was cut off.
  std::optional<std::int64_t> recorded_frames;
  std::int64_t recorded_ns = 0;

  /// When time 0 of the stream was: the file's creation time, else when it was opened.
  std::chrono::system_clock::time_point time_origin;
  bool time_origin_is_recorded = false;  ///< The file said so.

  // For the decoder.
  std::shared_ptr<const AVCodecParameters> parameters;
  int time_base_num = 1;
  int time_base_den = 1;
  std::optional<std::int64_t> start_time;  ///< In the time base.
};

}  // namespace penstock
