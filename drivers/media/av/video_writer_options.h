#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace penstock {

/// What to write, and how.
struct VideoWriterOptions {
  std::string path;                 ///< Ends in .mp4, .mov, .mkv or .webm; folders are made.
  std::string codec = "auto";       ///< h264, hevc, mpeg4, vp8, vp9, av1; auto: h264, in .webm vp9.
  std::int64_t bitrate_bps = 0;     ///< 0: constant quality instead.
  int crf = 0;                      ///< Quality, 1 (best) to 51, of h264, hevc, vp9, av1; 0: usual.
  std::string preset = "veryfast";  ///< Of h264 and hevc: ultrafast ... veryslow.
  int threads = 1;                  ///< Of the codec.
  double frame_rate_hz = 25;        ///< A hint for the rate control; times come from the frames.
  /// Between key frames; also what a power cut can cost, beside what the system has not yet written
  /// to the disk (`VideoWriter::sync()`).
  std::chrono::milliseconds key_interval{2000};
  bool fragmented = true;  ///< .mp4 and .mov: play after a power cut.
  /// When time 0 was, kept in the file (whole seconds in .mp4).
  std::optional<std::chrono::system_clock::time_point> creation_time = std::nullopt;
  std::string comment = {};  ///< Kept in the file, for people; empty: none.
};

}  // namespace penstock
