#include "drivers/media/av/packet_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>
}

#include "drivers/media/av/mask_uri.h"
#include "drivers/media/av/video_input.h"

namespace penstock {
namespace {

constexpr std::size_t kLosslessPackets = 32;
/// A live queue must hold the longest group of pictures that is common: 10 s at 50 Hz.
constexpr std::size_t kLivePackets = 512;
constexpr double kFallbackRateHz = 25;

/// Measures how long one pass of a looped source is.
class PassLength {
 public:
  explicit PassLength(const VideoStreamInfo& stream)
      : base_{stream.time_base_num, stream.time_base_den},
        start_(stream.start_time),
        frame_ns_(std::llround(
            1e9 / (stream.frame_rate_hz > 0 ? stream.frame_rate_hz : kFallbackRateHz))) {}

  void add(const AVPacket& packet) {
    ++packets_;
    const std::int64_t time = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
    if (time == AV_NOPTS_VALUE) {
      return;
    }
    if (!start_.has_value()) {
      start_ = time;
    }
    const std::int64_t duration_ns = packet.duration > 0 ? to_ns(packet.duration) : frame_ns_;
    end_ns_ = std::max(end_ns_, to_ns(time - *start_) + duration_ns);
  }

  [[nodiscard]] bool is_empty() const { return packets_ == 0; }

  [[nodiscard]] std::int64_t take_ns() {
    const std::int64_t length = end_ns_ > 0 ? end_ns_ : packets_ * frame_ns_;
    end_ns_ = 0;
    packets_ = 0;
    return length;
  }

 private:
  [[nodiscard]] std::int64_t to_ns(std::int64_t ticks) const {
    return av_rescale_q(ticks, base_, AVRational{1, 1'000'000'000});
  }

  AVRational base_;
  std::optional<std::int64_t> start_;
  std::int64_t frame_ns_;
  std::int64_t end_ns_ = 0;
  std::int64_t packets_ = 0;
};

}  // namespace

PacketReader::PacketReader(VideoSourceOptions options, Doorbell doorbell)
    : options_(std::move(options)),
      doorbell_(doorbell),
      queue_(queue_options(), doorbell),
      thread_([this] { run(); }) {}

PacketReader::~PacketReader() {
  cancel();
  thread_.join();
}

PacketQueue::Options PacketReader::queue_options() const {
  PacketQueue::Options queue;
  if (options_.max_packets > 0) {
    queue.max_packets = options_.max_packets;
  } else {
    // Whether an address is live is known only once it is open; the larger bound harms nobody.
    const bool may_be_live =
        options_.is_live.value_or(options_.uri.find("://") != std::string::npos);
    queue.max_packets = may_be_live ? kLivePackets : kLosslessPackets;
  }
  return queue;
}

const VideoStreamInfo* PacketReader::stream() const {
  const std::lock_guard lock(mutex_);
  return stream_.has_value() ? &*stream_ : nullptr;
}

std::optional<Error> PacketReader::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void PacketReader::cancel() {
  gate_.cancel();
  queue_.cancel();
}

PacketReader::Stats PacketReader::stats() const {
  Stats stats;
  stats.queue = queue_.stats();
  const std::lock_guard lock(mutex_);
  stats.corrupt_reads = corrupt_reads_;
  stats.passes = passes_;
  stats.end_ns = end_ns_;
  return stats;
}

void PacketReader::run() {
  const Status status = read_all();
  if (!status.has_value() && !gate_.is_cancelled()) {
    const std::lock_guard lock(mutex_);
    failure_ = status.error();
  }
  queue_.close();
}

Status PacketReader::read_all() {
  PENSTOCK_ASSIGN_OR_RETURN(const auto input, VideoInput::open(options_, gate_));
  {
    const std::lock_guard lock(mutex_);
    stream_ = input->stream();
  }
  doorbell_.ring();
  const auto when_full = input->stream().is_live ? PacketQueue::WhenFull::kDropToKeyFrame
                                                 : PacketQueue::WhenFull::kWait;
  PassLength pass(input->stream());
  std::int64_t shift_ns = 0;
  bool starts_pass = false;
  for (;;) {
    PENSTOCK_ASSIGN_OR_RETURN(VideoPacket packet, input->read());
    {
      const std::lock_guard lock(mutex_);
      corrupt_reads_ = input->corrupt_reads();
    }
    if (packet) {
      pass.add(*packet.get());
      packet.shift_ns = shift_ns;
      packet.starts_pass = std::exchange(starts_pass, false);
      if (!queue_.push(std::move(packet), when_full)) {
        return {};
      }
      continue;
    }
    if (!options_.loop) {
      const std::lock_guard lock(mutex_);
      end_ns_ = pass.take_ns();
      return {};
    }
    if (pass.is_empty()) {
      return Error{Errc::kCorrupt,
                   "video '" + mask_uri(options_.uri) + "': `loop`: no picture in a whole pass"};
    }
    PENSTOCK_RETURN_IF_ERROR(input->rewind());
    shift_ns += pass.take_ns();
    starts_pass = true;
    const std::lock_guard lock(mutex_);
    ++passes_;
  }
}

}  // namespace penstock
