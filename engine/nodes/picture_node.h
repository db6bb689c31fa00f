#pragma once

#include <memory>
#include <optional>

#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"
#include "engine/nodes/picture_resampler.h"

namespace penstock {

/// The actors `letterbox`, `resize` and `convert`: pictures in, RGB or BGR pictures out.
ActorType letterbox_type();
ActorType resize_type();
ActorType convert_type();

/// Puts another picture into the frame: of one size, or of one format. Boxes that are found in it
/// map back to the source by themselves.
class PictureNode final : public Node {
 public:
  /// Errors: `kInvalidArgument` for a size outside 1..`ResamplePlan::kMaxSide`.
  static Result<std::unique_ptr<Node>> make_letterbox(const NodeArgs& args);
  static Result<std::unique_ptr<Node>> make_resize(const NodeArgs& args);
  static Result<std::unique_ptr<Node>> make_convert(const NodeArgs& args);

  /// Pre: the target is u8, NHWC.
  explicit PictureNode(const PictureTarget& target) : target_(target) {}

  Status open(const NodeContext& context) override;
  /// Errors: as `PictureResampler::run`.
  Status process(Frame& frame, Emit& emit) override;

 private:
  PictureTarget target_;
  std::optional<PictureResampler> resampler_;
};

}  // namespace penstock
