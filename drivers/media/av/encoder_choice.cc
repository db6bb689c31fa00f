#include "drivers/media/av/encoder_choice.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/opt.h>
}

namespace penstock {
namespace {

struct Container {
  std::string_view extension;
  const char* format;
  int ticks_per_second;
};

constexpr std::array<Container, 4> kContainers = {{
    {".mp4", "mp4", 90'000},
    {".mov", "mov", 90'000},
    {".mkv", "matroska", 1'000},  // Its times are whole milliseconds.
    {".webm", "webm", 1'000},
}};

struct CodecWord {
  std::string_view word;
  AVCodecID id;
  const char* preferred;  // Encoder; then whatever libav has for the codec.
};

constexpr std::array<CodecWord, 7> kCodecs = {{
    {"h264", AV_CODEC_ID_H264, "libx264"},
    {"hevc", AV_CODEC_ID_HEVC, "libx265"},
    {"h265", AV_CODEC_ID_HEVC, "libx265"},
    {"mpeg4", AV_CODEC_ID_MPEG4, "mpeg4"},
    {"vp8", AV_CODEC_ID_VP8, "libvpx"},
    {"vp9", AV_CODEC_ID_VP9, "libvpx-vp9"},
    {"av1", AV_CODEC_ID_AV1, "libsvtav1"},
}};

constexpr std::array<std::string_view, 9> kPresets = {
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"};

constexpr int kMaxCrf = 51;
constexpr int kMaxThreads = 64;
constexpr int kUsualMpeg4Quality = 4;
constexpr int kMpeg4TicksPerSecond = 1'000;  // The format has 16 bits for it.

Error bad_option(const VideoWriterOptions& options, const std::string& why) {
  return {Errc::kInvalidArgument, "video file '" + options.path + "': " + why};
}

const Container* container_of(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  std::string extension = dot == std::string::npos ? "" : path.substr(dot);
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  const auto* found =
      std::find_if(kContainers.begin(), kContainers.end(), [&](const Container& container) {
        return container.extension == extension;
      });
  return found == kContainers.end() ? nullptr : found;
}

bool has_crf(AVCodecID id) {
  return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC || id == AV_CODEC_ID_VP9 ||
         id == AV_CODEC_ID_AV1;
}

Status check_ranges(const VideoWriterOptions& options) {
  if (options.crf < 0 || options.crf > kMaxCrf) {
    return bad_option(options, "`crf` " + std::to_string(options.crf) + " is not within 1 and 51");
  }
  if (options.crf > 0 && options.bitrate_bps > 0) {
    return bad_option(options, "`crf` and `bitrate` exclude each other");
  }
  const bool has_rate = options.bitrate_bps != 0;
  if (has_rate &&
      (options.bitrate_bps < kLeastBitRateBps || options.bitrate_bps > kMostBitRateBps)) {
    return bad_option(options,
                      "`bitrate` " + std::to_string(options.bitrate_bps) +
                          " bit/s is not within 10kbit/s and 1Gbit/s");
  }
  if (std::find(kPresets.begin(), kPresets.end(), options.preset) == kPresets.end()) {
    return bad_option(options,
                      "`preset` '" + options.preset + "' is not one of ultrafast ... veryslow");
  }
  if (options.threads < 1 || options.threads > kMaxThreads) {
    return bad_option(options,
                      "`threads` " + std::to_string(options.threads) + " is not within 1 and 64");
  }
  if (!(options.frame_rate_hz > 0 && options.frame_rate_hz <= 1000)) {
    return bad_option(options, "the frame rate is not above 0 and at most 1000");
  }
  if (options.key_interval <= std::chrono::milliseconds::zero()) {
    return bad_option(options, "`key_interval` must be above 0");
  }
  return {};
}

const AVCodec* encoder_for(const CodecWord& word) {
  const AVCodec* preferred = avcodec_find_encoder_by_name(word.preferred);
  return preferred != nullptr ? preferred : avcodec_find_encoder(word.id);
}

const CodecWord* codec_of(std::string_view word) {
  const auto* found = std::find_if(
      kCodecs.begin(), kCodecs.end(), [&](const CodecWord& codec) { return codec.word == word; });
  return found == kCodecs.end() ? nullptr : found;
}

/// Sets constant quality: `crf`, or the usual one of the codec where it is 0.
void set_quality(int crf, AVCodecContext& context, AVDictionary** settings) {
  const std::string name = context.codec->name;
  if (has_crf(context.codec_id)) {
    const bool is_x264 = name == "libx264";
    const int usual = is_x264 ? 23 : name == "libx265" ? 28 : 34;
    av_dict_set_int(settings, "crf", crf > 0 ? crf : usual, 0);
  } else if (name == "libvpx") {
    av_dict_set_int(settings, "crf", 10, 0);
    context.bit_rate = 2'000'000;  // VP8's constant quality needs a ceiling.
  } else {
    context.flags |= AV_CODEC_FLAG_QSCALE;
    context.global_quality = FF_QP2LAMBDA * kUsualMpeg4Quality;
  }
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

}  // namespace

std::vector<std::string> video_file_endings() {
  std::vector<std::string> endings;
  for (const Container& container : kContainers) {
    endings.emplace_back(container.extension);
  }
  return endings;
}

std::vector<std::string> video_codec_words() {
  std::vector<std::string> words = {"auto"};
  for (const CodecWord& codec : kCodecs) {
    words.emplace_back(codec.word);
  }
  return words;
}

Result<EncoderChoice> choose_encoder(const VideoWriterOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(check_ranges(options));
  const Container* container = container_of(options.path);
  if (container == nullptr) {
    return bad_option(options, "the name must end in one of " + listed(video_file_endings()));
  }
  const bool is_auto = options.codec == "auto";
  const CodecWord* word = codec_of(!is_auto ? std::string_view(options.codec)
                                   : container->extension == ".webm" ? "vp9"
                                                                     : "h264");
  if (word == nullptr) {
    return bad_option(
        options,
        "codec '" + options.codec + "' is unknown; known are " + listed(video_codec_words()));
  }
  if (options.crf > 0 && !has_crf(word->id)) {
    return bad_option(options,
                      "codec '" + std::string(word->word) + "' has no `crf`; use `bitrate`");
  }
  EncoderChoice choice;
  choice.container = av_guess_format(container->format, nullptr, nullptr);
  if (choice.container == nullptr) {
    return Error{Errc::kUnsupported,
                 "video file '" + options.path + "': this libav cannot write " + container->format};
  }
  choice.codec = encoder_for(*word);
  if (choice.codec == nullptr && is_auto) {
    word = codec_of(container->extension == ".webm" ? "vp8" : "mpeg4");
    choice.codec = encoder_for(*word);
  }
  if (choice.codec == nullptr) {
    return Error{Errc::kUnsupported,
                 "video file '" + options.path + "': this libav has no encoder for '" +
                     std::string(word->word) + "'"};
  }
  if (avformat_query_codec(choice.container, word->id, FF_COMPLIANCE_NORMAL) != 1) {
    return bad_option(options,
                      "codec '" + std::string(word->word) + "' does not go into " +
                          std::string(container->extension));
  }
  choice.ticks_per_second =
      word->id == AV_CODEC_ID_MPEG4 ? kMpeg4TicksPerSecond : container->ticks_per_second;
  return choice;
}

void apply_options(const VideoWriterOptions& options,
                   AVCodecContext& context,
                   AVDictionary** settings) {
  context.framerate = av_d2q(options.frame_rate_hz, 100'000);
  // Key frames are forced by time; this is only the bound for a stream that is faster than said.
  context.gop_size = static_cast<int>(std::clamp<double>(
      4 * options.frame_rate_hz * std::chrono::duration<double>(options.key_interval).count(),
      1,
      10'000));
  context.max_b_frames = 0;  // So that times in the file start at 0, and little is lost in a cut.
  context.thread_count = options.threads;
  context.bit_rate = options.bitrate_bps;
  const std::string name = context.codec->name;
  const auto set = [&](const char* key, const std::string& value) {
    av_dict_set(settings, key, value.c_str(), 0);
  };
  if (name == "libx264") {
    set("preset", options.preset);
    set("forced-idr", "1");
  } else if (name == "libx265") {
    set("preset", options.preset);
    set("x265-params", "log-level=none:bframes=0:pools=none:frame-threads=1");
  } else if (name == "libvpx" || name == "libvpx-vp9") {
    set("deadline", "realtime");
    set("cpu-used", "8");
    set("lag-in-frames", "0");
  } else if (name == "libsvtav1") {
    set("preset", "10");
  }
  if (options.bitrate_bps == 0) {
    set_quality(options.crf, context, settings);
  }
}

}  // namespace penstock
