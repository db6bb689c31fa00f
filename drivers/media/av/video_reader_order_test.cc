// What a reader makes of streams whose pictures are coded in another order than they are shown in.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

#include <gtest/gtest.h>

#include "drivers/media/av/media_test_support.h"
#include "drivers/media/av/video_reader.h"

namespace penstock {
namespace {

using testing::read_all;
using testing::Reading;
using testing::TempFolder;

constexpr int kFrames = 60;

enum class Times { kOfPictures, kOfPackets };

/// Writes H.264 with B-pictures, which refer to later ones, through libav. With times of packets
/// the file says that pictures are shown as they were coded, as a bare stream does that somebody
/// put into a file as it was.
class OutOfOrderClip {
 public:
  OutOfOrderClip(const OutOfOrderClip&) = delete;
  OutOfOrderClip& operator=(const OutOfOrderClip&) = delete;

  /// False if this libav has no encoder that makes such pictures.
  static bool write(const std::string& path, Times times) {
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (codec == nullptr) {
      return false;
    }
    OutOfOrderClip clip(codec, path, times);
    for (int i = 0; i < kFrames; ++i) {
      clip.encode(i);
    }
    clip.finish();
    return true;
  }

 private:
  OutOfOrderClip(const AVCodec* codec, const std::string& path, Times times)
      : encoder_(avcodec_alloc_context3(codec)),
        frame_(av_frame_alloc()),
        packet_(av_packet_alloc()),
        times_(times) {
    avformat_alloc_output_context2(&file_, nullptr, nullptr, path.c_str());
    encoder_->width = frame_->width = 64;
    encoder_->height = frame_->height = 48;
    encoder_->pix_fmt = AV_PIX_FMT_YUV420P;
    frame_->format = AV_PIX_FMT_YUV420P;
    encoder_->time_base = {1, 25};
    encoder_->gop_size = 20;
    encoder_->max_b_frames = 3;
    if ((file_->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
      encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    av_opt_set(encoder_->priv_data, "x264-params", "b-adapt=0:b-pyramid=normal:log-level=none", 0);
    EXPECT_GE(avcodec_open2(encoder_, codec, nullptr), 0);
    EXPECT_GE(av_frame_get_buffer(frame_, 0), 0);
    stream_ = avformat_new_stream(file_, nullptr);
    stream_->time_base = encoder_->time_base;
    avcodec_parameters_from_context(stream_->codecpar, encoder_);
    EXPECT_GE(avio_open(&file_->pb, path.c_str(), AVIO_FLAG_WRITE), 0);
    EXPECT_GE(avformat_write_header(file_, nullptr), 0);
  }

  ~OutOfOrderClip() {
    avio_closep(&file_->pb);
    avformat_free_context(file_);
    av_packet_free(&packet_);
    av_frame_free(&frame_);
    avcodec_free_context(&encoder_);
  }

  void encode(int index) {
    ASSERT_GE(av_frame_make_writable(frame_), 0);
    for (int plane = 0; plane < 3; ++plane) {
      const int rows = plane == 0 ? 48 : 24;
      const int value = plane == 0 ? 40 + index * 3 : 128;
      std::memset(
          frame_->data[plane], value, static_cast<std::size_t>(frame_->linesize[plane] * rows));
    }
    frame_->pts = index;
    ASSERT_GE(avcodec_send_frame(encoder_, frame_), 0);
    write_packets();
  }

  void finish() {
    ASSERT_GE(avcodec_send_frame(encoder_, nullptr), 0);
    write_packets();
    EXPECT_EQ(packets_, kFrames);
    EXPECT_GE(av_write_trailer(file_), 0);
  }

  void write_packets() {
    while (avcodec_receive_packet(encoder_, packet_) >= 0) {
      if (times_ == Times::kOfPackets) {
        packet_->pts = packet_->dts = packets_;
      }
      packet_->duration = 1;
      ++packets_;
      packet_->stream_index = 0;
      av_packet_rescale_ts(packet_, encoder_->time_base, stream_->time_base);
      ASSERT_GE(av_interleaved_write_frame(file_, packet_), 0);
    }
  }

  AVCodecContext* encoder_;
  AVFrame* frame_;
  AVPacket* packet_;
  const Times times_;
  AVFormatContext* file_ = nullptr;
  AVStream* stream_ = nullptr;
  int packets_ = 0;
};

TEST(VideoReaderOrder, FindsNothingWrongWithPicturesThatAreCodedOutOfOrder) {
  for (const char* name : {"clip.mp4", "clip.mkv", "clip.ts", "clip.h264"}) {
    TempFolder folder;
    const std::string path = folder.path(name);
    if (!OutOfOrderClip::write(path, Times::kOfPictures)) {
      GTEST_SKIP() << "this libav has no libx264";
    }
    const Reading reading = read_all({.uri = path});
    EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
    EXPECT_EQ(reading.frames.size(), kFrames) << name;
    EXPECT_EQ(reading.stats.frames.corrupt_packets, 0U) << name;
    EXPECT_EQ(reading.stats.frames.swallowed_packets, 0U) << name;
  }
}

TEST(VideoReaderOrder, CallsNoFileDamagedWhoseTimesAreThoseOfPackets) {
  for (const char* name : {"clip.mp4", "clip.mkv", "clip.ts"}) {
    TempFolder folder;
    const std::string path = folder.path(name);
    if (!OutOfOrderClip::write(path, Times::kOfPackets)) {
      GTEST_SKIP() << "this libav has no libx264";
    }
    const Reading reading = read_all({.uri = path});
    EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
    EXPECT_GE(reading.frames.size(), kFrames - 3U) << name;
    EXPECT_EQ(reading.stats.frames.corrupt_packets, 0U) << name;
    EXPECT_EQ(reading.stats.frames.swallowed_packets, 0U) << name;
  }
}

}  // namespace
}  // namespace penstock
