#pragma once

#include <cstdint>
#include <vector>

#include "engine/tensor/kernels/resample_plan.h"

namespace penstock {

/// The peers of the `preprocess` benchmark: each turns an I420 picture into the inset of a planar
/// RGB float tensor of 0..1, as `ResamplePlan` does with `Border::kAlreadyWritten`.
///
/// Each keeps its buffers between frames, as a careful program does.
/// Pre: the sizes of the spec; BT.601 limited range, which is what the libraries assume.
class LibyuvPath {
 public:
  /// How much is converted at once between scaling and writing floats.
  enum class Step { kWholePicture, kTwoRows };

  LibyuvPath(const ResampleSpec& spec, Step step);

  void run(const PictureRows& picture, float* tensor);

 private:
  void write_floats(const std::uint8_t* argb, int first_row, int rows, float* tensor) const;

  ResampleSpec spec_;
  int rows_per_step_;
  std::vector<std::uint8_t> luma_;
  std::vector<std::uint8_t> u_;
  std::vector<std::uint8_t> v_;
  std::vector<std::uint8_t> argb_;
};

/// OpenCV's usual path: convert the whole picture, resize, scale to floats, split.
class OpenCvPath {
 public:
  explicit OpenCvPath(const ResampleSpec& spec);

  /// Pre: the planes lie one behind the other without padding.
  void run(const PictureRows& picture, float* tensor) const;

 private:
  ResampleSpec spec_;
};

}  // namespace penstock
