#pragma once

#include <cstdint>
#include <memory>

#include "drivers/media/av/encoder_choice.h"
#include "drivers/media/av/picture_fitter.h"
#include "drivers/media/av/video_writer_options.h"
#include "engine/base/result.h"
#include "engine/tensor/image.h"

struct AVFormatContext;
struct AVPacket;

namespace penstock {

/// Encodes pictures into one video file.
///
/// A fragmented .mp4, a .mkv and a .webm play after a power cut up to their last key frame: every
/// piece is handed to the system as soon as it is whole, and nothing is written back into the file.
///
/// States: created (the file exists, empty) -> writing (from the first picture on, which fixes
/// size and colours) -> closed, by `finish()` or at the first error. A file that an error left
/// without its header is removed. Units: times in nanoseconds; the first picture is time 0 of the
/// file. A time that is not later than the one before becomes one tick later (1/90000 s; 1 ms in
/// .mkv, .webm and MPEG-4), counted. Ownership: no picture is kept beyond `write()`: the encoders
/// copy what they look ahead at. Thread-safety: one thread at a time, except `sync()`. Cost:
/// encodes on the caller's thread.
class VideoWriter {
 public:
  struct Stats {
    std::uint64_t frames = 0;
    std::uint64_t bumped_times = 0;
    std::uint64_t refitted = 0;  ///< Pictures of another size than the first.
  };

  /// Makes the folders and the file.
  /// Errors: as `choose_encoder()`; `av_failure` of what the system says. Messages name the path.
  static Result<std::unique_ptr<VideoWriter>> create(VideoWriterOptions options);

  /// Finishes the file if nobody did; its errors are lost then.
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  /// Errors: `kInvalidArgument` for an empty or too small picture, and after `finish()`;
  /// `kUnsupported` if the encoder refuses the first one; `kUnavailable` if the disk refuses; as
  /// `av_failure` if encoding fails. After an error the
  /// file is closed: what was written plays, and no more is taken.
  Status write(const Image& image, std::int64_t pts_ns);

  /// Writes what the encoder still holds, and closes the file. Does nothing the second time.
  Status finish();

  /// Waits until what the system has taken is on the disk. Any thread, beside `write()`; blocks.
  /// Errors: as the system says.
  Status sync() const;

  [[nodiscard]] Stats stats() const noexcept { return stats_; }

 private:
  explicit VideoWriter(VideoWriterOptions options) : options_(std::move(options)) {}

  Status open_file();
  Status begin(const Image& first);
  Status open_codec();
  Status write_header();
  Status encode(const Image& image, std::int64_t ticks);
  Status drain();
  Status close_file();
  [[nodiscard]] Error failure(int code, const std::string& what) const;
  void release() noexcept;
  void remove_if_empty() const noexcept;
  [[nodiscard]] std::int64_t next_tick(std::int64_t pts_ns);

  const VideoWriterOptions options_;
  EncoderChoice choice_;
  AVFormatContext* format_ = nullptr;
  AVCodecContext* codec_ = nullptr;
  AVPacket* packet_ = nullptr;
  std::unique_ptr<PictureFitter> fitter_;
  bool has_header_ = false;
  bool is_closed_ = false;
  std::int64_t first_ns_ = 0;
  std::int64_t last_tick_ = -1;
  std::int64_t next_key_tick_ = 0;
  std::int64_t last_step_ = 0;
  int first_width_ = 0;
  int first_height_ = 0;
  Stats stats_;
};

}  // namespace penstock
