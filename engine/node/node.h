#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/flow/edge_ring.h"
#include "engine/frame/frame.h"

namespace penstock {

/// Where a node's results go.
class Emit {
 public:
  /// Sends `frame` out of output `port`, to every consumer of that port. The other outputs are told
  /// that it does not come; so what goes out of several is sent out of all of them (`Frame::share`)
  /// in one call of the node.
  virtual void send(Frame frame, std::size_t port = 0) = 0;
  /// Ends `frame` on purpose; joins downstream are told not to wait for it.
  virtual void drop(Frame frame, Reason reason) = 0;
  /// Says that `parent` was cut into `pieces` frames, which were sent before; 0 is a number too.
  virtual void close_fan_out(const FrameId& parent, std::uint32_t pieces) = 0;
  /// Says that frames will not come which were never sent and are not in hand: for nodes that keep
  /// the records that reach them.
  virtual void announce(const Tombstone& tombstone) = 0;
  /// The time at which the node's turn began; the one clock that a node may use.
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;

 protected:
  ~Emit() = default;
};

/// What a node learns about its place in the graph when it opens.
struct NodeContext {
  std::string graph;
  std::string name;    ///< The actor's name in the file.
  std::string stream;  ///< Its stream, where the node exists once per stream; else empty.
  const Clock* clock = nullptr;
  /// How many frames that passed this node can be alive at once: the size of an output pool.
  std::uint32_t max_frames = 16;
};

/// One step of a graph: the class to derive from for a custom actor.
///
/// `process` is called for each frame, in the order of its stream. Returning success with the frame
/// still in hand passes it on to output 0 (or, in a sink, counts it as delivered); a node that
/// sends other frames, several or none uses `emit`. Returning an error ends this one frame as
/// failed, and the node goes on; the codes `kInternal`, `kUnavailable`, `kDeviceLost`, `kPeerGone`,
/// and an exception, mean that the node itself has failed: it is closed and made anew as its
/// `restart` words say, and the frame is tried once more.
///
/// States: made -> open -> closed. A failed node is destroyed, not reopened.
/// Thread-safety: none needed. Calls never overlap, but may come from different threads.
/// Cost: whatever `process` costs; it must not block (open, flush and close may).
///
/// @code
///   class Blur final : public Node {
///    public:
///     Status process(Frame& frame, Emit& emit) override {
///       frame.set_image(blurred(frame.image()));
///       return {};                               // still in hand: passed on
///     }
///   };
/// @endcode
class Node {
 public:
  virtual ~Node() = default;

  /// Called once before the first frame, where blocking is allowed.
  virtual Status open(const NodeContext& /*context*/) { return {}; }

  virtual Status process(Frame& frame, Emit& emit) = 0;

  /// For nodes with several inputs: says which one the frame came from.
  virtual Status process_from(std::size_t /*port*/, Frame& frame, Emit& emit) {
    return process(frame, emit);
  }

  /// A tombstone or closing record that passes through; nodes that wait for frames need it.
  virtual Status note(const ControlRecord& /*record*/, Emit& /*emit*/) { return {}; }

  /// For nodes with several inputs: likewise, and which one the record came from.
  virtual Status note_from(std::size_t /*port*/, const ControlRecord& record, Emit& emit) {
    return note(record, emit);
  }

  /// Whether records end here instead of passing through: for nodes that answer for their frames
  /// themselves (a join passes a frame on although a part of it has ended). They `announce`.
  [[nodiscard]] virtual bool keeps_records() const { return false; }

  /// When the node wants `on_time` to be called; asked after each turn.
  [[nodiscard]] virtual std::optional<TimePoint> wake_at() const { return std::nullopt; }

  /// The time of `wake_at` has come. What has reached the node's inputs by then was processed
  /// before. Post: `wake_at` is later than `emit.now()`, or nothing.
  virtual Status on_time(Emit& /*emit*/) { return {}; }

  /// The stream has ended: send what is still held back. More streams may follow in a shared node.
  virtual Status flush(StreamId /*stream*/, Emit& /*emit*/) { return {}; }

  /// Asked after an error of `process`: whether the node can never work, whatever frame comes and
  /// however often it is made anew (a path that is a folder). Such a node has failed also with a
  /// code that would end one frame only, and is not made anew.
  [[nodiscard]] virtual bool is_beyond_repair() const { return false; }

  /// Called once after the last frame, where blocking is allowed: finish files, close sockets.
  virtual Status close() { return {}; }

 protected:
  Node() = default;
  Node(const Node&) = default;
  Node& operator=(const Node&) = default;
};

/// Makes a node, at the start and after each failure.
using NodeFactory = std::function<Result<std::unique_ptr<Node>>()>;

}  // namespace penstock
