#pragma once

#include <memory>
#include <optional>

#include "drivers/media/av/pixel_scaler.h"
#include "engine/base/result.h"
#include "engine/memory/buffer_pool.h"
#include "engine/tensor/image.h"

struct AVFrame;

namespace penstock {

/// Brings decoded pictures of any pixel format into pooled buffers, as I420 (NV12 stays NV12), and
/// upright.
///
/// YUV keeps its range and matrix; RGB and gray become full-range BT.601, as in JPEG files.
/// Thread-safety: one thread at a time.
/// Cost: one pass; two if the picture has to be turned and is not I420.
class PictureConverter {
 public:
  PictureConverter();
  ~PictureConverter();
  PictureConverter(const PictureConverter&) = delete;
  PictureConverter& operator=(const PictureConverter&) = delete;

  /// Returns the picture of `frame`, turned clockwise by `quarter_turns`; nothing if the pool is
  /// exhausted.
  /// Errors: `kUnsupported` for a pixel format that cannot be converted.
  Result<std::optional<Image>> convert(const AVFrame& frame, int quarter_turns, BufferPool& pool);

 private:
  struct FreeFrame {
    void operator()(AVFrame* frame) const noexcept;
  };

  Status fill(const AVFrame& frame, int quarter_turns, Image& image);
  Status prepare_scratch(const AVFrame& like);

  PixelScaler scaler_;
  std::unique_ptr<AVFrame, FreeFrame> scratch_;
};

}  // namespace penstock
