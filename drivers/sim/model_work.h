#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace penstock::sim {

/// What one frame asks of a device, counted from the model's graph at batch 1.
///
/// The host driver counts it (`drivers/openvino/work_summary.h`) and hands it over as properties
/// of the model, "work.conv_macs" and so on, so that a simulated device never reads a model's file.
///
/// Units: macs are multiply-adds; bytes are of the int8 model: one byte a weight and a value.
struct ModelWork {
  double conv_macs = 0;       ///< Convolutions (not depthwise) and products with weights.
  double conv_positions = 0;  ///< Places at which those are computed: heights x widths of outputs.
  double largest_conv_macs = 0;  ///< Of the heaviest one of those layers.
  double depthwise_macs = 0;     ///< Convolutions with one input channel a group.
  double product_macs = 0;       ///< Products of two activations, as in attention.
  double other_ops = 0;          ///< Elements that all other layers of arithmetic go over.
  double weight_bytes = 0;       ///< Of all constants but shapes and indices.
  double activation_bytes = 0;   ///< Read and written by all layers of arithmetic.
  double input_bytes = 0;        ///< Of the model's inputs.
  double output_bytes = 0;       ///< Of the model's outputs.
  int layers = 0;                ///< Layers of arithmetic, not those that only rename or move.
  friend bool operator==(const ModelWork&, const ModelWork&) = default;
};

/// Returns the names of all counts, as in "work.NAME", in the order of the members.
const std::vector<std::string>& work_names();

/// Returns the work that a model's properties tell, or nothing unless all of them are there as
/// finite numbers that are not negative.
std::optional<ModelWork> work_from(const std::map<std::string, std::string>& properties);

}  // namespace penstock::sim
