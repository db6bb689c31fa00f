#pragma once

#include <memory>
#include <vector>

#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The actor `zone`: what the graph language knows of it.
ActorType zone_type();

/// Keeps the objects whose centre lies in a rectangle of the source picture. Changes nothing else.
class ZoneNode final : public Node {
 public:
  /// Errors: `kInvalidArgument` for an area without extent.
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  explicit ZoneNode(const Box& area) : area_(area) {}

  Status process(Frame& frame, Emit& emit) override;

 private:
  const Box area_;              // In pixels of the source picture.
  std::vector<Object> inside_;  // Kept between frames, so that no frame allocates.
};

}  // namespace penstock
