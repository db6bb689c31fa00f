#include "drivers/media/av/picture_fitter.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
}

#include "drivers/media/av/av_error.h"

namespace penstock {
namespace {

constexpr int kHdRows = 720;
constexpr std::uint8_t kNeutralChroma = 128;

bool is_yuv(PixelFormat format) {
  return format == PixelFormat::kI420 || format == PixelFormat::kNv12;
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
    std::memset(frame.data[i],
                value,
                static_cast<std::size_t>(frame.linesize[i]) * static_cast<std::size_t>(rows));
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

PictureFitter::~PictureFitter() = default;

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

void PictureFitter::release() noexcept {
  av_frame_unref(frame_.get());
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
  PixelSurface from = surface_of(image);
  if (is_cut) {
    from.width = width_;
    from.height = height_;
  }
  const Inset inset = is_cut ? Inset{0, 0, width_, height_} : inset_of(image, width_, height_);
  if (inset.width != width_ || inset.height != height_) {
    paint_black(*frame_, range_);
  }
  if (!is_yuv(image.format)) {
    from.matrix = matrix_;
  }
  PixelSurface to;
  to.format = frame_->format;
  to.width = inset.width;
  to.height = inset.height;
  to.range = range_;
  to.matrix = matrix_;
  for (std::size_t i = 0; i < 3; ++i) {
    const int halve = i == 0 ? 0 : 1;
    const std::ptrdiff_t stride = frame_->linesize[i];
    to.planes[i] = frame_->data[i] + (inset.y >> halve) * stride + (inset.x >> halve);
    to.strides[i] = frame_->linesize[i];
  }
  return scaler_.scale(from, to, ScaleFilter::kBilinear);
}

}  // namespace penstock
