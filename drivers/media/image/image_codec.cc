#include "drivers/media/image/image_codec.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <climits>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include <opencv2/imgcodecs.hpp>

extern "C" {
#include <libavutil/pixfmt.h>
}

namespace penstock {
namespace {

constexpr std::size_t kRowAlignment = 64;
constexpr std::size_t kTailPadding = 64;  // libswscale's loops may write past the last row.

struct Ending {
  std::string_view text;
  ImageFileFormat format;
};

constexpr std::array<Ending, 3> kEndings = {{
    {".jpg", ImageFileFormat::kJpeg},
    {".jpeg", ImageFileFormat::kJpeg},
    {".png", ImageFileFormat::kPng},
}};

bool has_magic(std::span<const std::uint8_t> bytes) {
  const bool is_jpeg = bytes.size() > 3 && bytes[0] == 0xFF && bytes[1] == 0xD8;
  const bool is_png =
      bytes.size() > 8 && bytes[0] == 0x89 && bytes[1] == 'P' && bytes[2] == 'N' && bytes[3] == 'G';
  return is_jpeg || is_png;
}

/// Returns the pixels of `mat` (BGR) for the scaler.
PixelSurface surface_of_bgr(const cv::Mat& mat) {
  PixelSurface surface;
  surface.format = AV_PIX_FMT_BGR24;
  surface.width = mat.cols;
  surface.height = mat.rows;
  surface.planes[0] = mat.data;
  surface.strides[0] = static_cast<int>(mat.step);
  return surface;
}

}  // namespace

std::vector<std::string> image_file_endings() {
  std::vector<std::string> endings;
  for (const Ending& one : kEndings) {
    endings.emplace_back(one.text);
  }
  return endings;
}

Result<ImageFileFormat> image_file_format_of(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  std::string extension = dot == std::string::npos ? "" : path.substr(dot);
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  const auto* found = std::find_if(
      kEndings.begin(), kEndings.end(), [&](const Ending& one) { return one.text == extension; });
  if (found != kEndings.end()) {
    return found->format;
  }
  return Error{Errc::kInvalidArgument,
               "image file '" + path + "': the name must end in .jpg, .jpeg or .png"};
}

ImageCodec::ImageCodec() {
  static std::once_flag once;
  std::call_once(once, [] { cv::setNumThreads(1); });
}

Result<std::vector<std::uint8_t>> ImageCodec::encode(const Image& image,
                                                     ImageFileFormat format,
                                                     int quality) {
  if (!image.buffer || image.width < 1 || image.height < 1) {
    return Error{Errc::kInvalidArgument, "an empty picture cannot be encoded"};
  }
  if (quality < 1 || quality > 100) {
    return Error{Errc::kInvalidArgument,
                 "`quality` " + std::to_string(quality) + " is not within 1 and 100"};
  }
  constexpr int kMaxJpegSide = 65535;
  if (format == ImageFileFormat::kJpeg && std::max(image.width, image.height) > kMaxJpegSide) {
    return Error{Errc::kUnsupported, "JPEG holds at most 65535 pixels a side"};
  }
  try {
    const bool is_jpeg = format == ImageFileFormat::kJpeg;
    cv::Mat roomy;
    cv::Mat pixels;
    if (image.format == PixelFormat::kBgr || image.format == PixelFormat::kGray) {
      pixels = cv::Mat(image.height,
                       image.width,
                       image.format == PixelFormat::kBgr ? CV_8UC3 : CV_8UC1,
                       const_cast<std::uint8_t*>(image.plane(0)),
                       image.planes[0].stride_bytes);
    } else {
      const std::size_t stride =
          (static_cast<std::size_t>(image.width) * 3 + kRowAlignment - 1) & ~(kRowAlignment - 1);
      // With room behind the rows, for libswscale.
      roomy.create(image.height + 1, static_cast<int>(stride), CV_8UC1);
      pixels = cv::Mat(image.height, image.width, CV_8UC3, roomy.data, stride);
      PENSTOCK_RETURN_IF_ERROR(
          scaler_.scale(surface_of(image), surface_of_bgr(pixels), ScaleFilter::kBilinear));
    }
    std::vector<std::uint8_t> bytes;
    cv::imencode(
        is_jpeg ? ".jpg" : ".png",
        pixels,
        bytes,
        is_jpeg ? std::vector<int>{cv::IMWRITE_JPEG_QUALITY, quality} : std::vector<int>{});
    return bytes;
  } catch (const cv::Exception& failure) {
    return Error{Errc::kInternal, std::string("encoding an image: OpenCV: ") + failure.what()};
  }
}

Result<Image> ImageCodec::decode(std::span<const std::uint8_t> bytes,
                                 PixelFormat format,
                                 BufferPool& pool) {
  if (!has_magic(bytes) || bytes.size() > INT_MAX) {
    return Error{Errc::kCorrupt,
                 std::to_string(bytes.size()) + " bytes that are no JPEG or PNG file"};
  }
  try {
    const cv::Mat raw(
        1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<std::uint8_t*>(bytes.data()));
    const cv::Mat pixels = cv::imdecode(raw, cv::IMREAD_COLOR);  // Turns by EXIF.
    if (pixels.empty()) {
      return Error{Errc::kCorrupt, "an image file that cannot be decoded"};
    }
    Image image;
    image.format = format;
    image.range = ColorRange::kFull;
    image.width = pixels.cols;
    image.height = pixels.rows;
    const ImageLayout layout = layout_of(format, image.width, image.height, kRowAlignment);
    std::optional<Buffer> buffer = pool.acquire(layout.bytes + kTailPadding);
    if (!buffer.has_value()) {
      return Error{Errc::kUnavailable,
                   "pool '" + pool.name() + "' is exhausted: no buffer for an image file"};
    }
    image.planes = layout.planes;
    image.buffer = std::move(*buffer);
    PENSTOCK_RETURN_IF_ERROR(
        scaler_.scale(surface_of_bgr(pixels), surface_of(image), ScaleFilter::kBilinear));
    return image;
  } catch (const cv::Exception& failure) {
    return Error{Errc::kCorrupt, std::string("decoding an image: OpenCV: ") + failure.what()};
  }
}

}  // namespace penstock
