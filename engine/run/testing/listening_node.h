#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/node/node.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock::testing {

/// What a segment was told of, by input and stream: how often each frame, by itself or by a
/// tombstone.
struct Told {
  std::string name;
  std::vector<VirtualGraph::In> inputs;
  std::map<std::pair<std::size_t, StreamId>, std::map<std::uint64_t, int>> seqs;
};

/// A node that writes down what its segment is told, and else does what `inner` does.
class ListeningNode final : public Node {
 public:
  ListeningNode(std::unique_ptr<Node> inner, std::shared_ptr<Told> told)
      : inner_(std::move(inner)),
        told_(std::move(told)) {}

  Status process(Frame& frame, Emit& emit) override { return process_from(0, frame, emit); }

  Status process_from(std::size_t port, Frame& frame, Emit& emit) override {
    ++told_->seqs[{port, frame.stream()}][frame.seq()];
    return inner_->process_from(port, frame, emit);
  }

  Status note_from(std::size_t port, const ControlRecord& record, Emit& emit) override {
    if (const auto* gone = std::get_if<Tombstone>(&record); gone != nullptr) {
      for (std::uint64_t seq = gone->first_seq; seq <= gone->last_seq; ++seq) {
        ++told_->seqs[{port, gone->stream}][seq];
      }
    }
    return inner_->note_from(port, record, emit);
  }

  Status flush(StreamId stream, Emit& emit) override { return inner_->flush(stream, emit); }

 private:
  std::unique_ptr<Node> inner_;
  std::shared_ptr<Told> told_;
};

/// Returns a factory that puts such a node around each that `inner` makes.
inline NodeFactory listening(NodeFactory inner, std::shared_ptr<Told> told) {
  return [inner = std::move(inner), told = std::move(told)]() -> Result<std::unique_ptr<Node>> {
    PENSTOCK_ASSIGN_OR_RETURN(auto made, inner());
    return std::unique_ptr<Node>(std::make_unique<ListeningNode>(std::move(made), told));
  };
}

}  // namespace penstock::testing
