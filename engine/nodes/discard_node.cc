#include "engine/nodes/discard_node.h"

namespace penstock {

ActorType discard_type() {
  ActorType type("discard", "takes frames and does nothing with them");
  type.in("in", {}).sink();
  return type;
}

Result<std::unique_ptr<Node>> DiscardNode::make(const NodeArgs& /*args*/) {
  return std::unique_ptr<Node>(std::make_unique<DiscardNode>());
}

}  // namespace penstock
