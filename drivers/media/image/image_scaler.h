#pragma once

#include <array>
#include <cstdint>

#include "drivers/media/av/pixel_scaler.h"
#include "engine/base/result.h"
#include "engine/memory/buffer_pool.h"
#include "engine/tensor/image.h"

namespace penstock {

/// Turns pictures into pictures: another format, another size, or both, in one pass.
///
/// The result's `to_source` composes the step, so that boxes found in it map back by themselves.
/// YUV made of RGB or gray is full-range BT.601, as in JPEG files; YUV made of YUV keeps range and
/// matrix. (Pictures become tensors by `ResamplePlan`, engine/tensor/kernels.)
///
/// Ownership: results are in buffers of the given pool, rows 64-byte aligned; a call that changes
/// nothing returns the same picture, sharing its buffer.
/// Thread-safety: one thread at a time.
/// Errors of all: `kInvalidArgument` for an empty picture or a size outside 1..`kMaxSide`;
/// `kUnavailable` if the pool is exhausted (naming it); `kUnsupported` as `PixelScaler`.
class ImageScaler {
 public:
  static constexpr int kMaxSide = 16384;

  Result<Image> convert(const Image& image, PixelFormat format, BufferPool& pool);

  /// Stretches to `width` x `height`; the format stays.
  Result<Image> resize(
      const Image& image, int width, int height, ScaleFilter filter, BufferPool& pool);

  /// A picture inside a larger one, as `letterbox_geometry` places it.
  struct Letterbox {
    int width = 0;
    int height = 0;
    PixelFormat format = PixelFormat::kRgb;
    std::array<std::uint8_t, 3> pad_rgb{114, 114, 114};
    ScaleFilter filter = ScaleFilter::kBilinear;
  };

  /// In I420 and NV12 the inset starts at even pixels, so that chroma stays with its luma.
  Result<Image> letterbox(const Image& image, const Letterbox& wanted, BufferPool& pool);

 private:
  PixelScaler scaler_;
};

}  // namespace penstock
