#include "engine/nodes/preprocess_node.h"

#include <array>
#include <string>
#include <utility>

#include "engine/node/output_pool.h"
#include "engine/nodes/model_picture.h"
#include "engine/nodes/picture_options.h"

namespace penstock {
namespace {

Status check_model(const TensorSpec& input, const ModelPicture& picture) {
  const std::string what = "input '" + input.name + "' of the model is " + input.to_string();
  if (picture.channels != 3 && picture.channels != Shape::kDynamic) {
    return Error{
        Errc::kUnsupported,
        what + " with " + std::to_string(picture.channels) + " channels; preprocess makes 3"};
  }
  if (input.type != ElementType::kF32 && input.type != ElementType::kU8) {
    return Error{Errc::kUnsupported, what + "; preprocess makes f32 and u8"};
  }
  return {};
}

Result<PictureTarget> target_of(const OptionValues& options, const TensorSpec& input) {
  PENSTOCK_ASSIGN_OR_RETURN(const ModelPicture picture, model_picture(input));
  PENSTOCK_RETURN_IF_ERROR(check_model(input, picture));
  PictureTarget target;
  target.layout =
      picture.is_channels_last ? ResampleSpec::Layout::kNhwc : ResampleSpec::Layout::kNchw;
  target.width = static_cast<int>(picture.size.width);
  target.height = static_cast<int>(picture.size.height);
  read_letterbox_or_resize(options, target);
  if (target.width == 0) {
    return Error{Errc::kInvalidArgument,
                 "input '" + input.name + "' of the model is " + input.to_string() +
                     ", which fixes no size; write letterbox or resize: [width, height]"};
  }
  PENSTOCK_RETURN_IF_ERROR(read_color(options, target));
  if (input.type == ElementType::kF32) {
    PENSTOCK_RETURN_IF_ERROR(read_normalize(options, target));
    return target;
  }
  if (options.is_written("normalize")) {
    return Error{Errc::kUnsupported,
                 "normalize: input '" + input.name + "' of the model is " + input.to_string() +
                     ", which takes pixels 0..255 as they are; leave normalize out"};
  }
  target.element = ResampleSpec::Element::kU8;
  return target;
}

}  // namespace

Result<std::unique_ptr<Node>> PreprocessNode::make(const NodeArgs& args) {
  const std::string who = "actor '" + args.name + "'";
  if (args.model_inputs.size() != 1) {
    return Error{Errc::kUnsupported,
                 who + ": the model has " + std::to_string(args.model_inputs.size()) +
                     " inputs; preprocess feeds one"};
  }
  const TensorSpec& input = *args.model_inputs.front();
  auto target = target_of(*args.options, input);
  if (!target.has_value()) {
    return target.error().within(who);
  }
  // A model compiled for batches takes our single pictures; the station fills the batch.
  auto spec = std::make_shared<TensorSpec>(input);
  spec->shape.set(0, Shape::kDynamic);
  return std::unique_ptr<Node>(std::make_unique<PreprocessNode>(*target, std::move(spec)));
}

PreprocessNode::PreprocessNode(const PictureTarget& target, std::shared_ptr<const TensorSpec> spec)
    : target_(target),
      spec_(std::move(spec)),
      shape_(target.layout == ResampleSpec::Layout::kNchw
                 ? Shape{1, 3, target.height, target.width}
                 : Shape{1, target.height, target.width, 3}) {}

Status PreprocessNode::open(const NodeContext& context) {
  PENSTOCK_ASSIGN_OR_RETURN(auto resampler,
                            PictureResampler::create(target_, model_input_pool(context)));
  resampler_.emplace(std::move(resampler));
  return {};
}

Status PreprocessNode::process(Frame& frame, Emit& /*emit*/) {
  PENSTOCK_ASSIGN_OR_RETURN(auto made, resampler_->run(frame.image()));
  auto map = make_feature_map(spec_, shape_, std::move(made.buffer));
  if (!map.has_value()) {
    return map.error();
  }
  std::array<FeatureMap, 1> maps{std::move(map).value()};
  maps[0].to_source = made.to_source;
  frame.set_tensors(maps);
  return {};
}

}  // namespace penstock
