#pragma once

#include <map>
#include <memory>
#include <string>

#include <openvino/core/model.hpp>

namespace penstock::openvino {

/// Counts the work of one inference, for simulated devices to estimate their time from.
///
/// Returns properties "work.NAME", or none for a model whose work cannot be told from its graph: a
/// size of a convolution or product that is known only as it runs (an open first extent counts as
/// 1), or a loop, a branch or a recurrent layer.
///
/// | name | what is counted |
/// |---|---|
/// | conv_macs, conv_positions, largest_conv_macs | convolutions, transposed ones, products with
/// weights; positions are places of the output over all channels; largest: of the heaviest layer |
/// | depthwise_macs | convolutions with one input channel a group |
/// | product_macs | products of two activations |
/// | other_ops | elements of the largest port of all other arithmetic: pools, sums of two maps,
/// softmax... | | weight_bytes | one byte for each element of a constant that is no index | |
/// activation_bytes | one byte for each element that layers of arithmetic read and write | |
/// input_bytes, output_bytes | one byte for each element of the model's ports | | layers | layers
/// of arithmetic |
///
/// What a compiler folds into its neighbour is no layer: functions of one map, element by element
/// (but x * sigmoid(x) and its like count, as product), arithmetic with constants, and moves.
/// Layers of other kinds whose size is open, as behind a suppression of boxes, count nothing.
///
/// Cost: one walk over the graph; with an open first extent also a copy of it without its weights.
std::map<std::string, std::string> work_properties(const std::shared_ptr<ov::Model>& model);

}  // namespace penstock::openvino
