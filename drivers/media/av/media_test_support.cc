#include "drivers/media/av/media_test_support.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "drivers/media/av/video_writer.h"

// libx265 forgets some of its own options in each encoder.
// NOLINTNEXTLINE(readability-identifier-naming,bugprone-reserved-identifier): LSan's name.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libx265";
}

namespace penstock::testing {

TempFolder::TempFolder() {
  std::string pattern = ::testing::TempDir() + "/media_XXXXXX";
  const char* made = ::mkdtemp(pattern.data());
  PENSTOCK_CHECK(made != nullptr) << "no temporary folder " << pattern;
  root_ = made;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

Image flat_picture(int width, int height, std::uint8_t luma) {
  Image image;
  image.width = width;
  image.height = height;
  const ImageLayout layout = layout_of(PixelFormat::kI420, width, height, 64);
  image.planes = layout.planes;
  image.buffer = Buffer::allocate(layout.bytes);
  const std::size_t luma_bytes = layout.planes[1].offset;
  std::memset(image.mutable_plane(0), luma, luma_bytes);
  std::memset(image.mutable_plane(1), 128, layout.bytes - luma_bytes);
  return image;
}

std::uint8_t clip_luma(int index) {
  return static_cast<std::uint8_t>(30 + index * 20 % 200);
}

void write_clip(const VideoWriterOptions& options, int frames, int width, int height) {
  auto writer = VideoWriter::create(options);
  ASSERT_TRUE(writer.has_value()) << writer.error().message;
  for (int i = 0; i < frames; ++i) {
    const Status written =
        (*writer)->write(flat_picture(width, height, clip_luma(i)), i * 40'000'000LL);
    ASSERT_TRUE(written.has_value()) << written.error().message;
  }
  const Status finished = (*writer)->finish();
  ASSERT_TRUE(finished.has_value()) << finished.error().message;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

BufferPool big_pool() {
  BufferPool::Options options;
  options.name = "test";
  options.max_slots = 64;
  return BufferPool::create(options).value();
}

int mean_of_plane(const Image& image, std::size_t plane) {
  const int halve = plane == 0 ? 0 : 1;
  const int width = (image.width + halve) >> halve;
  const int height = (image.height + halve) >> halve;
  long sum = 0;
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row =
        image.plane(plane) + static_cast<std::size_t>(y) * image.planes[plane].stride_bytes;
    for (int x = 0; x < width; ++x) {
      sum += row[x];
    }
  }
  return static_cast<int>(sum / width / height);
}

Result<VideoReader::Step> next_step(VideoReader& reader, BufferPool& pool, WaitingBell& bell) {
  auto step = reader.decode_next(pool);
  while (step.has_value() && step->code == VideoReader::Code::kNeedPacket) {
    bell.wait();
    step = reader.decode_next(pool);
  }
  return step;
}

Reading read_all(VideoSourceOptions options, std::size_t max_frames) {
  Reading reading;
  LoneReader lone(std::move(options), "auto");
  while (reading.frames.size() < max_frames) {
    auto step = lone.next();
    if (!step.has_value()) {
      reading.error = step.error();
      break;
    }
    if (step->code == VideoReader::Code::kEnd || step->code == VideoReader::Code::kNoBuffer) {
      break;
    }
    const Image& image = step->frame.image;
    reading.frames.push_back(
        {step->frame.pts_ns, image.width, image.height, mean_of_plane(image, 0)});
  }
  if (const VideoStreamInfo* stream = lone.reader.stream(); stream != nullptr) {
    reading.stream = *stream;
  }
  reading.stats = lone.reader.stats();
  return reading;
}

}  // namespace penstock::testing
