#include "drivers/media/image/canvas.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr int kOpaque = 255;

std::uint8_t mixed(std::uint8_t below, std::uint8_t color, int coverage) {
  const int sum = below * (kOpaque - coverage) + color * coverage;
  return static_cast<std::uint8_t>((sum + kOpaque / 2) / kOpaque);
}

/// Returns `mask`, shifted right and down by (`odd_x`, `odd_y`), at half the resolution: what a
/// chroma sample for 2 x 2 pixels is covered. `view` becomes its description.
std::vector<std::uint8_t> halved(const CoverageMask& mask,
                                 int odd_x,
                                 int odd_y,
                                 CoverageMask& view) {
  view.width = (mask.width + odd_x + 1) / 2;
  view.height = (mask.height + odd_y + 1) / 2;
  view.stride_bytes = static_cast<std::size_t>(view.width);
  std::vector<int> sums(view.stride_bytes);
  std::vector<std::uint8_t> out(view.stride_bytes * static_cast<std::size_t>(view.height));
  for (int y = 0; y < view.height; ++y) {
    std::fill(sums.begin(), sums.end(), 0);
    for (int row = std::max(2 * y - odd_y, 0); row < std::min(2 * y - odd_y + 2, mask.height);
         ++row) {
      const std::uint8_t* coverage = mask.data + static_cast<std::size_t>(row) * mask.stride_bytes;
      for (int x = 0; x < mask.width; ++x) {
        sums[static_cast<std::size_t>((x + odd_x) / 2)] += coverage[x];
      }
    }
    std::transform(sums.begin(),
                   sums.end(),
                   out.begin() + y * static_cast<std::ptrdiff_t>(view.stride_bytes),
                   [](int sum) { return static_cast<std::uint8_t>((sum + 2) / 4); });
  }
  view.data = out.data();
  return out;
}

}  // namespace

/// One colour component of a picture: its samples, and how many pixels one of them stands for.
struct Canvas::PlanePart {
  std::uint8_t* data = nullptr;  // The component's first sample.
  std::size_t stride_bytes = 0;
  int step = 1;    // Bytes from a sample to the next in its row.
  int halved = 0;  // 1: a sample for 2 x 2 pixels.
  int width = 0;   // In samples.
  int height = 0;
  std::uint8_t color = 0;

  void blend(const CoverageMask& mask, int x, int y) const;

  [[nodiscard]] std::uint8_t* sample(int x, int y) const {
    return data + static_cast<std::size_t>(y) * stride_bytes +
           static_cast<std::size_t>(x) * static_cast<std::size_t>(step);
  }
};

Canvas::Canvas(Image& image) : image_(image) {
  PENSTOCK_CHECK(image.buffer.is_unique()) << "drawing on a picture that others hold";
}

std::size_t Canvas::parts(PlanePart* out, Rgb color) {
  const auto values = components_of(color, image_);
  const auto add = [&](std::size_t index, std::size_t plane, std::size_t first, int step) {
    const int halved = plane == 0 ? 0 : 1;
    out[index] = {image_.mutable_plane(plane) + first,
                  image_.planes[plane].stride_bytes,
                  step,
                  halved,
                  (image_.width + halved) >> halved,
                  (image_.height + halved) >> halved,
                  values[index]};
  };
  switch (image_.format) {
    case PixelFormat::kI420:
      add(0, 0, 0, 1);
      add(1, 1, 0, 1);
      add(2, 2, 0, 1);
      return 3;
    case PixelFormat::kNv12:
      add(0, 0, 0, 1);
      add(1, 1, 0, 2);
      add(2, 1, 1, 2);
      return 3;
    case PixelFormat::kRgb:
    case PixelFormat::kBgr:
      add(0, 0, 0, 3);
      add(1, 0, 1, 3);
      add(2, 0, 2, 3);
      return 3;
    case PixelFormat::kGray:
      add(0, 0, 0, 1);
      return 1;
  }
  return 0;
}

void Canvas::fill(const PixelRect& rect, Rgb color, int opacity) {
  const int left = std::clamp(rect.x, 0, image_.width);
  const int right = std::clamp(rect.x + rect.w, 0, image_.width);
  const int top = std::clamp(rect.y, 0, image_.height);
  const int bottom = std::clamp(rect.y + rect.h, 0, image_.height);
  if (left >= right || top >= bottom) {
    return;
  }
  std::array<PlanePart, Image::kMaxPlanes> all;
  const std::size_t count = parts(all.data(), color);
  for (std::size_t i = 0; i < count; ++i) {
    const PlanePart& part = all[i];
    const int first = left >> part.halved;
    const int samples = ((right + part.halved) >> part.halved) - first;
    const int last_row = (bottom + part.halved) >> part.halved;
    for (int y = top >> part.halved; y < last_row; ++y) {
      std::uint8_t* row = part.sample(first, y);
      if (opacity >= kOpaque && part.step == 1) {
        std::memset(row, part.color, static_cast<std::size_t>(samples));
        continue;
      }
      for (int x = 0; x < samples; ++x, row += part.step) {
        *row = mixed(*row, part.color, opacity);
      }
    }
  }
}

void Canvas::PlanePart::blend(const CoverageMask& mask, int x, int y) const {
  const int left = std::max(x, 0);
  const int right = std::min(x + mask.width, width);
  const int bottom = std::min(y + mask.height, height);
  for (int row = std::max(y, 0); row < bottom && left < right; ++row) {
    const std::uint8_t* coverage = mask.data +
                                   static_cast<std::size_t>(row - y) * mask.stride_bytes +
                                   static_cast<std::size_t>(left - x);
    std::uint8_t* at = sample(left, row);
    for (int column = left; column < right; ++column, ++coverage, at += step) {
      if (*coverage != 0) {
        *at = mixed(*at, color, *coverage);
      }
    }
  }
}

void Canvas::blend(const CoverageMask& mask, int x, int y, Rgb color) {
  if (mask.width < 1 || mask.height < 1) {
    return;
  }
  std::array<PlanePart, Image::kMaxPlanes> all;
  const std::size_t count = parts(all.data(), color);
  std::vector<std::uint8_t> halves;
  CoverageMask half;
  for (std::size_t i = 0; i < count; ++i) {
    if (all[i].halved == 0) {
      all[i].blend(mask, x, y);
      continue;
    }
    if (halves.empty()) {
      halves = halved(mask, x & 1, y & 1, half);
    }
    all[i].blend(half, x >> 1, y >> 1);
  }
}

}  // namespace penstock
