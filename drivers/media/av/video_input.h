#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "drivers/media/av/fifo_input.h"
#include "drivers/media/av/interrupt_gate.h"
#include "drivers/media/av/video_packet.h"
#include "drivers/media/av/video_source_options.h"
#include "drivers/media/av/video_stream_info.h"
#include "engine/base/result.h"

struct AVFormatContext;
struct AVStream;

namespace penstock {

/// One source, opened by libav: hands out the packets of its picture stream. Every call may block,
/// up to the options' limits; another thread can end it through the gate.
///
/// A name lookup that hangs, and a file system that does, cannot be interrupted: the system's own
/// limits hold there.
///
/// Ownership: the gate must outlive it.
/// Thread-safety: one thread.
class VideoInput {
 public:
  /// Errors: as `av_failure`; `kDeadlineExceeded` after `open_timeout`; `kCancelled`;
  /// `kUnsupported` if there is no picture stream; `kNotFound` if a pattern matches nothing;
  /// `kInvalidArgument` for limits that are not positive. The message names the masked address.
  static Result<std::unique_ptr<VideoInput>> open(VideoSourceOptions options, InterruptGate& gate);

  ~VideoInput();
  VideoInput(const VideoInput&) = delete;
  VideoInput& operator=(const VideoInput&) = delete;

  [[nodiscard]] const VideoStreamInfo& stream() const noexcept { return stream_; }

  /// Returns the next packet of the picture stream; an empty one at the end.
  /// Errors: `kDeadlineExceeded` after `stall_timeout` without a packet; `kCancelled`;
  /// `kUnavailable` if the connection broke; `kCorrupt` if nothing readable comes any more, unless
  /// it is a file of which something could be read: that has ended.
  Result<VideoPacket> read();

  /// Goes back to the start.
  /// Errors: `kUnsupported` if the source cannot.
  Status rewind();

  /// Stretches of bytes that made no packet.
  [[nodiscard]] std::uint64_t corrupt_reads() const noexcept { return corrupt_reads_; }

 private:
  VideoInput(VideoSourceOptions options, InterruptGate& gate);

  Status open_format();
  Status choose_stream();
  void describe_stream();
  void describe_length(const AVStream& stream);
  void describe_record(const AVStream& stream);
  void describe_time_origin();
  Result<VideoPacket> read_in_time();
  [[nodiscard]] Result<VideoPacket> check_end() const;
  [[nodiscard]] Error failure(int code, const std::string& what, Duration limit) const;
  [[nodiscard]] std::string place() const;

  const VideoSourceOptions options_;
  InterruptGate& gate_;
  std::unique_ptr<FifoInput> fifo_;  // Closed after the format.
  AVFormatContext* format_ = nullptr;
  int stream_index_ = -1;
  VideoStreamInfo stream_;
  std::uint64_t corrupt_reads_ = 0;
  bool has_read_ = false;
};

}  // namespace penstock
