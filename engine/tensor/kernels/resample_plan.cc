#include "engine/tensor/kernels/resample_plan.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/check.h"
#include "engine/tensor/kernels/color_transform.h"

namespace penstock {
namespace {

/// Columns scaled at a time: three rows of floats that stay in the first-level cache.
constexpr int kBlock = 1024;

bool is_yuv(PixelFormat format) {
  return format == PixelFormat::kI420 || format == PixelFormat::kNv12;
}

int halved(int size) {
  return (size + 1) / 2;
}

std::string pair(int w, int h) {
  return std::to_string(w) + "x" + std::to_string(h);
}

Status check_sizes(const ResampleSpec& spec) {
  for (const int side : {spec.src_w, spec.src_h, spec.dst_w, spec.dst_h}) {
    if (side < 1 || side > ResamplePlan::kMaxSide) {
      return Error{Errc::kInvalidArgument,
                   "resample " + pair(spec.src_w, spec.src_h) + " into " +
                       pair(spec.dst_w, spec.dst_h) + ": a side must be 1.." +
                       std::to_string(ResamplePlan::kMaxSide)};
    }
  }
  const bool fits = spec.inset_x >= 0 && spec.inset_y >= 0 && spec.inset_w >= 1 &&
                    spec.inset_h >= 1 && spec.inset_w <= spec.dst_w - spec.inset_x &&
                    spec.inset_h <= spec.dst_h - spec.inset_y;
  if (!fits) {
    return Error{Errc::kInvalidArgument,
                 "resample: inset " + pair(spec.inset_w, spec.inset_h) + " at " +
                     std::to_string(spec.inset_x) + "," + std::to_string(spec.inset_y) +
                     " must lie inside the destination " + pair(spec.dst_w, spec.dst_h)};
  }
  return {};
}

Status check_scale(const ResampleSpec& spec) {
  for (std::size_t c = 0; c < 3; ++c) {
    const bool is_normal = std::isfinite(spec.mean[c]) && std::isfinite(spec.deviation[c]);
    if (!is_normal || spec.deviation[c] <= 0.0F) {
      return Error{Errc::kInvalidArgument,
                   "resample: channel " + std::to_string(c) + " has mean " +
                       std::to_string(spec.mean[c]) + " and deviation " +
                       std::to_string(spec.deviation[c]) +
                       "; both must be finite, the deviation above 0"};
    }
    const bool is_scaled = spec.mean[c] != 0.0F || spec.deviation[c] != 1.0F;
    if (spec.element == ResampleSpec::Element::kU8 && is_scaled) {
      return Error{Errc::kInvalidArgument,
                   "resample: mean and deviation of channel " + std::to_string(c) +
                       " are given for an 8-bit output, which takes none"};
    }
  }
  return {};
}

OutputRow::Form form_of(const ResampleSpec& spec) {
  const bool is_float = spec.element == ResampleSpec::Element::kF32;
  if (spec.layout == ResampleSpec::Layout::kNchw) {
    return is_float ? OutputRow::Form::kF32Nchw : OutputRow::Form::kU8Nchw;
  }
  return is_float ? OutputRow::Form::kF32Nhwc : OutputRow::Form::kU8Nhwc;
}

std::size_t element_bytes(const ResampleSpec& spec) {
  return spec.element == ResampleSpec::Element::kF32 ? sizeof(float) : 1;
}

int pixel_bytes(PixelFormat format, bool is_chroma) {
  if (format == PixelFormat::kRgb || format == PixelFormat::kBgr) {
    return 3;
  }
  return format == PixelFormat::kNv12 && is_chroma ? 2 : 1;
}

}  // namespace

Result<ResamplePlan> ResamplePlan::create(const ResampleSpec& spec, KernelLevel limit) {
  PENSTOCK_RETURN_IF_ERROR(check_sizes(spec));
  PENSTOCK_RETURN_IF_ERROR(check_scale(spec));
  ResamplePlan plan(spec);
  plan.lay_out_components();
  plan.build_tables(limit);
  const ChannelScale scale{spec.mean, spec.deviation};
  plan.color_ =
      is_yuv(spec.format)
          ? yuv_transform(spec.matrix, spec.range, spec.order == ResampleSpec::Order::kBgr, scale)
          : same_colors(scale);
  for (std::size_t c = 0; c < 3; ++c) {
    const float level = std::clamp(spec.pad[c], 0.0F, 255.0F);
    plan.pad_[c] = (level - spec.mean[c]) / spec.deviation[c];
  }
  return plan;
}

void ResamplePlan::lay_out_components() {
  const bool blue_first = spec_.order == ResampleSpec::Order::kBgr;
  switch (spec_.format) {
    case PixelFormat::kI420:
      components_[1] = {blue_first ? 1U : 2U, 0, true};
      components_[2] = {blue_first ? 2U : 1U, 0, true};
      return;
    case PixelFormat::kNv12:
      components_[1] = {1, blue_first ? 0U : 1U, true};
      components_[2] = {1, blue_first ? 1U : 0U, true};
      return;
    case PixelFormat::kRgb:
    case PixelFormat::kBgr: {
      const bool is_swapped = blue_first != (spec_.format == PixelFormat::kBgr);
      for (std::size_t c = 0; c < 3; ++c) {
        components_[c] = {0, is_swapped ? 2 - c : c, false};
      }
      return;
    }
    case PixelFormat::kGray:
      component_count_ = 1;
      return;
  }
}

void ResamplePlan::build_tables(KernelLevel limit) {
  const int luma_step = pixel_bytes(spec_.format, false);
  const int chroma_step = pixel_bytes(spec_.format, true);
  const int chroma_w = halved(spec_.src_w);
  int narrowest = component_bytes(spec_.src_w, luma_step);
  if (is_yuv(spec_.format)) {
    narrowest = std::min(narrowest, component_bytes(chroma_w, chroma_step));
  }
  kernels_ = &row_kernels(std::min(limit, best_level()));
  while (kernels_->segment.bytes > narrowest) {
    kernels_ = &row_kernels(static_cast<KernelLevel>(static_cast<int>(kernels_->level) - 1));
  }
  luma_rows_ = bilinear_taps(spec_.src_h, spec_.inset_h);
  luma_columns_ = tap_table(
      bilinear_taps(spec_.src_w, spec_.inset_w), spec_.src_w, luma_step, kernels_->segment);
  if (is_yuv(spec_.format)) {
    chroma_rows_ = bilinear_taps(halved(spec_.src_h), spec_.inset_h);
    chroma_columns_ =
        tap_table(bilinear_taps(chroma_w, spec_.inset_w), chroma_w, chroma_step, kernels_->segment);
  }
}

std::size_t ResamplePlan::bytes() const noexcept {
  return static_cast<std::size_t>(spec_.dst_w) * static_cast<std::size_t>(spec_.dst_h) * 3 *
         element_bytes(spec_);
}

void ResamplePlan::run(const PictureRows& picture, void* destination, Border border) const {
  PENSTOCK_CHECK(destination != nullptr);
  for (std::size_t i = 0; i < component_count_; ++i) {
    PENSTOCK_CHECK(picture.planes[components_[i].plane] != nullptr)
        << "plane " << components_[i].plane << " of a picture is missing";
  }
  if (border == Border::kWrite) {
    write_border(destination);
  }
  for (int y = 0; y < spec_.inset_h; ++y) {
    run_row(picture, destination, y);
  }
}

void ResamplePlan::run_row(const PictureRows& picture, void* destination, int y) const {
  // Not cleared: that would cost more a row than using it.
  alignas(64) std::array<std::array<float, kBlock>, 3>
      scaled;  // NOLINT(cppcoreguidelines-pro-type-member-init): see above
  std::array<RowPair, 3> rows;
  ComponentRows in{scaled[0].data(), scaled[0].data(), scaled[0].data()};
  for (std::size_t i = 0; i < component_count_; ++i) {
    rows[i] = source_rows(picture, components_[i], y);
    in[i] = scaled[i].data();
  }
  for (int x = 0; x < spec_.inset_w; x += kBlock) {
    const int count = std::min(kBlock, spec_.inset_w - x);
    const int groups = (count + TapTable::kGroup - 1) / TapTable::kGroup;
    for (std::size_t i = 0; i < component_count_; ++i) {
      const TapTable& columns = components_[i].is_chroma ? chroma_columns_ : luma_columns_;
      kernels_->scale_row(columns, rows[i], x / TapTable::kGroup, groups, scaled[i].data());
    }
    kernels_->color_row(
        color_, in, output_row(destination, spec_.inset_x + x, spec_.inset_y + y, count));
  }
}

RowPair ResamplePlan::source_rows(const PictureRows& picture,
                                  const Component& component,
                                  int y) const noexcept {
  const AxisTaps& taps = component.is_chroma ? chroma_rows_ : luma_rows_;
  const std::ptrdiff_t stride = picture.stride_bytes[component.plane];
  const std::uint8_t* first = picture.planes[component.plane] + component.first_byte;
  const auto row = static_cast<std::size_t>(y);
  const std::size_t next = std::min(row + 1, taps.index.size() - 1);
  RowPair rows;
  rows.weight = taps.weight[row];
  rows.upper = first + taps.index[row] * stride;
  rows.lower = rows.weight == 0.0F ? rows.upper : rows.upper + stride;
  rows.next_upper = first + taps.index[next] * stride;
  rows.next_lower = taps.weight[next] == 0.0F ? rows.next_upper : rows.next_upper + stride;
  return rows;
}

OutputRow ResamplePlan::output_row(void* destination, int x, int y, int count) const noexcept {
  const std::size_t element = element_bytes(spec_);
  const std::size_t plane =
      static_cast<std::size_t>(spec_.dst_w) * static_cast<std::size_t>(spec_.dst_h) * element;
  const bool is_planar = spec_.layout == ResampleSpec::Layout::kNchw;
  const std::size_t pixel = element * (is_planar ? 1U : 3U);
  auto* first = static_cast<std::byte*>(destination) +
                (static_cast<std::size_t>(y) * static_cast<std::size_t>(spec_.dst_w) +
                 static_cast<std::size_t>(x)) *
                    pixel;
  OutputRow row;
  row.form = form_of(spec_);
  row.count = count;
  row.channels = {first, first, first};
  if (is_planar) {
    row.channels = {first, first + plane, first + 2 * plane};
  }
  return row;
}

void ResamplePlan::write_border(void* destination) const {
  const int right = spec_.inset_x + spec_.inset_w;
  const int bottom = spec_.inset_y + spec_.inset_h;
  for (int y = 0; y < spec_.dst_h; ++y) {
    if (y < spec_.inset_y || y >= bottom) {
      fill(destination, 0, y, spec_.dst_w);
    } else {
      fill(destination, 0, y, spec_.inset_x);
      fill(destination, right, y, spec_.dst_w - right);
    }
  }
}

void ResamplePlan::fill(void* destination, int x, int y, int count) const {
  const OutputRow row = output_row(destination, x, y, count);
  const bool is_planar = spec_.layout == ResampleSpec::Layout::kNchw;
  const std::size_t step = is_planar ? 1 : 3;
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t lead = is_planar ? 0 : c;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      if (spec_.element == ResampleSpec::Element::kF32) {
        static_cast<float*>(row.channels[c])[i * step + lead] = pad_[c];
      } else {
        static_cast<std::uint8_t*>(row.channels[c])[i * step + lead] =
            static_cast<std::uint8_t>(std::lrintf(pad_[c]));
      }
    }
  }
}

}  // namespace penstock
