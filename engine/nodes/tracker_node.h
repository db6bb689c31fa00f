#pragma once

#include <memory>
#include <vector>

#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"
#include "engine/vision/byte_tracker.h"

namespace penstock {

/// The actor `tracker`: see `ByteTracker`.
ActorType tracker_type();

/// Gives each object a number that stays with it. Changes nothing else of the frame.
///
/// One node a stream: numbers of different streams have nothing to do with each other.
class TrackerNode final : public Node {
 public:
  /// Errors: as `ByteTracker::create`.
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  explicit TrackerNode(ByteTracker tracker) : tracker_(std::move(tracker)) {}

  Status process(Frame& frame, Emit& emit) override;

 private:
  ByteTracker tracker_;
  std::vector<Object> objects_;  // The frame's own may be shared with other branches.
};

}  // namespace penstock
