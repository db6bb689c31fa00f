#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/frame/results.h"
#include "engine/tensor/feature_map.h"
#include "engine/vision/tensor_reader.h"

namespace penstock {

struct SoftmaxOptions {
  std::size_t labels = 0;  ///< Entries of the label table; 0 where there is none.
  std::size_t top_k = 1;   ///< At most so many classes, the best ones.
  float score = 0;         ///< Classes below it are not reported.
  /// The model ends in a softmax already; its numbers are taken as they are.
  bool are_probabilities = false;
};

/// Decodes whole-picture classification: a number for each class, turned into scores that sum to 1.
///
/// Shapes: one output 1xC; further axes of extent 1 may stand anywhere (1xCx1x1, 1x1x1xC). With a
/// label table C is its size.
/// Thread-safety: one thread at a time.
/// Cost: O(C log k); no allocation once it has seen its largest case.
class SoftmaxDecoder {
 public:
  /// Errors: `kInvalidArgument` if an option is out of range or the output does not fit; the
  /// message names output, shape and rule.
  static Status check(const SoftmaxOptions& options, std::span<const TensorSpec> outputs);
  static Result<SoftmaxDecoder> create(const SoftmaxOptions& options,
                                       std::span<const TensorSpec> outputs);

  /// Writes the best classes of item `batch_index` to `out`, best first; its old content goes. Of
  /// equal scores the lower class comes first. Finds nothing where a logit is not a number.
  /// Errors: `kInvalidArgument` if the map does not have the shape that the decoder was made for or
  /// there is no such item; `kUnsupported` as in `TensorReader::item`.
  Status decode(std::span<const FeatureMap> outputs,
                std::size_t batch_index,
                std::vector<Label>& out);

 private:
  SoftmaxDecoder(const SoftmaxOptions& options, std::size_t class_count);

  SoftmaxOptions options_;
  std::size_t class_count_ = 0;
  std::vector<Label> all_;
  TensorReader reader_;
};

}  // namespace penstock
