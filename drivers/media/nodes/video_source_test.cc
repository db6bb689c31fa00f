#include "drivers/media/nodes/video_source.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/media/av/media_test_support.h"
#include "engine/base/waiting_bell.h"

namespace penstock {
namespace {

using testing::clip_luma;
using testing::mean_of_plane;
using testing::TempFolder;
using testing::write_clip;
using namespace std::chrono_literals;

/// A source as the pump drives it.
class Reader {
 public:
  explicit Reader(VideoSourceOptions options, bool live = false)
      : source_(std::move(options), "auto", live) {
    SourceContext context;
    context.stream = "gate";
    context.clock = &clock_;
    const Status status = source_.start(context, bell_.doorbell());
    EXPECT_TRUE(status.has_value()) << status.error().message;
  }

  /// Returns what comes next, once the doorbell has rung for it.
  Source::Pull next(SourceFrame& frame) {
    for (;;) {
      const Source::Pull pull = source_.pull(frame);
      if (pull != Source::Pull::kNothing) {
        return pull;
      }
      bell_.wait();
    }
  }

  VideoSource& source() { return source_; }

 private:
  const ManualClock clock_{TimePoint(1000s)};
  WaitingBell bell_;
  VideoSource source_;
};

TEST(VideoSource, GivesTheFramesOfAFileAndItsProgress) {
  constexpr int kFrames = 25;
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4"), .fragmented = false}, kFrames);
  Reader reader({.uri = folder.path("clip.mp4")});
  double progress = -1;
  for (int i = 0; i < kFrames; ++i) {
    SourceFrame frame;
    ASSERT_EQ(reader.next(frame), Source::Pull::kFrame) << i;
    ASSERT_TRUE(frame.image.has_value());
    EXPECT_NEAR(mean_of_plane(*frame.image, 0), clip_luma(i), 3) << i;
    EXPECT_NEAR(std::chrono::duration<double>(frame.time.pts).count(), 0.04 * i, 1e-3) << i;
    EXPECT_NE(frame.time.wall_ns, 0);
    const std::optional<double> share = reader.source().progress();
    ASSERT_TRUE(share.has_value()) << i;
    EXPECT_GT(*share, progress) << i;
    EXPECT_LT(*share, 1) << i;
    progress = *share;
  }
  SourceFrame frame;
  EXPECT_EQ(reader.next(frame), Source::Pull::kEnd);
  EXPECT_EQ(reader.source().progress(), 1.0);
}

std::uint32_t read_big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

/// Moves the index of an .mp4 before its pictures, as files for the web have it.
std::string with_index_first(const std::string& bytes) {
  const std::size_t moov = bytes.find("moov") - 4;
  const std::size_t first = read_big_endian(bytes, 0);  // After "ftyp".
  std::string index = bytes.substr(moov);
  const std::size_t offsets = index.find("stco");
  const std::uint32_t count = read_big_endian(index, offsets + 8);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = offsets + 12 + 4 * i;
    const std::uint64_t moved = read_big_endian(index, at) + index.size();
    for (std::size_t byte = 0; byte < 4; ++byte) {
      index[at + byte] = static_cast<char>(moved >> (24 - 8 * byte));
    }
  }
  return bytes.substr(0, first) + index + bytes.substr(first, moov - first);
}

/// Reads to the end; returns how many frames there were.
std::uint64_t read_to_the_end(Reader& reader) {
  std::uint64_t frames = 0;
  for (;; ++frames) {
    SourceFrame frame;
    const Source::Pull pull = reader.next(frame);
    if (pull != Source::Pull::kFrame) {
      EXPECT_EQ(pull, Source::Pull::kEnd) << reader.source().failure().message;
      return frames;
    }
  }
}

TEST(VideoSource, FindsNoFlawInASoundFileOfAnyContainer) {
  TempFolder folder;
  const VideoWriterOptions cases[] = {{.path = folder.path("whole.mp4"), .fragmented = false},
                                      {.path = folder.path("pieces.mp4")},
                                      {.path = folder.path("clip.mov"), .fragmented = false},
                                      {.path = folder.path("clip.mkv")},
                                      {.path = folder.path("clip.webm")},
                                      {.path = folder.path("old.mp4"), .codec = "mpeg4"}};
  for (const VideoWriterOptions& options : cases) {
    SCOPED_TRACE(options.path);
    write_clip(options, 60);
    Reader reader({.uri = options.path});
    EXPECT_EQ(read_to_the_end(reader), 60U);
    EXPECT_EQ(reader.source().flaws().decode_errors, 0U);
    EXPECT_EQ(reader.source().flaws().missing_frames, 0U);
  }
}

TEST(VideoSource, TellsHowManyFramesAFileThatWasCutOffLacks) {
  constexpr std::uint64_t kFrames = 2400;  // Many: a thousand in a row that cannot be read.
  TempFolder folder;
  const std::string path = folder.path("clip.mp4");
  write_clip({.path = path, .codec = "mpeg4", .fragmented = false}, kFrames);
  const std::string bytes = with_index_first(testing::read_file(path));
  const std::size_t data = bytes.find("mdat");
  for (const bool is_cut : {false, true}) {
    testing::write_file(path, is_cut ? bytes.substr(0, data + (bytes.size() - data) / 3) : bytes);
    Reader reader({.uri = path});
    const std::uint64_t frames = read_to_the_end(reader);
    EXPECT_EQ(frames + reader.source().flaws().missing_frames, kFrames);
    EXPECT_EQ(frames < kFrames, is_cut);
    EXPECT_EQ(reader.source().flaws().decode_errors > 0, is_cut);
  }
}

TEST(VideoSource, FailsOnAFileOfWhichOnlyTheIndexIsLeft) {
  TempFolder folder;
  const std::string path = folder.path("clip.mp4");
  write_clip({.path = path, .fragmented = false}, 60);
  const std::string bytes = with_index_first(testing::read_file(path));
  testing::write_file(path, bytes.substr(0, bytes.find("mdat") + 4));
  Reader reader({.uri = path});
  SourceFrame frame;
  EXPECT_EQ(reader.next(frame), Source::Pull::kFailed);
  EXPECT_EQ(reader.source().failure().code, Errc::kCorrupt);
}

TEST(VideoSource, CountsWhatItCannotDecode) {
  TempFolder folder;
  const std::string path = folder.path("clip.mp4");
  write_clip({.path = path, .codec = "mpeg4", .key_interval = 200ms, .fragmented = false}, 60);
  std::string bytes = testing::read_file(path);
  const std::size_t start = bytes.find("mdat") + 4;
  for (std::size_t at = start + 300; at < start + 900; ++at) {
    bytes[at] = static_cast<char>(at * 31);
  }
  testing::write_file(path, bytes);
  Reader reader({.uri = path});
  EXPECT_GT(read_to_the_end(reader), 20U);
  EXPECT_GT(reader.source().flaws().decode_errors, 0U);
  EXPECT_EQ(reader.source().flaws().missing_frames, 0U) << "it has its end";
}

TEST(VideoSource, SaysNothingOfProgressBeforeItIsOpen) {
  TempFolder folder;
  VideoSource source({.uri = folder.path("clip.mp4")}, "auto", false);
  EXPECT_EQ(source.progress(), std::nullopt);
}

TEST(VideoSource, AsksLaterWhenAllItsPicturesAreHeld) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4")}, 80);
  Reader reader({.uri = folder.path("clip.mp4")});
  std::vector<SourceFrame> held;
  while (!reader.source().not_before().has_value()) {
    ASSERT_LT(held.size(), 80U) << "the pool has a bound";
    SourceFrame frame;
    if (reader.source().pull(frame) == Source::Pull::kFrame) {
      held.push_back(std::move(frame));
    }
  }
  EXPECT_GE(held.size(), 16U) << "as many as the graph may hold";
  held.clear();
  SourceFrame frame;
  EXPECT_EQ(reader.next(frame), Source::Pull::kFrame);
  EXPECT_EQ(reader.source().not_before(), std::nullopt);
}

TEST(VideoSource, NamesAMissingFileWithACodeThatIsNotRetried) {
  TempFolder folder;
  const std::string path = folder.path("absent.mp4");
  Reader reader({.uri = path});
  SourceFrame frame;
  ASSERT_EQ(reader.next(frame), Source::Pull::kFailed);
  EXPECT_EQ(reader.source().failure().code, Errc::kNotFound);
  EXPECT_NE(reader.source().failure().message.find(path), std::string::npos)
      << reader.source().failure().message;
}

TEST(VideoSource, NeverTellsThePassword) {
  // Port 0 answers nobody.
  Reader reader({.uri = "http://ann:secret@127.0.0.1:0/clip.mp4?token=hidden"});
  SourceFrame frame;
  ASSERT_EQ(reader.next(frame), Source::Pull::kFailed);
  const std::string message = reader.source().failure().message;
  EXPECT_NE(message.find("ann:***@127.0.0.1"), std::string::npos) << message;
  EXPECT_EQ(message.find("secret"), std::string::npos) << message;
  EXPECT_EQ(message.find("hidden"), std::string::npos) << message;
}

TEST(VideoSource, GoesOnRisingWhenItLoops) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4")}, 5);
  Reader reader({.uri = folder.path("clip.mp4"), .loop = true});
  Duration last{-1};
  for (int i = 0; i < 17; ++i) {
    SourceFrame frame;
    ASSERT_EQ(reader.next(frame), Source::Pull::kFrame) << i;
    EXPECT_NEAR(mean_of_plane(*frame.image, 0), clip_luma(i % 5), 3) << i;
    EXPECT_GT(frame.time.pts, last) << i;
    last = frame.time.pts;
  }
  EXPECT_EQ(reader.source().progress(), std::nullopt) << "it has no end";
}

TEST(VideoSource, StopsInTheMiddleAndAFreshOneBeginsAnew) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mp4")}, 200);
  for (int attempt = 0; attempt < 2; ++attempt) {
    Reader reader({.uri = folder.path("clip.mp4")});
    SourceFrame frame;
    ASSERT_EQ(reader.next(frame), Source::Pull::kFrame);
    EXPECT_NEAR(mean_of_plane(*frame.image, 0), clip_luma(0), 3);
    reader.source().stop();
    reader.source().stop();  // The pump and the destructor both do.
    EXPECT_EQ(reader.source().progress(), std::nullopt);
  }
}

TEST(VideoSource, TakesTheEndOfALiveSourceForALostConnection) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mkv")}, 5);
  Reader reader({.uri = folder.path("clip.mkv"), .is_live = true}, true);
  SourceFrame frame;
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(reader.next(frame), Source::Pull::kFrame) << i;
  }
  ASSERT_EQ(reader.next(frame), Source::Pull::kFailed);
  EXPECT_EQ(reader.source().failure().code, Errc::kPeerGone) << "worth a reconnect";
}

}  // namespace
}  // namespace penstock
