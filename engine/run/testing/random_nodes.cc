#include "engine/run/testing/random_nodes.h"

#include <algorithm>
#include <stdexcept>

#include "engine/run/testing/scripted.h"

namespace penstock::testing {

NodeFactory RandomNodes::make(bool sink, bool routes) {
  const WorldTraits& traits = options_.traits;
  Habits habits;
  habits.sink = sink;
  habits.holds = traits.keeps && dice_.chance(0.3);
  habits.fails = traits.failures && dice_.chance(0.4);
  habits.filters = traits.drops && dice_.chance(0.2);
  habits.routes = routes;
  // Order holds across incarnations, hence outside of the factory.
  auto last = std::make_shared<LastSeen>();
  return [this, habits, last]() -> Result<std::unique_ptr<Node>> {
    if (habits.fails && dice_.chance(0.05)) {
      return Error{Errc::kUnavailable, "no memory for the node"};
    }
    auto made = std::make_shared<Incarnation>();
    made->habits = habits;
    ScriptedNode::Script script;
    script.process = [this, made, last](std::size_t port, Frame& frame, Emit& emit) {
      if (!options_.traits.keeps && !made->habits.fails) {
        check_order(port, frame, *last);
      }
      Status status = process(frame, emit, *made);
      if (made->habits.routes && status.has_value() && frame) {
        route(std::move(frame), emit);
      }
      return status;
    };
    script.flush = [this, made](StreamId stream, Emit& emit) {
      release(*made, stream, emit);
      return Status();
    };
    return std::unique_ptr<Node>(std::make_unique<ScriptedNode>(std::move(script)));
  };
}

/// The plan makes windows larger by what nodes hold; here nodes hold less than the window. Without
/// that rule (`E055`) a stream whose places are all held waits for ever.
bool RandomNodes::may_hold(StreamId stream) {
  return holding_[stream] + 1 < options_.windows[static_cast<std::size_t>(stream)];
}

/// Sends a frame out of one of two outputs, or of both.
void RandomNodes::route(Frame frame, Emit& emit) {
  if (dice_.chance(0.2)) {
    emit.send(frame.share(), 0);
    emit.send(std::move(frame), 1);
  } else {
    emit.send(std::move(frame), dice_.chance(0.5) ? 1 : 0);
  }
}

void RandomNodes::pass_on(Frame frame, const Habits& habits, Emit& emit) {
  if (habits.routes) {
    route(std::move(frame), emit);
  } else {
    emit.send(std::move(frame));
  }
}

void RandomNodes::release(Incarnation& node, StreamId stream, Emit& emit) {
  for (Frame& frame : node.held) {
    if (frame && frame.stream() == stream) {
      --holding_[stream];
      pass_on(std::move(frame), node.habits, emit);
    }
  }
  node.held.erase(
      std::remove_if(node.held.begin(), node.held.end(), [](const Frame& frame) { return !frame; }),
      node.held.end());
}

void RandomNodes::check_order(std::size_t port, const Frame& frame, LastSeen& last) {
  const auto [seen, first] = last.try_emplace({port, frame.stream()}, frame.seq());
  if (!first && frame.seq() <= seen->second && !options_.is_merged) {
    violations_.push_back("frame " + std::to_string(frame.seq()) + " after " +
                          std::to_string(seen->second));
  }
  seen->second = frame.seq();
}

Status RandomNodes::process(Frame& frame, Emit& emit, Incarnation& node) {
  const Habits& habits = node.habits;
  const StreamId stream = frame.stream();
  if (options_.in_flight(stream) > options_.windows[static_cast<std::size_t>(stream)]) {
    violations_.emplace_back("more frames in flight than the window has places");
  }
  if (habits.fails && dice_.chance(0.02)) {
    return Error{Errc::kCorrupt, "bad frame"};
  }
  if (habits.fails && dice_.chance(0.02)) {
    return Error{Errc::kInternal, "node broke"};
  }
  if (habits.fails && dice_.chance(0.02)) {
    const Frame mine = dice_.chance(0.5) ? std::move(frame) : Frame();
    throw std::runtime_error("node threw");
  }
  if (habits.filters && dice_.chance(0.1)) {
    emit.drop(std::move(frame), Reason::kFiltered);
    return {};
  }
  if (habits.holds && may_hold(stream) && dice_.chance(0.2)) {
    ++holding_[stream];
    node.held.push_back(std::move(frame));
    return {};
  }
  if (habits.holds && dice_.chance(0.5)) {
    for (Frame& one : std::exchange(node.held, {})) {
      --holding_[one.stream()];
      pass_on(std::move(one), habits, emit);
    }
  }
  if (habits.sink && options_.traits.keeps && may_hold(stream) && dice_.chance(0.02)) {
    ++holding_[stream];
    kept_.emplace_back(frame.share());  // The application keeps it beyond the run.
  }
  return {};
}

}  // namespace penstock::testing
