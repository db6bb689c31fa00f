#pragma once

#include <memory>
#include <string>

#include <openvino/core/model.hpp>
#include <openvino/runtime/core.hpp>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/model_info.h"
#include "drivers/openvino/load_options.h"
#include "engine/base/result.h"

namespace penstock::openvino {

/// Looks at a model file before OpenVINO does, whose own words for these faults mislead.
/// Errors: `kNotFound`, `kUnsupported` for a kind of file that OpenVINO is not asked to read,
/// `kCorrupt` for an empty file or one that is not of the kind its name says.
Status check_model_file(const std::string& path);

/// Reads a model file (.onnx, .tflite, .xml).
/// Errors: as `check_model_file`, and: `kCorrupt` not a whole model; `kUnsupported` an operation
/// that OpenVINO cannot read.
/// What OpenVINO says beyond its last line goes to the log of `host`.
Result<std::shared_ptr<ov::Model>> read_model(ov::Core& core,
                                              const DriverHost& host,
                                              const std::string& path);

/// Applies what the options change in the graph of `model`, which is spoilt if that fails.
/// Errors: `kUnsupported` a batch or shape that does not go through; `kInvalidArgument` an option
/// that does not fit the model's inputs.
Result<std::shared_ptr<ov::Model>> adapt_model(const std::shared_ptr<ov::Model>& model,
                                               const ShapeChoice& choice,
                                               const InputConversion& conversion);

/// Describes the ports of a model or of a compiled one.
/// Errors: `kUnsupported` for a port that cannot be passed.
template <class Ported>
Status describe_ports(const Ported& model, ModelInfo* info);

}  // namespace penstock::openvino
