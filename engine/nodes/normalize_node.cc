#include "engine/nodes/normalize_node.h"

#include <array>
#include <optional>

#include "engine/node/output_pool.h"
#include "engine/nodes/picture_options.h"

namespace penstock {
namespace {

constexpr std::int64_t kChannels = 3;

bool is_channels_first(const PictureTarget& target) {
  return target.layout == ResampleSpec::Layout::kNchw;
}

Shape shape_of(const PictureTarget& target, std::int64_t width, std::int64_t height) {
  return is_channels_first(target) ? Shape{1, kChannels, height, width}
                                   : Shape{1, height, width, kChannels};
}

/// Mean and std come from the preset, or from whoever writes them.
std::optional<Misrule> misrule_of(const OptionValues& options) {
  for (const char* name : {"mean", "std"}) {
    if (options.has("preset") && options.is_written(name)) {
      return Misrule{name, ": 'preset' says it; leave one of the two out"};
    }
  }
  return std::nullopt;
}

}  // namespace

ActorType normalize_type() {
  ActorType type("normalize", "makes tensors of pictures: (value - mean) / std, as floats");
  type.in("in", {payload::kImage}).out("out", {payload::kTensors});
  type.option(
      Option::word("color", {"rgb", "bgr"}, "order of the colour channels").fallback("rgb"));
  type.option(Option::word("layout", {"nchw", "nhwc"}, "planes, or channels side by side")
                  .fallback("nchw"));
  type.option(Option::word("preset", {"imagenet"}, "mean and std of a known training"));
  type.option(Option::numbers("mean", "subtracted, on the scale 0 to 255; one number or three")
                  .one_or(3)
                  .range(-1e6, 1e6)
                  .fallback("0"));
  type.option(Option::numbers("std", "divided by; one number or three")
                  .one_or(3)
                  .range(1e-6, 1e6)
                  .fallback("255"));
  type.rule(misrule_of);
  return type;
}

Result<std::unique_ptr<Node>> NormalizeNode::make(const NodeArgs& args) {
  const OptionValues& options = *args.options;
  const std::string who = "actor '" + args.name + "'";
  if (const auto misrule = misrule_of(options); misrule.has_value()) {
    return Error{Errc::kInvalidArgument, who + ": '" + misrule->option + "'" + misrule->text};
  }
  PictureTarget target;
  target.keeps_shape = false;
  target.layout =
      options.is_word("layout", "nhwc") ? ResampleSpec::Layout::kNhwc : ResampleSpec::Layout::kNchw;
  Status status = read_color(options, target);
  if (status.has_value() && options.has("preset")) {
    use_imagenet_scale(target);
  } else if (status.has_value()) {
    status = read_mean_and_std(options, target);
  }
  if (!status.has_value()) {
    return status.error().within(who);
  }
  return std::unique_ptr<Node>(std::make_unique<NormalizeNode>(target));
}

NormalizeNode::NormalizeNode(const PictureTarget& target) : target_(target) {
  auto spec = std::make_shared<TensorSpec>();
  spec->name = "picture";
  spec->type = ElementType::kF32;
  spec->shape = shape_of(target, Shape::kDynamic, Shape::kDynamic);
  spec->layout = is_channels_first(target) ? "NCHW" : "NHWC";
  spec_ = std::move(spec);
}

Status NormalizeNode::open(const NodeContext& context) {
  PENSTOCK_ASSIGN_OR_RETURN(auto resampler,
                            PictureResampler::create(target_, model_input_pool(context)));
  resampler_.emplace(std::move(resampler));
  return {};
}

Status NormalizeNode::process(Frame& frame, Emit& /*emit*/) {
  PENSTOCK_ASSIGN_OR_RETURN(auto made, resampler_->run(frame.image()));
  PENSTOCK_ASSIGN_OR_RETURN(
      FeatureMap map,
      make_feature_map(spec_, shape_of(target_, made.width, made.height), std::move(made.buffer)));
  map.to_source = made.to_source;
  std::array<FeatureMap, 1> maps{std::move(map)};
  frame.set_tensors(maps);
  return {};
}

}  // namespace penstock
