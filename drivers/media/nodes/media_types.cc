#include "drivers/media/nodes/media_types.h"

#include <memory>
#include <string>
#include <utility>

#include "drivers/media/av/encoder_choice.h"
#include "drivers/media/image/image_codec.h"
#include "drivers/media/nodes/image_sink.h"
#include "drivers/media/nodes/overlay_node.h"
#include "drivers/media/nodes/video_sink.h"
#include "drivers/media/nodes/video_source.h"

namespace penstock {
namespace {

/// Addresses that cannot wait for a slow reader.
bool is_live_address(const std::string& uri) {
  for (const char* scheme :
       {"rtsp://", "rtsps://", "rtmp://", "rtmps://", "udp://", "rtp://", "srt://", "/dev/video"}) {
    if (uri.rfind(scheme, 0) == 0) {
      return true;
    }
  }
  return false;
}

bool is_live_source(const OptionValues& options) {
  if (options.has("live")) {
    return options.get_bool("live");
  }
  // A paced file with a window of its own stands in for a camera.
  const bool plays_camera = options.get_bool("realtime") && options.has("max_in_flight");
  return plays_camera || is_live_address(options.get_text("uri"));
}

/// Whether packets are given up that nobody decodes in time. A file never needs that, live or not:
/// it would be read at the speed of the disk, and all but its end be lost.
bool may_drop_packets(const OptionValues& options) {
  const std::string uri = options.get_text("uri");
  if (!is_live_source(options)) {
    return false;
  }
  const bool is_remote = uri.find("://") != std::string::npos && uri.rfind("file:", 0) != 0;
  return is_live_address(uri) || (is_remote && !options.get_bool("realtime"));
}

ActorType video_source_type() {
  ActorType type("video_source",
                 "reads video: files, patterns of images, HTTP, RTSP, V4L2 devices");
  type.source(is_live_source).out("frames", {payload::kImage});
  type.option(Option::uri("uri", "what to read").required());
  type.option(
      Option::boolean("live", "the latest frame wins instead of waiting; default: by the address"));
  type.option(Option::boolean("loop", "start again at the end").fallback("false"));
  type.option(Option::boolean("realtime", "pace a file by its own times").fallback("false"));
  type.option(Option::rate("max_fps", "leave out frames that come faster"));
  type.option(Option::integer("max_in_flight", "frames in the graph at once; default: planned")
                  .range(1, 1024));
  type.option(Option::word("transport", {"tcp", "udp"}, "of RTSP").fallback("tcp"));
  type.option(Option::duration("timeout", "until the source must have opened")
                  .range("100ms", "10min")
                  .fallback("10s"));
  type.option(Option::word("decoder", {"auto", "sw"}, "what decodes").fallback("auto"));
  type.option(
      Option::word("skip", {"none", "nonkey"}, "nonkey: decode key frames only").fallback("none"));
  type.option(Option::rate("image_rate", "of a pattern of images").fallback("25"));
  type.option(Option::object(
      "reconnect",
      "what happens when the source is lost",
      {Option::list("backoff",
                    Option::duration("backoff", "a wait").range("1ms", "1h"),
                    "first and longest wait")
           .count(2, 2),
       Option::duration("stalled_after", "a source that gives nothing for so long is lost")
           .range("100ms", "1h")}));
  return type;
}

Result<std::unique_ptr<Source>> make_video_source(const SourceArgs& args) {
  const OptionValues& options = *args.options;
  VideoSourceOptions video;
  video.uri = options.get_text("uri");
  video.transport = options.is_word("transport", "udp") ? VideoSourceOptions::Transport::kUdp
                                                        : VideoSourceOptions::Transport::kTcp;
  video.open_timeout = options.get_duration("timeout");
  video.loop = options.get_bool("loop");
  video.key_frames_only = options.is_word("skip", "nonkey");
  video.image_rate_hz = options.get_number("image_rate");
  video.is_live = may_drop_packets(options);
  if (options.has("reconnect") && options.get_object("reconnect").has("stalled_after")) {
    video.stall_timeout = options.get_object("reconnect").get_duration("stalled_after");
  }
  return std::unique_ptr<Source>(std::make_unique<VideoSource>(
      std::move(video), options.get_text("decoder"), is_live_source(options)));
}

ActorType overlay_type() {
  ActorType type("overlay", "draws objects on the picture");
  type.in("in", {payload::kImage, payload::kObjects}).out("out", {}).per_stream();
  type.option(Option::boolean("boxes", "draw a box round each object").fallback("true"));
  type.option(Option::boolean("labels", "write what it is").fallback("true"));
  type.option(Option::boolean("scores", "write how sure the model is").fallback("true"));
  type.option(Option::boolean("ids", "write the number of its track").fallback("true"));
  type.option(
      Option::integer("trail", "places of each track to draw").range(0, 1000).fallback("0"));
  type.option(Option::number("line_scale", "thickness of lines, 1 = what suits the picture")
                  .range(0.1, 10)
                  .fallback("1"));
  type.option(Option::number("text_scale", "size of text, 1 = what suits the picture")
                  .range(0.1, 10)
                  .fallback("1"));
  return type;
}

Result<std::unique_ptr<Node>> make_overlay(const NodeArgs& args) {
  const OptionValues& options = *args.options;
  OverlayNode::Options overlay;
  overlay.style.draw_boxes = options.get_bool("boxes");
  overlay.style.draw_labels = options.get_bool("labels");
  overlay.style.line_scale = static_cast<float>(options.get_number("line_scale"));
  overlay.style.text_scale = static_cast<float>(options.get_number("text_scale"));
  overlay.show_score = options.get_bool("scores");
  overlay.show_track = options.get_bool("ids");
  overlay.trail = static_cast<std::size_t>(options.get_int("trail"));
  overlay.style.draw_trails = overlay.trail > 0;
  return std::unique_ptr<Node>(std::make_unique<OverlayNode>(overlay));
}

ActorType video_sink_type() {
  ActorType type("video_sink",
                 "writes a video file; killed, it plays up to the last two seconds, after a power "
                 "cut up to the last seven");
  type.in("in", {payload::kImage}).sink().per_stream();
  type.option(
      Option::path_out("path", "the file: .mp4, .mov, .mkv or .webm; $(stream) makes one a stream")
          .required()
          .ends_in(video_file_endings())
          .templated());
  type.option(Option::word("codec", video_codec_words(), "how pictures are coded; h265 is hevc")
                  .fallback("auto"));
  type.option(
      Option::bit_rate("bitrate", "instead of constant quality")
          .range(static_cast<double>(kLeastBitRateBps), static_cast<double>(kMostBitRateBps)));
  type.option(
      Option::integer("crf", "constant quality, 1 = best; default: what is usual for the codec")
          .range(1, 51));
  type.option(Option::word("preset",
                           {"ultrafast",
                            "superfast",
                            "veryfast",
                            "faster",
                            "fast",
                            "medium",
                            "slow",
                            "slower",
                            "veryslow"},
                           "time spent on compression")
                  .fallback("veryfast"));
  type.option(Option::integer("threads", "of the encoder").range(1, 64).fallback("1"));
  return type;
}

Result<std::unique_ptr<Node>> make_video_sink(const NodeArgs& args) {
  const OptionValues& options = *args.options;
  VideoWriterOptions video;
  video.path = options.get_text("path");
  video.codec = options.get_text("codec");
  video.preset = options.get_text("preset");
  video.threads = static_cast<int>(options.get_int("threads"));
  if (options.has("bitrate")) {
    video.bitrate_bps = options.get_bit_rate("bitrate");
  }
  if (options.has("crf")) {
    video.crf = static_cast<int>(options.get_int("crf"));
  }
  if (args.is_simulated) {
    video.comment = "simulated: a simulated device had a part in what is shown";
  }
  return std::unique_ptr<Node>(std::make_unique<VideoSink>(std::move(video), args.attempt));
}

ActorType image_sink_type() {
  ActorType type("image_sink", "writes pictures as JPEG or PNG files");
  type.in("in", {payload::kImage}).sink().per_stream();
  type.option(Option::path_out("path", "the files, .jpg or .png; must have $(seq)")
                  .required()
                  .ends_in(image_file_endings())
                  .must_have(ImageSink::kSeqName)
                  .templated());
  type.option(
      Option::integer("every", "write one of so many frames").range(1, 1000000).fallback("1"));
  type.option(Option::integer("quality", "of JPEG").range(1, 100).fallback("90"));
  return type;
}

Result<std::unique_ptr<Node>> make_image_sink(const NodeArgs& args) {
  const OptionValues& options = *args.options;
  ImageSink::Options image;
  image.path = options.get_text("path");
  image.every = static_cast<std::uint64_t>(options.get_int("every"));
  image.quality = static_cast<int>(options.get_int("quality"));
  return std::unique_ptr<Node>(std::make_unique<ImageSink>(std::move(image)));
}

}  // namespace

void register_media_types(TypeRegistry& registry) {
  registry.add(video_source_type())
      .add(overlay_type())
      .add(video_sink_type())
      .add(image_sink_type());
}

void register_media_nodes(NodeCatalogue& catalogue) {
  catalogue.add_source("video_source", make_video_source);
  catalogue.add_node("overlay", make_overlay);
  catalogue.add_node("video_sink", make_video_sink);
  catalogue.add_node("image_sink", make_image_sink);
}

}  // namespace penstock
