#include "engine/nodes/raw_node.h"

namespace penstock {

ActorType raw_type() {
  ActorType type("raw", "decodes nothing: the frame keeps the outputs of the model");
  type.decoder(
      [](const ModelFacts& /*model*/,
         const OptionValues& /*options*/) -> std::optional<std::string> { return std::nullopt; });
  type.out("out", {payload::kTensors});
  return type;
}

Result<std::unique_ptr<Node>> RawNode::make(const NodeArgs& /*args*/) {
  return std::unique_ptr<Node>(std::make_unique<RawNode>());
}

}  // namespace penstock
