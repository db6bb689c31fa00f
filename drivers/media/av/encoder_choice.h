#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/media/av/video_writer_options.h"
#include "engine/base/result.h"

struct AVCodec;
struct AVCodecContext;
struct AVDictionary;
struct AVOutputFormat;

namespace penstock {

/// What is sane for one file: below, encoders refuse or show mud; above, no picture needs it.
inline constexpr std::int64_t kLeastBitRateBps = 10'000;
inline constexpr std::int64_t kMostBitRateBps = 1'000'000'000;

/// Returns how the name of a video file may end: ".mp4" and others.
std::vector<std::string> video_file_endings();

/// Returns the words for `VideoWriterOptions::codec`; "h265" is another word for "hevc".
std::vector<std::string> video_codec_words();

/// A container format, an encoder for it, and the unit of its times.
struct EncoderChoice {
  const AVOutputFormat* container = nullptr;
  const AVCodec* codec = nullptr;
  int ticks_per_second = 0;  ///< What the container and the codec can both keep.
};

/// Chooses by the extension of `options.path` and `options.codec`.
/// Errors: `kInvalidArgument` for an unknown extension or codec, a codec that the container cannot
/// hold, and options that contradict each other or are out of range; `kUnsupported` if this libav
/// has no encoder for the codec.
Result<EncoderChoice> choose_encoder(const VideoWriterOptions& options);

/// Sets quality, speed, key frames and threads of `context` (not opened yet), and in `settings`
/// what only this codec knows. Size, pixel format and times are the caller's.
void apply_options(const VideoWriterOptions& options,
                   AVCodecContext& context,
                   AVDictionary** settings);

}  // namespace penstock
