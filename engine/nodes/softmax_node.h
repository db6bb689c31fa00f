#pragma once

#include <memory>
#include <vector>

#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"
#include "engine/vision/softmax_decoder.h"

namespace penstock {

/// The decoder `softmax`: see `SoftmaxDecoder`.
ActorType softmax_type();

/// Turns a classifier's output into the frame's labels, best first, and gives the tensors back.
class SoftmaxNode final : public Node {
 public:
  /// Errors: as `SoftmaxDecoder::create`.
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  /// `labels` outlives all frames (`intern_labels`) and may be null.
  SoftmaxNode(SoftmaxDecoder decoder, const LabelTable* labels)
      : decoder_(std::move(decoder)),
        labels_(labels) {}

  /// Errors: as `SoftmaxDecoder::decode`; `kInvalidArgument` for a frame without tensors.
  Status process(Frame& frame, Emit& emit) override;

 private:
  SoftmaxDecoder decoder_;
  const LabelTable* labels_;
  std::vector<Label> found_;
};

}  // namespace penstock
