#include "engine/vision/softmax_decoder.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>

#include "engine/vision/output_shape.h"

namespace penstock {
namespace {

constexpr const char* kName = "softmax";

// The extent of the one axis behind the batch that is not 1.
std::optional<std::size_t> class_count_of(const Shape& shape) noexcept {
  std::int64_t classes = 1;
  for (std::size_t axis = 1; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) {
      continue;
    }
    if (classes != 1 || shape[axis] <= 0) {
      return std::nullopt;
    }
    classes = shape[axis];
  }
  return shape.rank() < 2 ? std::nullopt
                          : std::optional<std::size_t>(static_cast<std::size_t>(classes));
}

Result<std::size_t> find_classes(const SoftmaxOptions& options,
                                 std::span<const TensorSpec> outputs) {
  if (outputs.size() != 1) {
    return wrong_output_count(outputs.size(), kName, "1");
  }
  PENSTOCK_RETURN_IF_ERROR(check_readable(outputs[0], kName));
  const auto classes = class_count_of(outputs[0].shape);
  if (!classes.has_value() || (options.labels != 0 && *classes != options.labels)) {
    return misfit(outputs[0],
                  kName,
                  options.labels == 0
                      ? "1xC, one number a class"
                      : "1x" + std::to_string(options.labels) + ", one number a label");
  }
  return *classes;
}

Status check_options(const SoftmaxOptions& options) {
  if (options.top_k == 0) {
    return Error{Errc::kInvalidArgument, "top_k: 0, must be at least 1"};
  }
  if (!(options.score >= 0 && options.score <= 1)) {
    return Error{Errc::kInvalidArgument,
                 "score: " + std::to_string(options.score) + ", must be between 0 and 1"};
  }
  return {};
}

bool is_better(const Label& a, const Label& b) noexcept {
  return a.score != b.score ? a.score > b.score : a.id < b.id;
}

}  // namespace

Status SoftmaxDecoder::check(const SoftmaxOptions& options, std::span<const TensorSpec> outputs) {
  PENSTOCK_RETURN_IF_ERROR(check_options(options));
  PENSTOCK_RETURN_IF_ERROR(find_classes(options, outputs));
  return {};
}

Result<SoftmaxDecoder> SoftmaxDecoder::create(const SoftmaxOptions& options,
                                              std::span<const TensorSpec> outputs) {
  PENSTOCK_RETURN_IF_ERROR(check_options(options));
  PENSTOCK_ASSIGN_OR_RETURN(const auto classes, find_classes(options, outputs));
  return SoftmaxDecoder(options, classes);
}

SoftmaxDecoder::SoftmaxDecoder(const SoftmaxOptions& options, std::size_t class_count)
    : options_(options),
      class_count_(class_count) {}

Status SoftmaxDecoder::decode(std::span<const FeatureMap> outputs,
                              std::size_t batch_index,
                              std::vector<Label>& out) {
  out.clear();
  PENSTOCK_RETURN_IF_ERROR(check_bound_count(outputs.size(), 1, kName));
  PENSTOCK_ASSIGN_OR_RETURN(const auto values, reader_.item(outputs[0], batch_index));
  if (values.size() != class_count_) {
    return wrong_element_count(outputs[0], kName, static_cast<std::int64_t>(class_count_));
  }
  const float highest =
      options_.are_probabilities ? 0 : *std::max_element(values.begin(), values.end());
  // In double: of ten thousand classes the small ones add up.
  double sum = 0;
  all_.clear();
  for (std::size_t c = 0; c < values.size(); ++c) {
    const float weight = options_.are_probabilities ? values[c] : std::exp(values[c] - highest);
    sum += static_cast<double>(weight);
    all_.push_back({static_cast<std::int32_t>(c), weight});
  }
  if (!std::isfinite(sum)) {
    return {};
  }
  if (!options_.are_probabilities) {
    for (Label& label : all_) {
      label.score = static_cast<float>(static_cast<double>(label.score) / sum);
    }
  }
  const auto count = static_cast<std::ptrdiff_t>(std::min(options_.top_k, all_.size()));
  std::partial_sort(all_.begin(), all_.begin() + count, all_.end(), is_better);
  std::copy_if(
      all_.begin(), all_.begin() + count, std::back_inserter(out), [&](const Label& label) {
        return label.score >= options_.score;
      });
  return {};
}

}  // namespace penstock
