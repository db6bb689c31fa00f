#include "engine/package/tensor_match.h"

#include <algorithm>

#include "engine/base/quoted_list.h"

namespace penstock {
namespace {

/// Whether two shapes can be the same tensor's, where either may leave extents open.
bool can_be_equal(const Shape& one, const Shape& other) {
  if (one.rank() != other.rank()) {
    return false;
  }
  for (std::size_t axis = 0; axis < one.rank(); ++axis) {
    const bool is_open = one[axis] == Shape::kDynamic || other[axis] == Shape::kDynamic;
    if (!is_open && one[axis] != other[axis]) {
      return false;
    }
  }
  return true;
}

std::string text_of(const TensorSpec& tensor) {
  return std::string(to_string(tensor.type)) + " " + tensor.shape.to_string();
}

std::string names_of(std::span<const TensorSpec> tensors) {
  std::vector<std::string> names;
  for (const TensorSpec& tensor : tensors) {
    names.push_back(tensor.name);
  }
  return names.empty() ? "nothing" : quoted_list(names);
}

}  // namespace

Status check_joint(const std::string& giver,
                   const TensorSpec& given,
                   const std::string& taker,
                   const TensorSpec& wanted) {
  if (given.type == wanted.type && can_be_equal(given.shape, wanted.shape)) {
    return {};
  }
  return Error{Errc::kCorrupt,
               "input '" + wanted.name + "' of " + taker + " is " + text_of(wanted) + ", output '" +
                   given.name + "' of " + giver + " is " + text_of(given)};
}

Result<std::vector<std::size_t>> match_tensors(const ModelSide& given, const ModelSide& wanted) {
  std::vector<std::size_t> takes;
  for (const TensorSpec& input : wanted.tensors) {
    auto output = std::find_if(given.tensors.begin(),
                               given.tensors.end(),
                               [&](const TensorSpec& one) { return one.name == input.name; });
    if (output == given.tensors.end() && given.tensors.size() == 1 && wanted.tensors.size() == 1) {
      output = given.tensors.begin();
    }
    if (output == given.tensors.end()) {
      return Error{Errc::kCorrupt,
                   "input '" + input.name + "' of " + wanted.model + ": " + given.model +
                       " gives no tensor of this name; it gives " + names_of(given.tensors)};
    }
    PENSTOCK_RETURN_IF_ERROR(check_joint(given.model, *output, wanted.model, input));
    takes.push_back(static_cast<std::size_t>(output - given.tensors.begin()));
  }
  return takes;
}

}  // namespace penstock
