#include "drivers/media/av/frame_decoder.h"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/hwcontext.h>
}

#include "drivers/media/av/av_error.h"
#include "drivers/media/av/picture_converter.h"
#include "drivers/media/av/pooled_pictures.h"
#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr double kFallbackRateHz = 25;

std::int64_t frame_ns_of(const VideoStreamInfo& stream) {
  return std::llround(1e9 / (stream.frame_rate_hz > 0 ? stream.frame_rate_hz : kFallbackRateHz));
}

/// Whether each packet of the stream is one picture that is shown. Of H.264, half pictures are not;
/// MPEG-4 has packets that stand for "as before", VP8 and VP9 such as are never shown.
bool is_a_picture_each(const AVCodecParameters& parameters) {
  return parameters.codec_id == AV_CODEC_ID_HEVC ||
         (parameters.codec_id == AV_CODEC_ID_H264 &&
          parameters.field_order == AV_FIELD_PROGRESSIVE);
}

Status check_device(const std::string& device) {
  if (device == "auto" || device == "sw") {
    return {};
  }
  if (device == "hw" || av_hwdevice_find_type_by_name(device.c_str()) != AV_HWDEVICE_TYPE_NONE) {
    return Error{Errc::kUnsupported,
                 "decoder '" + device + "': this version decodes on the CPU only (`sw`)"};
  }
  return Error{Errc::kInvalidArgument,
               "decoder '" + device + "' is unknown; known are auto, sw, hw"};
}

}  // namespace

/// libav's part, in an order of destruction that frees the context before what serves it.
struct FrameDecoder::Codec {
  Codec() : context(avcodec_alloc_context3(nullptr)), frame(av_frame_alloc()) {
    PENSTOCK_CHECK(context != nullptr && frame != nullptr) << "no memory for a decoder";
  }

  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  ~Codec() {
    av_frame_free(&frame);
    avcodec_free_context(&context);
  }

  PooledPictures pictures;
  PictureConverter converter;
  AVCodecContext* context;
  AVFrame* frame;
};

Result<std::unique_ptr<FrameDecoder>> FrameDecoder::create(const VideoStreamInfo& stream,
                                                           Options options) {
  std::unique_ptr<FrameDecoder> decoder(new FrameDecoder(stream, std::move(options)));
  if (const Status opened = decoder->open_codec(); !opened.has_value()) {
    return opened.error().within("video '" + decoder->options_.name + "'");
  }
  return decoder;
}

FrameDecoder::FrameDecoder(const VideoStreamInfo& stream, Options options)
    : stream_(stream),
      options_(std::move(options)),
      codec_(std::make_unique<Codec>()),
      times_(frame_ns_of(stream)),
      is_a_picture_each_(!options_.key_frames_only && is_a_picture_each(*stream.parameters)),
      start_time_(stream.start_time) {}

FrameDecoder::~FrameDecoder() = default;

Status FrameDecoder::open_codec() {
  quiet_libav();
  PENSTOCK_RETURN_IF_ERROR(check_device(options_.device));
  const AVCodec* codec = avcodec_find_decoder(stream_.parameters->codec_id);
  if (codec == nullptr) {
    return Error{Errc::kUnsupported, "this libav has no decoder for '" + stream_.codec + "'"};
  }
  AVCodecContext& context = *codec_->context;
  if (const int code = avcodec_parameters_to_context(&context, stream_.parameters.get());
      code < 0) {
    return av_failure(code, "decoder '" + stream_.codec + "'");
  }
  context.thread_count = 1;
  context.pkt_timebase = AVRational{stream_.time_base_num, stream_.time_base_den};
  context.skip_frame = options_.key_frames_only ? AVDISCARD_NONKEY : AVDISCARD_DEFAULT;
  if (stream_.quarter_turns == 0) {  // Else the turned copy is what goes into the pool.
    codec_->pictures.serve(context);
  }
  if (const int code = avcodec_open2(&context, codec, nullptr); code < 0) {
    return av_failure(code, "decoder '" + stream_.codec + "'");
  }
  return {};
}

int FrameDecoder::held_buffers() const noexcept {
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get(stream_.parameters->codec_id);
  if (descriptor == nullptr || (descriptor->props & AV_CODEC_PROP_INTRA_ONLY) != 0 ||
      stream_.quarter_turns != 0) {
    return 1;
  }
  switch (stream_.parameters->codec_id) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
      return 18;  // 16 references, the picture in work, one that waits.
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
      return 10;
    default:
      return 5;
  }
}

FrameDecoder::Stats FrameDecoder::stats() const noexcept {
  Stats stats = stats_;
  stats.swallowed_packets = awaited_.swallowed();
  stats.restamped = times_.restamped();
  stats.clock_restarts = times_.clock_restarts();
  return stats;
}

void FrameDecoder::feed(VideoPacket packet) {
  PENSTOCK_CHECK(!pending_ && !is_finished_) << "a packet that was not asked for";
  pending_ = std::move(packet);
}

void FrameDecoder::finish() {
  is_finished_ = true;
}

Result<FrameDecoder::Step> FrameDecoder::decode_next(BufferPool& pool) {
  codec_->pictures.use(&pool);
  for (;;) {
    if (has_frame_) {
      return deliver(pool);
    }
    const int code = avcodec_receive_frame(codec_->context, codec_->frame);
    if (code >= 0) {
      has_frame_ = true;
      note_shown();
      continue;
    }
    if (code == AVERROR(EAGAIN)) {
      PENSTOCK_ASSIGN_OR_RETURN(const bool sent, send_pending());
      if (!sent) {
        return Step{Code::kNeedPacket, {}};
      }
      continue;
    }
    if (code == AVERROR_EOF) {
      awaited_.ended();
      if (!pending_) {
        return Step{Code::kEnd, {}};
      }
      avcodec_flush_buffers(codec_->context);  // The next pass of a looped source.
      is_draining_ = false;
      pending_.starts_pass = false;
      continue;
    }
    if (code == AVERROR_PATCHWELCOME) {
      return av_failure(code, "video '" + options_.name + "': decoder '" + stream_.codec + "'");
    }
    ++stats_.corrupt_packets;
    awaited_.failed();
  }
}

/// Hands the decoder what it may get next: the packet, or the word that a pass has ended. Returns
/// false if there is nothing.
Result<bool> FrameDecoder::send_pending() {
  const bool ends_pass = pending_ ? pending_.starts_pass : is_finished_;
  if (ends_pass && !is_draining_) {
    is_draining_ = true;
    avcodec_send_packet(codec_->context, nullptr);
    return true;
  }
  if (!pending_) {
    return false;
  }
  shift_ns_ = pending_.shift_ns;
  const VideoPacket packet = std::exchange(pending_, VideoPacket());
  const int code = avcodec_send_packet(codec_->context, packet.get());
  if (code == AVERROR_PATCHWELCOME || code == AVERROR(ENOSYS)) {
    return av_failure(code, "video '" + options_.name + "': decoder '" + stream_.codec + "'");
  }
  note_sent(packet);
  if (code < 0) {
    ++stats_.corrupt_packets;
    awaited_.failed();
  }
  return true;
}

void FrameDecoder::note_sent(const VideoPacket& packet) {
  const AVPacket& sent = *packet.get();
  const bool is_shown = (sent.flags & AV_PKT_FLAG_DISCARD) == 0 && sent.pts != AV_NOPTS_VALUE;
  awaited_.sent(is_a_picture_each_ && is_shown ? std::optional(sent.pts) : std::nullopt);
}

void FrameDecoder::note_shown() {
  const AVFrame& frame = *codec_->frame;
  // A stream may turn to half pictures later on: who awaits each of them would miss every other.
  if (frame.interlaced_frame != 0) {
    is_a_picture_each_ = false;
    awaited_.forget();
  }
  if (frame.pts != AV_NOPTS_VALUE) {
    awaited_.shown(frame.pts);
  }
}

Result<FrameDecoder::Step> FrameDecoder::deliver(BufferPool& pool) {
  AVFrame& frame = *codec_->frame;
  std::optional<Image> image = codec_->pictures.find(frame);
  if (!image.has_value()) {
    auto copied = codec_->converter.convert(frame, stream_.quarter_turns, pool);
    if (!copied.has_value()) {
      has_frame_ = false;
      return copied.error().within("video '" + options_.name + "'");
    }
    image = std::move(copied).value();
    if (!image.has_value()) {
      return Step{Code::kNoBuffer, {}};
    }
    ++stats_.copied_frames;
  }
  Step step{Code::kFrame, {std::move(*image), time_of_frame()}};
  ++stats_.frames;
  if (frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0) {
    ++stats_.damaged_frames;
  }
  has_frame_ = false;
  av_frame_unref(&frame);
  return step;
}

std::int64_t FrameDecoder::time_of_frame() {
  const std::int64_t ticks = codec_->frame->best_effort_timestamp;
  if (ticks == AV_NOPTS_VALUE) {
    return times_.next(std::nullopt);
  }
  if (!start_time_.has_value()) {
    start_time_ = ticks;
  }
  const AVRational base{stream_.time_base_num, stream_.time_base_den};
  const std::int64_t since_start =
      av_rescale_q(ticks - *start_time_, base, AVRational{1, 1'000'000'000});
  return times_.next(std::max<std::int64_t>(since_start, 0) + shift_ns_);
}

}  // namespace penstock
