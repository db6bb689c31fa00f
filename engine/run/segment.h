#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/flow/edge_ring.h"
#include "engine/node/node.h"
#include "engine/run/outlets.h"
#include "engine/run/routes.h"
#include "engine/run/supervised.h"
#include "engine/telemetry/node_ledger.h"

namespace penstock {

class AbandonScope;

/// Runs a chain of nodes that the plan fused: a frame that enters goes through all of them, then
/// out along the edges of the last one.
///
/// A frame is taken from an input only when everything that the frame before it caused has found
/// room downstream; so a segment holds at most one frame beyond its edges, and pressure reaches the
/// source. Inputs are served in turn.
///
/// States: made -> open (nodes opened by `blocking_step`) -> finished, once the end of every
/// expected stream came through every input; -> failed when a node fails, until the supervisor
/// orders a restart (the failed node is made anew, its neighbours keep their state; the frame in
/// hand is tried once more by the node that failed; that it works again is said with the first
/// frame that it has processed) or gives up (nodes are closed, what comes is ended as
/// `failed{stream_stopped}`, tombstones and ends of streams still pass).
/// What a node with several outputs sends out of some of them leaves a tombstone (`routed`) on the
/// others, at the end of the call that sent it.
/// Ownership: owns its nodes; the edges are the run's and may go before or after it. Frames that a
/// node keeps when it is destroyed end as failed (by a restart or giving up) or cancelled.
/// Cost: per frame and node one virtual call and two relaxed additions.
class Segment final : public Supervised {
 public:
  static constexpr int kFramesPerTurn = 32;

  struct NodeSpec {
    NodeFactory make;
    NodeContext context;
    std::shared_ptr<NodeLedger> ledger;
  };

  struct Input {
    EdgeRing* edge = nullptr;
    std::size_t port = 0;           ///< Of the first node.
    std::vector<StreamId> streams;  ///< Whose ends are awaited here.
  };

  struct Options {
    std::string name;
    std::string stream;  ///< For events; empty where the segment serves all streams.
    std::vector<NodeSpec> nodes;
    std::vector<Input> inputs;
    std::vector<OutEdge> outputs;
    std::size_t ports = 1;  ///< Outputs of the last node; several only there.
  };

  explicit Segment(Options options);
  ~Segment() override;

  Step step(TimePoint now) override;
  void blocking_step() override;
  /// The first time that a node waits for; nothing while an edge is full, which rings.
  [[nodiscard]] std::optional<TimePoint> wake_at() const override;

 private:
  enum class State : std::uint8_t {
    kMade,
    kOpen,
    kFailed,
    kGivingUp,
    kGivenUp,
    kClosing,
    kFinished
  };

  /// What one node has been up to.
  struct Health {
    bool broken = false;       // Has failed; is made anew by the next opening.
    bool failing_row = false;  // Its last frame failed: say it once.
  };

  /// A frame on its way through the chain that waits for a node to be made anew.
  struct Held {
    Frame frame;
    std::size_t index = 0;
    std::size_t port = 0;
  };

  /// A stream whose end is passing through the chain.
  struct Ending {
    StreamId stream{};
    std::size_t next = 0;  // The node to flush next.
  };

  class ChainEmit final : public Emit {
   public:
    ChainEmit(Segment* segment, std::size_t index) : segment_(segment), index_(index) {}

    void send(Frame frame, std::size_t port) override;
    void drop(Frame frame, Reason reason) override;
    void close_fan_out(const FrameId& parent, std::uint32_t pieces) override;
    void announce(const Tombstone& tombstone) override;

    [[nodiscard]] TimePoint now() const noexcept override { return segment_->now_; }

   private:
    Segment* segment_;
    std::size_t index_;
  };

  Step open_turn();
  Step work();
  bool take_next();
  void take(Input& input, EdgeRing::Item item);
  void enter(std::size_t port, Frame frame);
  void run_node(std::size_t index, std::size_t port, Frame frame);
  Status call_node(std::size_t index, std::size_t port, Frame& frame);
  void resume_held();
  void on_error(std::size_t index, std::size_t port, Frame frame, const Error& error);
  void on_control(Input& input, const ControlRecord& record);
  /// Shows `record` to the nodes from `index` on, then sends it along the edges.
  void pass_record(std::size_t index, std::size_t port, const ControlRecord& record);
  bool is_at_rest() const;
  bool serve_timer();
  /// Tells the outputs that the node's call did not send its frames to.
  void settle_routes();
  void end_stream(Input& input, StreamId stream);
  void flush_stream();
  void end_frame(Frame frame, Outcome outcome, Reason reason);
  void fail_node(std::size_t index, const Error& error);
  void report(RunEvent::Kind kind, std::size_t index, const Error& error);
  void announce_ended(AbandonScope& scope);
  void obey(Orders orders);
  bool open_nodes();
  void close_nodes();
  [[nodiscard]] bool all_inputs_ended() const;

  Options options_;
  Outlets out_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<ChainEmit> emits_;
  std::size_t next_input_ = 0;
  State state_ = State::kMade;
  std::vector<Health> health_;           // One per node.
  std::optional<std::size_t> unproven_;  // The node that failed, until it has processed a frame.
  std::deque<Held> held_;                // In the order in which they go on.
  std::optional<Ending> ending_;
  const bool has_routes_;            // The last node has several outputs.
  Routes routes_;                    // What its running call has sent.
  AbandonScope* unwound_ = nullptr;  // The running turn's: frames that a throwing node had in hand.
  TimePoint now_;
};

}  // namespace penstock
