#include "drivers/media/av/video_reader.h"

#include <algorithm>
#include <utility>

#include "drivers/media/av/mask_uri.h"

namespace penstock {

VideoReader::VideoReader(VideoSourceOptions options, std::string decoder, Doorbell doorbell)
    : name_(mask_uri(options.uri)),
      key_frames_only_(options.key_frames_only),
      device_(decoder.empty() ? "auto" : std::move(decoder)),
      reader_(std::move(options), doorbell) {}

Result<VideoReader::Step> VideoReader::decode_next(BufferPool& pool) {
  if (is_cancelled_.load(std::memory_order_acquire)) {
    return Error{Errc::kCancelled, "video '" + name_ + "': cancelled"};
  }
  if (failure_.has_value()) {
    return *failure_;
  }
  auto step = advance(pool);
  if (!step.has_value()) {
    failure_ = step.error();
  }
  return step;
}

Result<VideoReader::Step> VideoReader::advance(BufferPool& pool) {
  for (;;) {
    auto step = decode(pool);
    if (!step.has_value() || step->code != Code::kNeedPacket) {
      return step;
    }
    const auto has_news = take_packet();
    if (!has_news.has_value()) {
      return has_news.error();
    }
    if (!*has_news) {
      return step;
    }
  }
}

Result<VideoReader::Step> VideoReader::decode(BufferPool& pool) {
  Step step;
  if (decoder_ != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(step, decoder_->decode_next(pool));
  } else if (is_drained_) {
    step.code = Code::kEnd;
  }
  if (step.code == Code::kEnd) {
    has_ended_ = true;
    PENSTOCK_RETURN_IF_ERROR(check_outcome());
  }
  return step;
}

/// Moves what the reader has for the decoder; false if it has nothing new.
Result<bool> VideoReader::take_packet() {
  auto pop = reader_.try_pop();
  if (pop.code == PacketReader::PopCode::kEmpty) {
    return false;
  }
  if (pop.code == PacketReader::PopCode::kDrained) {
    is_drained_ = true;
    if (decoder_ != nullptr) {
      decoder_->finish();
    }
    return true;
  }
  if (decoder_ == nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(
        decoder_, FrameDecoder::create(*reader_.stream(), {name_, key_frames_only_, device_}));
  }
  decoder_->feed(std::move(pop.packet));
  return true;
}

/// What the end means: pictures that came before a failure have been given by now.
Status VideoReader::check_outcome() const {
  if (auto failure = reader_.failure(); failure.has_value()) {
    return *failure;
  }
  const Stats all = stats();
  const std::uint64_t pieces = all.packets.queue.pushed + all.packets.corrupt_reads;
  if (all.frames.frames == 0 && pieces > 0) {
    return Error{Errc::kCorrupt,
                 "video '" + name_ + "': not one of its " + std::to_string(pieces) +
                     " packets gives a picture"};
  }
  const VideoStreamInfo* info = stream();
  if (all.frames.frames == 0 && info != nullptr && info->recorded_frames.value_or(0) > 0) {
    return Error{Errc::kCorrupt,
                 "video '" + name_ + "': it holds none of the " +
                     std::to_string(*info->recorded_frames) + " frames that its container names"};
  }
  return {};
}

int VideoReader::held_buffers() const noexcept {
  return decoder_ == nullptr ? 0 : decoder_->held_buffers();
}

void VideoReader::cancel() {
  is_cancelled_.store(true, std::memory_order_release);
  reader_.cancel();
}

std::uint64_t VideoReader::missing_frames() const {
  const VideoStreamInfo* info = stream();
  if (!has_ended_ || info == nullptr || key_frames_only_ || !info->recorded_frames.has_value()) {
    return 0;
  }
  const Stats all = stats();
  // Containers round, and some count a frame or two that nobody shows.
  const auto frame_ns = static_cast<std::int64_t>(1e9 / info->frame_rate_hz);
  const std::int64_t slack = std::max(3 * frame_ns, info->recorded_ns / 50);
  if (all.packets.end_ns == 0 || all.packets.end_ns + slack >= info->recorded_ns) {
    return 0;
  }
  const auto recorded = static_cast<std::uint64_t>(*info->recorded_frames);
  return recorded - std::min(recorded, all.frames.frames);
}

VideoReader::Stats VideoReader::stats() const {
  Stats stats;
  stats.packets = reader_.stats();
  if (decoder_ != nullptr) {
    stats.frames = decoder_->stats();
  }
  return stats;
}

}  // namespace penstock
