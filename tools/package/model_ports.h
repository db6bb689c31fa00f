#pragma once

#include <vector>

#include "drivers/api/model_info.h"
#include "engine/base/result.h"
#include "engine/package/package_info.h"

namespace penstock {

/// Returns how a package describes the ports that a driver found in a model. Scales are taken over
/// where the model has them for whole tensors.
std::vector<PackageTensor> tensors_of(const std::vector<TensorSpec>& ports);

/// Checks that what `variant` says of its inputs and outputs, if anything, is what the model has:
/// number, names, types, shapes.
/// Errors: `kCorrupt`, naming the port and both values.
Status check_ports(const PackageVariant& variant, const ModelInfo& model);

}  // namespace penstock
