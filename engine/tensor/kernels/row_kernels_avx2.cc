// Compiled for AVX2 and FMA, always optimised: an inline function left standing here could be the
// copy that the linker gives to files that run on every CPU.
#include <cmath>
#include <cstddef>
#include <cstring>

#include <immintrin.h>

#include "engine/tensor/kernels/row_kernels.h"

namespace penstock {
namespace {

constexpr int kLanes = 8;

void prefetch(const std::uint8_t* byte) {
  _mm_prefetch(reinterpret_cast<const char*>(byte), _MM_HINT_T0);
}

/// Returns the pairs of 16-bit numbers of 8 samples, the first or the second half of a group.
template <bool Gathers>
__m256i fetch(const TapTable::Group& group, int half, __m256i control, const std::uint8_t* row) {
  const std::int32_t* offset = group.offset.data();
  __m256i bytes;
  if constexpr (Gathers) {
    const auto* at =
        reinterpret_cast<const __m256i*>(offset + static_cast<std::ptrdiff_t>(kLanes * half));
    bytes = _mm256_i32gather_epi32(reinterpret_cast<const int*>(row), _mm256_load_si256(at), 1);
  } else {
    const auto segment = [&](int index) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + offset[index]));
    };
    bytes = _mm256_set_m128i(segment(2 * half + 1), segment(2 * half));
  }
  return _mm256_shuffle_epi8(bytes, control);
}

template <bool Gathers, bool BlendsRows>
void scale_groups(const TapTable::Group* group, RowPair rows, int groups, float* out) noexcept {
  const auto upper_share = static_cast<short>(std::lround((1.0F - rows.weight) * 32768.0F));
  const __m256i upper_weight = _mm256_set1_epi16(upper_share);
  for (int i = 0; i < groups; ++i, ++group) {
    prefetch(rows.next_upper + group->offset[0]);
    prefetch(rows.next_lower + group->offset[0]);
    for (int half = 0; half < 2; ++half, out += kLanes) {
      const __m256i control =
          _mm256_load_si256(reinterpret_cast<const __m256i*>(group->control.data()) + half);
      const __m256i weight =
          _mm256_load_si256(reinterpret_cast<const __m256i*>(group->weight.data()) + half);
      const __m256i upper = fetch<Gathers>(*group, half, control, rows.upper);
      __m256i sum;
      if constexpr (BlendsRows) {
        const __m256i lower = fetch<Gathers>(*group, half, control, rows.lower);
        const __m256i weight_upper = _mm256_mulhrs_epi16(weight, upper_weight);
        const __m256i weight_lower = _mm256_sub_epi16(weight, weight_upper);
        sum = _mm256_add_epi32(_mm256_madd_epi16(upper, weight_upper),
                               _mm256_madd_epi16(lower, weight_lower));
      } else {
        sum = _mm256_madd_epi16(upper, weight);
      }
      _mm256_storeu_ps(out, _mm256_cvtepi32_ps(sum));
    }
  }
}

void scale_row(
    const TapTable& table, RowPair rows, int first_group, int groups, float* out) noexcept {
  const TapTable::Group* group = &table.groups[static_cast<std::size_t>(first_group)];
  const bool blends_rows = rows.weight != 0.0F;
  if (table.fetch == TapTable::Fetch::kGather) {
    return blends_rows ? scale_groups<true, true>(group, rows, groups, out)
                       : scale_groups<true, false>(group, rows, groups, out);
  }
  return blends_rows ? scale_groups<false, true>(group, rows, groups, out)
                     : scale_groups<false, false>(group, rows, groups, out);
}

struct Pixels {
  __m256 first;
  __m256 middle;
  __m256 last;
};

/// What one output channel is made with, in registers: the compiler has to take each store for one
/// that could change what lies in memory.
struct Channel {
  Channel(const ColorTransform& color, std::size_t c)
      : first(_mm256_set1_ps(color.weight[c][0])),
        second(_mm256_set1_ps(color.weight[c][1])),
        third(_mm256_set1_ps(color.weight[c][2])),
        offset(_mm256_set1_ps(color.offset[c])),
        low(_mm256_set1_ps(color.low[c])),
        high(_mm256_set1_ps(color.high[c])) {}

  [[nodiscard]] __m256 bounded(__m256 value) const {
    return _mm256_min_ps(_mm256_max_ps(value, low), high);
  }

  __m256 first;
  __m256 second;
  __m256 third;
  __m256 offset;
  __m256 low;
  __m256 high;
};

struct Constants {
  explicit Constants(const ColorTransform& color)
      : red(color, 0),
        green(color, 1),
        blue(color, 2) {}

  Channel red;  // Or blue: the first output channel.
  Channel green;
  Channel blue;
};

// Inlined by force: a call would pass its vectors through memory.
template <bool IsDiagonal>
[[gnu::always_inline]] inline Pixels transform(const Constants& color,
                                               const ComponentRows& in,
                                               std::size_t at) {
  const auto& [red, green, blue] = color;
  const __m256 a = _mm256_loadu_ps(in[0] + at);
  const __m256 b = _mm256_loadu_ps(in[1] + at);
  const __m256 c = _mm256_loadu_ps(in[2] + at);
  if constexpr (IsDiagonal) {
    return {red.bounded(_mm256_fmadd_ps(a, red.first, red.offset)),
            green.bounded(_mm256_fmadd_ps(b, green.second, green.offset)),
            blue.bounded(_mm256_fmadd_ps(c, blue.third, blue.offset))};
  } else {
    const __m256 first = _mm256_fmadd_ps(b, red.second, red.offset);
    const __m256 middle =
        _mm256_fmadd_ps(c, green.third, _mm256_fmadd_ps(b, green.second, green.offset));
    const __m256 last = _mm256_fmadd_ps(c, blue.third, blue.offset);
    return {red.bounded(_mm256_fmadd_ps(a, red.first, first)),
            green.bounded(_mm256_fmadd_ps(a, green.first, middle)),
            blue.bounded(_mm256_fmadd_ps(a, blue.first, last))};
  }
}

/// Stores whole vectors; the caller gives a block of its own for the last few pixels of a row.
struct ToF32Nchw {
  static void store(const OutputRow& row, std::size_t at, const Pixels& pixels) {
    _mm256_storeu_ps(static_cast<float*>(row.channels[0]) + at, pixels.first);
    _mm256_storeu_ps(static_cast<float*>(row.channels[1]) + at, pixels.middle);
    _mm256_storeu_ps(static_cast<float*>(row.channels[2]) + at, pixels.last);
  }
};

struct ToF32Nhwc {
  static void store(const OutputRow& row, std::size_t at, const Pixels& pixels) {
    alignas(32) float channel[3][kLanes];
    _mm256_store_ps(channel[0], pixels.first);
    _mm256_store_ps(channel[1], pixels.middle);
    _mm256_store_ps(channel[2], pixels.last);
    float* out = static_cast<float*>(row.channels[0]) + 3 * at;
    for (std::size_t i = 0; i < kLanes; ++i) {
      out[3 * i] = channel[0][i];
      out[3 * i + 1] = channel[1][i];
      out[3 * i + 2] = channel[2][i];
    }
  }
};

struct ToU8Nchw {
  static void store(const OutputRow& row, std::size_t at, const Pixels& pixels) {
    put(row.channels[0], at, pixels.first);
    put(row.channels[1], at, pixels.middle);
    put(row.channels[2], at, pixels.last);
  }

  static void put(void* channel, std::size_t at, __m256 value) {
    const __m256i dwords = _mm256_cvtps_epi32(value);
    const __m128i words =
        _mm_packus_epi32(_mm256_castsi256_si128(dwords), _mm256_extracti128_si256(dwords, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(static_cast<std::uint8_t*>(channel) + at),
                     _mm_packus_epi16(words, words));
  }
};

struct ToU8Nhwc {
  static void store(const OutputRow& row, std::size_t at, const Pixels& pixels) {
    const __m256i middle = _mm256_slli_epi32(_mm256_cvtps_epi32(pixels.middle), 8);
    const __m256i last = _mm256_slli_epi32(_mm256_cvtps_epi32(pixels.last), 16);
    const __m256i dwords =
        _mm256_or_si256(_mm256_or_si256(_mm256_cvtps_epi32(pixels.first), middle), last);
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m256i bytes = _mm256_shuffle_epi8(dwords, order);
    auto* out = static_cast<std::uint8_t*>(row.channels[0]) + 3 * at;
    put_12(out, _mm256_castsi256_si128(bytes));
    put_12(out + 12, _mm256_extracti128_si256(bytes, 1));
  }

  static void put_12(std::uint8_t* out, __m128i bytes) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), bytes);
    const int rest = _mm_extract_epi32(bytes, 2);
    std::memcpy(out + 8, &rest, sizeof(rest));
  }
};

/// Writes fewer than 8 pixels: whole vectors into `block`, then what is wanted of them.
template <bool IsDiagonal, class Store>
void color_tail(const Constants& color,
                const ComponentRows& in,
                const OutputRow& row,
                std::size_t at) {
  const bool is_planar =
      row.form == OutputRow::Form::kF32Nchw || row.form == OutputRow::Form::kU8Nchw;
  const bool is_float =
      row.form == OutputRow::Form::kF32Nchw || row.form == OutputRow::Form::kF32Nhwc;
  const std::size_t pixel = (is_float ? sizeof(float) : 1U) * (is_planar ? 1U : 3U);
  alignas(32) unsigned char block[3][3 * kLanes * sizeof(float)];
  OutputRow local = row;
  local.channels = {block[0], block[1], block[2]};
  Store::store(local, 0, transform<IsDiagonal>(color, in, at));
  const std::size_t bytes = (static_cast<std::size_t>(row.count) - at) * pixel;
  for (std::size_t c = 0; c < (is_planar ? 3U : 1U); ++c) {
    std::memcpy(static_cast<unsigned char*>(row.channels[c]) + at * pixel, block[c], bytes);
  }
}

template <bool IsDiagonal, class Store>
void color_pixels(const ColorTransform& color,
                  const ComponentRows& rows,
                  const OutputRow& output) noexcept {
  const Constants constants(color);
  const ComponentRows in = rows;
  const OutputRow row = output;
  const auto count = static_cast<std::size_t>(row.count);
  std::size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    Store::store(row, at, transform<IsDiagonal>(constants, in, at));
  }
  if (at < count) {
    color_tail<IsDiagonal, Store>(constants, in, row, at);
  }
}

template <bool IsDiagonal>
void color_formed(const ColorTransform& color,
                  const ComponentRows& in,
                  const OutputRow& row) noexcept {
  switch (row.form) {
    case OutputRow::Form::kF32Nchw:
      return color_pixels<IsDiagonal, ToF32Nchw>(color, in, row);
    case OutputRow::Form::kF32Nhwc:
      return color_pixels<IsDiagonal, ToF32Nhwc>(color, in, row);
    case OutputRow::Form::kU8Nchw:
      return color_pixels<IsDiagonal, ToU8Nchw>(color, in, row);
    case OutputRow::Form::kU8Nhwc:
      return color_pixels<IsDiagonal, ToU8Nhwc>(color, in, row);
  }
}

void color_row(const ColorTransform& color,
               const ComponentRows& in,
               const OutputRow& row) noexcept {
  return color.is_diagonal ? color_formed<true>(color, in, row)
                           : color_formed<false>(color, in, row);
}

}  // namespace

const RowKernels kAvx2Kernels = {
    KernelLevel::kAvx2, SegmentShape{4, 16, false}, scale_row, color_row};

}  // namespace penstock
