#include "drivers/media/av/picture_converter.h"

#include <array>
#include <cstddef>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include "drivers/media/av/av_error.h"
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

/// The formats whose names carry full range are the same bytes as those without; swscale is told
/// the range apart.
AVPixelFormat without_range(int format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    default:
      return static_cast<AVPixelFormat>(format);
  }
}

std::array<std::uint8_t*, 4> planes_of(Image& image) {
  std::array<std::uint8_t*, 4> planes{};
  for (std::size_t i = 0; i < plane_count(image.format); ++i) {
    planes[i] = image.mutable_plane(i);
  }
  return planes;
}

std::array<int, 4> strides_of(const Image& image) {
  std::array<int, 4> strides{};
  for (std::size_t i = 0; i < plane_count(image.format); ++i) {
    strides[i] = static_cast<int>(image.planes[i].stride_bytes);
  }
  return strides;
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

PictureConverter::~PictureConverter() {
  sws_freeContext(scaler_);
}

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
  auto planes = planes_of(image);
  auto strides = strides_of(image);
  const bool is_same = image.format == PixelFormat::kNv12 || is_i420(frame.format);
  if (quarter_turns != 0) {
    const AVFrame* upright = &frame;
    if (!is_i420(frame.format)) {
      PENSTOCK_RETURN_IF_ERROR(prepare_scratch(frame));
      PENSTOCK_RETURN_IF_ERROR(to_i420(frame, *scratch_, image));
      upright = scratch_.get();
    }
    rotate_i420(*upright, quarter_turns, image);
  } else if (is_same) {
    std::array<const std::uint8_t*, 4> from{frame.data[0], frame.data[1], frame.data[2], nullptr};
    av_image_copy(planes.data(),
                  strides.data(),
                  from.data(),
                  frame.linesize,
                  without_range(frame.format),
                  frame.width,
                  frame.height);
  } else {
    AVFrame into{};
    std::copy(planes.begin(), planes.end(), into.data);
    std::copy(strides.begin(), strides.end(), into.linesize);
    PENSTOCK_RETURN_IF_ERROR(to_i420(frame, into, image));
  }
  return std::optional<Image>(std::move(image));
}

Status PictureConverter::to_i420(const AVFrame& frame, AVFrame& into, const Image& colors) {
  const AVPixelFormat from = without_range(frame.format);
  scaler_ = sws_getCachedContext(scaler_,
                                 frame.width,
                                 frame.height,
                                 from,
                                 frame.width,
                                 frame.height,
                                 AV_PIX_FMT_YUV420P,
                                 SWS_BILINEAR | SWS_ACCURATE_RND,
                                 nullptr,
                                 nullptr,
                                 nullptr);
  if (scaler_ == nullptr) {
    const char* name = av_get_pix_fmt_name(from);
    return Error{Errc::kUnsupported,
                 std::string("pictures of format '") + (name == nullptr ? "?" : name) +
                     "' cannot be converted to i420"};
  }
  const int* weights =
      sws_getCoefficients(colors.matrix == ColorMatrix::kBt709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
  const int is_full = colors.range == ColorRange::kFull ? 1 : 0;
  constexpr int kOne = 1 << 16;  // Contrast and saturation in libswscale's fixed point.
  sws_setColorspaceDetails(scaler_, weights, is_full, weights, is_full, 0, kOne, kOne);
  const int rows =
      sws_scale(scaler_, frame.data, frame.linesize, 0, frame.height, into.data, into.linesize);
  if (rows < 0) {
    return av_failure(rows, "conversion to i420");
  }
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
