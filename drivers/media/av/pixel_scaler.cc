#include "drivers/media/av/pixel_scaler.h"

#include <algorithm>
#include <cstddef>
#include <string>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include "drivers/media/av/av_error.h"

namespace penstock {
namespace {

constexpr int kOne = 1 << 16;  // Contrast and saturation in libswscale's fixed point.

int av_format_of(PixelFormat format) {
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

/// The formats whose names carry full range are the same bytes as those without.
int without_range(int format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
      return AV_PIX_FMT_YUV411P;
    default:
      return format;
  }
}

int flags_of(ScaleFilter filter) {
  // Without these, libswscale's shortcuts are off by several levels.
  constexpr int kExact = SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT;
  switch (filter) {
    case ScaleFilter::kNearest:
      return SWS_POINT | kExact;
    case ScaleFilter::kBilinear:
      return SWS_BILINEAR | kExact;
    case ScaleFilter::kArea:
      return SWS_AREA | kExact;
  }
  return SWS_BILINEAR | kExact;
}

const int* weights_of(ColorMatrix matrix) {
  return sws_getCoefficients(matrix == ColorMatrix::kBt709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
}

int full(ColorRange range) {
  return range == ColorRange::kFull ? 1 : 0;
}

std::string name_of(int format) {
  const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(format));
  return name == nullptr ? "?" : name;
}

}  // namespace

PixelSurface surface_of(const Image& image) {
  PixelSurface surface;
  surface.format = av_format_of(image.format);
  surface.width = image.width;
  surface.height = image.height;
  const bool is_yuv = image.format == PixelFormat::kI420 || image.format == PixelFormat::kNv12;
  surface.range = is_yuv ? image.range : ColorRange::kFull;
  surface.matrix = image.matrix;
  for (std::size_t i = 0; i < plane_count(image.format); ++i) {
    surface.planes[i] = const_cast<std::uint8_t*>(image.plane(i));
    surface.strides[i] = static_cast<int>(image.planes[i].stride_bytes);
  }
  return surface;
}

PixelSurface surface_of(Image& image) {
  return surface_of(static_cast<const Image&>(image));
}

PixelSurface surface_of(const AVFrame& frame, const Image& colors) {
  PixelSurface surface;
  surface.format = without_range(frame.format);
  surface.width = frame.width;
  surface.height = frame.height;
  surface.range = colors.range;
  surface.matrix = colors.matrix;
  std::copy_n(frame.data, surface.planes.size(), surface.planes.begin());
  std::copy_n(frame.linesize, surface.strides.size(), surface.strides.begin());
  return surface;
}

PixelScaler::~PixelScaler() {
  sws_freeContext(context_);
}

PixelScaler::Side PixelScaler::side_of(const PixelSurface& surface) {
  return {surface.format, surface.width, surface.height, surface.range, surface.matrix};
}

Status PixelScaler::scale(const PixelSurface& from, const PixelSurface& to, ScaleFilter filter) {
  Task task{side_of(from), side_of(to), filter};
  if (from.format == AV_PIX_FMT_GRAY8 || to.format == AV_PIX_FMT_GRAY8) {
    task.to.matrix = task.from.matrix;  // Gray has none; a difference would cost a trip over RGB.
  }
  PENSTOCK_RETURN_IF_ERROR(prepare(task));
  const int rows = sws_scale(context_,
                             from.planes.data(),
                             from.strides.data(),
                             0,
                             from.height,
                             to.planes.data(),
                             to.strides.data());
  if (rows < 0) {
    return av_failure(rows, "scaling a picture");
  }
  return {};
}

/// Ranges and sizes are set before the context is initialised: told afterwards, libswscale has
/// already chosen a plain copy for equal formats, and ignores a difference in range.
Status PixelScaler::prepare(const Task& task) {
  if (task_ == task) {
    return {};
  }
  task_.reset();
  sws_freeContext(context_);
  context_ = sws_alloc_context();
  PENSTOCK_CHECK(context_ != nullptr) << "no memory for libswscale";
  const auto set = [&](const char* name, std::int64_t value) {
    av_opt_set_int(context_, name, value, 0);
  };
  set("srcw", task.from.width);
  set("srch", task.from.height);
  set("src_format", task.from.format);
  set("src_range", full(task.from.range));
  set("dstw", task.to.width);
  set("dsth", task.to.height);
  set("dst_format", task.to.format);
  set("dst_range", full(task.to.range));
  set("sws_flags", flags_of(task.filter));
  if (const int code = sws_init_context(context_, nullptr, nullptr); code < 0) {
    const auto describe = [](const Side& side) {
      return name_of(side.format) + " " + std::to_string(side.width) + "x" +
             std::to_string(side.height);
    };
    return Error{
        Errc::kUnsupported,
        "pictures cannot be brought from " + describe(task.from) + " to " + describe(task.to)};
  }
  sws_setColorspaceDetails(context_,
                           weights_of(task.from.matrix),
                           full(task.from.range),
                           weights_of(task.to.matrix),
                           full(task.to.range),
                           0,
                           kOne,
                           kOne);
  task_ = task;
  return {};
}

}  // namespace penstock
