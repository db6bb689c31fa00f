#pragma once

#include <map>
#include <optional>
#include <string>

namespace penstock::sim {

/// What one frame asks of a device, counted from the model's graph at batch 1.
///
/// The host driver counts it (`drivers/openvino/work_summary.h`) and hands it over as properties
/// of the model, "work.conv_macs" and so on, so that a simulated device never reads a model's file.
///
/// Units: macs are multiply-adds; bytes are of the int8 model: one byte a weight and a value.
struct ModelWork {
  double conv_macs = 0;         ///< Of convolutions and matrix products.
  double depthwise_macs = 0;    ///< Of convolutions with one input channel a group.
  double other_ops = 0;         ///< Elements that all other layers of arithmetic write.
  double weight_bytes = 0;      ///< Of all constants that layers of arithmetic read.
  double activation_bytes = 0;  ///< Read and written by all layers of arithmetic.
  double input_bytes = 0;       ///< Of the model's inputs.
  double output_bytes = 0;      ///< Of the model's outputs.
  int layers = 0;               ///< Layers of arithmetic, not those that only name or reshape.
  friend bool operator==(const ModelWork&, const ModelWork&) = default;
};

/// Returns the work that a model's properties tell, or nothing unless all of them are there as
/// finite numbers that are not negative.
std::optional<ModelWork> work_from(const std::map<std::string, std::string>& properties);

}  // namespace penstock::sim
