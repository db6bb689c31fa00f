#include "drivers/media/image/image_scaler.h"

#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "drivers/media/image/canvas.h"
#include "engine/tensor/letterbox_geometry.h"

namespace penstock {
namespace {

constexpr std::size_t kRowAlignment = 64;
constexpr std::size_t kTailPadding = 64;  // libswscale's loops may write past the last row.

bool is_yuv(PixelFormat format) {
  return format == PixelFormat::kI420 || format == PixelFormat::kNv12;
}

Status check(const Image& image, int width, int height) {
  if (!image.buffer || image.width < 1 || image.height < 1) {
    return Error{Errc::kInvalidArgument, "an empty picture cannot be scaled or converted"};
  }
  if (width < 1 || height < 1 || width > ImageScaler::kMaxSide || height > ImageScaler::kMaxSide) {
    return Error{Errc::kInvalidArgument,
                 "size " + std::to_string(width) + "x" + std::to_string(height) +
                     " of a picture is not within 1 and " + std::to_string(ImageScaler::kMaxSide)};
  }
  return {};
}

/// Returns an unwritten picture with the colours that `from` gets in `format`.
Result<Image> make_like(
    const Image& from, PixelFormat format, int width, int height, BufferPool& pool) {
  Image image;
  image.format = format;
  image.width = width;
  image.height = height;
  image.to_source = from.to_source;
  if (is_yuv(format) && is_yuv(from.format)) {
    image.range = from.range;
    image.matrix = from.matrix;
  } else if (is_yuv(format)) {
    image.range = ColorRange::kFull;
    image.matrix = ColorMatrix::kBt601;
  }
  const ImageLayout layout = layout_of(format, width, height, kRowAlignment);
  std::optional<Buffer> buffer = pool.acquire(layout.bytes + kTailPadding);
  if (!buffer.has_value()) {
    return Error{Errc::kUnavailable,
                 "pool '" + pool.name() + "' is exhausted: no buffer for a picture"};
  }
  image.planes = layout.planes;
  image.buffer = std::move(*buffer);
  if (from.format == PixelFormat::kGray && is_yuv(format)) {
    // libswscale leaves the last chroma column of an odd NV12 picture out.
    constexpr int kNeutralChroma = 128;
    std::memset(image.mutable_plane(1), kNeutralChroma, layout.bytes - layout.planes[1].offset);
  }
  return image;
}

/// Moves the start of `surface` to pixel (`x`, `y`) of `image`. Pre: even for YUV.
void shift(PixelSurface& surface, const Image& image, int x, int y) {
  for (std::size_t i = 0; i < plane_count(image.format); ++i) {
    const int halve = i == 0 ? 0 : 1;
    const bool is_packed = image.format == PixelFormat::kRgb || image.format == PixelFormat::kBgr;
    const int step = is_packed ? 3 : (image.format == PixelFormat::kNv12 && i == 1) ? 2 : 1;
    surface.planes[i] += (y >> halve) * surface.strides[i] + (x >> halve) * step;
  }
}

}  // namespace

Result<Image> ImageScaler::convert(const Image& image, PixelFormat format, BufferPool& pool) {
  PENSTOCK_RETURN_IF_ERROR(check(image, image.width, image.height));
  if (image.format == format) {
    return image;
  }
  PENSTOCK_ASSIGN_OR_RETURN(Image made, make_like(image, format, image.width, image.height, pool));
  PENSTOCK_RETURN_IF_ERROR(
      scaler_.scale(surface_of(image), surface_of(made), ScaleFilter::kBilinear));
  return made;
}

Result<Image> ImageScaler::resize(
    const Image& image, int width, int height, ScaleFilter filter, BufferPool& pool) {
  PENSTOCK_RETURN_IF_ERROR(check(image, width, height));
  if (image.width == width && image.height == height) {
    return image;
  }
  PENSTOCK_ASSIGN_OR_RETURN(Image made, make_like(image, image.format, width, height, pool));
  PENSTOCK_RETURN_IF_ERROR(scaler_.scale(surface_of(image), surface_of(made), filter));
  made.to_source = image.to_source.after(
      Affine::scale_and_shift(static_cast<float>(image.width) / static_cast<float>(width),
                              static_cast<float>(image.height) / static_cast<float>(height),
                              0,
                              0));
  return made;
}

Result<Image> ImageScaler::letterbox(const Image& image,
                                     const Letterbox& wanted,
                                     BufferPool& pool) {
  PENSTOCK_RETURN_IF_ERROR(check(image, wanted.width, wanted.height));
  PENSTOCK_ASSIGN_OR_RETURN(Image made,
                            make_like(image, wanted.format, wanted.width, wanted.height, pool));
  LetterboxGeometry place =
      letterbox_geometry(image.width, image.height, wanted.width, wanted.height);
  if (is_yuv(wanted.format)) {
    place.x &= ~1;
    place.y &= ~1;
  }
  const Rgb pad{wanted.pad_rgb[0], wanted.pad_rgb[1], wanted.pad_rgb[2]};
  Canvas canvas(made);
  canvas.fill({0, 0, wanted.width, place.y}, pad);
  canvas.fill({0, place.y + place.h, wanted.width, wanted.height}, pad);
  canvas.fill({0, place.y, place.x, place.h}, pad);
  canvas.fill({place.x + place.w, place.y, wanted.width, place.h}, pad);
  PixelSurface inset = surface_of(made);
  inset.width = place.w;
  inset.height = place.h;
  shift(inset, made, place.x, place.y);
  PENSTOCK_RETURN_IF_ERROR(scaler_.scale(surface_of(image), inset, wanted.filter));
  made.to_source = image.to_source.after(place.to_source());
  return made;
}

}  // namespace penstock
