#pragma once

#include "drivers/api/model_info.h"
#include "engine/graph/graph_spec.h"
#include "engine/graph/type_registry.h"
#include "tools/compose/model_files.h"

namespace penstock {

/// Registers what the linked drivers add to the language: the device words cpu, gpu, npu, sim and
/// noop, and the options of loading a model, allowed at `devices:` (for all models there) and
/// `models:`.
void register_driver_words(TypeRegistry& registry);

/// Returns whether the driver of simulated devices makes `device`, as its entry says. A driver of
/// another name may have devices of type sim too; those are like any other.
bool is_made_by_sim(const DeviceSpec& device);

/// Returns how to load `model`, which is `file`, on `device`, in the drivers' form; what stands
/// below `options` as it is written. What the model says wins over what the device says; on sim and
/// the linked-in noop, which know other options, only the device's hold. `mode` is there where it
/// was written; scales, the package's hash, and what the model may take of the device
/// (`sub_devices`, `cores`) are for simulated devices.
DriverOptions load_options(const ModelSpec& model, const DeviceSpec& device, const ModelFile& file);

/// Returns what makes the simulated device `device`: `profile`, `seed`, `faults` (a YAML list in
/// one line), those of them that were written. Pre: `is_made_by_sim`.
DriverOptions simulation_options(const DeviceSpec& device);

}  // namespace penstock
