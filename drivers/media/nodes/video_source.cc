#include "drivers/media/nodes/video_source.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "drivers/media/av/mask_uri.h"

namespace penstock {
namespace {

/// Pictures that a decoder keeps for those to come: 16 is the most that H.264 and HEVC allow, and
/// one more is being made.
constexpr std::size_t kDecoderBuffers = 20;

/// When no buffer is free, those who hold them give them back without a ring.
constexpr auto kBufferRetry = std::chrono::milliseconds(5);

/// What means that a file will never be read may pass at a camera: it is starting, unplugged, or
/// somebody else answers in its place.
Error lost_camera(const Error& error) {
  const bool may_pass = error.code == Errc::kCorrupt || error.code == Errc::kNotFound;
  return may_pass ? Error{Errc::kPeerGone, error.message} : error;
}

}  // namespace

VideoSource::VideoSource(VideoSourceOptions options, std::string decoder, bool live)
    : options_(std::move(options)),
      decoder_(std::move(decoder)),
      live_(live) {}

VideoSource::~VideoSource() {
  stop();
}

Status VideoSource::start(const SourceContext& context, Doorbell doorbell) {
  clock_ = context.clock;
  BufferPool::Options pool;
  pool.name = context.stream;
  pool.max_slots = context.max_frames + kDecoderBuffers;
  PENSTOCK_ASSIGN_OR_RETURN(pool_, BufferPool::create(std::move(pool)));
  reader_ = std::make_unique<VideoReader>(options_, decoder_, doorbell);
  return {};
}

Source::Pull VideoSource::pull(SourceFrame& out) {
  retry_at_.reset();
  auto step = reader_->decode_next(*pool_);
  if (!step.has_value()) {
    failure_ = options_.is_live.value_or(false) ? lost_camera(step.error()) : step.error();
    return Pull::kFailed;
  }
  switch (step->code) {
    case VideoReader::Code::kFrame:
      break;
    case VideoReader::Code::kNeedPacket:
      return Pull::kNothing;
    case VideoReader::Code::kNoBuffer:
      retry_at_ = clock_->now() + kBufferRetry;
      return Pull::kNothing;
    case VideoReader::Code::kEnd:
      return end();
  }
  last_pts_ns_ = step->frame.pts_ns;
  out.time.pts = Duration(step->frame.pts_ns);
  if (const VideoStreamInfo* stream = reader_->stream(); stream != nullptr) {
    const auto origin = stream->time_origin.time_since_epoch();
    out.time.wall_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(origin).count() + last_pts_ns_;
  }
  out.image = std::move(step->frame.image);
  return Pull::kFrame;
}

Source::Pull VideoSource::end() {
  if (options_.is_live.value_or(false)) {
    failure_ = {Errc::kPeerGone,
                "video '" + mask_uri(options_.uri) + "': the live source sends no more"};
    return Pull::kFailed;
  }
  is_over_ = true;
  return Pull::kEnd;
}

void VideoSource::stop() {
  if (reader_ != nullptr) {
    reader_->cancel();
    reader_.reset();
  }
}

SourceFlaws VideoSource::flaws() const {
  if (reader_ == nullptr) {
    return {};
  }
  const VideoReader::Stats stats = reader_->stats();
  return {stats.packets.corrupt_reads + stats.frames.corrupt_packets +
              stats.frames.swallowed_packets + stats.frames.damaged_frames,
          reader_->missing_frames()};
}

std::optional<double> VideoSource::progress() const {
  if (is_over_) {
    return 1;  // The last frame's time is short of the duration, and some containers have none.
  }
  const VideoStreamInfo* stream = reader_ == nullptr ? nullptr : reader_->stream();
  if (stream == nullptr || options_.loop || !stream->duration_ns.has_value() ||
      *stream->duration_ns <= 0) {
    return std::nullopt;
  }
  return std::clamp(
      static_cast<double>(last_pts_ns_) / static_cast<double>(*stream->duration_ns), 0.0, 1.0);
}

}  // namespace penstock
