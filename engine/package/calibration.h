#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/package/package_info.h"

namespace penstock {

/// The least and greatest value that a tensor was seen to have.
///
/// States: empty (`low` above `high`) until a value was added. Values that are not finite count as
/// none.
class ValueRange {
 public:
  void add(double value) noexcept;
  void add(std::span<const float> values) noexcept;

  [[nodiscard]] bool is_empty() const noexcept { return low_ > high_; }

  [[nodiscard]] double low() const noexcept { return low_; }

  [[nodiscard]] double high() const noexcept { return high_; }

 private:
  double low_ = 1;
  double high_ = 0;
};

/// Sets scale and zero point of an input whose values lie in `range`, for int8 with all its 256
/// steps: scale = (high - low) / 255, and the zero point is where 0 comes to lie. 0 is always in
/// the range, because padding is 0. Pre: the range is not empty.
void set_input_scale(const ValueRange& range, PackageTensor& tensor);

/// How often a tensor had which absolute values.
///
/// Units: kept in bins of equal width, at least 2048 of them up to the greatest value seen. Values
/// that are not finite count as none.
/// Cost: 32 KiB, whatever the number of values.
class MagnitudeHistogram {
 public:
  void add(std::span<const float> values);

  [[nodiscard]] bool is_empty() const noexcept { return total_ == 0; }

  [[nodiscard]] double greatest() const noexcept { return greatest_; }

  /// Returns the magnitude that `percent` of the values do not exceed, to the width of a bin; the
  /// greatest for 100. Pre: not empty; `percent` is above 0 and at most 100.
  [[nodiscard]] double percentile(double percent) const noexcept;

 private:
  void add(double magnitude);

  std::vector<std::uint64_t> bins_;
  double bin_width_ = 0;
  double greatest_ = 0;
  std::uint64_t total_ = 0;
};

/// Returns the magnitude that an output is quantised up to; what lies beyond is held there.
///
/// That is the 99.9th percentile, because a few wild values would cost all others their steps, but
/// only where the values fill their range: where half of them lie below a 32nd of that percentile,
/// as scores do, the rare great ones are what counts, and it is the greatest.
/// Pre: not empty.
double robust_limit(const MagnitudeHistogram& values) noexcept;

/// Sets scale and zero point of an output for int8 that is symmetric about 0: scale = limit / 127,
/// zero point 0. A tensor that was always 0 gets the scale 1.
void set_output_scale(double limit, PackageTensor& tensor);

/// Returns what an int8 device stores for `value`: `value / scale + zero_point`, rounded half to
/// even, held within -128..127.
int quantized(double value, double scale, int zero_point) noexcept;

}  // namespace penstock
