#include "tools/package/clip_calibrator.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "drivers/api/model_info.h"
#include "engine/memory/buffer_pool.h"
#include "engine/nodes/model_picture.h"
#include "engine/package/calibration.h"
#include "engine/package/tensor_match.h"
#include "engine/tensor/feature_map.h"
#include "tools/package/clip_frames.h"
#include "tools/package/model_run.h"

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

/// Collects the magnitudes of f32 tensors; others are left out.
void note(const std::vector<FeatureMap>& maps, std::vector<MagnitudeHistogram>& seen) {
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const auto count = maps[i].shape.element_count().value_or(0);
    if (maps[i].spec->type == ElementType::kF32) {
      seen[i].add(std::span(maps[i].as<float>(), static_cast<std::size_t>(count)));
    }
  }
}

/// A network, with the graph before it if there is one, and what its tensors were so far.
class CalibrationRun {
 public:
  static Result<std::unique_ptr<CalibrationRun>> create(Device& device,
                                                        const CalibratedFiles& files,
                                                        const PackageVariant& variant,
                                                        PictureTarget target) {
    std::unique_ptr<CalibrationRun> run(new CalibrationRun());
    if (!files.before.empty()) {
      PENSTOCK_RETURN_IF_ERROR(run->load_before(device, files.before, target));
    }
    PENSTOCK_RETURN_IF_ERROR(run->load_network(device, files.network, variant, target));
    run->seen_.resize(run->network_->outputs().size());
    run->seen_before_.resize(run->takes_.size());
    BufferPool::Options inputs;
    inputs.name = "input";
    PENSTOCK_ASSIGN_OR_RETURN(auto resampler,
                              PictureResampler::create(run->target_, std::move(inputs)));
    run->resampler_.emplace(std::move(resampler));
    return run;
  }

  Status take(const Image& picture) {
    PENSTOCK_ASSIGN_OR_RETURN(PictureResampler::Made made, resampler_->run(picture));
    ModelRun& first = before_ == nullptr ? *network_ : *before_;
    PENSTOCK_ASSIGN_OR_RETURN(
        const FeatureMap input,
        make_feature_map(first.model().input_spec(0), shape_of(target_), std::move(made.buffer)));
    PENSTOCK_RETURN_IF_ERROR(first.run(std::span(&input, 1)));
    if (before_ != nullptr) {
      std::vector<FeatureMap> between;
      for (const std::size_t output : takes_) {
        between.push_back(before_->outputs()[output]);
      }
      note(between, seen_before_);
      PENSTOCK_RETURN_IF_ERROR(network_->run(between));
    }
    note(network_->outputs(), seen_);
    return {};
  }

  /// Of the network's outputs.
  [[nodiscard]] const std::vector<MagnitudeHistogram>& seen() const { return seen_; }

  /// Of its inputs, behind another graph; else nothing.
  [[nodiscard]] const std::vector<MagnitudeHistogram>& seen_before() const { return seen_before_; }

  [[nodiscard]] const PictureTarget& target() const { return target_; }

 private:
  CalibrationRun() = default;

  Status load_before(Device& device,
                     const std::filesystem::path& file,
                     const PictureTarget& target) {
    DriverOptions words = load_words();
    PENSTOCK_ASSIGN_OR_RETURN(LoadedModel loaded, device.load(file.string(), words));
    if (loaded.inputs().size() != 1) {
      return unsupported("graph '" + file.filename().string() + "' has " +
                         std::to_string(loaded.inputs().size()) + " inputs, not one picture");
    }
    PENSTOCK_ASSIGN_OR_RETURN(target_, target_for(loaded.inputs()[0], target));
    if (!loaded.inputs()[0].shape.is_static()) {
      words["shape.0"] = shape_of(target_).to_string();
      PENSTOCK_ASSIGN_OR_RETURN(loaded, device.load(file.string(), words));
    }
    PENSTOCK_ASSIGN_OR_RETURN(before_, ModelRun::create(std::move(loaded)));
    return {};
  }

  Status load_network(Device& device,
                      const std::filesystem::path& file,
                      const PackageVariant& variant,
                      const PictureTarget& target) {
    DriverOptions words = load_words();
    if (before_ == nullptr) {
      const TensorSpec input = spec_of(variant.inputs[0]);
      PENSTOCK_ASSIGN_OR_RETURN(target_, target_for(input, target));
      if (!input.shape.is_static()) {
        words["shape.0"] = shape_of(target_).to_string();
      }
    }
    PENSTOCK_ASSIGN_OR_RETURN(LoadedModel loaded, device.load(file.string(), words));
    PENSTOCK_ASSIGN_OR_RETURN(network_, ModelRun::create(std::move(loaded)));
    if (before_ != nullptr) {
      PENSTOCK_ASSIGN_OR_RETURN(takes_,
                                match_tensors({"the graph before it", before_->model().outputs()},
                                              {"network '" + file.filename().string() + "'",
                                               network_->model().inputs()}));
    }
    return {};
  }

  static DriverOptions load_words() { return {{"precision", "f32"}, {"hint", "latency"}}; }

  static TensorSpec spec_of(const PackageTensor& tensor) {
    TensorSpec spec;
    spec.name = tensor.name;
    spec.type = tensor.type;
    spec.shape = tensor.shape;
    spec.layout = tensor.layout;
    return spec;
  }

  PictureTarget target_;
  std::unique_ptr<ModelRun> before_;
  std::unique_ptr<ModelRun> network_;
  std::vector<std::size_t> takes_;  // Outputs of `before_`, one an input of the network.
  std::optional<PictureResampler> resampler_;
  std::vector<MagnitudeHistogram> seen_before_;
  std::vector<MagnitudeHistogram> seen_;
};

Status check_variant(const PackageVariant& variant, bool is_first) {
  if (is_first && variant.inputs.size() != 1) {
    return unsupported("variant '" + variant.name + "' has " +
                       std::to_string(variant.inputs.size()) + " inputs, not one picture");
  }
  for (const auto* side : {&variant.inputs, &variant.outputs}) {
    for (const PackageTensor& tensor : *side) {
      if (tensor.type == ElementType::kF16 || tensor.type == ElementType::kBf16 ||
          tensor.type == ElementType::kF64) {
        return unsupported("tensor '" + tensor.name + "' is " + to_string(tensor.type));
      }
    }
  }
  return {};
}

/// Writes the scales of tensors whose values were seen.
Status set_scales(const std::vector<MagnitudeHistogram>& seen,
                  double percentile,
                  std::vector<PackageTensor>& tensors) {
  for (std::size_t i = 0; i < std::min(tensors.size(), seen.size()); ++i) {
    PackageTensor& tensor = tensors[i];
    if (tensor.type != ElementType::kF32) {
      continue;
    }
    if (seen[i].is_empty()) {
      return Error{Errc::kCorrupt, "tensor '" + tensor.name + "' was never a finite number"};
    }
    set_output_scale(percentile > 0 ? seen[i].percentile(percentile) : robust_limit(seen[i]),
                     tensor);
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
                                const CalibratedFiles& files,
                                const CalibrationOptions& options,
                                PackageVariant& variant) {
  PENSTOCK_RETURN_IF_ERROR(check_variant(variant, files.before.empty()));
  PENSTOCK_ASSIGN_OR_RETURN(const auto run,
                            CalibrationRun::create(device, files, variant, options.target));
  PENSTOCK_ASSIGN_OR_RETURN(const std::uint32_t used, feed(*run, options));
  if (files.before.empty()) {
    set_input_scale(input_range(run->target()), variant.inputs[0]);
  }
  PENSTOCK_RETURN_IF_ERROR(set_scales(run->seen_before(), options.percentile, variant.inputs));
  PENSTOCK_RETURN_IF_ERROR(set_scales(run->seen(), options.percentile, variant.outputs));
  return used;
}

}  // namespace penstock
