#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "engine/flow/edge_ring.h"

namespace penstock {

/// One edge that leaves a node: from output `port`, for one stream or for all.
struct OutEdge {
  EdgeRing* edge = nullptr;
  std::size_t port = 0;
  std::optional<StreamId> only;
};

/// The outgoing edges of a segment, source or station, and what found no room on them yet.
///
/// What does not fit waits here in order, edge by edge; the owner takes no new work before `flush`
/// has placed it all, so this holds what one frame caused and no more. A full edge does not hold
/// back what goes along the others.
class Outlets {
 public:
  explicit Outlets(std::vector<OutEdge> edges)
      : edges_(std::move(edges)),
        waiting_(edges_.size()) {}

  /// Sends `frame` to every consumer of `port` that wants its stream. A frame that nobody wants is
  /// delivered: it has reached the end of the graph.
  void send(Frame frame, std::size_t port);
  /// Sends an in-band record about `stream` along every edge that carries it, but those of the
  /// ports in `except`, bit by bit.
  void send_control(const ControlRecord& record, StreamId stream, std::uint64_t except = 0);

  /// Tries to place what waits; returns whether all of it has found room.
  bool flush() { return blocked_ == 0 || place_waiting(); }

  /// Ends all frames that wait and forgets the records, without touching an edge: for destructors,
  /// when the edges may be gone already.
  void abandon(Outcome outcome, Reason reason);

  /// Returns how many frames still wait for room on some edge; counts one twice at most where it
  /// goes along edges of one stream and of all.
  [[nodiscard]] std::uint32_t waiting_frames() const;

  [[nodiscard]] bool is_clear() const noexcept { return blocked_ == 0; }

 private:
  using Waiting = std::variant<Frame, ControlRecord>;

  [[nodiscard]] bool wants(const OutEdge& edge, std::size_t port, StreamId stream) const noexcept {
    return edge.port == port && (!edge.only.has_value() || *edge.only == stream);
  }

  void place(std::size_t index, Frame frame);
  bool place_waiting();

  std::vector<OutEdge> edges_;
  std::vector<std::deque<Waiting>> waiting_;  // One per edge.
  std::size_t blocked_ = 0;                   // Edges with something waiting.
};

}  // namespace penstock
