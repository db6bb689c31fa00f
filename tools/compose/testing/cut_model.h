#pragma once

#include <filesystem>
#include <vector>

#include "tests/support/onnx_writer.h"

namespace penstock::testing {

/// A small network, whole and cut in three as for an accelerator. From a picture it makes features,
/// and at its end what is in them beside their means, and twice the means.
///
/// Every step is exact in f32 (powers of two and small whole numbers), so that results are equal
/// however a library fuses the steps.
struct CutModel {
  inline static const OnnxWriter::Ints kPicture = {1, 3, 8, 8};
  inline static const OnnxWriter::Ints kFeatures = {1, 4, 8, 8};
  inline static const OnnxWriter::Ints kMeans = {1, 4, 1, 1};
  /// Of the int8 numbers between the network and what comes behind it.
  static constexpr double kFeatureScale = 0.25;
  static constexpr double kMeanScale = 0.0625;

  /// Writes `whole.onnx`, and `cut/`, a package of `pre.onnx`, `network.onnx` and `post.onnx`.
  static void write(const std::filesystem::path& folder);

  /// Returns a picture of 0..255, another for each seed.
  static std::vector<float> picture(int seed);
};

}  // namespace penstock::testing
