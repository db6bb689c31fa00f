#include "drivers/openvino/work_summary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <openvino/op/util/rnn_cell_base.hpp>

namespace penstock::openvino {
namespace {

using Count = std::uint64_t;

struct Work {
  Count conv_macs = 0;
  Count conv_positions = 0;
  Count largest_conv_macs = 0;
  Count depthwise_macs = 0;
  Count product_macs = 0;
  Count other_ops = 0;
  Count weight_bytes = 0;
  Count activation_bytes = 0;
  Count layers = 0;
};

std::optional<Count> elements_of(const ov::PartialShape& shape) {
  if (shape.is_dynamic()) {
    return std::nullopt;
  }
  Count elements = 1;
  for (const ov::Dimension& extent : shape) {
    elements *= static_cast<Count>(extent.get_length());
  }
  return elements;
}

/// Operations that a compiler plans away or folds into the layer before them.
bool is_folded(const std::string& type) {
  static const std::unordered_set<std::string> kFolded = {
      // Moves and names.
      "Reshape",
      "Transpose",
      "Squeeze",
      "Unsqueeze",
      "Concat",
      "Split",
      "VariadicSplit",
      "Slice",
      "StridedSlice",
      "Gather",
      "GatherND",
      "GatherElements",
      "Pad",
      "Broadcast",
      "Tile",
      "ShapeOf",
      "DepthToSpace",
      "SpaceToDepth",
      "ShuffleChannels",
      "Reverse",
      "ReverseSequence",
      "Roll",
      "Range",
      "Identity",
      "Convert",
      "ConvertLike",
      "FakeQuantize",
      "FakeConvert",
      "BatchNormInference",
      "Select",
      "Result",
      "Parameter",
      "Constant",
      "Assign",
      "ReadValue",
      // Functions of one map, element by element.
      "Relu",
      "PRelu",
      "Clamp",
      "Elu",
      "Selu",
      "Sigmoid",
      "HardSigmoid",
      "HSigmoid",
      "Tanh",
      "SoftPlus",
      "SoftSign",
      "Abs",
      "Negative",
      "Sign",
      "Sqrt",
      "Exp",
      "Log",
      "Floor",
      "Ceiling",
      "Round",
      "Erf",
      "Sin",
      "Cos",
      "LogicalNot"};
  return kFolded.count(type) != 0;
}

/// Functions of one map that are a product with themselves.
bool is_gated(const std::string& type) {
  return type == "Swish" || type == "HSwish" || type == "Mish" || type == "Gelu";
}

class Counter {
 public:
  /// Returns false if the node makes the model's work unknown.
  bool add(const ov::Node& node) {
    if (add_constant(node)) {
      return true;
    }
    if (dynamic_cast<const ov::op::util::MultiSubGraphOp*>(&node) != nullptr ||
        dynamic_cast<const ov::op::util::RNNCellBase*>(&node) != nullptr) {
      return false;
    }
    const std::string type = node.get_type_name();
    if (type == "MatMul") {
      return add_product(node);
    }
    if (type.find("Convolution") != std::string::npos && type != "BinaryConvolution") {
      return add_convolution(node, type);
    }
    if (!is_folded(type) && (map_inputs(node) > 1 || !is_elementwise(node) || is_gated(type))) {
      add_other(node);
    }
    return true;
  }

  [[nodiscard]] const Work& work() const { return work_; }

 private:
  [[nodiscard]] bool is_constant(const ov::Node& node, std::size_t input) const {
    return constants_.count(node.get_input_node_ptr(input)) != 0;
  }

  /// Counts a constant's elements; what is computed from constants alone is one, at no cost.
  bool add_constant(const ov::Node& node) {
    if (ov::is_type<ov::op::v0::Constant>(&node)) {
      const ov::element::Type type = node.get_output_element_type(0);
      if (type.is_real() || (type.is_integral_number() && type.bitwidth() <= 8)) {
        work_.weight_bytes += elements_of(node.get_output_partial_shape(0)).value_or(0);
      }
      constants_.insert(&node);
      return true;
    }
    if (node.get_input_size() == 0) {
      return false;
    }
    for (std::size_t i = 0; i < node.get_input_size(); ++i) {
      if (!is_constant(node, i)) {
        return false;
      }
    }
    constants_.insert(&node);
    return true;
  }

  [[nodiscard]] std::size_t map_inputs(const ov::Node& node) const {
    std::size_t maps = 0;
    for (std::size_t i = 0; i < node.get_input_size(); ++i) {
      maps += is_constant(node, i) ? 0 : 1;
    }
    return maps;
  }

  /// With constants beside it or alone, such a node gives one value for each value it gets.
  static bool is_elementwise(const ov::Node& node) {
    static const std::unordered_set<std::string> kElementwise = {
        "Add",       "Subtract",   "Multiply",  "Divide",       "Maximum",
        "Minimum",   "Power",      "Mod",       "FloorMod",     "SquaredDifference",
        "Equal",     "NotEqual",   "Greater",   "GreaterEqual", "Less",
        "LessEqual", "LogicalAnd", "LogicalOr", "LogicalXor",   "Swish",
        "HSwish",    "Mish",       "Gelu"};
    return kElementwise.count(node.get_type_name()) != 0;
  }

  /// Returns false if a size is open: then nothing is counted.
  bool add_layer(const ov::Node& node, Count* largest) {
    Count bytes = 0;
    *largest = 0;
    for (std::size_t i = 0; i < node.get_input_size() + node.get_output_size(); ++i) {
      const bool is_input = i < node.get_input_size();
      if (is_input && is_constant(node, i)) {
        continue;
      }
      const auto elements =
          elements_of(is_input ? node.get_input_partial_shape(i)
                               : node.get_output_partial_shape(i - node.get_input_size()));
      if (!elements.has_value()) {
        return false;
      }
      bytes += *elements;
      *largest = std::max(*largest, *elements);
    }
    work_.activation_bytes += bytes;
    ++work_.layers;
    return true;
  }

  void add_other(const ov::Node& node) {
    Count largest = 0;
    if (add_layer(node, &largest)) {
      work_.other_ops += largest;
    }
  }

  void add_weighted(Count macs, Count positions) {
    work_.conv_macs += macs;
    work_.conv_positions += positions;
    work_.largest_conv_macs = std::max(work_.largest_conv_macs, macs);
  }

  bool add_product(const ov::Node& node) {
    const auto& product = dynamic_cast<const ov::op::v0::MatMul&>(node);
    const auto output = elements_of(node.get_output_partial_shape(0));
    Count largest = 0;
    if (!output.has_value() || !add_layer(node, &largest)) {
      return false;
    }
    const std::vector<std::size_t>& left = node.get_input_shape(0);
    const std::vector<std::size_t>& right = node.get_input_shape(1);
    const bool is_first_but_last = product.get_transpose_a() && left.size() > 1;
    const Count inner = left[left.size() - (is_first_but_last ? 2 : 1)];
    const Count macs = *output * inner;
    if (!is_constant(node, 0) && !is_constant(node, 1)) {
      work_.product_macs += macs;
      return true;
    }
    const bool by_columns = !product.get_transpose_b() || right.size() == 1;
    const Count columns = right.size() == 1 ? 1 : right[right.size() - (by_columns ? 1 : 2)];
    add_weighted(macs, *output / std::max<Count>(columns, 1));
    return true;
  }

  /// Weights are [out, in, k...], [groups, out, in, k...], or with in and out changed places for
  /// the transposed ones, which spread each input over a kernel instead of gathering it.
  bool add_convolution(const ov::Node& node, const std::string& type) {
    const auto input = elements_of(node.get_input_partial_shape(0));
    const auto output = elements_of(node.get_output_partial_shape(0));
    const auto weights = elements_of(node.get_input_partial_shape(1));
    Count largest = 0;
    if (!input.has_value() || !output.has_value() || !weights.has_value() ||
        !add_layer(node, &largest)) {
      return false;
    }
    const std::vector<std::size_t>& kernel = node.get_input_shape(1);
    const std::vector<std::size_t>& map = node.get_output_shape(0);
    const std::size_t first = type.find("Group") == 0 ? 1 : 0;
    if (*weights == 0 || map.size() < 3 || kernel.size() < first + 3) {
      return true;
    }
    const bool is_transposed = type.find("BackpropData") != std::string::npos;
    const Count groups = first == 1 ? kernel[0] : 1;
    const Count macs = (is_transposed ? *input : *output) * (*weights / groups / kernel[first]);
    const Count inputs_a_group = kernel[is_transposed ? first : first + 1];
    if (groups > 1 && inputs_a_group == 1) {
      work_.depthwise_macs += macs;
    } else {
      add_weighted(macs, *output / std::max<Count>(map[1], 1));
    }
    return true;
  }

  std::unordered_set<const ov::Node*> constants_;
  Work work_;
};

/// Returns the model itself, or a copy with open first extents as 1 where that closes its inputs.
std::shared_ptr<ov::Model> with_closed_batch(const std::shared_ptr<ov::Model>& model) {
  if (!model->is_dynamic()) {
    return model;
  }
  std::shared_ptr<ov::Model> closed = model->clone();
  std::map<std::size_t, ov::PartialShape> shapes;
  for (std::size_t i = 0; i < closed->inputs().size(); ++i) {
    ov::PartialShape shape = closed->input(i).get_partial_shape();
    if (shape.rank().is_static() && shape.size() > 0 && shape[0].is_dynamic()) {
      shape[0] = 1;
    }
    shapes.emplace(i, std::move(shape));
  }
  closed->reshape(shapes);
  return closed;
}

Count port_bytes(const ov::OutputVector& ports) {
  Count bytes = 0;
  for (const auto& port : ports) {
    bytes += elements_of(port.get_partial_shape()).value_or(0);
  }
  return bytes;
}

}  // namespace

std::map<std::string, std::string> work_properties(const std::shared_ptr<ov::Model>& model) {
  std::shared_ptr<ov::Model> closed;
  try {
    closed = with_closed_batch(model);
  } catch (const ov::Exception&) {
    return {};  // A batch of 1 does not go through it: its work is not known.
  }
  Counter counter;
  for (const std::shared_ptr<ov::Node>& node : closed->get_ordered_ops()) {
    if (!counter.add(*node)) {
      return {};
    }
  }
  const Work& work = counter.work();
  std::map<std::string, std::string> properties;
  const auto tell = [&properties](const char* name, Count count) {
    properties[std::string("work.") + name] = std::to_string(count);
  };
  tell("conv_macs", work.conv_macs);
  tell("conv_positions", work.conv_positions);
  tell("largest_conv_macs", work.largest_conv_macs);
  tell("depthwise_macs", work.depthwise_macs);
  tell("product_macs", work.product_macs);
  tell("other_ops", work.other_ops);
  tell("weight_bytes", work.weight_bytes);
  tell("activation_bytes", work.activation_bytes);
  tell("input_bytes", port_bytes(closed->inputs()));
  tell("output_bytes", port_bytes(closed->outputs()));
  tell("layers", work.layers);
  return properties;
}

}  // namespace penstock::openvino
