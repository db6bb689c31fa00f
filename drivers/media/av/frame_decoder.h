#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "drivers/media/av/awaited_pictures.h"
#include "drivers/media/av/rising_times.h"
#include "drivers/media/av/video_packet.h"
#include "drivers/media/av/video_stream_info.h"
#include "engine/base/result.h"
#include "engine/memory/buffer_pool.h"
#include "engine/tensor/image.h"

namespace penstock {

/// A decoded picture and when it is to be shown.
struct VideoFrame {
  Image image;              ///< I420 or NV12, upright.
  std::int64_t pts_ns = 0;  ///< From the start of the stream; always rises.
};

/// Turns packets into pictures in pooled buffers. Never waits: it says what it lacks.
///
/// A broken packet or picture is counted, and decoding goes on with the next. Codec threads are 1:
/// streams are what runs in parallel, as pooled tasks.
///
/// Ownership: the decoder keeps up to `held_buffers()` buffers of the pool, for pictures to come
/// that refer to them; the pool needs as many slots more than frames can be elsewhere.
/// Thread-safety: one thread at a time; any thread.
/// Cost: a picture is written once where the codec can write into our memory, else copied once.
class FrameDecoder {
 public:
  struct Options {
    std::string name;  ///< For messages: the source.
    bool key_frames_only = false;
    /// `decoder` of a source: "auto" and "sw" decode on the CPU, which is all that this version
    /// does.
    std::string device = "auto";
  };

  enum class Code : std::uint8_t {
    kFrame,
    kNeedPacket,  ///< `feed()` or `finish()`, then ask again.
    kNoBuffer,    ///< The pool is exhausted; ask again when a buffer came back.
    kEnd,         ///< After `finish()`: everything has been given.
  };

  struct Step {
    Code code = Code::kNeedPacket;
    VideoFrame frame;
  };

  struct Stats {
    std::uint64_t frames = 0;
    std::uint64_t corrupt_packets = 0;    ///< Nothing came of them.
    std::uint64_t swallowed_packets = 0;  ///< Nor of these, without a word, after an error.
    std::uint64_t damaged_frames = 0;     ///< Given all the same: parts of them are guessed.
    std::uint64_t copied_frames = 0;      ///< Not decoded in place: format, rotation, or no buffer.
    std::uint64_t restamped = 0;          ///< Times that were missing or did not rise.
    std::uint64_t clock_restarts = 0;
  };

  /// Errors: `kUnsupported` if this build has no decoder for the codec, or `device` names hardware;
  /// `kInvalidArgument` for an unknown `device`; as `av_failure` if the codec does not open.
  static Result<std::unique_ptr<FrameDecoder>> create(const VideoStreamInfo& stream,
                                                      Options options);

  ~FrameDecoder();
  FrameDecoder(const FrameDecoder&) = delete;
  FrameDecoder& operator=(const FrameDecoder&) = delete;

  /// Errors: `kUnsupported` if the codec or pixel format has a feature that is not supported.
  Result<Step> decode_next(BufferPool& pool);

  /// Pre: the last step was `kNeedPacket`.
  void feed(VideoPacket packet);

  /// Says that no packet will come any more.
  void finish();

  [[nodiscard]] int held_buffers() const noexcept;
  [[nodiscard]] Stats stats() const noexcept;

 private:
  struct Codec;

  FrameDecoder(const VideoStreamInfo& stream, Options options);
  Status open_codec();
  Result<bool> send_pending();
  Result<Step> deliver(BufferPool& pool);
  void note_sent(const VideoPacket& packet);
  void note_shown();
  std::int64_t time_of_frame();

  const VideoStreamInfo stream_;
  const Options options_;
  std::unique_ptr<Codec> codec_;
  VideoPacket pending_;
  RisingTimes times_;
  AwaitedPictures awaited_;
  bool is_a_picture_each_;  // Each packet is one picture that is shown.
  std::int64_t shift_ns_ = 0;
  std::optional<std::int64_t> start_time_;
  bool has_frame_ = false;    // Decoded, and waits for a buffer.
  bool is_finished_ = false;  // No packet will come.
  bool is_draining_ = false;
  Stats stats_;
};

}  // namespace penstock
