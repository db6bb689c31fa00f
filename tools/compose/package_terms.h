#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/model_info.h"
#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"
#include "engine/package/fit_report.h"
#include "tools/compose/model_files.h"

namespace penstock {

/// What a package says about where it may run, held against one device.

/// Asks a device what stands against loading the model with some options.
using ExplainLoad = std::function<Result<std::vector<LoadObstacle>>(const DriverOptions&)>;

/// How a model is to be loaded, and what stands against that.
struct LoadTerms {
  DriverOptions options;
  std::vector<LoadObstacle> obstacles;
};

/// Returns `options` with the mode in which `file` is to run: that of the options, else the first
/// of the package's modes against which nothing stands, or its first. Unchanged where the package
/// names no modes, or the device has none. A mode that the package does not allow is an obstacle.
/// May block. Errors: of `explain`.
Result<LoadTerms> terms_of(const ExplainLoad& explain,
                           const ModelFile& file,
                           DriverOptions options);

/// Returns what `file` says that it takes of `device` in `mode`, and how that fits there; nothing
/// where its package says nothing of this kind of device. `cores` is of the model's words; 0: all.
std::optional<FitReport> package_fit(const ModelFile& file,
                                     const std::string& mode,
                                     std::int64_t cores,
                                     const DeviceSpec& device,
                                     const DeviceInfo& info);

/// Returns the bytes that the package says it keeps on `device` for as long as it is loaded; 0
/// where it says nothing, or where models can take turns, which is where there are sub-devices.
std::uint64_t kept_bytes(const ModelFile& file, const DeviceSpec& device, const DeviceInfo& info);

}  // namespace penstock
