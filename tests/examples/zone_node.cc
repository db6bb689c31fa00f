#include "tests/examples/zone_node.h"

namespace penstock {
namespace {

bool holds(const Box& area, const Box& box) {
  const float x = box.x + box.w / 2;
  const float y = box.y + box.h / 2;
  return x >= area.x && x < area.x + area.w && y >= area.y && y < area.y + area.h;
}

}  // namespace

ActorType zone_type() {
  ActorType type("zone", "keeps the objects whose centre lies in a rectangle");
  type.in("in", {payload::kObjects}).out("out", {});
  type.option(Option::numbers("area", "[x, y, width, height] in pixels").count(4, 4).required());
  return type;
}

Result<std::unique_ptr<Node>> ZoneNode::make(const NodeArgs& args) {
  const std::vector<double> area = args.options->get_numbers("area");
  if (area[2] <= 0 || area[3] <= 0) {
    return Error{Errc::kInvalidArgument,
                 "actor '" + args.name + "': 'area' wants a width and a height above 0"};
  }
  return std::unique_ptr<Node>(std::make_unique<ZoneNode>(Box{static_cast<float>(area[0]),
                                                              static_cast<float>(area[1]),
                                                              static_cast<float>(area[2]),
                                                              static_cast<float>(area[3])}));
}

Status ZoneNode::process(Frame& frame, Emit& /*emit*/) {
  inside_.clear();
  for (const Object& object : frame.objects().items) {
    if (holds(area_, object.box)) {
      inside_.push_back(object);
    }
  }
  frame.set_objects(inside_, frame.objects().labels);
  return {};  // The frame is still in hand: it is passed on.
}

}  // namespace penstock
