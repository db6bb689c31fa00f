#include "drivers/media/av/picture_converter.h"

#include <cstddef>
#include <utility>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
}

#include "drivers/media/av/av_error.h"
#include "drivers/media/av/pixel_scaler.h"
#include "drivers/media/av/pooled_pictures.h"
#include "drivers/media/av/rotate_plane.h"

namespace penstock {
namespace {

constexpr std::size_t kRowAlignment = 64;
constexpr std::size_t kTailPadding = 64;  // libswscale's loops may write past the last row.

bool is_i420(int format) {
  return format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P;
}

bool is_yuv(int format) {
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  return description != nullptr && (description->flags & AV_PIX_FMT_FLAG_RGB) == 0 &&
         description->nb_components >= 3;
}

void rotate_i420(const AVFrame& frame, int quarter_turns, Image& image) {
  for (std::size_t i = 0; i < 3; ++i) {
    const int halve = i == 0 ? 0 : 1;
    rotate_plane({frame.data[i],
                  static_cast<std::size_t>(frame.linesize[i]),
                  (frame.width + halve) >> halve,
                  (frame.height + halve) >> halve},
                 quarter_turns,
                 image.mutable_plane(i),
                 image.planes[i].stride_bytes);
  }
}

}  // namespace

PictureConverter::PictureConverter() : scratch_(av_frame_alloc()) {}

PictureConverter::~PictureConverter() = default;

void PictureConverter::FreeFrame::operator()(AVFrame* frame) const noexcept {
  av_frame_free(&frame);
}

Result<std::optional<Image>> PictureConverter::convert(const AVFrame& frame,
                                                       int quarter_turns,
                                                       BufferPool& pool) {
  const bool is_turned = quarter_turns % 2 != 0;
  Image image;
  image.format = frame.format == AV_PIX_FMT_NV12 && quarter_turns == 0 ? PixelFormat::kNv12
                                                                       : PixelFormat::kI420;
  image.width = is_turned ? frame.height : frame.width;
  image.height = is_turned ? frame.width : frame.height;
  const ImageLayout layout = layout_of(image.format, image.width, image.height, kRowAlignment);
  auto buffer = pool.acquire(layout.bytes + kTailPadding);
  if (!buffer.has_value()) {
    return std::optional<Image>();
  }
  image.planes = layout.planes;
  image.buffer = std::move(*buffer);
  set_colors(frame, image);
  if (!is_yuv(frame.format)) {
    image.range = ColorRange::kFull;
    image.matrix = ColorMatrix::kBt601;
  }
  PENSTOCK_RETURN_IF_ERROR(fill(frame, quarter_turns, image));
  return std::optional<Image>(std::move(image));
}

Status PictureConverter::fill(const AVFrame& frame, int quarter_turns, Image& image) {
  const PixelSurface from = surface_of(frame, image);
  if (quarter_turns == 0) {
    return scaler_.scale(from, surface_of(image), ScaleFilter::kBilinear);
  }
  if (is_i420(frame.format)) {
    rotate_i420(frame, quarter_turns, image);
    return {};
  }
  PENSTOCK_RETURN_IF_ERROR(prepare_scratch(frame));
  PENSTOCK_RETURN_IF_ERROR(
      scaler_.scale(from, surface_of(*scratch_, image), ScaleFilter::kBilinear));
  rotate_i420(*scratch_, quarter_turns, image);
  return {};
}

Status PictureConverter::prepare_scratch(const AVFrame& like) {
  if (scratch_->width == like.width && scratch_->height == like.height) {
    return {};
  }
  av_frame_unref(scratch_.get());
  scratch_->format = AV_PIX_FMT_YUV420P;
  scratch_->width = like.width;
  scratch_->height = like.height;
  if (const int code = av_frame_get_buffer(scratch_.get(), 0); code < 0) {
    return av_failure(code, "memory for turning a picture");
  }
  return {};
}

}  // namespace penstock
