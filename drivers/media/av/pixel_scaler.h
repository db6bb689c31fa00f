#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "engine/base/result.h"
#include "engine/tensor/image.h"

struct AVFrame;
struct SwsContext;

namespace penstock {

/// Pixels in memory as libswscale sees them. The planes are written only where it is the target.
struct PixelSurface {
  int format = -1;  ///< An `AVPixelFormat`; without the range that some of them carry.
  int width = 0;
  int height = 0;
  ColorRange range = ColorRange::kFull;      ///< Of YUV and gray.
  ColorMatrix matrix = ColorMatrix::kBt601;  ///< Of YUV.
  std::array<std::uint8_t*, 4> planes{};
  std::array<int, 4> strides{};
};

/// Returns the pixels of `image`, to be read.
PixelSurface surface_of(const Image& image);

/// Returns the pixels of `image`, to be written. Pre: nobody else holds the buffer yet.
PixelSurface surface_of(Image& image);

/// Returns the pixels of `frame`, with the colours of `colors`, to be read.
PixelSurface surface_of(const AVFrame& frame, const Image& colors);

/// How pixels in between are made.
enum class ScaleFilter : std::uint8_t { kNearest, kBilinear, kArea };

/// Scales and converts pixels from any of libav's formats to any other, honouring range and matrix
/// on both sides; one pass. Where a picture shrinks, bilinear takes in all pixels that fall into
/// one, so nothing flickers.
///
/// Thread-safety: one thread at a time.
/// Cost: the first call of a combination of sizes, formats and colours builds tables (about 1 ms);
/// the last combination is kept.
class PixelScaler {
 public:
  PixelScaler() = default;
  ~PixelScaler();
  PixelScaler(const PixelScaler&) = delete;
  PixelScaler& operator=(const PixelScaler&) = delete;

  /// Fills `to` with `from`. Pre: `to` can be written.
  /// Errors: `kUnsupported` for formats or sizes that libswscale cannot do.
  Status scale(const PixelSurface& from, const PixelSurface& to, ScaleFilter filter);

 private:
  struct Side {
    int format = -1;
    int width = 0;
    int height = 0;
    ColorRange range{};
    ColorMatrix matrix{};
    friend bool operator==(const Side&, const Side&) = default;
  };

  struct Task {
    Side from;
    Side to;
    ScaleFilter filter{};
    friend bool operator==(const Task&, const Task&) = default;
  };

  static Side side_of(const PixelSurface& surface);
  Status prepare(const Task& task);

  std::optional<Task> task_;
  SwsContext* context_ = nullptr;
};

}  // namespace penstock
