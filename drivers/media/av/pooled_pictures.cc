#include "drivers/media/av/pooled_pictures.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
}

#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr std::size_t kAlignment = 64;
/// What libav's own allocator leaves behind each plane: its loops may touch that much.
constexpr std::size_t kPlanePadding = 16 + kAlignment;
constexpr int kHdRows = 720;

struct PictureLayout {
  std::array<std::size_t, Image::kMaxPlanes> offsets{};
  std::array<int, 4> strides{};
  std::size_t bytes = 0;
};

/// Follows libavcodec's default allocator: the width grows until all rows are aligned, so that the
/// chroma rows stay half as long as the luma rows.
std::optional<PictureLayout> layout_for(AVCodecContext& context, const AVFrame& frame) {
  int width = frame.width;
  int height = frame.height;
  std::array<int, AV_NUM_DATA_POINTERS> wanted{};
  avcodec_align_dimensions2(&context, &width, &height, wanted.data());
  const auto format = static_cast<AVPixelFormat>(frame.format);
  PictureLayout layout;
  for (bool aligned = false; !aligned;) {
    if (av_image_fill_linesizes(layout.strides.data(), format, width) < 0) {
      return std::nullopt;
    }
    width += width & ~(width - 1);
    aligned = true;
    for (std::size_t i = 0; i < layout.strides.size(); ++i) {
      const int step = std::max(wanted[i], static_cast<int>(kAlignment));
      aligned = aligned && layout.strides[i] % step == 0;
    }
  }
  std::array<std::ptrdiff_t, 4> strides{};
  std::copy(layout.strides.begin(), layout.strides.end(), strides.begin());
  std::array<std::size_t, 4> sizes{};
  if (av_image_fill_plane_sizes(sizes.data(), format, height, strides.data()) < 0) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < Image::kMaxPlanes && sizes[i] > 0; ++i) {
    layout.offsets[i] = layout.bytes;
    layout.bytes += (sizes[i] + kPlanePadding + kAlignment - 1) & ~(kAlignment - 1);
  }
  return layout;
}

std::optional<PixelFormat> format_of(int format) {
  switch (format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
      return PixelFormat::kI420;
    case AV_PIX_FMT_NV12:
      return PixelFormat::kNv12;
    default:
      return std::nullopt;
  }
}

}  // namespace

struct PooledPictures::Lease {
  Buffer buffer;
  PooledPictures* owner;
};

PooledPictures::~PooledPictures() {
  PENSTOCK_CHECK(leases_.empty()) << leases_.size() << " pictures are still with the decoder";
}

void PooledPictures::serve(AVCodecContext& context) {
  context.opaque = this;
  context.get_buffer2 = &get_buffer;
}

int PooledPictures::get_buffer(AVCodecContext* context, AVFrame* frame, int flags) noexcept {
  auto* self = static_cast<PooledPictures*>(context->opaque);
  if (self->pool_ != nullptr && (context->codec->capabilities & AV_CODEC_CAP_DR1) != 0 &&
      format_of(frame->format).has_value() && self->place(*context, *frame)) {
    return 0;
  }
  return avcodec_default_get_buffer2(context, frame, flags);
}

bool PooledPictures::place(AVCodecContext& context, AVFrame& frame) {
  const auto layout = layout_for(context, frame);
  if (!layout.has_value()) {
    return false;
  }
  std::optional<Buffer> buffer = pool_->acquire(layout->bytes);
  if (!buffer.has_value()) {
    return false;
  }
  auto* data = reinterpret_cast<std::uint8_t*>(buffer->mutable_data());
  auto* lease = new Lease{std::move(*buffer), this};
  frame.buf[0] = av_buffer_create(data, layout->bytes, &free_lease, lease, 0);
  if (frame.buf[0] == nullptr) {
    delete lease;
    return false;
  }
  leases_.push_back(lease);
  const std::size_t planes = plane_count(*format_of(frame.format));
  for (std::size_t i = 0; i < planes; ++i) {
    frame.data[i] = data + layout->offsets[i];
    frame.linesize[i] = layout->strides[i];
  }
  frame.extended_data = frame.data;
  return true;
}

void PooledPictures::free_lease(void* lease, unsigned char* /*data*/) noexcept {
  auto* done = static_cast<Lease*>(lease);
  auto& leases = done->owner->leases_;
  leases.erase(std::find(leases.begin(), leases.end(), done));
  delete done;
}

std::optional<Image> PooledPictures::find(const AVFrame& frame) const {
  const auto format = format_of(frame.format);
  if (frame.buf[0] == nullptr || !format.has_value()) {
    return std::nullopt;
  }
  const auto* found = static_cast<Lease*>(av_buffer_get_opaque(frame.buf[0]));
  if (std::find(leases_.begin(), leases_.end(), found) == leases_.end()) {
    return std::nullopt;
  }
  Image image;
  image.format = *format;
  image.width = frame.width;
  image.height = frame.height;
  image.buffer = found->buffer;
  const auto* start = reinterpret_cast<const std::uint8_t*>(image.buffer.data());
  for (std::size_t i = 0; i < plane_count(image.format); ++i) {
    if (frame.linesize[i] <= 0) {
      return std::nullopt;  // Upside down; let it be copied.
    }
    image.planes[i] = {static_cast<std::size_t>(frame.data[i] - start),
                       static_cast<std::size_t>(frame.linesize[i])};
  }
  set_colors(frame, image);
  return image;
}

void set_colors(const AVFrame& frame, Image& image) {
  const bool is_full = frame.color_range == AVCOL_RANGE_JPEG ||
                       frame.format == AV_PIX_FMT_YUVJ420P || frame.format == AV_PIX_FMT_YUVJ422P ||
                       frame.format == AV_PIX_FMT_YUVJ444P;
  image.range = is_full ? ColorRange::kFull : ColorRange::kLimited;
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      image.matrix = ColorMatrix::kBt709;
      return;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      image.matrix = ColorMatrix::kBt601;
      return;
    default:
      // JPEG's are BT.601 whatever their size.
      image.matrix =
          frame.height >= kHdRows && !is_full ? ColorMatrix::kBt709 : ColorMatrix::kBt601;
  }
}

}  // namespace penstock
