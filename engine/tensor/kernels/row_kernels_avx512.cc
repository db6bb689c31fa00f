// Compiled for AVX-512 with VBMI and VNNI, always optimised: an inline function left standing here
// could be the copy that the linker gives to files that run on every CPU.
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes its own header's "undefined" operand for a variable of ours (bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include <cmath>

#include "engine/tensor/kernels/row_kernels.h"

namespace penstock {
namespace {

using Fetch = TapTable::Fetch;

/// Which source samples a row's samples are made of.
enum class Taps { kOne, kAcross, kFour };

constexpr __mmask64 kFirstTap = 0x1111'1111'1111'1111U;
constexpr __mmask64 kBothTaps = 0x5555'5555'5555'5555U;

void prefetch(const std::uint8_t* byte) {
  _mm_prefetch(reinterpret_cast<const char*>(byte), _MM_HINT_T0);
}

/// Returns 16 pairs of 16-bit numbers, or 16 numbers of 32 bits for one tap.
template <Fetch FetchKind, __mmask64 Wanted>
__m512i fetch(const TapTable::Group& group, __m512i control, const std::uint8_t* row) {
  if constexpr (FetchKind == Fetch::kGather) {
    const __m512i offset = _mm512_load_si512(group.offset.data());
    const __m512i bytes = _mm512_i32gather_epi32(offset, row, 1);
    return _mm512_maskz_shuffle_epi8(Wanted, bytes, control);
  } else {
    const std::uint8_t* base = row + group.offset[0];
    const __m512i bytes = _mm512_loadu_si512(base);
    if constexpr (FetchKind == Fetch::kShuffle) {
      return _mm512_maskz_permutexvar_epi8(Wanted, control, bytes);
    } else {
      const __m512i more = _mm512_loadu_si512(base + 64);
      return _mm512_maskz_permutex2var_epi8(Wanted, bytes, control, more);
    }
  }
}

template <Fetch FetchKind, Taps TapKind>
void scale_groups(const TapTable::Group* group, RowPair rows, int groups, float* out) noexcept {
  constexpr int kWeightBits = 14;
  const auto upper_share = static_cast<short>(std::lround((1.0F - rows.weight) * 32768.0F));
  const __m512i upper_weight = _mm512_set1_epi16(upper_share);
  for (int i = 0; i < groups; ++i, ++group, out += TapTable::kGroup) {
    const __m512i control = _mm512_load_si512(group->control.data());
    prefetch(rows.next_upper + group->offset[0]);
    prefetch(rows.next_lower + group->offset[0]);
    __m512i sum;
    if constexpr (TapKind == Taps::kOne) {
      sum =
          _mm512_slli_epi32(fetch<FetchKind, kFirstTap>(*group, control, rows.upper), kWeightBits);
    } else {
      const __m512i weight = _mm512_load_si512(group->weight.data());
      const __m512i upper = fetch<FetchKind, kBothTaps>(*group, control, rows.upper);
      if constexpr (TapKind == Taps::kAcross) {
        sum = _mm512_madd_epi16(upper, weight);
      } else {
        const __m512i lower = fetch<FetchKind, kBothTaps>(*group, control, rows.lower);
        const __m512i weight_upper = _mm512_mulhrs_epi16(weight, upper_weight);
        const __m512i weight_lower = _mm512_sub_epi16(weight, weight_upper);
        sum = _mm512_dpwssd_epi32(_mm512_madd_epi16(upper, weight_upper), lower, weight_lower);
      }
    }
    _mm512_storeu_ps(out, _mm512_cvtepi32_ps(sum));
  }
}

template <Fetch FetchKind>
void scale_fetched(
    const TapTable& table, RowPair rows, int first_group, int groups, float* out) noexcept {
  const TapTable::Group* group = &table.groups[static_cast<std::size_t>(first_group)];
  if (rows.weight != 0.0F) {
    scale_groups<FetchKind, Taps::kFour>(group, rows, groups, out);
  } else if (table.is_single) {
    scale_groups<FetchKind, Taps::kOne>(group, rows, groups, out);
  } else {
    scale_groups<FetchKind, Taps::kAcross>(group, rows, groups, out);
  }
}

void scale_row(
    const TapTable& table, RowPair rows, int first_group, int groups, float* out) noexcept {
  switch (table.fetch) {
    case Fetch::kShuffle:
      return scale_fetched<Fetch::kShuffle>(table, rows, first_group, groups, out);
    case Fetch::kShuffleDouble:
      return scale_fetched<Fetch::kShuffleDouble>(table, rows, first_group, groups, out);
    case Fetch::kGather:
      return scale_fetched<Fetch::kGather>(table, rows, first_group, groups, out);
  }
}

struct Pixels {
  __m512 first;
  __m512 middle;
  __m512 last;
};

/// A transform in registers: the compiler has to take each store for one that could change memory.
struct Constants {
  explicit Constants(const ColorTransform& color) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t k = 0; k < 3; ++k) {
        weight[c][k] = _mm512_set1_ps(color.weight[c][k]);
      }
      offset[c] = _mm512_set1_ps(color.offset[c]);
      low[c] = _mm512_set1_ps(color.low[c]);
      high[c] = _mm512_set1_ps(color.high[c]);
    }
  }

  [[nodiscard]] __m512 bounded(__m512 value, std::size_t c) const {
    return _mm512_min_ps(_mm512_max_ps(value, low[c]), high[c]);
  }

  __m512 weight[3][3] = {};
  __m512 offset[3] = {};
  __m512 low[3] = {};
  __m512 high[3] = {};
};

template <bool IsDiagonal>
Pixels transform(const Constants& color, const ComponentRows& in, std::size_t at) {
  const auto& weight = color.weight;
  const auto& offset = color.offset;
  const __m512 a = _mm512_loadu_ps(in[0] + at);
  const __m512 b = _mm512_loadu_ps(in[1] + at);
  const __m512 d = _mm512_loadu_ps(in[2] + at);
  Pixels out{};
  if constexpr (IsDiagonal) {
    out.first = _mm512_fmadd_ps(a, weight[0][0], offset[0]);
    out.middle = _mm512_fmadd_ps(b, weight[1][1], offset[1]);
    out.last = _mm512_fmadd_ps(d, weight[2][2], offset[2]);
  } else {
    out.first = _mm512_fmadd_ps(a, weight[0][0], _mm512_fmadd_ps(b, weight[0][1], offset[0]));
    out.middle = _mm512_fmadd_ps(a, weight[1][0], _mm512_fmadd_ps(b, weight[1][1], offset[1]));
    out.middle = _mm512_fmadd_ps(d, weight[1][2], out.middle);
    out.last = _mm512_fmadd_ps(a, weight[2][0], _mm512_fmadd_ps(d, weight[2][2], offset[2]));
  }
  return {color.bounded(out.first, 0), color.bounded(out.middle, 1), color.bounded(out.last, 2)};
}

/// Returns pixels as dwords `first | middle << 8 | last << 16`.
__m512i packed(const Pixels& pixels) {
  const __m512i first = _mm512_cvtps_epi32(pixels.first);
  const __m512i middle = _mm512_slli_epi32(_mm512_cvtps_epi32(pixels.middle), 8);
  const __m512i last = _mm512_slli_epi32(_mm512_cvtps_epi32(pixels.last), 16);
  return _mm512_or_si512(_mm512_or_si512(first, middle), last);
}

struct ToF32Nchw {
  static void store(const OutputRow& row, std::size_t at, __mmask16 lanes, const Pixels& pixels) {
    _mm512_mask_storeu_ps(static_cast<float*>(row.channels[0]) + at, lanes, pixels.first);
    _mm512_mask_storeu_ps(static_cast<float*>(row.channels[1]) + at, lanes, pixels.middle);
    _mm512_mask_storeu_ps(static_cast<float*>(row.channels[2]) + at, lanes, pixels.last);
  }
};

/// For each of the three vectors of an interleaved group: which lane of the first channel (0..15)
/// or of the middle one (16..31) an element comes from, and which elements are of the last channel.
struct Interleave {
  alignas(64) std::int32_t lane[3][16];
  std::uint16_t is_last[3];
};

constexpr Interleave make_interleave() {
  Interleave result{};
  for (int element = 0; element < 48; ++element) {
    const int part = element / 16;
    const int channel = element % 3;
    result.lane[part][element % 16] = element / 3 + (channel == 1 ? 16 : 0);
    if (channel == 2) {
      result.is_last[part] =
          static_cast<std::uint16_t>(result.is_last[part] | (1U << (element % 16)));
    }
  }
  return result;
}

constexpr Interleave kInterleave = make_interleave();

std::uint64_t interleaved(__mmask16 lanes) {
  return (std::uint64_t{1} << (3 * __builtin_popcount(lanes))) - 1;
}

struct ToF32Nhwc {
  static void store(const OutputRow& row, std::size_t at, __mmask16 lanes, const Pixels& pixels) {
    float* out = static_cast<float*>(row.channels[0]) + 3 * at;
    const std::uint64_t used = interleaved(lanes);
    for (std::size_t part = 0; part < 3; ++part) {
      const __m512i lane = _mm512_load_si512(kInterleave.lane[part]);
      const __m512 value = _mm512_permutex2var_ps(pixels.first, lane, pixels.middle);
      _mm512_mask_storeu_ps(
          out + 16 * part,
          static_cast<__mmask16>(used >> (16 * part)),
          _mm512_mask_permutexvar_ps(value, kInterleave.is_last[part], lane, pixels.last));
    }
  }
};

struct ToU8Nchw {
  static void store(const OutputRow& row, std::size_t at, __mmask16 lanes, const Pixels& pixels) {
    const auto put = [&](std::size_t c, __m512 value) {
      auto* out = static_cast<std::uint8_t*>(row.channels[c]) + at;
      _mm512_mask_cvtepi32_storeu_epi8(out, lanes, _mm512_cvtps_epi32(value));
    };
    put(0, pixels.first);
    put(1, pixels.middle);
    put(2, pixels.last);
  }
};

/// The bytes of 16 dwords without the highest of each.
struct ThreeOfFour {
  alignas(64) std::uint8_t byte[64];
};

constexpr ThreeOfFour make_three_of_four() {
  ThreeOfFour result{};
  for (int i = 0; i < 48; ++i) {
    result.byte[i] = static_cast<std::uint8_t>(i / 3 * 4 + i % 3);
  }
  return result;
}

constexpr ThreeOfFour kThreeOfFour = make_three_of_four();

struct ToU8Nhwc {
  static void store(const OutputRow& row, std::size_t at, __mmask16 lanes, const Pixels& pixels) {
    // A permutation: compressing bytes would take VBMI2 too, and is slower.
    const __m512i order = _mm512_load_si512(kThreeOfFour.byte);
    const __m512i bytes = _mm512_permutexvar_epi8(order, packed(pixels));
    auto* out = static_cast<std::uint8_t*>(row.channels[0]) + 3 * at;
    _mm512_mask_storeu_epi8(out, interleaved(lanes), bytes);
  }
};

template <bool IsDiagonal, class Store>
void color_pixels(const ColorTransform& color,
                  const ComponentRows& rows,
                  const OutputRow& output) noexcept {
  const Constants constants(color);
  const ComponentRows in = rows;
  const OutputRow row = output;
  const auto count = static_cast<std::size_t>(row.count);
  std::size_t at = 0;
  for (; at + TapTable::kGroup <= count; at += TapTable::kGroup) {
    Store::store(row, at, 0xFFFF, transform<IsDiagonal>(constants, in, at));
  }
  if (at < count) {
    const auto lanes = static_cast<__mmask16>((1U << (count - at)) - 1U);
    Store::store(row, at, lanes, transform<IsDiagonal>(constants, in, at));
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

const RowKernels kAvx512Kernels = {
    KernelLevel::kAvx512, SegmentShape{16, 64, true}, scale_row, color_row};

}  // namespace penstock
