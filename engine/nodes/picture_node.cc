#include "engine/nodes/picture_node.h"

#include <string>
#include <utility>

#include "engine/node/output_pool.h"
#include "engine/nodes/picture_options.h"

namespace penstock {
namespace {

constexpr std::size_t kPixelBytes = 3;

ActorType picture_type(const char* name, const char* help) {
  ActorType type(name, help);
  type.in("in", {payload::kImage}).out("out", {payload::kImage});
  type.option(
      Option::word("color", {"rgb", "bgr"}, "order of the colour channels").fallback("rgb"));
  return type;
}

Option pad_option() {
  return Option::integer("pad", "grey value round the picture").range(0, 255).fallback("114");
}

Option size_option() {
  return Option::size("size", "of the pictures that come out")
      .range(1, ResamplePlan::kMaxSide)
      .required();
}

Result<std::unique_ptr<Node>> make(const NodeArgs& args, bool has_size, bool keeps_shape) {
  PictureTarget target;
  target.element = ResampleSpec::Element::kU8;
  target.layout = ResampleSpec::Layout::kNhwc;
  target.keeps_shape = keeps_shape;
  if (has_size) {
    read_size(*args.options, "size", target);
  }
  const Status status = read_color(*args.options, target);
  if (!status.has_value()) {
    return status.error().within("actor '" + args.name + "'");
  }
  return std::unique_ptr<Node>(std::make_unique<PictureNode>(target));
}

}  // namespace

ActorType letterbox_type() {
  ActorType type =
      picture_type("letterbox", "scales pictures into a size, keeps their shape and pads the rest");
  type.option(size_option());
  type.option(pad_option());
  return type;
}

ActorType resize_type() {
  ActorType type = picture_type("resize", "scales pictures to a size, whatever their shape");
  type.option(size_option());
  return type;
}

ActorType convert_type() {
  return picture_type("convert", "turns pictures into RGB or BGR of the same size");
}

Result<std::unique_ptr<Node>> PictureNode::make_letterbox(const NodeArgs& args) {
  return make(args, true, true);
}

Result<std::unique_ptr<Node>> PictureNode::make_resize(const NodeArgs& args) {
  return make(args, true, false);
}

Result<std::unique_ptr<Node>> PictureNode::make_convert(const NodeArgs& args) {
  return make(args, false, false);
}

Status PictureNode::open(const NodeContext& context) {
  PENSTOCK_ASSIGN_OR_RETURN(auto resampler,
                            PictureResampler::create(target_, output_pool(context)));
  resampler_.emplace(std::move(resampler));
  return {};
}

Status PictureNode::process(Frame& frame, Emit& /*emit*/) {
  PENSTOCK_ASSIGN_OR_RETURN(auto made, resampler_->run(frame.image()));
  Image image;
  image.format = target_.order == ResampleSpec::Order::kRgb ? PixelFormat::kRgb : PixelFormat::kBgr;
  image.range = ColorRange::kFull;
  image.width = made.width;
  image.height = made.height;
  image.planes[0].stride_bytes = kPixelBytes * static_cast<std::size_t>(made.width);
  image.buffer = std::move(made.buffer);
  image.to_source = made.to_source;
  frame.set_image(std::move(image));
  return {};
}

}  // namespace penstock
