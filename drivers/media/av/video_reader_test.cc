#include "drivers/media/av/video_reader.h"

#include <chrono>
#include <cmath>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "drivers/media/av/media_test_support.h"
#include "drivers/media/av/video_writer.h"
#include "engine/base/waiting_bell.h"

namespace penstock {
namespace {

using testing::clip_luma;
using testing::LoneReader;
using testing::read_all;
using testing::Reading;
using testing::TempFolder;
using testing::write_clip;
using namespace std::chrono_literals;

constexpr std::int64_t kFrameNs = 40'000'000;

void expect_whole_clip(const Reading& reading, int frames) {
  EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
  ASSERT_EQ(reading.frames.size(), static_cast<std::size_t>(frames));
  for (int i = 0; i < frames; ++i) {
    const Reading::Frame& frame = reading.frames[static_cast<std::size_t>(i)];
    EXPECT_NEAR(frame.luma, clip_luma(i), 3) << "frame " << i;
    EXPECT_NEAR(static_cast<double>(frame.pts_ns), static_cast<double>(i * kFrameNs), 600'000)
        << "frame " << i;
  }
}

TEST(VideoReader, GivesEveryFrameOfAFileInOrderWithItsTime) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4")}, 60);
  const Reading reading = read_all({.uri = folder.path("clip.mp4")});
  expect_whole_clip(reading, 60);
  EXPECT_EQ(reading.frames[0].width, 64);
  EXPECT_EQ(reading.frames[0].height, 48);
  EXPECT_EQ(reading.stats.frames.copied_frames, 0U) << "decoded in place";
  EXPECT_EQ(reading.stats.frames.restamped, 0U);
}

TEST(VideoReader, SaysWhatTheStreamIs) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4"), .fragmented = false}, 25);
  const Reading reading = read_all({.uri = folder.path("clip.mp4")});
  ASSERT_TRUE(reading.stream.has_value());
  EXPECT_EQ(reading.stream->codec, "h264");
  EXPECT_EQ(reading.stream->width, 64);
  EXPECT_NEAR(reading.stream->frame_rate_hz, 25, 0.1);
  EXPECT_EQ(reading.stream->frames, 25);
  EXPECT_NEAR(static_cast<double>(reading.stream->duration_ns.value_or(0)), 1e9, 5e7);
  EXPECT_FALSE(reading.stream->is_live);
}

TEST(VideoReader, ReadsEachContainerAndCodecThatTheWriterWrites) {
  TempFolder folder;
  const VideoWriterOptions cases[] = {
      {.path = folder.path("a.mkv")},
      {.path = folder.path("b.mov")},
      {.path = folder.path("c.webm")},
      {.path = folder.path("d.webm"), .codec = "vp8"},
      {.path = folder.path("e.mp4"), .codec = "mpeg4"},
      {.path = folder.path("f.mkv"), .codec = "mpeg4", .bitrate_bps = 500'000},
      {.path = folder.path("g.mp4"), .codec = "hevc"},
  };
  for (const auto& options : cases) {
    SCOPED_TRACE(options.path);
    write_clip(options, 12);
    expect_whole_clip(read_all({.uri = options.path}), 12);
  }
}

TEST(VideoReader, KeepsNoBufferOnceEverythingIsGone) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4")}, 30);
  WaitingBell bell;
  BufferPool pool = testing::big_pool();
  {
    VideoReader reader({.uri = folder.path("clip.mp4")}, "", bell.doorbell());
    for (;;) {
      auto step = testing::next_step(reader, pool, bell);
      ASSERT_TRUE(step.has_value()) << step.error().message;
      if (step->code == VideoReader::Code::kEnd) {
        break;
      }
      EXPECT_LE(pool.stats().in_use, static_cast<std::size_t>(reader.held_buffers()) + 1);
    }
  }
  EXPECT_EQ(pool.stats().in_use, 0U);
  EXPECT_LE(pool.stats().allocated, 20U) << "buffers are used again";
}

TEST(VideoReader, WaitsForABufferAndLosesNothingWhenThePoolIsExhausted) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4")}, 20);
  WaitingBell bell;
  BufferPool pool = BufferPool::create({.name = "tiny", .max_slots = 2}).value();
  VideoReader reader({.uri = folder.path("clip.mp4")}, "sw", bell.doorbell());
  std::vector<VideoFrame> kept;
  int frames = 0;
  bool was_refused = false;
  for (;;) {
    auto step = testing::next_step(reader, pool, bell);
    ASSERT_TRUE(step.has_value()) << step.error().message;
    if (step->code == VideoReader::Code::kEnd) {
      break;
    }
    if (step->code == VideoReader::Code::kNoBuffer) {
      was_refused = true;
      ASSERT_FALSE(kept.empty()) << "the decoder alone holds the whole pool";
      kept.clear();
    } else {
      EXPECT_NEAR(testing::mean_of_plane(step->frame.image, 0), clip_luma(frames), 3);
      ++frames;
      kept.push_back(step->frame);
    }
  }
  EXPECT_TRUE(was_refused);
  EXPECT_EQ(frames, 20);
}

TEST(VideoReader, LoopsWithTimesThatGoOn) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4"), .fragmented = false}, 10);
  const Reading reading = read_all({.uri = folder.path("clip.mp4"), .loop = true}, 35);
  ASSERT_EQ(reading.frames.size(), 35U);
  for (int i = 0; i < 35; ++i) {
    const auto& frame = reading.frames[static_cast<std::size_t>(i)];
    EXPECT_NEAR(frame.luma, clip_luma(i % 10), 3) << "frame " << i;
    EXPECT_NEAR(static_cast<double>(frame.pts_ns), static_cast<double>(i * kFrameNs), 2e6);
  }
  EXPECT_GE(reading.stats.packets.passes, 3U);
  EXPECT_EQ(reading.stats.frames.restamped, 0U);
}

TEST(VideoReader, GivesKeyFramesOnlyOnDemand) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4"), .key_interval = 200ms}, 50);
  const Reading reading = read_all({.uri = folder.path("clip.mp4"), .key_frames_only = true});
  ASSERT_EQ(reading.frames.size(), 10U);
  EXPECT_NEAR(reading.frames[1].luma, clip_luma(5), 3);
  EXPECT_NEAR(static_cast<double>(reading.frames[1].pts_ns), 2e8, 1e6);
}

/// Writes the matrix of the only track of an .mp4 for a picture to be turned by 90 degrees.
void turn_track(const std::string& path) {
  std::string bytes = testing::read_file(path);
  const std::size_t tkhd = bytes.find("tkhd");
  ASSERT_NE(tkhd, std::string::npos);
  const std::size_t matrix = tkhd + 4 + 40;
  const std::string quarter_turn = {0,      0,      0, 0, 0, 1, 0, 0, 0, 0, 0, 0,   //
                                    '\xff', '\xff', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // {0 1 / -1 0}
  bytes.replace(matrix, quarter_turn.size(), quarter_turn);
  testing::write_file(path, bytes);
}

TEST(VideoReader, TurnsAPictureUpright) {
  TempFolder folder;
  const std::string path = folder.path("turned.mp4");
  {
    auto writer = VideoWriter::create({.path = path, .fragmented = false});
    ASSERT_TRUE(writer.has_value());
    Image image = testing::flat_picture(64, 48, 60);
    for (int y = 0; y < 48; ++y) {  // The left half is bright: after a turn clockwise, the top is.
      std::fill_n(image.mutable_plane(0) + static_cast<std::size_t>(y) * 64, 32, 200);
    }
    ASSERT_TRUE((*writer)->write(image, 0).has_value());
    ASSERT_TRUE((*writer)->finish().has_value());
  }
  turn_track(path);
  LoneReader lone({.uri = path});
  const auto step = lone.next();
  ASSERT_TRUE(step.has_value() && step->code == VideoReader::Code::kFrame);
  EXPECT_EQ(lone.reader.stream()->quarter_turns, 1);
  EXPECT_EQ(lone.reader.stream()->width, 48);
  const Image& image = step->frame.image;
  EXPECT_EQ(image.width, 48);
  EXPECT_EQ(image.height, 64);
  const auto luma = [&](std::size_t x, std::size_t y) {
    return image.plane(0)[y * image.planes[0].stride_bytes + x];
  };
  EXPECT_NEAR(luma(24, 10), 200, 6);
  EXPECT_NEAR(luma(24, 54), 60, 6);
}

TEST(VideoReader, HonoursColourRangeAndMatrix) {
  TempFolder folder;
  for (const auto range : {ColorRange::kFull, ColorRange::kLimited}) {
    for (const auto matrix : {ColorMatrix::kBt601, ColorMatrix::kBt709}) {
      const std::string path = folder.path("colours.mp4");
      auto writer = VideoWriter::create({.path = path});
      ASSERT_TRUE(writer.has_value());
      Image image = testing::flat_picture(64, 48, 90);
      image.range = range;
      image.matrix = matrix;
      ASSERT_TRUE((*writer)->write(image, 0).has_value());
      ASSERT_TRUE((*writer)->finish().has_value());
      LoneReader lone({.uri = path});
      const auto step = lone.next();
      ASSERT_TRUE(step.has_value() && step->code == VideoReader::Code::kFrame);
      EXPECT_EQ(step->frame.image.range, range);
      EXPECT_EQ(step->frame.image.matrix, matrix);
    }
  }
}

TEST(VideoReader, TakesTheTimeOriginFromTheFile) {
  TempFolder folder;
  const auto when = std::chrono::system_clock::time_point(1'700'000'000s);
  write_clip({.path = folder.path("dated.mp4"), .creation_time = when}, 3);
  const Reading reading = read_all({.uri = folder.path("dated.mp4")});
  ASSERT_TRUE(reading.stream.has_value());
  EXPECT_TRUE(reading.stream->time_origin_is_recorded);
  EXPECT_EQ(reading.stream->time_origin, when);
}

TEST(VideoReader, TakesTheTimeOfOpeningWhereTheFileSaysNothing) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mkv")}, 3);
  const auto before = std::chrono::system_clock::now();
  const Reading reading = read_all({.uri = folder.path("clip.mkv")});
  ASSERT_TRUE(reading.stream.has_value());
  EXPECT_FALSE(reading.stream->time_origin_is_recorded);
  EXPECT_GE(reading.stream->time_origin, before);
  EXPECT_LE(reading.stream->time_origin, std::chrono::system_clock::now());
}

/// Writes `count` gray PGM pictures, of `clip_luma()`, as `shot-001.pgm` and so on.
void write_shots(const TempFolder& folder, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i + 1);
    testing::write_file(
        folder.path("shot-" + std::string(3 - number.size(), '0') + number + ".pgm"),
        "P5\n32 16\n255\n" + std::string(32 * 16, static_cast<char>(clip_luma(i))));
  }
}

TEST(VideoReader, ReadsAGlobOfImagesInTheOrderOfTheirNames) {
  TempFolder folder;
  write_shots(folder, 5);
  expect_whole_clip(read_all({.uri = folder.path("shot-*.pgm")}), 5);
}

TEST(VideoReader, ReadsAnImageSequenceAtTheRateThatIsGiven) {
  TempFolder folder;
  write_shots(folder, 4);
  const Reading reading = read_all({.uri = folder.path("shot-%03d.pgm"), .image_rate_hz = 10});
  ASSERT_EQ(reading.frames.size(), 4U);
  EXPECT_EQ(reading.frames[3].pts_ns, 300'000'000);
  EXPECT_NEAR(reading.frames[3].luma, clip_luma(3), 1);
}

TEST(VideoReader, LoopsOverAnImageSequence) {
  TempFolder folder;
  write_shots(folder, 3);
  const Reading reading = read_all({.uri = folder.path("shot-%03d.pgm"), .loop = true}, 8);
  ASSERT_EQ(reading.frames.size(), 8U) << reading.error.value_or(Error{}).message;
  EXPECT_NEAR(reading.frames[7].luma, clip_luma(1), 1);
  EXPECT_EQ(reading.frames[7].pts_ns, 7 * kFrameNs);
}

TEST(VideoReader, ReadsASingleImage) {
  TempFolder folder;
  write_shots(folder, 1);
  const Reading reading = read_all({.uri = folder.path("shot-001.pgm")});
  EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
  EXPECT_EQ(reading.frames.size(), 1U);
}

TEST(VideoReader, ReadsAFileWhosePathLooksLikeAPattern) {
  TempFolder folder;
  write_clip({.path = folder.path("a[1]:%02d.mkv")}, 3);
  expect_whole_clip(read_all({.uri = folder.path("a[1]:%02d.mkv")}), 3);
}

TEST(VideoReader, ReadsAPipe) {
  TempFolder folder;
  const std::string path = folder.path("pipe");
  write_clip({.path = folder.path("clip.mkv")}, 10);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer(
      [&] { testing::write_file(path, testing::read_file(folder.path("clip.mkv"))); });
  expect_whole_clip(read_all({.uri = path}), 10);
  writer.join();
}

}  // namespace
}  // namespace penstock
