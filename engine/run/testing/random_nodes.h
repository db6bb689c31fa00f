#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/node/node.h"
#include "engine/run/testing/dice.h"

namespace penstock::testing {

/// What one random world may do.
struct WorldTraits {
  bool drops = false;     ///< Edges with drop policies, live sources.
  bool failures = false;  ///< Nodes fail frames, themselves, throw; sources fail.
  bool orders = false;    ///< Orders to stop and to give up at random times.
  bool keeps = false;     ///< Nodes hold frames back; the application keeps some at the sinks.
  bool routes = false;    ///< Nodes have two outputs and choose one for each frame, or both.
};

/// Makes nodes that hold, filter, fail, throw and route as chance says; notes where a frame came
/// out of order or beyond its window; keeps some frames as an application would.
///
/// Ownership: outlives the nodes; `dice` outlives it.
/// Thread-safety: one thread.
class RandomNodes {
 public:
  struct Options {
    WorldTraits traits;
    std::vector<std::uint32_t> windows;  ///< By stream.
    /// Branches meet again and interleave: order is then a matter of each input.
    bool is_merged = false;
    std::function<std::size_t(StreamId)> in_flight;
  };

  /// A frame that the application keeps; delivered when it lets go of it.
  class KeptFrame {
   public:
    explicit KeptFrame(Frame frame) : frame_(std::move(frame)) {}

    KeptFrame(KeptFrame&&) noexcept = default;
    KeptFrame& operator=(KeptFrame&&) noexcept = default;

    ~KeptFrame() { release(); }

    void release() { frame_.end(Outcome::kDelivered); }

   private:
    Frame frame_;
  };

  RandomNodes(Dice& dice, Options options) : dice_(dice), options_(std::move(options)) {}

  RandomNodes(const RandomNodes&) = delete;
  RandomNodes& operator=(const RandomNodes&) = delete;

  /// Returns a factory of nodes that share their habits; `sink`: frames end there; `routes`: it has
  /// two outputs.
  NodeFactory make(bool sink, bool routes);

  /// Returns what must not have been.
  [[nodiscard]] const std::vector<std::string>& violations() const noexcept { return violations_; }

  std::vector<KeptFrame>& kept() noexcept { return kept_; }

 private:
  struct Habits {
    bool sink = false;
    bool holds = false;
    bool fails = false;
    bool filters = false;
    bool routes = false;
  };

  /// The last number seen, per input port and stream.
  using LastSeen = std::map<std::pair<std::size_t, StreamId>, std::uint64_t>;

  /// One incarnation of a node.
  struct Incarnation {
    Habits habits;
    std::vector<Frame> held = {};
  };

  bool may_hold(StreamId stream);
  void route(Frame frame, Emit& emit);
  void pass_on(Frame frame, const Habits& habits, Emit& emit);
  void release(Incarnation& node, StreamId stream, Emit& emit);
  void check_order(std::size_t port, const Frame& frame, LastSeen& last);
  Status process(Frame& frame, Emit& emit, Incarnation& node);

  Dice& dice_;
  const Options options_;
  std::map<StreamId, std::uint32_t> holding_;
  std::vector<std::string> violations_;
  std::vector<KeptFrame> kept_;
};

}  // namespace penstock::testing
