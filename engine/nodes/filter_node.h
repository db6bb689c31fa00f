#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The actor `filter`.
ActorType filter_type();

/// Takes objects out of frames, and frames without objects out of the graph where told so.
class FilterNode final : public Node {
 public:
  /// Units: scores 0..1, sizes in pixels of the source picture.
  struct Options {
    std::vector<std::string> labels;  ///< Empty for all.
    float score = 0;
    float min_width = 0;
    float min_height = 0;
    bool drops_empty = false;
  };

  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  explicit FilterNode(Options options) : options_(std::move(options)) {}

  Status process(Frame& frame, Emit& emit) override;

 private:
  [[nodiscard]] bool keeps(const Object& object) const;
  [[nodiscard]] bool keeps_label(std::int32_t label) const;
  void look_up(const LabelTable* table);

  Options options_;
  // Frames of one branch have one table nearly always.
  const LabelTable* table_ = nullptr;
  bool is_looked_up_ = false;
  std::vector<std::int32_t> kept_labels_;
  std::vector<Object> kept_;
};

}  // namespace penstock
