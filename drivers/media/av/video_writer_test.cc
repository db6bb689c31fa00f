#include "drivers/media/av/video_writer.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "drivers/media/av/media_test_support.h"

namespace penstock {
namespace {

using testing::clip_luma;
using testing::flat_picture;
using testing::read_all;
using testing::Reading;
using testing::TempFolder;
using namespace std::chrono_literals;

constexpr std::int64_t kMs = 1'000'000;

std::unique_ptr<VideoWriter> writer_of(const VideoWriterOptions& options) {
  auto writer = VideoWriter::create(options);
  EXPECT_TRUE(writer.has_value()) << writer.error().message;
  return writer.has_value() ? std::move(*writer) : nullptr;
}

TEST(VideoWriter, KeepsTheTimesOfItsFrames) {
  TempFolder folder;
  for (const std::string name : {"a.mp4", "a.mkv"}) {
    auto writer = writer_of({.path = folder.path(name)});
    ASSERT_NE(writer, nullptr);
    const std::int64_t times_ms[] = {5000, 5033, 5100, 5101, 7000};
    for (const std::int64_t ms : times_ms) {
      ASSERT_TRUE(writer->write(flat_picture(64, 48, 90), ms * kMs).has_value());
    }
    ASSERT_TRUE(writer->finish().has_value());
    const Reading reading = read_all({.uri = folder.path(name)});
    ASSERT_EQ(reading.frames.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_NEAR(static_cast<double>(reading.frames[i].pts_ns),
                  static_cast<double>((times_ms[i] - 5000) * kMs),
                  2e4)
          << name << " frame " << i;
    }
  }
}

TEST(VideoWriter, BumpsTimesThatDoNotRise) {
  TempFolder folder;
  for (const VideoWriterOptions& options :
       {VideoWriterOptions{.path = folder.path("a.mp4")},
        VideoWriterOptions{.path = folder.path("a.mkv")},
        VideoWriterOptions{.path = folder.path("b.mp4"), .codec = "mpeg4"}}) {
    auto writer = writer_of(options);
    ASSERT_NE(writer, nullptr);
    for (const std::int64_t ms : {0, 0, -40, 40, 40}) {
      ASSERT_TRUE(writer->write(flat_picture(64, 48, 90), ms * kMs).has_value());
    }
    EXPECT_EQ(writer->stats().bumped_times, 3U);
    ASSERT_TRUE(writer->finish().has_value());
    EXPECT_EQ(read_all({.uri = options.path}).frames.size(), 5U) << options.path;
  }
}

TEST(VideoWriter, PlaysWhatWasWrittenWhenTheProcessDiesInTheMiddle) {
  TempFolder folder;
  for (const std::string name : {"cut.mp4", "cut.mov", "cut.mkv", "cut.webm"}) {
    auto writer = writer_of({.path = folder.path(name), .key_interval = 400ms});
    ASSERT_NE(writer, nullptr);
    constexpr int kFrames = 100;
    for (int i = 0; i < kFrames; ++i) {
      ASSERT_TRUE(writer->write(flat_picture(64, 48, clip_luma(i)), i * 40 * kMs).has_value());
    }
    EXPECT_TRUE(writer->sync().has_value());
    // What a power cut leaves: the file as it is now, without a proper end.
    const std::string copy = folder.path("copy-" + name);
    testing::write_file(copy, testing::read_file(folder.path(name)));
    const Reading reading = read_all({.uri = copy});
    EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
    // The open piece (10 frames, twice that for x264's look-ahead and the muxer's) may be lost.
    EXPECT_GE(reading.frames.size(), 70U) << name;
    for (std::size_t i = 0; i < reading.frames.size(); ++i) {
      EXPECT_NEAR(reading.frames[i].luma, clip_luma(static_cast<int>(i)), 3) << name << ' ' << i;
    }
  }
}

TEST(VideoWriter, KeepsNoBufferOfAPictureThatItHasTaken) {
  TempFolder folder;

  struct Case {
    const char* file;
    const char* codec;
  };

  for (const Case& each : {Case{"a.mp4", "h264"},
                           Case{"b.mp4", "hevc"},
                           Case{"c.mp4", "mpeg4"},
                           Case{"d.webm", "vp8"},
                           Case{"e.webm", "vp9"},
                           Case{"f.webm", "av1"}}) {
    BufferPool pool = testing::big_pool();
    auto writer = VideoWriter::create({.path = folder.path(each.file), .codec = each.codec});
    if (!writer.has_value() && writer.error().code == Errc::kUnsupported) {
      continue;  // This libav lacks the encoder.
    }
    ASSERT_TRUE(writer.has_value()) << writer.error().message;
    for (int i = 0; i < 60; ++i) {
      Image image = flat_picture(128, 96, clip_luma(i));
      auto buffer = pool.acquire(image.buffer.size());
      ASSERT_TRUE(buffer.has_value()) << each.codec;
      std::memcpy(buffer->mutable_data(), image.buffer.data(), image.buffer.size());
      image.buffer = std::move(*buffer);
      ASSERT_TRUE((*writer)->write(image, i * 40 * kMs).has_value());
      image = {};
      ASSERT_EQ(pool.stats().in_use, 0U) << each.codec << ", frame " << i;
    }
  }
}

/// Returns a picture that does not compress, so that a file's bytes are spread evenly over time.
Image noise_picture(unsigned seed) {
  Image image = flat_picture(128, 96, 0);
  std::minstd_rand random(seed);
  for (std::size_t i = 0; i < image.planes[1].offset; ++i) {
    image.mutable_plane(0)[i] = static_cast<std::uint8_t>(random() >> 8);
  }
  return image;
}

TEST(VideoWriter, PlaysAFragmentedFileThatIsCutAnywhere) {
  TempFolder folder;
  const std::string path = folder.path("clip.mp4");
  auto writer = writer_of({.path = path, .key_interval = 200ms});
  ASSERT_NE(writer, nullptr);
  for (unsigned i = 0; i < 50; ++i) {
    ASSERT_TRUE(writer->write(noise_picture(i + 1), i * 40 * kMs).has_value());
  }
  ASSERT_TRUE(writer->finish().has_value());
  const std::string bytes = testing::read_file(path);
  for (const std::size_t percent : {30U, 55U, 71U, 90U}) {
    testing::write_file(path, bytes.substr(0, bytes.size() * percent / 100));
    const Reading reading = read_all({.uri = path});
    EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
    // 50 frames in pieces of 5: at most the piece that is cut is lost.
    EXPECT_GE(reading.frames.size() + 6, percent / 2) << percent;
    EXPECT_LE(reading.frames.size(), percent / 2 + 6) << percent;
  }
}

Image rgb_picture(int width, int height, std::array<std::uint8_t, 3> color, PixelFormat format) {
  Image image;
  image.format = format;
  image.width = width;
  image.height = height;
  const ImageLayout layout = layout_of(format, width, height, 64);
  image.planes = layout.planes;
  image.buffer = Buffer::allocate(layout.bytes);
  for (int y = 0; y < height; ++y) {
    std::uint8_t* row =
        image.mutable_plane(0) + static_cast<std::size_t>(y) * image.planes[0].stride_bytes;
    for (int x = 0; x < width; ++x) {
      std::memcpy(row + 3 * x, color.data(), 3);
    }
  }
  return image;
}

TEST(VideoWriter, ConvertsRgbAndBgr) {
  TempFolder folder;
  for (const PixelFormat format : {PixelFormat::kRgb, PixelFormat::kBgr}) {
    auto writer = writer_of({.path = folder.path("rgb.mp4")});
    ASSERT_NE(writer, nullptr);
    // Pure red: limited-range BT.601 luma is 16 + 65.5 = 81.
    const std::array<std::uint8_t, 3> red = format == PixelFormat::kRgb
                                                ? std::array<std::uint8_t, 3>{255, 0, 0}
                                                : std::array<std::uint8_t, 3>{0, 0, 255};
    ASSERT_TRUE(writer->write(rgb_picture(64, 48, red, format), 0).has_value());
    ASSERT_TRUE(writer->finish().has_value());
    const Reading reading = read_all({.uri = folder.path("rgb.mp4")});
    ASSERT_EQ(reading.frames.size(), 1U);
    EXPECT_NEAR(reading.frames[0].luma, 81, 3);
  }
}

TEST(VideoWriter, CutsAnOddSizeToEven) {
  TempFolder folder;
  for (const PixelFormat format : {PixelFormat::kI420, PixelFormat::kRgb}) {
    auto writer = writer_of({.path = folder.path("odd.mp4")});
    ASSERT_NE(writer, nullptr);
    const Image image = format == PixelFormat::kI420
                            ? flat_picture(65, 49, 90)
                            : rgb_picture(65, 49, {90, 90, 90}, PixelFormat::kRgb);
    ASSERT_TRUE(writer->write(image, 0).has_value());
    ASSERT_TRUE(writer->finish().has_value());
    const Reading reading = read_all({.uri = folder.path("odd.mp4")});
    ASSERT_EQ(reading.frames.size(), 1U);
    EXPECT_EQ(reading.frames[0].width, 64);
    EXPECT_EQ(reading.frames[0].height, 48);
  }
}

TEST(VideoWriter, FitsAPictureOfAnotherSizeWithBlackBars) {
  TempFolder folder;
  auto writer = writer_of({.path = folder.path("modes.mp4")});
  ASSERT_NE(writer, nullptr);
  ASSERT_TRUE(writer->write(flat_picture(128, 64, 200), 0).has_value());
  ASSERT_TRUE(writer->write(flat_picture(32, 32, 200), 40 * kMs).has_value());
  EXPECT_EQ(writer->stats().refitted, 1U);
  ASSERT_TRUE(writer->finish().has_value());
  const Reading reading = read_all({.uri = folder.path("modes.mp4")});
  ASSERT_EQ(reading.frames.size(), 2U);
  EXPECT_EQ(reading.frames[1].width, 128);
  EXPECT_NEAR(reading.frames[0].luma, 200, 3);
  // Half of the width is the picture (64 x 64), half is black (16).
  EXPECT_NEAR(reading.frames[1].luma, 108, 4);
}

TEST(VideoWriter, ReadsWhatItWasLentAndWritesNothingThere) {
  TempFolder folder;
  auto writer = writer_of({.path = folder.path("lent.mp4")});
  ASSERT_NE(writer, nullptr);
  const Image image = flat_picture(64, 48, 90);
  const std::string before(reinterpret_cast<const char*>(image.buffer.data()), image.buffer.size());
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(writer->write(image, i * 40 * kMs).has_value());
  }
  ASSERT_TRUE(writer->finish().has_value());
  EXPECT_TRUE(image.buffer.is_unique()) << "every reference came back";
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(image.buffer.data()), image.buffer.size()),
            before);
}

TEST(VideoWriter, MakesItsFolders) {
  TempFolder folder;
  testing::write_clip({.path = folder.path("a/b/clip.mp4")}, 2);
  EXPECT_EQ(read_all({.uri = folder.path("a/b/clip.mp4")}).frames.size(), 2U);
}

TEST(VideoWriter, LeavesAnEmptyFileWhenNoPictureCame) {
  TempFolder folder;
  auto writer = writer_of({.path = folder.path("none.mp4")});
  ASSERT_NE(writer, nullptr);
  EXPECT_TRUE(writer->finish().has_value());
  EXPECT_EQ(std::filesystem::file_size(folder.path("none.mp4")), 0U);
}

TEST(VideoWriter, TakesNothingAfterFinish) {
  TempFolder folder;
  auto writer = writer_of({.path = folder.path("done.mp4")});
  ASSERT_NE(writer, nullptr);
  ASSERT_TRUE(writer->write(flat_picture(64, 48, 90), 0).has_value());
  ASSERT_TRUE(writer->finish().has_value());
  EXPECT_TRUE(writer->finish().has_value());
  const Status late = writer->write(flat_picture(64, 48, 90), 40 * kMs);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Errc::kInvalidArgument);
}

TEST(VideoWriter, RefusesOptionsThatCannotWork) {
  TempFolder folder;
  const auto refusal = [&](VideoWriterOptions options) {
    options.path = folder.path(options.path);
    const auto writer = VideoWriter::create(options);
    if (writer.has_value()) {
      return std::string("accepted");
    }
    EXPECT_EQ(writer.error().code, Errc::kInvalidArgument);
    EXPECT_NE(writer.error().message.find(options.path), std::string::npos);
    return writer.error().message;
  };
  EXPECT_NE(refusal({.path = "a.avi"}).find("must end in"), std::string::npos);
  EXPECT_NE(refusal({.path = "noext"}).find("must end in"), std::string::npos);
  EXPECT_NE(refusal({.path = "a.mp4", .codec = "theora"}).find("unknown"), std::string::npos);
  EXPECT_NE(refusal({.path = "a.webm", .codec = "h264"}).find("does not go into .webm"),
            std::string::npos);
  EXPECT_NE(refusal({.path = "a.mp4", .bitrate_bps = 1, .crf = 20}).find("exclude"),
            std::string::npos);
  EXPECT_NE(refusal({.path = "a.mp4", .crf = 60}).find("within 1 and 51"), std::string::npos);
  EXPECT_NE(refusal({.path = "a.mp4", .codec = "mpeg4", .crf = 20}).find("no `crf`"),
            std::string::npos);
  EXPECT_NE(refusal({.path = "a.mp4", .preset = "warp"}).find("`preset` 'warp'"),
            std::string::npos);
  EXPECT_NE(refusal({.path = "a.mp4", .threads = 0}).find("`threads` 0"), std::string::npos);
}

TEST(VideoWriter, NamesThePathThatCannotBeMade) {
  TempFolder folder;
  testing::write_file(folder.path("file"), "x");
  const auto writer = VideoWriter::create({.path = folder.path("file/clip.mp4")});
  ASSERT_FALSE(writer.has_value());
  EXPECT_NE(writer.error().message.find(folder.path("file/clip.mp4")), std::string::npos);
}

TEST(VideoWriter, SaysThatTheDiskIsFull) {
  // The system's own full disk, under a name with an extension.
  TempFolder folder;
  std::filesystem::create_symlink("/dev/full", folder.path("full.mp4"));
  auto writer = writer_of({.path = folder.path("full.mp4")});
  ASSERT_NE(writer, nullptr);
  Status status;
  for (int i = 0; status.has_value() && i < 200; ++i) {
    status = writer->write(flat_picture(64, 48, clip_luma(i)), i * 40 * kMs);
  }
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kUnavailable);
  EXPECT_NE(status.error().message.find("full.mp4"), std::string::npos);
  EXPECT_NE(status.error().message.find("No space left"), std::string::npos)
      << status.error().message;
}

}  // namespace
}  // namespace penstock
