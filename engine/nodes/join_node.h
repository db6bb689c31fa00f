#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/flow/join_table.h"
#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/label_union.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The actor `join`.
ActorType join_type();

/// Brings the branches of a frame together again: the frame of its first input goes on, and gets
/// from each other input, in their order, the results that it lacks, and those objects and labels
/// that another actor gave (`NodeArgs::brings`). What comes by two ways is as the first one has it.
///
/// What pieces of the frame brought is put together in the order of the pieces; where labels come
/// from several tables, under one that has the names of all. Of tables that are known beforehand
/// (`NodeArgs::label_tables`) it has the names from the first frame on, so that a name keeps its
/// id.
///
/// Ownership: keeps the frames that wait for their other parts, at most as many as can be alive.
class JoinNode final : public Node {
 public:
  /// Errors: `kInvalidArgument` if the join has fewer than two inputs of its own.
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  /// `brings` and `tables` as in `NodeArgs`.
  JoinNode(std::string name,
           const JoinTable::Options& options,
           std::vector<PayloadSet> brings = {},
           const LabelTables& tables = {});

  Status open(const NodeContext& context) override;

  Status process(Frame& frame, Emit& emit) override { return process_from(0, frame, emit); }

  /// Errors: `kUnsupported` if the first input brings pieces of frames.
  Status process_from(std::size_t port, Frame& frame, Emit& emit) override;
  Status note_from(std::size_t port, const ControlRecord& record, Emit& emit) override;

  [[nodiscard]] bool keeps_records() const override { return true; }

  [[nodiscard]] std::optional<TimePoint> wake_at() const override;
  Status on_time(Emit& emit) override;
  Status flush(StreamId stream, Emit& emit) override;

 private:
  using Parts = std::vector<std::vector<Frame>>;  // By input, pieces by index.

  void act(Emit& emit);
  void merge(Parts& parts, Frame& base);
  bool gather(Payload kind, const char* name, const Parts& parts, const Frame& base);

  const std::string name_;
  JoinTable::Options options_;
  const std::vector<PayloadSet> brings_;
  std::unique_ptr<JoinTable> table_;  // From `open` on.
  JoinTable::Decisions decisions_;
  std::vector<const Frame*> sources_;  // During a call.
  LabelUnion object_labels_;
  LabelUnion class_labels_;
};

}  // namespace penstock
