#pragma once

#include <memory>

#include "drivers/media/av/pixel_scaler.h"
#include "engine/base/result.h"
#include "engine/tensor/image.h"

struct AVFrame;

namespace penstock {

/// Brings pictures of any format and size into the one form that an encoder was opened with: I420
/// of even size, one range, one matrix.
///
/// A picture that has that form is lent to the encoder as it is, without a copy. An odd size loses
/// its last column or row. A picture of another size is scaled to fit, with black bars, so that a
/// camera which changes its mode does not end the file.
///
/// Thread-safety: one thread at a time.
/// Cost: nothing, or one pass through libswscale.
class PictureFitter {
 public:
  /// The form is that of `first`: its size made even, its colours (RGB becomes limited-range
  /// BT.601, and BT.709 from 720 rows on). Errors: `kInvalidArgument` for less than 2 x 2 pixels.
  static Result<std::unique_ptr<PictureFitter>> create(const Image& first);

  ~PictureFitter();
  PictureFitter(const PictureFitter&) = delete;
  PictureFitter& operator=(const PictureFitter&) = delete;

  [[nodiscard]] int width() const noexcept { return width_; }

  [[nodiscard]] int height() const noexcept { return height_; }

  [[nodiscard]] ColorRange range() const noexcept { return range_; }

  [[nodiscard]] ColorMatrix matrix() const noexcept { return matrix_; }

  /// Returns `image` in that form; valid until the next call, its pixels as long as somebody refers
  /// to them.
  /// Errors: `kInvalidArgument` for an empty picture.
  Result<AVFrame*> fit(const Image& image);

  /// Gives the picture of the last `fit()` back, which would otherwise stay until the next one.
  void release() noexcept;

 private:
  struct FreeFrame {
    void operator()(AVFrame* frame) const noexcept;
  };

  PictureFitter() = default;

  [[nodiscard]] bool is_ready_made(const Image& image) const noexcept;
  void lend(const Image& image);
  Status scale(const Image& image);

  int width_ = 0;
  int height_ = 0;
  ColorRange range_ = ColorRange::kLimited;
  ColorMatrix matrix_ = ColorMatrix::kBt601;
  PixelScaler scaler_;
  std::unique_ptr<AVFrame, FreeFrame> frame_;
};

}  // namespace penstock
