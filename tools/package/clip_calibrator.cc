#include "tools/package/clip_calibrator.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "drivers/api/completion_queue.h"
#include "drivers/api/model_info.h"
#include "engine/memory/buffer_pool.h"
#include "engine/nodes/model_picture.h"
#include "engine/package/calibration.h"
#include "engine/tensor/feature_map.h"
#include "tools/package/clip_frames.h"
#include "tools/package/waiting_bell.h"

namespace penstock {
namespace {

Error unsupported(const std::string& text) {
  return {Errc::kUnsupported, text + ", which cannot be calibrated from a clip"};
}

/// Completes `target` by what the model's only input wants.
Result<PictureTarget> target_for(const TensorSpec& input, PictureTarget target) {
  const std::string what = "input '" + input.name + "' is " + input.to_string();
  PENSTOCK_ASSIGN_OR_RETURN(const ModelPicture picture, model_picture(input));
  if (picture.channels != 3 && picture.channels != Shape::kDynamic) {
    return unsupported(what + ": not a picture of three channels");
  }
  if (input.type != ElementType::kF32 && input.type != ElementType::kU8) {
    return unsupported(what + ": neither f32 nor u8");
  }
  if (input.shape[0] > 1) {
    return unsupported(what + ": a batch of " + std::to_string(input.shape[0]));
  }
  target.layout =
      picture.is_channels_last ? ResampleSpec::Layout::kNhwc : ResampleSpec::Layout::kNchw;
  target.element =
      input.type == ElementType::kU8 ? ResampleSpec::Element::kU8 : ResampleSpec::Element::kF32;
  if (picture.size.width > 0) {
    target.width = static_cast<int>(picture.size.width);
    target.height = static_cast<int>(picture.size.height);
  }
  if (target.width == 0) {
    return Error{Errc::kInvalidArgument,
                 what + ", which leaves its size open; give --letterbox or --resize WIDTHxHEIGHT"};
  }
  return target;
}

Shape shape_of(const PictureTarget& target) {
  return target.layout == ResampleSpec::Layout::kNchw ? Shape{1, 3, target.height, target.width}
                                                      : Shape{1, target.height, target.width, 3};
}

/// All values that the input can have, whatever the picture.
ValueRange input_range(const PictureTarget& target) {
  constexpr double kWhite = 255;
  ValueRange range;
  for (std::size_t i = 0; i < target.mean.size(); ++i) {
    for (const double pixel : {0.0, kWhite}) {
      const bool is_float = target.element == ResampleSpec::Element::kF32;
      range.add(is_float ? (pixel - static_cast<double>(target.mean[i])) /
                               static_cast<double>(target.deviation[i])
                         : pixel);
    }
  }
  return range;
}

/// A loaded model with room for one inference, and what its outputs were so far.
class CalibrationRun {
 public:
  static Result<std::unique_ptr<CalibrationRun>> create(LoadedModel model,
                                                        const PictureTarget& target) {
    std::unique_ptr<CalibrationRun> run(new CalibrationRun(std::move(model), shape_of(target)));
    PENSTOCK_RETURN_IF_ERROR(run->prepare(target));
    return run;
  }

  Status take(const Image& picture) {
    PENSTOCK_ASSIGN_OR_RETURN(PictureResampler::Made made, resampler_->run(picture));
    PENSTOCK_ASSIGN_OR_RETURN(
        const FeatureMap input,
        make_feature_map(model_.input_spec(0), input_shape_, std::move(made.buffer)));
    PENSTOCK_RETURN_IF_ERROR(request_->submit(std::span(&input, 1), outputs_, 0));
    auto done = completions_->pop();
    while (!done.has_value()) {
      PENSTOCK_RETURN_IF_ERROR(bell_.wait("the inference"));
      done = completions_->pop();
    }
    if (done->code != Errc::kOk) {
      return Error{done->code, done->message};
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const auto count = outputs_[i].shape.element_count().value_or(0);
      if (outputs_[i].spec->type == ElementType::kF32) {
        seen_[i].add(std::span(outputs_[i].as<float>(), static_cast<std::size_t>(count)));
      }
    }
    return {};
  }

  [[nodiscard]] const std::vector<MagnitudeHistogram>& seen() const { return seen_; }

 private:
  CalibrationRun(LoadedModel model, const Shape& input_shape)
      : model_(std::move(model)),
        input_shape_(input_shape) {}

  Status prepare(const PictureTarget& target) {
    BufferPool::Options inputs;
    inputs.name = "input";
    PENSTOCK_ASSIGN_OR_RETURN(auto resampler, PictureResampler::create(target, std::move(inputs)));
    resampler_.emplace(std::move(resampler));
    for (std::size_t i = 0; i < model_.outputs().size(); ++i) {
      PENSTOCK_RETURN_IF_ERROR(add_output(model_.output_spec(i)));
    }
    PENSTOCK_ASSIGN_OR_RETURN(auto queue, CompletionQueue::create(1, bell_.doorbell()));
    completions_.emplace(std::move(queue));
    PENSTOCK_ASSIGN_OR_RETURN(auto request, model_.create_request(*completions_));
    request_.emplace(std::move(request));
    return {};
  }

  Status add_output(const std::shared_ptr<const TensorSpec>& spec) {
    Shape shape = spec->shape;
    if (shape.rank() > 0 && shape[0] == Shape::kDynamic) {
      shape.set(0, 1);
    }
    const auto bytes = shape.dense_bytes(spec->type);
    if (!bytes.has_value()) {
      return unsupported("output '" + spec->name + "' is " + spec->to_string() +
                         ": its size is open");
    }
    BufferPool::Options options;
    options.name = "output";
    options.max_slots = 1;
    PENSTOCK_ASSIGN_OR_RETURN(BufferPool pool, BufferPool::create(std::move(options)));
    auto buffer = pool.acquire(*bytes);
    if (!buffer.has_value()) {
      return Error{Errc::kUnavailable,
                   "no memory for output '" + spec->name + "', " + spec->to_string()};
    }
    PENSTOCK_ASSIGN_OR_RETURN(FeatureMap map, make_feature_map(spec, shape, std::move(*buffer)));
    outputs_.push_back(std::move(map));
    seen_.emplace_back();
    return {};
  }

  WaitingBell bell_;
  LoadedModel model_;
  Shape input_shape_;
  std::optional<PictureResampler> resampler_;
  std::vector<FeatureMap> outputs_;
  std::vector<MagnitudeHistogram> seen_;
  std::optional<CompletionQueue> completions_;
  std::optional<Request> request_;
};

Status check_variant(const PackageVariant& variant) {
  if (variant.inputs.size() != 1) {
    return unsupported("variant '" + variant.name + "' has " +
                       std::to_string(variant.inputs.size()) + " inputs, not one picture");
  }
  for (const PackageTensor& output : variant.outputs) {
    if (output.type == ElementType::kF16 || output.type == ElementType::kBf16 ||
        output.type == ElementType::kF64) {
      return unsupported("output '" + output.name + "' is " + to_string(output.type));
    }
  }
  return {};
}

Result<std::uint32_t> feed(CalibrationRun& run, const CalibrationOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(ClipFrames clip, ClipFrames::open(options.clip));
  std::uint32_t used = 0;
  for (std::uint64_t index = 0; used < options.frames; ++index) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::optional<Image> picture, clip.next());
    if (!picture.has_value()) {
      break;
    }
    if (index % options.every == 0) {
      PENSTOCK_RETURN_IF_ERROR(run.take(*picture));
      ++used;
    }
  }
  if (used == 0) {
    return Error{Errc::kCorrupt, "clip '" + options.clip + "' has no picture"};
  }
  return used;
}

}  // namespace

Result<std::uint32_t> calibrate(Device& device,
                                const std::filesystem::path& model,
                                const CalibrationOptions& options,
                                PackageVariant& variant) {
  PENSTOCK_RETURN_IF_ERROR(check_variant(variant));
  TensorSpec input;
  input.name = variant.inputs[0].name;
  input.type = variant.inputs[0].type;
  input.shape = variant.inputs[0].shape;
  input.layout = variant.inputs[0].layout;
  PENSTOCK_ASSIGN_OR_RETURN(const PictureTarget target, target_for(input, options.target));
  DriverOptions words = {{"precision", "f32"}, {"hint", "latency"}};
  if (!input.shape.is_static()) {
    words["shape.0"] = shape_of(target).to_string();
  }
  PENSTOCK_ASSIGN_OR_RETURN(LoadedModel loaded, device.load(model.string(), words));
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, CalibrationRun::create(std::move(loaded), target));
  PENSTOCK_ASSIGN_OR_RETURN(const std::uint32_t used, feed(*run, options));
  set_input_scale(input_range(target), variant.inputs[0]);
  for (std::size_t i = 0; i < std::min(variant.outputs.size(), run->seen().size()); ++i) {
    PackageTensor& output = variant.outputs[i];
    const MagnitudeHistogram& seen = run->seen()[i];
    if (output.type != ElementType::kF32) {
      continue;
    }
    if (seen.is_empty()) {
      return Error{Errc::kCorrupt, "output '" + output.name + "' was never a finite number"};
    }
    set_output_scale(
        options.percentile > 0 ? seen.percentile(options.percentile) : robust_limit(seen), output);
  }
  return used;
}

}  // namespace penstock
