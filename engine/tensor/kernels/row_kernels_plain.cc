#include <algorithm>
#include <cmath>
#include <cstddef>

#include "engine/tensor/kernels/row_kernels.h"

namespace penstock {
namespace {

void scale_row(
    const TapTable& table, RowPair rows, int first_group, int groups, float* out) noexcept {
  const std::size_t begin = static_cast<std::size_t>(first_group) * TapTable::kGroup;
  const std::size_t end =
      std::min(begin + static_cast<std::size_t>(groups) * TapTable::kGroup, table.first.size());
  const auto across = [&](const std::uint8_t* row, std::size_t i) {
    const float first = row[table.first[i]];
    const float second = row[table.second[i]];
    return first + (second - first) * table.weight[i];
  };
  for (std::size_t i = begin; i < end; ++i) {
    float value = across(rows.upper, i);
    if (rows.weight != 0.0F) {
      value += (across(rows.lower, i) - value) * rows.weight;
    }
    *out++ = value * TapTable::kWeightOne;
  }
}

void color_row(const ColorTransform& color,
               const ComponentRows& in,
               const OutputRow& row) noexcept {
  const bool is_planar =
      row.form == OutputRow::Form::kF32Nchw || row.form == OutputRow::Form::kU8Nchw;
  const bool is_float =
      row.form == OutputRow::Form::kF32Nchw || row.form == OutputRow::Form::kF32Nhwc;
  for (std::size_t i = 0; i < static_cast<std::size_t>(row.count); ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      const auto& weight = color.weight[c];
      const float sum =
          weight[0] * in[0][i] + weight[1] * in[1][i] + weight[2] * in[2][i] + color.offset[c];
      const float value = std::clamp(sum, color.low[c], color.high[c]);
      void* base = is_planar ? row.channels[c] : row.channels[0];
      const std::size_t at = is_planar ? i : 3 * i + c;
      if (is_float) {
        static_cast<float*>(base)[at] = value;
      } else {
        static_cast<std::uint8_t*>(base)[at] = static_cast<std::uint8_t>(std::lrintf(value));
      }
    }
  }
}

}  // namespace

const RowKernels kPlainKernels = {
    KernelLevel::kPlain, SegmentShape{16, 1, false}, scale_row, color_row};

}  // namespace penstock
