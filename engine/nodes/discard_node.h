#pragma once

#include <memory>

#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The actor `discard`.
ActorType discard_type();

/// A sink that only counts: its frames are delivered as soon as they arrive.
class DiscardNode final : public Node {
 public:
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  Status process(Frame& /*frame*/, Emit& /*emit*/) override { return {}; }
};

}  // namespace penstock
