#include <algorithm>
#include <cstddef>

#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes its own header's "undefined" operand for a variable of ours (bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <libyuv/convert_argb.h>
#include <libyuv/scale.h>

#include "tools/bench/preprocess_peers.h"

namespace penstock {
namespace {

constexpr float kScale = 1.0F / 255.0F;

struct FloatRow {
  float* red;
  float* green;
  float* blue;
};

/// libyuv's ARGB is B, G, R, A in memory: a dword 0xAARRGGBB.
void plain_floats(const std::uint8_t* argb,
                  std::size_t begin,
                  std::size_t end,
                  const FloatRow& out) {
  for (std::size_t x = begin; x < end; ++x) {
    out.blue[x] = static_cast<float>(argb[4 * x]) * kScale;
    out.green[x] = static_cast<float>(argb[4 * x + 1]) * kScale;
    out.red[x] = static_cast<float>(argb[4 * x + 2]) * kScale;
  }
}

__attribute__((target("avx2"))) void avx2_floats(const std::uint8_t* argb,
                                                 std::size_t count,
                                                 const FloatRow& out) {
  const __m256i low = _mm256_set1_epi32(255);
  const __m256 scale = _mm256_set1_ps(kScale);
  std::size_t x = 0;
  for (; x + 8 <= count; x += 8) {
    const __m256i px = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(argb + 4 * x));
    const __m256i green = _mm256_and_si256(_mm256_srli_epi32(px, 8), low);
    const __m256i red = _mm256_and_si256(_mm256_srli_epi32(px, 16), low);
    const __m256i blue = _mm256_and_si256(px, low);
    _mm256_storeu_ps(out.red + x, _mm256_mul_ps(_mm256_cvtepi32_ps(red), scale));
    _mm256_storeu_ps(out.green + x, _mm256_mul_ps(_mm256_cvtepi32_ps(green), scale));
    _mm256_storeu_ps(out.blue + x, _mm256_mul_ps(_mm256_cvtepi32_ps(blue), scale));
  }
  plain_floats(argb, x, count, out);
}

__attribute__((target("avx512f"))) void avx512_floats(const std::uint8_t* argb,
                                                      std::size_t count,
                                                      const FloatRow& out) {
  const __m512i low = _mm512_set1_epi32(255);
  const __m512 scale = _mm512_set1_ps(kScale);
  std::size_t x = 0;
  for (; x + 16 <= count; x += 16) {
    const __m512i px = _mm512_loadu_si512(argb + 4 * x);
    const __m512i green = _mm512_and_si512(_mm512_srli_epi32(px, 8), low);
    const __m512i red = _mm512_and_si512(_mm512_srli_epi32(px, 16), low);
    const __m512i blue = _mm512_and_si512(px, low);
    _mm512_storeu_ps(out.red + x, _mm512_mul_ps(_mm512_cvtepi32_ps(red), scale));
    _mm512_storeu_ps(out.green + x, _mm512_mul_ps(_mm512_cvtepi32_ps(green), scale));
    _mm512_storeu_ps(out.blue + x, _mm512_mul_ps(_mm512_cvtepi32_ps(blue), scale));
  }
  plain_floats(argb, x, count, out);
}

void float_row(const std::uint8_t* argb, std::size_t count, const FloatRow& out) {
  static const bool has_avx512 = __builtin_cpu_supports("avx512f") != 0;
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx512) {
    avx512_floats(argb, count, out);
  } else if (has_avx2) {
    avx2_floats(argb, count, out);
  } else {
    plain_floats(argb, 0, count, out);
  }
}

std::size_t area(int w, int h) {
  return static_cast<std::size_t>(w) * static_cast<std::size_t>(h);
}

}  // namespace

LibyuvPath::LibyuvPath(const ResampleSpec& spec, Step step)
    : spec_(spec),
      rows_per_step_(step == Step::kTwoRows ? 2 : spec.inset_h) {
  const std::size_t chroma = area((spec.inset_w + 1) / 2, (spec.inset_h + 1) / 2);
  luma_.resize(area(spec.inset_w, spec.inset_h));
  u_.resize(chroma);
  v_.resize(chroma);
  argb_.resize(4 * area(spec.inset_w, rows_per_step_));
}

void LibyuvPath::run(const PictureRows& picture, float* tensor) {
  const int w = spec_.inset_w;
  const int h = spec_.inset_h;
  const int chroma_w = (w + 1) / 2;
  const auto stride = [&](std::size_t plane) {
    return static_cast<int>(picture.stride_bytes[plane]);
  };
  libyuv::I420Scale(picture.planes[0],
                    stride(0),
                    picture.planes[1],
                    stride(1),
                    picture.planes[2],
                    stride(2),
                    spec_.src_w,
                    spec_.src_h,
                    luma_.data(),
                    w,
                    u_.data(),
                    chroma_w,
                    v_.data(),
                    chroma_w,
                    w,
                    h,
                    libyuv::kFilterBilinear);
  for (int y = 0; y < h; y += rows_per_step_) {
    const int rows = std::min(rows_per_step_, h - y);
    const std::size_t chroma = area(chroma_w, y / 2);
    libyuv::I420ToARGB(luma_.data() + area(w, y),
                       w,
                       u_.data() + chroma,
                       chroma_w,
                       v_.data() + chroma,
                       chroma_w,
                       argb_.data(),
                       4 * w,
                       w,
                       rows);
    write_floats(argb_.data(), y, rows, tensor);
  }
}

void LibyuvPath::write_floats(const std::uint8_t* argb,
                              int first_row,
                              int rows,
                              float* tensor) const {
  const std::size_t plane = area(spec_.dst_w, spec_.dst_h);
  for (int y = 0; y < rows; ++y) {
    float* red = tensor + area(spec_.dst_w, spec_.inset_y + first_row + y) + spec_.inset_x;
    float_row(argb + 4 * area(spec_.inset_w, y),
              static_cast<std::size_t>(spec_.inset_w),
              FloatRow{red, red + plane, red + 2 * plane});
  }
}

}  // namespace penstock
