#include "engine/nodes/builtin_types.h"

#include "engine/nodes/discard_node.h"
#include "engine/nodes/jsonl_sink.h"
#include "engine/nodes/ssd_type.h"
#include "engine/nodes/tracker_node.h"

namespace penstock {

void register_builtin_types(TypeRegistry& registry) {
  registry.add(ssd_type());
  registry.add(tracker_type());
  registry.add(jsonl_sink_type());
  registry.add(discard_type());
}

}  // namespace penstock
