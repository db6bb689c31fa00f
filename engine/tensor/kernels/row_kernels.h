#pragma once

#include <array>
#include <cstdint>

#include "engine/tensor/kernels/tap_table.h"

namespace penstock {

/// The instruction sets that the kernels are written for, poorest first.
enum class KernelLevel : std::uint8_t {
  kPlain = 0,   ///< Any CPU; the reference.
  kAvx2 = 1,    ///< AVX2 and FMA.
  kAvx512 = 2,  ///< AVX-512 F, BW, VL, DQ, VBMI and VNNI (Ice Lake, Zen 4 and later).
};

/// Returns the word that logs and benchmarks print ("avx512").
const char* to_string(KernelLevel level) noexcept;

/// The two source rows that a destination row is blended from.
struct RowPair {
  const std::uint8_t* upper = nullptr;  ///< The component's first byte.
  const std::uint8_t* lower = nullptr;
  float weight = 0;  ///< Of the lower row, in multiples of 1/16384. At 0 `lower` is not read.
  /// The rows of the next output row, to be prefetched: they lie too far apart for the CPU to
  /// guess.
  const std::uint8_t* next_upper = nullptr;
  const std::uint8_t* next_lower = nullptr;
};

/// What turns three scaled components into three output channels:
/// `out[c] = clamp(sum_k weight[c][k] * component[k] + offset[c], low[c], high[c])`.
///
/// Shapes: components come in an order in which `weight` has one of two forms, so that kernels need
/// not multiply by zeros. From YUV: luma, the chroma component that the first output channel uses,
/// the one that the last uses (`weight[0][2]` and `weight[2][1]` are 0). Else: diagonal.
/// Units: weights take components in 1/16384 of a level, as `scale_row` gives them.
struct ColorTransform {
  bool is_diagonal = false;
  std::array<std::array<float, 3>, 3> weight{};
  std::array<float, 3> offset{};
  std::array<float, 3> low{};
  std::array<float, 3> high{};
};

/// Three rows of scaled samples, whole groups of 16.
using ComponentRows = std::array<const float*, 3>;

/// Where a row of the output goes.
struct OutputRow {
  /// The element type and layout of a destination.
  enum class Form : std::uint8_t { kF32Nchw = 0, kF32Nhwc = 1, kU8Nchw = 2, kU8Nhwc = 3 };

  Form form = Form::kF32Nchw;
  std::array<void*, 3> channels{};  ///< First element of each channel; NHWC uses the first only.
  int count = 0;                    ///< Pixels.
};

/// The inner loops of one instruction set.
///
/// Thread-safety: pure functions.
/// Cost: one pass over what they read and write, no allocation.
struct RowKernels {
  KernelLevel level = KernelLevel::kPlain;
  SegmentShape segment;

  /// Writes samples `[16 * first_group, 16 * (first_group + groups))` of a component to `out`, in
  /// 1/16384 of a level; the plain kernel leaves out what lies past the end of the axis.
  void (*scale_row)(const TapTable& table,
                    RowPair rows,
                    int first_group,
                    int groups,
                    float* out) noexcept = nullptr;

  /// Turns scaled components into `row.count` output pixels.
  void (*color_row)(const ColorTransform& color,
                    const ComponentRows& in,
                    const OutputRow& row) noexcept = nullptr;
};

/// Returns the kernels of `level`. Pre: `best_level()` is at least `level`.
const RowKernels& row_kernels(KernelLevel level) noexcept;

/// Returns the best level that this CPU can run.
KernelLevel best_level() noexcept;

/// One per file, so that each file alone is compiled for its instruction set.
extern const RowKernels kPlainKernels;
extern const RowKernels kAvx2Kernels;
extern const RowKernels kAvx512Kernels;

}  // namespace penstock
