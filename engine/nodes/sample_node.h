#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/base/clock.h"
#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The actor `sample`.
ActorType sample_type();

/// Lets some frames of a stream pass and ends the others as `dropped{sampled}`.
///
/// By number, the first of each `every`; by time, at most `max_fps`, on the frames' own times: a
/// recording that is read faster than it was made keeps the same frames.
class SampleNode final : public Node {
 public:
  struct Options {
    std::uint64_t every = 1;
    std::optional<double> max_fps;
  };

  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  explicit SampleNode(const Options& options) : options_(options) {}

  Status process(Frame& frame, Emit& emit) override;

 private:
  [[nodiscard]] bool is_in_time(Duration pts);

  Options options_;
  std::uint64_t arrived_ = 0;
  std::optional<Duration> next_;  // Frames before it come too fast.
  Duration last_{0};
};

}  // namespace penstock
