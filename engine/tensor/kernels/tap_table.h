#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace penstock {

/// Where the bilinear samples of one axis come from: sample `i` is
/// `source[index[i]] * (1 - weight[i]) + source[index[i] + 1] * weight[i]`.
///
/// Pixel centres are aligned: sample `i` of `n` lies at `(i + 0.5) * source / n - 0.5`, held inside
/// the first and the last source sample. A weight is a multiple of 1/16384, as far as the 16-bit
/// kernels resolve; then all kernels compute the same picture.
/// Units: `index` in source samples. Where the weight is 0 the second sample may not exist.
struct AxisTaps {
  std::vector<std::int32_t> index;
  std::vector<float> weight;

  /// True where no sample needs its second tap, as when a picture shrinks by an odd whole number.
  [[nodiscard]] bool is_single() const noexcept;
};

/// Returns the taps that turn `source` samples into `destination`. Pre: both are positive.
AxisTaps bilinear_taps(int source, int destination);

/// What a kernel loads at once: the taps of `outputs` neighbouring samples must lie in `bytes`
/// bytes, or in twice as many where the kernel can shuffle two loads into one (`can_double`).
struct SegmentShape {
  int outputs = 16;  ///< Divides 16.
  int bytes = 64;
  bool can_double = false;
};

/// The horizontal taps of one component in the form that vector kernels read.
///
/// Samples come in groups of 16; the last group is filled up by repeating the last sample. A
/// component is a byte every `pixel_bytes` bytes, so one form serves planes (1), NV12's chroma (2)
/// and packed pixels (3).
/// Units: offsets in bytes from the component's first byte in the row.
/// Thread-safety: never changes after it is built.
struct TapTable {
  static constexpr int kGroup = 16;
  static constexpr int kWeightOne = 16384;         ///< A weight of 1.
  static constexpr std::uint8_t kZeroByte = 0x80;  ///< A control byte that makes a 0.

  /// How the vector kernels fetch the taps.
  enum class Fetch : std::uint8_t {
    kShuffle = 0,        ///< A load a segment, then a byte shuffle.
    kShuffleDouble = 1,  ///< Two loads a segment, then a byte shuffle of both.
    kGather = 2,         ///< 4 bytes a sample from `offset`, for steps too wide for a segment.
  };

  /// Each sample has four control bytes, (tap 0, zero, tap 1, zero): shuffled by them, a sample is
  /// a pair of 16-bit numbers. For `kShuffle` a control byte counts from the segment's base, for
  /// `kGather` inside the 16-byte lane of four gathered samples.
  struct alignas(64) Group {
    std::array<std::uint8_t, 64> control;
    std::array<std::int16_t, 32> weight;  ///< Pairs (1 - weight, weight) in 1/16384.
    std::array<std::int32_t, 16> offset;  ///< Bases of the segments, or one per sample.
  };

  Fetch fetch = Fetch::kShuffle;
  bool is_single = false;
  std::vector<Group> groups;
  std::vector<std::int32_t> first;   ///< Byte offset of tap 0 of each sample, for the plain kernel.
  std::vector<std::int32_t> second;  ///< Byte offset of tap 1; that of tap 0 at the end of the row.
  std::vector<float> weight;         ///< Of tap 1 of each sample.
};

/// Returns how many bytes of a row may be read from the first byte of a component on.
[[nodiscard]] constexpr int component_bytes(int width, int pixel_bytes) noexcept {
  return (width - 1) * pixel_bytes + 1;
}

/// Returns the table for rows of `width` pixels; shuffling where all taps fit into `segment`. No
/// load that follows the table leaves the row.
/// Pre: `component_bytes(width, pixel_bytes) >= segment.bytes`, else there are no groups and only
/// the plain kernel can use the table.
TapTable tap_table(const AxisTaps& taps, int width, int pixel_bytes, SegmentShape segment);

}  // namespace penstock
