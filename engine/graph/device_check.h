#pragma once

#include <vector>

#include "engine/graph/device_probe.h"
#include "engine/graph/graph_draft.h"
#include "engine/graph/graph_spec.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// Checks the devices that `actors` run models on, and the models on them, against what is there.
///
/// Reports E060 (no such device, model not built for it), E061 (limit of the device, no scales),
/// and for `properties` and `sub_devices` E010, E012, E013, E014. A device of a list that is not
/// there is a warning while another one of the list is: the list says what to do then.
/// Cost: asks for each device once, for each model on each of its devices once.
void check_devices(DeviceProbe& probe,
                   const GraphDraft& draft,
                   const std::vector<ActorSpec>& actors,
                   Diagnostics& diagnostics);

}  // namespace penstock
