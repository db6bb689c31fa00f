#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "drivers/media/av/pixel_scaler.h"
#include "engine/base/result.h"
#include "engine/memory/buffer_pool.h"
#include "engine/tensor/image.h"

namespace penstock {

/// Formats of image files.
enum class ImageFileFormat : std::uint8_t { kJpeg, kPng };

/// Returns the extensions that name a format: ".jpg" and others.
std::vector<std::string> image_file_endings();

/// Returns the format that the extension of `path` names, in any case of letters.
/// Errors: `kInvalidArgument` for any other.
Result<ImageFileFormat> image_file_format_of(const std::string& path);

/// Turns pictures into the bytes of image files and back.
///
/// Thread-safety: one thread at a time. OpenCV is told, once for the process, to use no threads of
/// its own.
class ImageCodec {
 public:
  ImageCodec();

  /// Returns the bytes of a file that shows `image`. `quality` 1..100 is JPEG's; PNG loses nothing.
  /// Errors: `kInvalidArgument` for an empty picture or a quality out of range; `kUnsupported` if
  /// the format cannot hold it (JPEG: sides up to 65535).
  Result<std::vector<std::uint8_t>> encode(const Image& image,
                                           ImageFileFormat format,
                                           int quality = 90);

  /// Returns the picture of a JPEG or PNG file's bytes in `format`, upright as its EXIF orientation
  /// says; transparency is dropped.
  /// Errors: `kCorrupt` if the bytes are no such file; `kUnavailable` if the pool is exhausted.
  Result<Image> decode(std::span<const std::uint8_t> bytes, PixelFormat format, BufferPool& pool);

 private:
  PixelScaler scaler_;
};

}  // namespace penstock
