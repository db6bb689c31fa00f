#pragma once

#include <memory>

#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The decoder `raw`: leaves a model's outputs in the frame as they are, for an application or an
/// actor of one's own.
ActorType raw_type();

class RawNode final : public Node {
 public:
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  Status process(Frame& /*frame*/, Emit& /*emit*/) override { return {}; }
};

}  // namespace penstock
