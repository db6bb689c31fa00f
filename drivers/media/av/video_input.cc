#include "drivers/media/av/video_input.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/display.h>
#include <libavutil/parseutils.h>
}

#include "drivers/media/av/av_error.h"
#include "drivers/media/av/mask_uri.h"
#include "drivers/media/av/source_address.h"

namespace penstock {
namespace {

constexpr int kMaxCorruptReadsInARow = 1000;
// A device's picture is looked for this often. libav keeps its descriptor to itself, and another
// one of the same device cannot be polled: who has the buffers alone sees them filled.
constexpr Duration kDevicePollStep = std::chrono::milliseconds(2);

/// Options of libav for one open call.
class Dictionary {
 public:
  Dictionary() = default;
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  ~Dictionary() { av_dict_free(&entries_); }

  void set(const char* key, const std::string& value) {
    av_dict_set(&entries_, key, value.c_str(), 0);
  }

  AVDictionary** entries() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

std::int64_t to_ns(std::int64_t ticks, AVRational base) {
  return av_rescale_q(ticks, base, AVRational{1, 1'000'000'000});
}

/// The clockwise quarter turns that a display matrix asks for, to the nearest; mirroring is
/// ignored.
int quarter_turns_of(const AVStream& stream) {
  const std::uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  if (matrix == nullptr) {
    return 0;
  }
  const double counter_clockwise =
      av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix));
  if (std::isnan(counter_clockwise)) {
    return 0;
  }
  const int turns = static_cast<int>(std::lround(-counter_clockwise / 90));
  return ((turns % 4) + 4) % 4;
}

}  // namespace

Result<std::unique_ptr<VideoInput>> VideoInput::open(VideoSourceOptions options,
                                                     InterruptGate& gate) {
  quiet_libav();
  std::unique_ptr<VideoInput> input(new VideoInput(std::move(options), gate));
  if (input->options_.open_timeout <= Duration::zero() ||
      input->options_.stall_timeout <= Duration::zero()) {
    return Error{Errc::kInvalidArgument, input->place() + ": a time limit must be above 0"};
  }
  gate.arm(input->options_.open_timeout);
  Status status = input->open_format();
  if (status.has_value()) {
    status = input->choose_stream();
  }
  gate.disarm();
  PENSTOCK_RETURN_IF_ERROR(std::move(status));
  input->describe_stream();
  return input;
}

VideoInput::VideoInput(VideoSourceOptions options, InterruptGate& gate)
    : options_(std::move(options)),
      gate_(gate) {}

VideoInput::~VideoInput() {
  avformat_close_input(&format_);
}

std::string VideoInput::place() const {
  return "video '" + mask_uri(options_.uri) + "'";
}

Error VideoInput::failure(int code, const std::string& what, Duration limit) const {
  if (gate_.is_cancelled()) {
    return {Errc::kCancelled, place() + ": cancelled"};
  }
  if (gate_.has_expired()) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    return {Errc::kDeadlineExceeded,
            place() + ": " + what + " within " + std::to_string(ms) + " ms (`timeout`)"};
  }
  return av_failure(code, place() + ": " + what);
}

Status VideoInput::open_format() {
  auto address = resolve_address(options_.uri);
  if (!address.has_value()) {
    return address.error().within(place());
  }
  format_ = avformat_alloc_context();
  PENSTOCK_CHECK(format_ != nullptr) << "no memory for a libav context";
  format_->interrupt_callback = {&InterruptGate::interrupt_callback, &gate_};
  Dictionary settings;
  if (address->is_image_pattern) {
    settings.set("framerate", std::to_string(options_.image_rate_hz));
    settings.set("pattern_type", address->pattern_type);
  }
  if (address->is_rtsp) {
    settings.set("rtsp_transport",
                 options_.transport == VideoSourceOptions::Transport::kTcp ? "tcp" : "udp");
  }
  if (address->is_device) {
    format_->flags |= AVFMT_FLAG_NONBLOCK;  // Its blocking read cannot be interrupted.
  }
  if (FifoInput::is_fifo(options_.uri)) {
    PENSTOCK_ASSIGN_OR_RETURN(fifo_, FifoInput::open(options_.uri, gate_));
    format_->pb = fifo_->context();
  }
  stream_.is_live = address->is_live;
  const AVInputFormat* format = nullptr;
  if (!address->format.empty()) {
    format = av_find_input_format(address->format.c_str());
    if (format == nullptr) {
      return Error{Errc::kUnsupported,
                   place() + ": this libav has no input '" + address->format + "'"};
    }
  }
  const int code = avformat_open_input(&format_, address->url.c_str(), format, settings.entries());
  if (code < 0) {
    return failure(code, "did not open", options_.open_timeout);
  }
  if (!address->is_device) {  // A device's form is known, and probing would spin on it.
    const int probed = avformat_find_stream_info(format_, nullptr);
    if (probed < 0 || InterruptGate::interrupt_callback(&gate_) != 0) {
      return failure(probed, "did not say what it holds", options_.open_timeout);
    }
  }
  return {};
}

Status VideoInput::choose_stream() {
  stream_index_ = av_find_best_stream(format_, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (stream_index_ < 0) {
    // Without any stream it is no recording but nonsense that looked like one.
    return Error{
        format_->nb_streams == 0 ? Errc::kCorrupt : Errc::kUnsupported,
        place() + ": " + std::to_string(format_->nb_streams) + " streams, none of them pictures"};
  }
  for (unsigned index = 0; index < format_->nb_streams; ++index) {
    AVStream& stream = *format_->streams[index];
    if (static_cast<int>(index) != stream_index_) {
      stream.discard = AVDISCARD_ALL;
    } else if (options_.key_frames_only) {
      stream.discard = AVDISCARD_NONKEY;
    }
  }
  const AVCodecParameters& parameters = *format_->streams[stream_index_]->codecpar;
  if (parameters.width <= 0 || parameters.height <= 0) {
    return Error{Errc::kCorrupt,
                 place() + ": the size of its pictures (codec '" +
                     avcodec_get_name(parameters.codec_id) + "') cannot be found out"};
  }
  return {};
}

void VideoInput::describe_stream() {
  AVStream& stream = *format_->streams[stream_index_];
  std::shared_ptr<AVCodecParameters> parameters(
      avcodec_parameters_alloc(),
      [](AVCodecParameters* owned) { avcodec_parameters_free(&owned); });
  PENSTOCK_CHECK(avcodec_parameters_copy(parameters.get(), stream.codecpar) >= 0)
      << "no memory for codec parameters";
  stream_.codec = avcodec_get_name(parameters->codec_id);
  stream_.quarter_turns = quarter_turns_of(stream);
  const bool is_turned = stream_.quarter_turns % 2 != 0;
  stream_.width = is_turned ? parameters->height : parameters->width;
  stream_.height = is_turned ? parameters->width : parameters->height;
  stream_.parameters = std::move(parameters);
  stream_.time_base_num = stream.time_base.num;
  stream_.time_base_den = stream.time_base.den;
  const AVRational rate = av_guess_frame_rate(format_, &stream, nullptr);
  stream_.frame_rate_hz = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
  describe_length(stream);
  describe_time_origin();
}

/// Live sources have no length, and their clock starts with the first picture that comes.
void VideoInput::describe_length(const AVStream& stream) {
  std::optional<std::int64_t> duration_ns;
  if (stream.duration != AV_NOPTS_VALUE && stream.duration > 0) {
    duration_ns = to_ns(stream.duration, stream.time_base);
  } else if (format_->duration != AV_NOPTS_VALUE && format_->duration > 0) {
    duration_ns = to_ns(format_->duration, AVRational{1, AV_TIME_BASE});
  }
  const bool is_remote = options_.uri.rfind("http", 0) == 0;
  stream_.is_live =
      options_.is_live.value_or(stream_.is_live || (is_remote && !duration_ns.has_value()));
  if (stream_.is_live) {
    return;
  }
  stream_.duration_ns = duration_ns;
  if (stream.start_time != AV_NOPTS_VALUE) {
    stream_.start_time = stream.start_time;
  }
  describe_record(stream);
  if (stream.nb_frames > 0) {
    stream_.frames = stream.nb_frames;
  } else if (duration_ns.has_value() && stream_.frame_rate_hz > 0) {
    stream_.frames = std::llround(static_cast<double>(*duration_ns) * 1e-9 * stream_.frame_rate_hz);
  }
}

/// A count or length that libav took from the container; what it works out from the size of the
/// file says nothing of what is missing.
void VideoInput::describe_record(const AVStream& stream) {
  const bool is_recorded = format_->duration_estimation_method == AVFMT_DURATION_FROM_STREAM;
  if (stream_.frame_rate_hz <= 0 || !is_recorded) {
    return;
  }
  const std::string_view container = format_->iformat->name;
  if (container == "avi" && stream.nb_frames > 0) {
    // Its length is cut down to what the file seems to hold, the number of its frames is not.
    stream_.recorded_ns =
        std::llround(1e9 * static_cast<double>(stream.nb_frames) / stream_.frame_rate_hz);
  } else if (stream.duration != AV_NOPTS_VALUE && stream.duration > 0) {
    stream_.recorded_ns = to_ns(stream.duration, stream.time_base);
  } else if (format_->nb_streams == 1 && format_->duration > 0) {
    const std::int64_t start = std::max<std::int64_t>(stream_.start_time.value_or(0), 0);
    stream_.recorded_ns =
        to_ns(format_->duration, AVRational{1, AV_TIME_BASE}) - to_ns(start, stream.time_base);
  }
  if (stream_.recorded_ns > 0) {
    stream_.recorded_frames =
        stream.nb_frames > 0
            ? stream.nb_frames
            : std::llround(static_cast<double>(stream_.recorded_ns) * 1e-9 * stream_.frame_rate_hz);
  }
}

void VideoInput::describe_time_origin() {
  stream_.time_origin = std::chrono::system_clock::now();
  const AVDictionaryEntry* created = av_dict_get(format_->metadata, "creation_time", nullptr, 0);
  std::int64_t us = 0;
  if (stream_.is_live || created == nullptr || av_parse_time(&us, created->value, 0) < 0 ||
      us <= 0) {
    return;
  }
  stream_.time_origin = std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::microseconds(us)));
  stream_.time_origin_is_recorded = true;
}

Result<VideoPacket> VideoInput::read() {
  gate_.arm(options_.stall_timeout);
  auto packet = read_in_time();
  gate_.disarm();
  return packet;
}

Result<VideoPacket> VideoInput::read_in_time() {
  int corrupt_in_a_row = 0;
  for (;;) {
    VideoPacket packet(av_packet_alloc());
    PENSTOCK_CHECK(static_cast<bool>(packet)) << "no memory for a packet";
    const int code = av_read_frame(format_, packet.get());
    if (code >= 0 && packet.get()->stream_index == stream_index_) {
      has_read_ = true;
      return packet;
    }
    if (gate_.is_cancelled() || gate_.has_expired()) {
      return failure(code, "no picture came", options_.stall_timeout);
    }
    if (code == AVERROR_EOF) {
      return check_end();
    }
    if (code == AVERROR(EAGAIN)) {
      gate_.wait_for(kDevicePollStep);  // A device that has no picture yet.
    } else if (code == AVERROR_INVALIDDATA && corrupt_in_a_row < kMaxCorruptReadsInARow) {
      ++corrupt_in_a_row;
      ++corrupt_reads_;
    } else if (code == AVERROR_INVALIDDATA && has_read_ && !stream_.is_live) {
      return VideoPacket();  // The rest of a file that was cut off.
    } else if (code < 0) {
      return failure(code, "reading failed", options_.stall_timeout);
    }
  }
}

/// Demultiplexers call a broken line an end.
Result<VideoPacket> VideoInput::check_end() const {
  const int io_error = format_->pb != nullptr ? format_->pb->error : 0;
  if (io_error < 0 && io_error != AVERROR_EOF) {
    return failure(io_error, "reading broke off", options_.stall_timeout);
  }
  return VideoPacket();
}

Status VideoInput::rewind() {
  gate_.arm(options_.stall_timeout);
  const std::int64_t start = stream_.start_time.value_or(0);
  int code = av_seek_frame(format_, stream_index_, start, AVSEEK_FLAG_BACKWARD);
  if (code < 0) {
    code = av_seek_frame(format_, stream_index_, 0, AVSEEK_FLAG_BYTE);  // Bare streams.
  }
  gate_.disarm();
  if (code < 0) {
    return Error{Errc::kUnsupported, place() + ": `loop`: this source cannot go back to its start"};
  }
  return {};
}

}  // namespace penstock
