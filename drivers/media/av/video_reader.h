#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "drivers/media/av/frame_decoder.h"
#include "drivers/media/av/packet_reader.h"
#include "drivers/media/av/video_source_options.h"
#include "drivers/media/av/video_stream_info.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"
#include "engine/memory/buffer_pool.h"

namespace penstock {

/// One video source, from its address to pictures in pooled buffers: a `PacketReader` with its
/// blocking thread, and a `FrameDecoder` that runs wherever `decode_next()` is called.
///
/// States: as `PacketReader`; `decode_next()` says `kNeedPacket` while the source opens.
/// Thread-safety: `decode_next()` by one thread at a time; `stream()` and `cancel()` from any.
///
/// @code
///   VideoReader reader({.uri = "clip.mp4"}, {}, doorbell);
///   // On a worker, whenever the doorbell rang or a buffer came back:
///   for (;;) {
///     auto step = reader.decode_next(pool);
///     if (!step.has_value()) return fail(step.error());
///     if (step->code != VideoReader::Code::kFrame) break;   // kNeedPacket, kNoBuffer, kEnd
///     emit(step->frame);
///   }
/// @endcode
class VideoReader {
 public:
  using Code = FrameDecoder::Code;
  using Step = FrameDecoder::Step;

  struct Stats {
    PacketReader::Stats packets;
    FrameDecoder::Stats frames;
  };

  /// Begins to open the source; returns at once. `decoder` is the option of that name: "auto" or
  /// "sw" (see `FrameDecoder::Options::device`).
  VideoReader(VideoSourceOptions options, std::string decoder, Doorbell doorbell);

  /// Returns what comes next, without waiting. After an error or `kEnd`, the same again.
  /// Errors: those of `VideoInput::open()` and `read()` and of `FrameDecoder`; `kCorrupt` if
  /// packets came, or a file names frames, but not one picture could be made of them; `kCancelled`
  /// after `cancel()`.
  Result<Step> decode_next(BufferPool& pool);

  /// Returns what the source is; null until it is open.
  [[nodiscard]] const VideoStreamInfo* stream() const { return reader_.stream(); }

  /// Returns how many buffers the decoder keeps for itself, at most; 0 until the source is open.
  [[nodiscard]] int held_buffers() const noexcept;

  /// Ends reading soon, without waiting for it.
  void cancel();

  /// By the thread that decodes.
  [[nodiscard]] Stats stats() const;

  /// Returns how many frames a file lacks at its end, by its container's word; 0 before the end,
  /// and where nobody knows. By the thread that decodes.
  [[nodiscard]] std::uint64_t missing_frames() const;

 private:
  Result<Step> advance(BufferPool& pool);
  Result<Step> decode(BufferPool& pool);
  Result<bool> take_packet();
  Status check_outcome() const;

  const std::string name_;  // Masked.
  const bool key_frames_only_;
  const std::string device_;
  std::atomic<bool> is_cancelled_{false};
  std::optional<Error> failure_;
  PacketReader reader_;
  std::unique_ptr<FrameDecoder> decoder_;
  bool is_drained_ = false;
  bool has_ended_ = false;  // Every picture has been given.
};

}  // namespace penstock
