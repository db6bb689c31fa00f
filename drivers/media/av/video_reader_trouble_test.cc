// What a reader does with files, pipes and servers that are damaged, missing or silent.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/media/av/media_test_support.h"
#include "drivers/media/av/video_reader.h"
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

/// Listens on a port that the system chooses, and never says a word.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&place);
    socklen_t length = sizeof place;
    is_up_ = ::bind(socket_, generic, length) == 0 && ::listen(socket_, 4) == 0 &&
             ::getsockname(socket_, generic, &length) == 0;
    port_ = ntohs(place.sin_port);
  }

  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  ~SilentServer() { ::close(socket_); }

  [[nodiscard]] bool is_up() const { return is_up_; }

  [[nodiscard]] std::string place() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  bool is_up_ = false;
  int port_ = 0;
};

TEST(VideoReaderTrouble, GoesOnAfterCorruptPackets) {
  TempFolder folder;
  const std::string path = folder.path("clip.mp4");
  write_clip({.path = path, .codec = "mpeg4", .key_interval = 200ms, .fragmented = false}, 60);
  std::string bytes = testing::read_file(path);
  const std::size_t start = bytes.find("mdat") + 4;
  const std::size_t end = bytes.find("moov") - 4;
  ASSERT_LT(start, end);
  const std::size_t third = (end - start) / 3;
  for (std::size_t at = start + third; at < start + 2 * third; ++at) {
    bytes[at] = static_cast<char>(at * 31);
  }
  testing::write_file(path, bytes);
  const Reading reading = read_all({.uri = path});
  EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
  EXPECT_GT(reading.stats.frames.corrupt_packets + reading.stats.frames.damaged_frames, 0U);
  ASSERT_GT(reading.frames.size(), 20U);
  EXPECT_NEAR(reading.frames.front().luma, clip_luma(0), 3);
  EXPECT_NEAR(reading.frames.back().luma, clip_luma(59), 3) << "it found its way back";
}

TEST(VideoReaderTrouble, CountsEveryPictureThatTheDecoderPassesOver) {
  TempFolder folder;
  const std::string path = folder.path("clip.mp4");
  constexpr std::size_t kFrames = 60;
  write_clip({.path = path, .key_interval = 400ms, .fragmented = false}, kFrames, 640, 480);
  const std::string sound = testing::read_file(path);
  const std::size_t start = sound.find("mdat") + 4;
  const std::size_t end = sound.find("moov") - 4;
  ASSERT_LT(start, end);
  const std::size_t tenth = (end - start) / 10;
  std::uint64_t swallowed = 0;
  for (std::size_t part = 0; part < 10; ++part) {
    std::string bytes = sound;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(start + part * tenth), tenth, '\0');
    testing::write_file(path, bytes);
    const Reading reading = read_all({.uri = path});
    EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
    const FrameDecoder::Stats& stats = reading.stats.frames;
    EXPECT_EQ(reading.frames.size() + stats.corrupt_packets + stats.swallowed_packets, kFrames)
        << "part " << part;
    swallowed += stats.swallowed_packets;
  }
  EXPECT_GT(swallowed, 0U);
}

TEST(VideoReaderTrouble, GivesWhatATruncatedFileStillHolds) {
  TempFolder folder;
  const std::string path = folder.path("clip.mkv");
  write_clip({.path = path, .key_interval = 200ms}, 60);
  const std::string bytes = testing::read_file(path);
  testing::write_file(path, bytes.substr(0, bytes.size() / 2));
  const Reading reading = read_all({.uri = path});
  EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
  EXPECT_GT(reading.frames.size(), 10U);
  EXPECT_LT(reading.frames.size(), 60U);
}

TEST(VideoReaderTrouble, RefusesAFileThatIsNoVideo) {
  TempFolder folder;
  testing::write_file(folder.path("text.mp4"), std::string(5000, 'x'));
  const Reading reading = read_all({.uri = folder.path("text.mp4")});
  ASSERT_TRUE(reading.error.has_value());
  EXPECT_EQ(reading.error->code, Errc::kCorrupt);
  EXPECT_NE(reading.error->message.find(folder.path("text.mp4")), std::string::npos);
}

TEST(VideoReaderTrouble, NamesAFileThatIsMissing) {
  const Reading reading = read_all({.uri = "/nowhere/clip.mp4"});
  ASSERT_TRUE(reading.error.has_value());
  EXPECT_EQ(reading.error->code, Errc::kNotFound);
  EXPECT_NE(reading.error->message.find("video '/nowhere/clip.mp4'"), std::string::npos);
}

TEST(VideoReaderTrouble, NamesAPatternThatMatchesNothing) {
  const Reading reading = read_all({.uri = "/nowhere/*.png"});
  ASSERT_TRUE(reading.error.has_value());
  EXPECT_EQ(reading.error->code, Errc::kNotFound);
}

TEST(VideoReaderTrouble, RefusesAGlobOfSeveralVideos) {
  TempFolder folder;
  write_clip({.path = folder.path("a.mkv")}, 2);
  write_clip({.path = folder.path("b.mkv")}, 2);
  const Reading reading = read_all({.uri = folder.path("*.mkv")});
  ASSERT_TRUE(reading.error.has_value());
  EXPECT_EQ(reading.error->code, Errc::kInvalidArgument);
  EXPECT_NE(reading.error->message.find("2 files"), std::string::npos);
}

TEST(VideoReaderTrouble, RefusesADecoderThatItHasNot) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mkv")}, 2);
  for (const auto& [word, code] : {std::pair{"vaapi", Errc::kUnsupported},
                                   std::pair{"hw", Errc::kUnsupported},
                                   std::pair{"fast", Errc::kInvalidArgument}}) {
    LoneReader lone({.uri = folder.path("clip.mkv")}, word);
    const auto step = lone.next();
    ASSERT_FALSE(step.has_value());
    EXPECT_EQ(step.error().code, code) << step.error().message;
  }
}

TEST(VideoReaderTrouble, GivesUpAPipeThatSaysNothingAndNamesTheLimit) {
  TempFolder folder;
  const std::string path = folder.path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Reading reading = read_all({.uri = path, .open_timeout = 100ms});
  ASSERT_TRUE(reading.error.has_value());
  EXPECT_EQ(reading.error->code, Errc::kDeadlineExceeded);
  EXPECT_NE(reading.error->message.find("within 100 ms"), std::string::npos);
  EXPECT_NE(reading.error->message.find(path), std::string::npos);
}

TEST(VideoReaderTrouble, GivesUpAServerThatSaysNothingAndHidesThePassword) {
  SilentServer server;
  ASSERT_TRUE(server.is_up());
  for (const std::string scheme : {"http", "rtsp"}) {
    const Reading reading = read_all(
        {.uri = scheme + "://joe:s3cret@" + server.place() + "/live", .open_timeout = 200ms});
    ASSERT_TRUE(reading.error.has_value());
    EXPECT_EQ(reading.error->code, Errc::kDeadlineExceeded) << reading.error->message;
    EXPECT_NE(reading.error->message.find(scheme + "://joe:***@" + server.place()),
              std::string::npos)
        << reading.error->message;
    EXPECT_EQ(reading.error->message.find("s3cret"), std::string::npos);
  }
}

TEST(VideoReaderTrouble, EndsPromptlyWhenCancelledWhileItOpens) {
  SilentServer server;
  ASSERT_TRUE(server.is_up());
  const auto start = std::chrono::steady_clock::now();
  {
    LoneReader lone({.uri = "http://" + server.place(), .open_timeout = 60s});
    std::thread other([&] { lone.reader.cancel(); });
    other.join();
    const auto step = lone.reader.decode_next(lone.pool);
    ASSERT_FALSE(step.has_value());
    EXPECT_EQ(step.error().code, Errc::kCancelled);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
}

TEST(VideoReaderTrouble, CanBeDroppedWhileItsQueueIsFull) {
  TempFolder folder;
  write_clip({.path = folder.path("clip.mkv")}, 60);
  WaitingBell bell;
  VideoReader reader({.uri = folder.path("clip.mkv"), .max_packets = 2}, "", bell.doorbell());
  bell.wait();
}

TEST(VideoReaderTrouble, RefusesALimitOfZero) {
  const Reading reading = read_all({.uri = "x.mp4", .open_timeout = 0ms});
  ASSERT_TRUE(reading.error.has_value());
  EXPECT_EQ(reading.error->code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace penstock
