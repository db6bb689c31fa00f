#include "drivers/media/av/picture_fitter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
#include <libswscale/swscale.h>
}

#include "drivers/media/av/av_error.h"

namespace penstock {
namespace {

constexpr int kHdRows = 720;
constexpr std::uint8_t kNeutralChroma = 128;
constexpr int kOne = 1 << 16;  // Contrast and saturation in libswscale's fixed point.

bool is_yuv(PixelFormat format) {
  return format == PixelFormat::kI420 || format == PixelFormat::kNv12;
}

AVPixelFormat av_format_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::kI420:
      return AV_PIX_FMT_YUV420P;
    case PixelFormat::kNv12:
      return AV_PIX_FMT_NV12;
    case PixelFormat::kRgb:
      return AV_PIX_FMT_RGB24;
    case PixelFormat::kBgr:
      return AV_PIX_FMT_BGR24;
    case PixelFormat::kGray:
      return AV_PIX_FMT_GRAY8;
  }
  return AV_PIX_FMT_NONE;
}

const int* weights_of(ColorMatrix matrix) {
  return sws_getCoefficients(matrix == ColorMatrix::kBt709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
}

/// Where a picture lands in the frame: centred, both even.
struct Inset {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

Inset inset_of(const Image& image, int width, int height) {
  const double scale = std::min(static_cast<double>(width) / image.width,
                                static_cast<double>(height) / image.height);
  const auto even = [](double length, int limit) {
    return std::clamp(static_cast<int>(std::lround(length / 2)) * 2, 2, limit);
  };
  Inset inset;
  inset.width = even(image.width * scale, width);
  inset.height = even(image.height * scale, height);
  inset.x = (width - inset.width) / 4 * 2;
  inset.y = (height - inset.height) / 4 * 2;
  return inset;
}

void paint_black(AVFrame& frame, ColorRange range) {
  constexpr std::uint8_t kLimitedBlack = 16;
  for (int i = 0; i < 3; ++i) {
    const int value = i > 0 ? kNeutralChroma : range == ColorRange::kFull ? 0 : kLimitedBlack;
    const int rows = i == 0 ? frame.height : frame.height / 2;
    std::memset(frame.data[i], value, static_cast<std::size_t>(frame.linesize[i] * rows));
  }
}

}  // namespace

Result<std::unique_ptr<PictureFitter>> PictureFitter::create(const Image& first) {
  if (first.width < 2 || first.height < 2) {
    return Error{Errc::kInvalidArgument,
                 "a picture of " + std::to_string(first.width) + "x" +
                     std::to_string(first.height) + " is too small for video: 2x2 is the least"};
  }
  std::unique_ptr<PictureFitter> fitter(new PictureFitter);
  fitter->frame_.reset(av_frame_alloc());
  fitter->width_ = first.width & ~1;
  fitter->height_ = first.height & ~1;
  if (is_yuv(first.format)) {
    fitter->range_ = first.range;
    fitter->matrix_ = first.matrix;
  } else {
    fitter->matrix_ = first.height >= kHdRows ? ColorMatrix::kBt709 : ColorMatrix::kBt601;
  }
  return fitter;
}

PictureFitter::~PictureFitter() {
  sws_freeContext(scaler_);
}

void PictureFitter::FreeFrame::operator()(AVFrame* frame) const noexcept {
  av_frame_free(&frame);
}

Result<AVFrame*> PictureFitter::fit(const Image& image) {
  if (!image.buffer || image.width < 1 || image.height < 1) {
    return Error{Errc::kInvalidArgument, "an empty picture cannot be encoded"};
  }
  av_frame_unref(frame_.get());
  if (is_ready_made(image)) {
    lend(image);
  } else {
    PENSTOCK_RETURN_IF_ERROR(scale(image));
  }
  frame_->color_range = range_ == ColorRange::kFull ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  frame_->colorspace = matrix_ == ColorMatrix::kBt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  return frame_.get();
}

bool PictureFitter::is_ready_made(const Image& image) const noexcept {
  return image.format == PixelFormat::kI420 && (image.width & ~1) == width_ &&
         (image.height & ~1) == height_ && image.range == range_ && image.matrix == matrix_;
}

void PictureFitter::lend(const Image& image) {
  frame_->format = AV_PIX_FMT_YUV420P;
  frame_->width = width_;
  frame_->height = height_;
  auto* lease = new Buffer(image.buffer);
  auto* data = reinterpret_cast<std::uint8_t*>(lease->mutable_data());
  frame_->buf[0] = av_buffer_create(
      data,
      lease->size(),
      [](void* opaque, std::uint8_t* /*data*/) { delete static_cast<Buffer*>(opaque); },
      lease,
      AV_BUFFER_FLAG_READONLY);  // Others may be reading it too.
  PENSTOCK_CHECK(frame_->buf[0] != nullptr) << "no memory for a reference";
  for (std::size_t i = 0; i < plane_count(image.format); ++i) {
    frame_->data[i] = data + image.planes[i].offset;
    frame_->linesize[i] = static_cast<int>(image.planes[i].stride_bytes);
  }
}

Status PictureFitter::scale(const Image& image) {
  frame_->format = AV_PIX_FMT_YUV420P;
  frame_->width = width_;
  frame_->height = height_;
  if (const int code = av_frame_get_buffer(frame_.get(), 0); code < 0) {
    return av_failure(code, "memory for a picture to encode");
  }
  // A picture that is only odd is cut, one of another size scaled.
  const bool is_cut = (image.width & ~1) == width_ && (image.height & ~1) == height_;
  const int from_width = is_cut ? width_ : image.width;
  const int from_height = is_cut ? height_ : image.height;
  const Inset inset = is_cut ? Inset{0, 0, width_, height_} : inset_of(image, width_, height_);
  if (inset.width != width_ || inset.height != height_) {
    paint_black(*frame_, range_);
  }
  scaler_ = sws_getCachedContext(scaler_,
                                 from_width,
                                 from_height,
                                 av_format_of(image.format),
                                 inset.width,
                                 inset.height,
                                 AV_PIX_FMT_YUV420P,
                                 SWS_BILINEAR | SWS_ACCURATE_RND,
                                 nullptr,
                                 nullptr,
                                 nullptr);
  if (scaler_ == nullptr) {
    return Error{Errc::kInternal, "libswscale refuses a conversion for the encoder"};
  }
  const bool from_full = !is_yuv(image.format) || image.range == ColorRange::kFull;
  sws_setColorspaceDetails(scaler_,
                           weights_of(is_yuv(image.format) ? image.matrix : matrix_),
                           from_full ? 1 : 0,
                           weights_of(matrix_),
                           range_ == ColorRange::kFull ? 1 : 0,
                           0,
                           kOne,
                           kOne);
  std::array<const std::uint8_t*, 4> from{};
  std::array<int, 4> from_strides{};
  for (std::size_t i = 0; i < plane_count(image.format); ++i) {
    from[i] = image.plane(i);
    from_strides[i] = static_cast<int>(image.planes[i].stride_bytes);
  }
  std::array<std::uint8_t*, 4> to{};
  for (int i = 0; i < 3; ++i) {
    const int halve = i == 0 ? 0 : 1;
    to[static_cast<std::size_t>(i)] =
        frame_->data[i] + (inset.y >> halve) * frame_->linesize[i] + (inset.x >> halve);
  }
  const int rows = sws_scale(
      scaler_, from.data(), from_strides.data(), 0, from_height, to.data(), frame_->linesize);
  if (rows < 0) {
    return av_failure(rows, "conversion for the encoder");
  }
  return {};
}

}  // namespace penstock
