#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/node/node.h"
#include "engine/node/source.h"
#include "engine/run/run_event.h"

namespace penstock::testing {

/// A node whose calls do what the test says; what is left out does what `Node` does.
class ScriptedNode final : public Node {
 public:
  struct Script {
    std::function<Status()> open = {};
    std::function<Status(std::size_t port, Frame&, Emit&)> process = {};
    std::function<Status(const ControlRecord&, Emit&)> note = {};
    std::function<Status(StreamId, Emit&)> flush = {};
    std::function<Status()> close = {};
    bool is_beyond_repair = false;
  };

  explicit ScriptedNode(Script script) : script_(std::move(script)) {}

  Status open(const NodeContext& /*context*/) override {
    return script_.open ? script_.open() : Status();
  }

  Status process(Frame& frame, Emit& emit) override { return process_from(0, frame, emit); }

  Status process_from(std::size_t port, Frame& frame, Emit& emit) override {
    return script_.process ? script_.process(port, frame, emit) : Status();
  }

  [[nodiscard]] bool is_beyond_repair() const override { return script_.is_beyond_repair; }

  Status note(const ControlRecord& record, Emit& emit) override {
    return script_.note ? script_.note(record, emit) : Status();
  }

  Status flush(StreamId stream, Emit& emit) override {
    return script_.flush ? script_.flush(stream, emit) : Status();
  }

  Status close() override { return script_.close ? script_.close() : Status(); }

 private:
  Script script_;
};

/// Returns a factory that makes a node of `script` each time.
inline NodeFactory scripted(ScriptedNode::Script script) {
  return [script = std::move(script)]() -> Result<std::unique_ptr<Node>> {
    return std::unique_ptr<Node>(std::make_unique<ScriptedNode>(script));
  };
}

/// Returns a factory of nodes that only have a `process`.
inline NodeFactory processing(std::function<Status(Frame&, Emit&)> process) {
  return scripted(
      {.process = [process = std::move(process)](std::size_t /*port*/, Frame& frame, Emit& emit) {
        return process(frame, emit);
      }});
}

/// A source of numbered frames without payload.
///
/// Frame `i` of the stream is taken at `first + i * period`; a live one cannot be had earlier, and
/// what nobody has pulled stays (the pump has to catch up). `count` is over all incarnations.
class ScriptedSource final : public Source {
 public:
  struct Script {
    std::uint64_t count = 10;
    Duration period = std::chrono::milliseconds(40);
    bool live = false;
    std::function<Status()> on_start = {};  ///< May refuse.
    std::function<std::optional<Error>(std::uint64_t)> on_frame =
        {};  ///< May fail before frame `i`.
    std::function<void()> on_stop = {};
    std::function<SourceFlaws(std::uint64_t)> flaws = {};  ///< After so many frames.
  };

  /// How far all incarnations of a source have come.
  struct Position {
    std::uint64_t next = 0;
    int starts = 0;
    int stops = 0;
    Doorbell doorbell = {};
  };

  ScriptedSource(Script script, std::shared_ptr<Position> position)
      : script_(std::move(script)),
        position_(std::move(position)) {}

  Status start(const SourceContext& context, Doorbell doorbell) override {
    ++position_->starts;
    position_->doorbell = doorbell;
    clock_ = context.clock;
    began_ = clock_->now();
    first_ = position_->next;
    return script_.on_start ? script_.on_start() : Status();
  }

  Pull pull(SourceFrame& out) override {
    if (position_->next >= script_.count) {
      return Pull::kEnd;
    }
    const Duration pts = script_.period * static_cast<Duration::rep>(position_->next - first_);
    if (script_.live && clock_->now() < began_ + pts) {
      not_before_ = began_ + pts;
      return Pull::kNothing;
    }
    if (script_.on_frame) {
      if (auto error = script_.on_frame(position_->next); error.has_value()) {
        failure_ = *error;
        return Pull::kFailed;
      }
    }
    ++position_->next;
    out.time.pts = pts;
    return Pull::kFrame;
  }

  [[nodiscard]] std::optional<TimePoint> not_before() const override { return not_before_; }

  [[nodiscard]] Error failure() const override { return failure_; }

  [[nodiscard]] SourceFlaws flaws() const override {
    return script_.flaws ? script_.flaws(position_->next) : SourceFlaws{};
  }

  void stop() override {
    ++position_->stops;
    if (script_.on_stop) {
      script_.on_stop();
    }
  }

  [[nodiscard]] bool is_live() const override { return script_.live; }

 private:
  Script script_;
  std::shared_ptr<Position> position_;
  const Clock* clock_ = nullptr;
  TimePoint began_;
  std::uint64_t first_ = 0;
  std::optional<TimePoint> not_before_;
  Error failure_;
};

/// Returns 0, 1, ..., `count` - 1: the numbers of the frames of a stream.
inline std::vector<std::uint64_t> upto(std::uint64_t count) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < count; ++i) {
    numbers.push_back(i);
  }
  return numbers;
}

/// Keeps all events, and lets a test answer them.
class EventLog final : public RunEvents {
 public:
  void post(RunEvent event) override {
    events.push_back(event);
    if (on_event) {
      on_event(event);
    }
  }

  [[nodiscard]] std::size_t count(RunEvent::Kind kind) const {
    std::size_t found = 0;
    for (const RunEvent& event : events) {
      found += event.kind == kind ? 1 : 0;
    }
    return found;
  }

  std::vector<RunEvent> events;
  std::function<void(const RunEvent&)> on_event;
};

}  // namespace penstock::testing
