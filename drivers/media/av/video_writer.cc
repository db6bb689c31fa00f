#include "drivers/media/av/video_writer.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/mathematics.h>
}

#include "drivers/media/av/av_error.h"

namespace penstock {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/// RFC 3339 in UTC with microseconds, which is what libav's muxers read.
std::string rfc3339(std::chrono::system_clock::time_point time) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch());
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(us);
  const std::time_t seconds = whole.count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::string fraction = std::to_string((us - whole).count());
  fraction.insert(0, 6 - std::min<std::size_t>(fraction.size(), 6), '0');
  return std::string(text, length) + "." + fraction + "Z";
}

}  // namespace

Result<std::unique_ptr<VideoWriter>> VideoWriter::create(VideoWriterOptions options) {
  quiet_libav();
  PENSTOCK_ASSIGN_OR_RETURN(const EncoderChoice choice, choose_encoder(options));
  std::unique_ptr<VideoWriter> writer(new VideoWriter(std::move(options)));
  writer->choice_ = choice;
  PENSTOCK_RETURN_IF_ERROR(writer->open_file());
  return writer;
}

VideoWriter::~VideoWriter() {
  static_cast<void>(finish());
  release();
}

Error VideoWriter::failure(int code, const std::string& what) const {
  return av_failure(code, "video file '" + options_.path + "': " + what);
}

Status VideoWriter::open_file() {
  const std::filesystem::path folder = std::filesystem::path(options_.path).parent_path();
  std::error_code made;
  if (!folder.empty()) {
    std::filesystem::create_directories(folder, made);
  }
  if (made) {
    return failure(AVERROR(made.value()), "cannot make its folder");
  }
  const int code =
      avformat_alloc_output_context2(&format_, choice_.container, nullptr, options_.path.c_str());
  if (code < 0) {
    return failure(code, "cannot be written");
  }
  const std::string url = "file:" + options_.path;  // So that a ':' in the name is no protocol.
  if (const int opened = avio_open(&format_->pb, url.c_str(), AVIO_FLAG_WRITE); opened < 0) {
    return failure(opened, "cannot be opened for writing");
  }
  format_->flags |= AVFMT_FLAG_FLUSH_PACKETS;
  packet_ = av_packet_alloc();
  return {};
}

Status VideoWriter::write(const Image& image, std::int64_t pts_ns) {
  if (is_closed_) {
    return Error{Errc::kInvalidArgument,
                 "video file '" + options_.path + "': it is closed, no picture can be added"};
  }
  Status status;
  if (fitter_ == nullptr) {
    status = begin(image);
    first_ns_ = pts_ns;
  }
  if (status.has_value()) {
    status = encode(image, next_tick(pts_ns));
  }
  if (!status.has_value()) {
    static_cast<void>(finish());  // The first failure is the one to tell.
    remove_if_empty();
  }
  return status;
}

Status VideoWriter::begin(const Image& first) {
  auto fitter = PictureFitter::create(first);
  if (!fitter.has_value()) {
    return fitter.error().within("video file '" + options_.path + "'");
  }
  fitter_ = std::move(fitter).value();
  first_width_ = first.width;
  first_height_ = first.height;
  PENSTOCK_RETURN_IF_ERROR(open_codec());
  return write_header();
}

Status VideoWriter::open_codec() {
  codec_ = avcodec_alloc_context3(choice_.codec);
  PENSTOCK_CHECK(codec_ != nullptr) << "no memory for an encoder";
  codec_->width = fitter_->width();
  codec_->height = fitter_->height();
  codec_->pix_fmt = AV_PIX_FMT_YUV420P;
  codec_->color_range = fitter_->range() == ColorRange::kFull ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  codec_->colorspace =
      fitter_->matrix() == ColorMatrix::kBt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  codec_->time_base = AVRational{1, choice_.ticks_per_second};
  if ((format_->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
    codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  }
  AVDictionary* settings = nullptr;
  apply_options(options_, *codec_, &settings);
  const int code = avcodec_open2(codec_, choice_.codec, &settings);
  av_dict_free(&settings);
  if (code < 0) {
    const std::string rate =
        options_.bitrate_bps == 0
            ? ""
            : " at `bitrate` " + std::to_string(options_.bitrate_bps) + " bit/s";
    Error error =
        failure(code,
                "encoder '" + std::string(choice_.codec->name) + "' refuses " +
                    std::to_string(codec_->width) + "x" + std::to_string(codec_->height) + rate);
    if (code != AVERROR(ENOMEM)) {
      error.code = Errc::kUnsupported;  // Encoders say so in many ways, "external" among them.
    }
    return error;
  }
  return {};
}

Status VideoWriter::write_header() {
  AVStream* stream = avformat_new_stream(format_, nullptr);
  PENSTOCK_CHECK(stream != nullptr) << "no memory for a stream";
  stream->time_base = codec_->time_base;
  stream->avg_frame_rate = codec_->framerate;
  if (const int code = avcodec_parameters_from_context(stream->codecpar, codec_); code < 0) {
    return failure(code, "cannot describe its pictures");
  }
  if (options_.creation_time.has_value()) {
    av_dict_set(&format_->metadata, "creation_time", rfc3339(*options_.creation_time).c_str(), 0);
  }
  if (!options_.comment.empty()) {
    av_dict_set(&format_->metadata, "comment", options_.comment.c_str(), 0);
  }
  AVDictionary* settings = nullptr;
  const std::string container = format_->oformat->name;
  if (container == "mp4" || container == "mov") {
    if (options_.fragmented) {
      av_dict_set(&settings, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0);
    }
    // Else MPEG-4's coarse ticks would be the file's, and others could not be joined to it.
    av_dict_set_int(&settings, "video_track_timescale", choice_.ticks_per_second, 0);
  } else {
    const auto limit = std::min<std::int64_t>(options_.key_interval.count(), 5000);
    av_dict_set_int(&settings, "cluster_time_limit", limit, 0);
  }
  const int code = avformat_write_header(format_, &settings);
  av_dict_free(&settings);
  if (code < 0) {
    return failure(code, "its header cannot be written");
  }
  has_header_ = true;
  return {};
}

std::int64_t VideoWriter::next_tick(std::int64_t pts_ns) {
  std::int64_t tick = av_rescale(pts_ns - first_ns_, choice_.ticks_per_second, kNsPerSecond);
  if (tick <= last_tick_) {
    tick = last_tick_ + 1;
    ++stats_.bumped_times;
  }
  last_step_ = last_tick_ < 0 ? 0 : tick - last_tick_;
  last_tick_ = tick;
  return tick;
}

Status VideoWriter::encode(const Image& image, std::int64_t ticks) {
  if (image.width != first_width_ || image.height != first_height_) {
    ++stats_.refitted;
  }
  auto fitted = fitter_->fit(image);
  if (!fitted.has_value()) {
    return fitted.error().within("video file '" + options_.path + "'");
  }
  AVFrame& frame = **fitted;
  frame.pts = ticks;
  frame.quality = codec_->global_quality;
  if (ticks >= next_key_tick_) {
    frame.pict_type = AV_PICTURE_TYPE_I;
    next_key_tick_ =
        ticks + av_rescale(options_.key_interval.count(), choice_.ticks_per_second, 1000);
  }
  const int code = avcodec_send_frame(codec_, &frame);
  fitter_->release();  // A frame that comes late must not keep a buffer of the graph's until then.
  if (code < 0) {
    return failure(code, "the encoder refuses a picture");
  }
  ++stats_.frames;
  return drain();
}

Status VideoWriter::drain() {
  for (;;) {
    int code = avcodec_receive_packet(codec_, packet_);
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) {
      return {};
    }
    if (code < 0) {
      return failure(code, "encoding failed");
    }
    if (packet_->duration == 0) {
      packet_->duration = last_step_;  // Only the last one's counts: how long it is shown.
    }
    av_packet_rescale_ts(packet_, codec_->time_base, format_->streams[0]->time_base);
    packet_->stream_index = 0;
    code = av_write_frame(format_, packet_);
    av_packet_unref(packet_);
    if (code < 0) {
      return failure(code, "writing failed");
    }
  }
}

Status VideoWriter::finish() {
  if (std::exchange(is_closed_, true)) {
    return {};
  }
  Status status;
  if (has_header_) {
    avcodec_send_frame(codec_, nullptr);
    status = drain();
  }
  const Status closed = close_file();
  return status.has_value() ? closed : status;
}

Status VideoWriter::close_file() {
  Status status;
  if (has_header_) {
    if (const int code = av_write_trailer(format_); code < 0) {
      status = failure(code, "its end cannot be written");
    }
  }
  if (format_ != nullptr && format_->pb != nullptr) {
    const int written = format_->pb->error;
    const int closed = avio_closep(&format_->pb);
    const int code = written < 0 ? written : closed;
    if (status.has_value() && code < 0) {
      status = failure(code, "closing failed");
    }
  }
  release();
  return status;
}

void VideoWriter::release() noexcept {
  fitter_.reset();
  avcodec_free_context(&codec_);
  av_packet_free(&packet_);
  if (format_ != nullptr) {
    avio_closep(&format_->pb);
    avformat_free_context(format_);
    format_ = nullptr;
  }
}

/// A full disk would leave one such file for each attempt.
void VideoWriter::remove_if_empty() const noexcept {
  struct stat found {};

  const bool is_file = ::lstat(options_.path.c_str(), &found) == 0 && S_ISREG(found.st_mode);
  if (is_file && (!has_header_ || found.st_size == 0)) {
    ::unlink(options_.path.c_str());
  }
}

Status VideoWriter::sync() const {
  const int descriptor = ::open(options_.path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return failure(AVERROR(errno), "cannot be opened for syncing");
  }
  const int code = ::fdatasync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (code != 0) {
    return failure(AVERROR(code), "syncing failed");
  }
  return {};
}

}  // namespace penstock
