#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/media/av/video_reader.h"
#include "drivers/media/av/video_writer_options.h"
#include "engine/base/result.h"
#include "engine/base/waiting_bell.h"
#include "engine/memory/buffer_pool.h"
#include "engine/tensor/image.h"

namespace penstock::testing {

/// A folder of its own for one test, removed at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return root_ + "/" + name; }

 private:
  std::string root_;
};

/// Returns an I420 picture of one colour.
Image flat_picture(int width, int height, std::uint8_t luma);

/// The luma that frame `index` of `write_clip()` has: neighbours differ by 20.
std::uint8_t clip_luma(int index);

/// Writes `frames` flat pictures of `clip_luma()`, 40 ms apart; fails the test if that fails.
void write_clip(const VideoWriterOptions& options, int frames, int width = 64, int height = 48);

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);

/// Returns a pool with many slots.
BufferPool big_pool();

/// Returns the mean of a plane's visible pixels.
int mean_of_plane(const Image& image, std::size_t plane);

/// Returns the next step that is no call for patience; `bell` is the reader's.
Result<VideoReader::Step> next_step(VideoReader& reader, BufferPool& pool, WaitingBell& bell);

/// A reader with a bell and a big pool of its own, for tests that look at single steps.
struct LoneReader {
  explicit LoneReader(VideoSourceOptions options, const std::string& decoder = "")
      : reader(std::move(options), decoder, bell.doorbell()) {}

  Result<VideoReader::Step> next() { return next_step(reader, pool, bell); }

  WaitingBell bell;
  BufferPool pool = big_pool();
  VideoReader reader;
};

/// What a source gave until its end.
struct Reading {
  struct Frame {
    std::int64_t pts_ns = 0;
    int width = 0;
    int height = 0;
    int luma = 0;  ///< Mean.
  };

  std::vector<Frame> frames;
  std::optional<Error> error;
  std::optional<VideoStreamInfo> stream;
  VideoReader::Stats stats;
};

/// Reads to the end, an error, or `max_frames`.
Reading read_all(VideoSourceOptions options, std::size_t max_frames = 10'000);

}  // namespace penstock::testing
