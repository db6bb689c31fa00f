#include "engine/package/calibration.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace penstock {
namespace {

constexpr int kLeast = -128;
constexpr int kMost = 127;
constexpr double kSteps = 255;
constexpr double kLeastScale = 1e-20;  // Below it a manifest's scale would not fit a float.

constexpr std::size_t kBins = 4096;
constexpr double kWhole = 100;

/// Rounds half to even whatever rounding mode the process is in.
double rounded(double value) {
  const double floor = std::floor(value);
  const double rest = value - floor;
  if (rest != 0.5) {
    return rest < 0.5 ? floor : floor + 1;
  }
  return std::fmod(floor, 2) == 0 ? floor : floor + 1;
}

}  // namespace

void ValueRange::add(double value) noexcept {
  if (!std::isfinite(value)) {
    return;
  }
  const bool is_first = is_empty();
  low_ = is_first ? value : std::min(low_, value);
  high_ = is_first ? value : std::max(high_, value);
}

void ValueRange::add(std::span<const float> values) noexcept {
  for (const float value : values) {
    add(static_cast<double>(value));
  }
}

void set_input_scale(const ValueRange& range, PackageTensor& tensor) {
  const double low = std::min(0.0, range.low());
  const double high = std::max(0.0, range.high());
  const double scale = high - low < kLeastScale ? 1 : (high - low) / kSteps;
  tensor.scale = scale;
  tensor.zero_point =
      static_cast<std::int32_t>(std::clamp<double>(rounded(kLeast - low / scale), kLeast, kMost));
}

void MagnitudeHistogram::add(std::span<const float> values) {
  for (const float value : values) {
    if (std::isfinite(value)) {
      add(std::abs(static_cast<double>(value)));
    }
  }
}

void MagnitudeHistogram::add(double magnitude) {
  bins_.resize(kBins);
  ++total_;
  greatest_ = std::max(greatest_, magnitude);
  if (magnitude > kLeastScale && bin_width_ == 0) {
    bin_width_ = 2 * magnitude / static_cast<double>(kBins);
  }
  while (magnitude >= bin_width_ * static_cast<double>(kBins) && magnitude > kLeastScale) {
    for (std::size_t i = 0; i < kBins / 2; ++i) {
      bins_[i] = bins_[2 * i] + bins_[2 * i + 1];
    }
    std::fill(bins_.begin() + kBins / 2, bins_.end(), 0);
    bin_width_ *= 2;
  }
  const double bin = magnitude > kLeastScale ? magnitude / bin_width_ : 0;
  ++bins_[std::min(kBins - 1, static_cast<std::size_t>(bin))];
}

double MagnitudeHistogram::percentile(double percent) const noexcept {
  const double wanted = std::ceil(static_cast<double>(total_) * percent / kWhole);
  double counted = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    counted += static_cast<double>(bins_[i]);
    if (counted >= wanted) {
      return std::min(greatest_, static_cast<double>(i + 1) * bin_width_);
    }
  }
  return greatest_;
}

double robust_limit(const MagnitudeHistogram& values) noexcept {
  constexpr double kTail = 99.9;
  constexpr double kHalf = 50;
  constexpr double kSpread = 32;
  const double tail = values.percentile(kTail);
  return values.percentile(kHalf) * kSpread < tail ? values.greatest() : tail;
}

void set_output_scale(double limit, PackageTensor& tensor) {
  tensor.scale = limit < kLeastScale ? 1 : limit / kMost;
  tensor.zero_point = 0;
}

int quantized(double value, double scale, int zero_point) noexcept {
  return static_cast<int>(std::clamp<double>(rounded(value / scale + zero_point), kLeast, kMost));
}

}  // namespace penstock
