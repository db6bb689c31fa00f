#include "engine/nodes/sample_node.h"

#include <utility>

namespace penstock {

ActorType sample_type() {
  ActorType type("sample", "lets some frames pass and drops the others");
  type.in("in", {}).out("out", {}).per_stream().may_drop();
  type.option(Option::integer("every", "pass the first of so many frames")
                  .range(1, 1000000)
                  .unit("frames")
                  .excludes("rule")
                  .group_required());
  type.option(Option::rate("max_fps", "pass at most so many frames a second, by their own times")
                  .range(0.001, 1000)
                  .excludes("rule"));
  return type;
}

Result<std::unique_ptr<Node>> SampleNode::make(const NodeArgs& args) {
  Options options;
  if (args.options->has("every")) {
    options.every = static_cast<std::uint64_t>(args.options->get_int("every"));
  }
  if (args.options->has("max_fps")) {
    options.max_fps = args.options->get_number("max_fps");
  }
  return std::unique_ptr<Node>(std::make_unique<SampleNode>(options));
}

bool SampleNode::is_in_time(Duration pts) {
  if (!options_.max_fps.has_value()) {
    return true;
  }
  const bool went_back = pts < last_;  // A clip that begins anew.
  last_ = pts;
  if (next_.has_value() && pts < *next_ && !went_back) {
    return false;
  }
  // The grid stays where it is while frames keep up with it; a gap starts it anew.
  const auto period = Duration(static_cast<Duration::rep>(1e9 / *options_.max_fps));
  const bool is_on_grid = next_.has_value() && !went_back && pts < *next_ + period;
  next_ = (is_on_grid ? *next_ : pts) + period;
  return true;
}

Status SampleNode::process(Frame& frame, Emit& emit) {
  const bool is_in_turn = arrived_ % options_.every == 0;
  ++arrived_;
  if (!is_in_turn || !is_in_time(frame.time().pts)) {
    emit.drop(std::move(frame), Reason::kSampled);
  }
  return {};
}

}  // namespace penstock
