#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "drivers/media/av/interrupt_gate.h"
#include "drivers/media/av/packet_queue.h"
#include "drivers/media/av/video_source_options.h"
#include "drivers/media/av/video_stream_info.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"

namespace penstock {

/// Reads one source on a thread of its own, because libav's reading blocks; what it reads waits in
/// a bounded queue for whoever decodes.
///
/// States: opening -> reading (`stream()` says what) -> ended; `failure()` says why, if not at the
/// end of the stream or by `cancel()`.
/// Thread-safety: `try_pop()` by one thread at a time; everything else from any thread.
class PacketReader {
 public:
  using Pop = PacketQueue::Pop;
  using PopCode = PacketQueue::PopCode;

  struct Stats {
    PacketQueue::Stats queue;
    std::uint64_t corrupt_reads = 0;  ///< Stretches of bytes that made no packet.
    std::uint64_t passes = 0;         ///< Times that a looped source went back to its start.
    std::int64_t end_ns = 0;          ///< When the last picture ends, from the start; at the end.
  };

  /// Begins to open `options.uri`; returns at once. `doorbell` rings when the source is open, when
  /// packets come into an empty queue, and at the end.
  PacketReader(VideoSourceOptions options, Doorbell doorbell);

  /// Cancels and waits for the thread: at most about 100 ms, see `VideoInput` for what cannot be
  /// interrupted. Belongs on an executor that may block.
  ~PacketReader();
  PacketReader(const PacketReader&) = delete;
  PacketReader& operator=(const PacketReader&) = delete;

  /// Returns what the source is; null until it is open. Stays valid as long as the reader.
  [[nodiscard]] const VideoStreamInfo* stream() const;

  Pop try_pop() { return queue_.try_pop(); }

  /// Returns why reading ended; nothing while it goes on, after the end of the stream, and after
  /// `cancel()`. Ask once `try_pop()` says `kDrained`.
  [[nodiscard]] std::optional<Error> failure() const;

  /// Ends reading soon; packets that wait are dropped. Does not block.
  void cancel();

  [[nodiscard]] Stats stats() const;

 private:
  void run();
  Status read_all();
  [[nodiscard]] PacketQueue::Options queue_options() const;

  const VideoSourceOptions options_;
  const Doorbell doorbell_;
  InterruptGate gate_;
  PacketQueue queue_;
  mutable std::mutex mutex_;  // Of the rest.
  std::optional<VideoStreamInfo> stream_;
  std::optional<Error> failure_;
  std::uint64_t corrupt_reads_ = 0;
  std::uint64_t passes_ = 0;
  std::int64_t end_ns_ = 0;
  std::thread thread_;  // Last: it uses everything above.
};

}  // namespace penstock
