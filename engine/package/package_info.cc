#include "engine/package/package_info.h"

#include <array>
#include <charconv>

namespace penstock {
namespace {

bool is_float(ElementType type) {
  return type == ElementType::kF32 || type == ElementType::kF16 || type == ElementType::kBf16 ||
         type == ElementType::kF64;
}

std::string padding_text(const std::vector<TensorPadding>& padding) {
  std::string text;
  for (const TensorPadding& axis : padding) {
    text +=
        (text.empty() ? "" : ",") + std::to_string(axis.before) + ":" + std::to_string(axis.after);
  }
  return text;
}

void add_options(const std::string& side,
                 const std::vector<PackageTensor>& tensors,
                 std::map<std::string, std::string>& options) {
  for (const PackageTensor& tensor : tensors) {
    if (tensor.scale.has_value()) {
      options[side + "_scale." + tensor.name] = number_text(*tensor.scale);
      options[side + "_zero_point." + tensor.name] = std::to_string(tensor.zero_point);
    }
    if (!tensor.padding.empty()) {
      options[side + "_padding." + tensor.name] = padding_text(tensor.padding);
    }
  }
}

}  // namespace

std::vector<std::string> tensors_without_scale(const PackageVariant& variant) {
  if (variant.inputs.empty() || variant.outputs.empty()) {
    return {"*"};
  }
  std::vector<std::string> names;
  for (const auto* tensors : {&variant.inputs, &variant.outputs}) {
    for (const PackageTensor& tensor : *tensors) {
      if (is_float(tensor.type) && !tensor.scale.has_value()) {
        names.push_back(tensor.name);
      }
    }
  }
  return names;
}

std::map<std::string, std::string> quantization_options(const PackageVariant& variant) {
  std::map<std::string, std::string> options;
  add_options("input", variant.inputs, options);
  add_options("output", variant.outputs, options);
  return options;
}

std::string number_text(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

}  // namespace penstock
