#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

#include "drivers/media/av/video_packet.h"
#include "engine/base/doorbell.h"

namespace penstock {

/// The bounded way of packets from the thread that reads a source to the workers that decode it.
///
/// A full queue makes a lossless source wait. A live one must not wait, and may not lose single
/// packets either, because the rest of their group of pictures could not be decoded: it gives up
/// everything before the newest key frame it has, or, where it has none, everything until the next
/// one comes. So what the decoder gets is always whole, and latency is bounded by the queue.
///
/// States: open -> closed (`close()`: the rest can still be popped) or cancelled (`cancel()`:
/// emptied at once).
/// Units: bounds in packets and in bytes, whichever is reached first; one packet always fits.
/// Thread-safety: one pusher, one popper, `close()` and `cancel()` from any thread.
class PacketQueue {
 public:
  enum class WhenFull : std::uint8_t { kWait, kDropToKeyFrame };

  struct Options {
    std::size_t max_packets = 64;
    std::size_t max_bytes = std::size_t{32} << 20;
  };

  struct Stats {
    std::uint64_t pushed = 0;
    std::uint64_t dropped = 0;  ///< Packets given up because the queue was full.
    std::uint64_t gaps = 0;     ///< Times that this began.
    std::size_t packets = 0;    ///< Waiting now.
    std::size_t bytes = 0;
  };

  enum class PopCode : std::uint8_t { kPacket, kEmpty, kDrained };

  /// `kDrained`: closed or cancelled, and nothing is left.
  struct Pop {
    PopCode code = PopCode::kEmpty;
    VideoPacket packet;
  };

  /// `doorbell` rings when the queue leaves the empty state, and when it is closed.
  PacketQueue(Options options, Doorbell doorbell);

  /// Appends `packet`; with `kWait`, once there is room. Returns false if the queue is closed or
  /// cancelled: the packet is gone and no more are wanted.
  bool push(VideoPacket packet, WhenFull when_full);

  Pop try_pop();

  void close();
  void cancel();

  [[nodiscard]] Stats stats() const;

 private:
  [[nodiscard]] bool is_full(const VideoPacket& next) const;
  void give_up_for(const VideoPacket& next);
  void drop_first(std::size_t count);

  const Options options_;
  const Doorbell doorbell_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<VideoPacket> packets_;
  Stats stats_;
  bool is_closed_ = false;
  bool waits_for_key_ = false;
};

}  // namespace penstock
