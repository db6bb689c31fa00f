#include "tools/package/model_ports.h"

#include <string>

namespace penstock {
namespace {

std::string text_of(ElementType type, const Shape& shape) {
  return std::string(to_string(type)) + " " + shape.to_string();
}

Status check_side(const std::string& side,
                  const std::vector<PackageTensor>& said,
                  const std::vector<TensorSpec>& found) {
  if (said.empty()) {
    return {};
  }
  if (said.size() != found.size()) {
    return Error{Errc::kCorrupt,
                 "the manifest has " + std::to_string(said.size()) + " " + side +
                     "s, the model has " + std::to_string(found.size())};
  }
  for (std::size_t i = 0; i < said.size(); ++i) {
    const std::string which = side + " " + std::to_string(i);
    if (said[i].name != found[i].name) {
      return Error{Errc::kCorrupt,
                   which + " is '" + said[i].name + "' in the manifest and '" + found[i].name +
                       "' in the model"};
    }
    if (said[i].type != found[i].type || !(said[i].shape == found[i].shape)) {
      return Error{Errc::kCorrupt,
                   which + " '" + said[i].name + "' is " + text_of(said[i].type, said[i].shape) +
                       " in the manifest and " + text_of(found[i].type, found[i].shape) +
                       " in the model"};
    }
  }
  return {};
}

}  // namespace

std::vector<PackageTensor> tensors_of(const std::vector<TensorSpec>& ports) {
  std::vector<PackageTensor> tensors;
  for (const TensorSpec& port : ports) {
    PackageTensor tensor;
    tensor.name = port.name;
    tensor.type = port.type;
    tensor.shape = port.shape;
    tensor.layout = port.layout;
    if (!port.quantization.is_identity() && port.quantization.channel_scales.empty()) {
      tensor.scale = static_cast<double>(port.quantization.scale);
      tensor.zero_point = port.quantization.zero_point;
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Status check_ports(const PackageVariant& variant, const ModelInfo& model) {
  PENSTOCK_RETURN_IF_ERROR(check_side("input", variant.inputs, model.inputs));
  return check_side("output", variant.outputs, model.outputs);
}

}  // namespace penstock
