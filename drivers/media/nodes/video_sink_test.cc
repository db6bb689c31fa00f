#include "drivers/media/nodes/video_sink.h"

#include <chrono>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "drivers/media/av/media_test_support.h"
#include "engine/nodes/testing/node_bench.h"

namespace penstock {
namespace {

using testing::clip_luma;
using testing::flat_picture;
using testing::NodeBench;
using testing::read_all;
using testing::Reading;
using testing::TempFolder;
using namespace std::chrono_literals;

constexpr std::int64_t kNoonNs = 1'795'348'800'000'000'000;  // 2026-11-22T12:00:00Z.

class VideoSinkTest : public ::testing::Test {
 protected:
  Status show(Node& node, std::uint64_t seq, std::uint32_t stream = 0, Duration step = 40ms) {
    const Duration pts = step * static_cast<Duration::rep>(seq);
    Frame frame = bench_.frame_at(seq, FrameTime{pts, kNoonNs + pts.count()}, stream);
    frame.set_image(flat_picture(64, 48, clip_luma(static_cast<int>(seq))));
    Status status = node.process(frame, bench_.emit);
    frame.end(status.has_value() ? Outcome::kDelivered : Outcome::kFailed);
    return status;
  }

  void show_some(Node& node, std::uint64_t frames, std::uint32_t stream = 0) {
    for (std::uint64_t i = 0; i < frames; ++i) {
      const Status status = show(node, i, stream);
      ASSERT_TRUE(status.has_value()) << status.error().message;
    }
  }

  TempFolder folder_;
  NodeBench bench_;
};

TEST_F(VideoSinkTest, WritesAFileThatPlays) {
  VideoSink sink({.path = folder_.path("out.mp4")});
  ASSERT_TRUE(bench_.open(sink).has_value());
  show_some(sink, 30);
  ASSERT_TRUE(sink.close().has_value());
  const Reading reading = read_all({.uri = folder_.path("out.mp4")});
  ASSERT_EQ(reading.frames.size(), 30U);
  for (int i = 0; i < 30; ++i) {
    EXPECT_NEAR(reading.frames[static_cast<std::size_t>(i)].luma, clip_luma(i), 3) << i;
  }
  ASSERT_TRUE(reading.stream.has_value());
  EXPECT_EQ(reading.stream->time_origin.time_since_epoch(), std::chrono::nanoseconds(kNoonNs));
}

TEST_F(VideoSinkTest, FillsInGraphStreamAndTimeOfTheFirstFrame) {
  VideoSink gate({.path = folder_.path("$(graph)/$(stream)-%Y%m%d-%H.mkv")});
  VideoSink dock({.path = folder_.path("$(graph)/$(stream)-%Y%m%d-%H.mkv")});
  ASSERT_TRUE(bench_.open(gate).has_value());
  ASSERT_TRUE(bench_.open(dock).has_value());
  show_some(gate, 3, 0);
  show_some(dock, 4, 1);
  ASSERT_TRUE(gate.close().has_value());
  ASSERT_TRUE(dock.close().has_value());
  EXPECT_EQ(read_all({.uri = folder_.path("g/gate-20261122-12.mkv")}).frames.size(), 3U);
  EXPECT_EQ(read_all({.uri = folder_.path("g/dock-20261122-12.mkv")}).frames.size(), 4U);
}

TEST_F(VideoSinkTest, MakesNoFileWithoutAFrame) {
  VideoSink sink({.path = folder_.path("out.mp4")});
  ASSERT_TRUE(bench_.open(sink).has_value());
  EXPECT_TRUE(sink.close().has_value());
  EXPECT_FALSE(std::filesystem::exists(folder_.path("out.mp4")));
}

TEST_F(VideoSinkTest, KeepsWhatItsPredecessorWroteAfterARestart) {
  const VideoWriterOptions options = {.path = folder_.path("gate.mp4")};
  for (std::uint64_t attempt = 0; attempt < 3; ++attempt) {
    VideoSink sink(options, attempt);
    ASSERT_TRUE(bench_.open(sink).has_value());
    show_some(sink, 5 + attempt);
    ASSERT_TRUE(sink.close().has_value());
  }
  EXPECT_EQ(read_all({.uri = folder_.path("gate.mp4")}).frames.size(), 5U);
  EXPECT_EQ(read_all({.uri = folder_.path("gate-1.mp4")}).frames.size(), 6U);
  EXPECT_EQ(read_all({.uri = folder_.path("gate-2.mp4")}).frames.size(), 7U);
}

TEST_F(VideoSinkTest, TakesItsOwnNameAfterARestartIfNothingWasWritten) {
  VideoSink sink({.path = folder_.path("gate.mp4")}, 1);
  ASSERT_TRUE(bench_.open(sink).has_value());
  show_some(sink, 2);
  ASSERT_TRUE(sink.close().has_value());
  EXPECT_EQ(read_all({.uri = folder_.path("gate.mp4")}).frames.size(), 2U);
}

TEST_F(VideoSinkTest, NamesThePathThatCannotBeWritten) {
  testing::write_file(folder_.path("file"), "no folder");
  VideoSink sink({.path = folder_.path("file/out.mp4")});
  ASSERT_TRUE(bench_.open(sink).has_value());
  const Status status = show(sink, 0);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kUnavailable) << "a disk may come back";
  EXPECT_NE(status.error().message.find(folder_.path("file/out.mp4")), std::string::npos)
      << status.error().message;
  EXPECT_FALSE(sink.is_beyond_repair());
  EXPECT_TRUE(sink.close().has_value());
}

TEST_F(VideoSinkTest, RefusesWhatNoContainerHoldsBeforeTheFirstFrame) {
  for (const VideoWriterOptions& options :
       {VideoWriterOptions{.path = folder_.path("out.avi")},
        VideoWriterOptions{.path = folder_.path("out.webm"), .codec = "h264"}}) {
    VideoSink sink(options);
    const Status status = bench_.open(sink);
    ASSERT_FALSE(status.has_value()) << options.path;
    EXPECT_EQ(status.error().code, Errc::kInvalidArgument) << status.error().message;
  }
}

TEST_F(VideoSinkTest, IsBeyondRepairWhenItsFirstPictureCannotBeEncoded) {
  VideoSink sink({.path = folder_.path("out.mp4")});
  ASSERT_TRUE(bench_.open(sink).has_value());
  Frame frame = bench_.frame(0);
  frame.set_image(flat_picture(1, 1, 0));
  const Status status = sink.process(frame, bench_.emit);
  frame.end(Outcome::kFailed);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kInvalidArgument) << "another attempt would not help";
  EXPECT_TRUE(sink.is_beyond_repair());
  EXPECT_NE(status.error().message.find("1x1"), std::string::npos) << status.error().message;
  EXPECT_FALSE(std::filesystem::exists(folder_.path("out.mp4"))) << "nothing is in it";
}

TEST_F(VideoSinkTest, IsBeyondRepairWhereItsPathIsAFolder) {
  std::filesystem::create_directory(folder_.path("out.mp4"));
  VideoSink sink({.path = folder_.path("out.mp4")});
  ASSERT_TRUE(bench_.open(sink).has_value());
  const Status status = show(sink, 0);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kInvalidArgument);
  EXPECT_NE(status.error().message.find("is a folder"), std::string::npos);
  EXPECT_TRUE(sink.is_beyond_repair());
}

TEST_F(VideoSinkTest, TellsOfASyncThatFailed) {
  VideoSink sink({.path = folder_.path("out.mkv")});
  ASSERT_TRUE(bench_.open(sink).has_value());
  ASSERT_TRUE(show(sink, 0).has_value());
  std::filesystem::remove(folder_.path("out.mkv"));  // The descriptor goes on, the name is gone.
  Status status;
  for (std::uint64_t i = 1; i < 2000 && status.has_value(); ++i) {
    status = show(sink, i, 0, VideoSink::kSyncEvery);
  }
  ASSERT_FALSE(status.has_value());
  EXPECT_NE(status.error().message.find("out.mkv"), std::string::npos) << status.error().message;
}

}  // namespace
}  // namespace penstock
