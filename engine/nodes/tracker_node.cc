#include "engine/nodes/tracker_node.h"

#include <optional>
#include <sstream>
#include <utility>

namespace penstock {
namespace {

Misrule misrule_of(const char* name, double value, const char* rule, double high) {
  std::ostringstream text;
  text << " is " << value << "; it wants " << rule << " 'track_high', which is " << high;
  return {name, text.str()};
}

/// Scores stand in the order in which objects are matched.
std::optional<Misrule> check_order(const OptionValues& options) {
  const double high = options.get_number("track_high");
  const double low = options.get_number("track_low");
  const double start = options.get_number("new_track");
  if (low > high) {
    return misrule_of("track_low", low, "at most", high);
  }
  if (start < high) {
    return misrule_of("new_track", start, "at least", high);
  }
  return std::nullopt;
}

}  // namespace

ActorType tracker_type() {
  ActorType type("tracker", "gives each object a number that stays with it from frame to frame");
  type.in("in", {payload::kObjects}).out("out", {}).per_stream();
  type.option(Option::word("method", {"byte"}, "how objects are matched: byte = ByteTrack")
                  .fallback("byte"));
  type.option(Option::number("track_high", "objects from this score on are matched first")
                  .range(0, 1)
                  .fallback("0.5"));
  type.option(Option::number("track_low", "objects from this score on may prolong a track")
                  .range(0, 1)
                  .fallback("0.1"));
  type.option(Option::number("new_track", "score that an object needs to start a track")
                  .range(0, 1)
                  .fallback("0.5"));
  type.option(Option::number("iou", "smallest overlap with the predicted box of a match")
                  .range(0, 1)
                  .fallback("0.2"));
  type.option(Option::integer("max_lost", "frames until a lost track is given up")
                  .range(0, 10000)
                  .unit("frames")
                  .fallback("30"));
  type.option(Option::integer("min_hits", "successive frames until a track gets its number")
                  .range(1, 100)
                  .unit("frames")
                  .fallback("2"));
  type.option(
      Option::boolean("per_class", "never match objects of different labels").fallback("true"));
  type.option(Option::integer("max_tracks", "while so many are followed, no new one starts")
                  .range(1, 65536)
                  .unit("tracks")
                  .fallback("512"));
  type.rule(check_order);
  return type;
}

Result<std::unique_ptr<Node>> TrackerNode::make(const NodeArgs& args) {
  const OptionValues& options = *args.options;
  ByteTrackerOptions wanted;
  wanted.track_high = static_cast<float>(options.get_number("track_high"));
  wanted.track_low = static_cast<float>(options.get_number("track_low"));
  wanted.new_track = static_cast<float>(options.get_number("new_track"));
  wanted.match_iou = static_cast<float>(options.get_number("iou"));
  wanted.max_lost = static_cast<int>(options.get_int("max_lost"));
  wanted.min_hits = static_cast<int>(options.get_int("min_hits"));
  wanted.per_class = options.get_bool("per_class");
  wanted.max_tracks = static_cast<std::size_t>(options.get_int("max_tracks"));
  auto tracker = ByteTracker::create(wanted);
  if (!tracker.has_value()) {
    return tracker.error().within("actor '" + args.name + "'");
  }
  return std::unique_ptr<Node>(std::make_unique<TrackerNode>(std::move(tracker).value()));
}

Status TrackerNode::process(Frame& frame, Emit& /*emit*/) {
  const Objects& found = frame.objects();
  objects_.assign(found.items.begin(), found.items.end());
  tracker_.update(objects_, frame.time().pts.count());
  frame.set_objects(objects_, found.labels);
  return {};
}

}  // namespace penstock
