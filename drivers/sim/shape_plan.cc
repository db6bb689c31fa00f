#include "drivers/sim/shape_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

#include "drivers/sim/link_model.h"
#include "engine/base/quoted_list.h"

namespace penstock::sim {
namespace {

double pick(const std::vector<double>& values, std::size_t index, double otherwise) {
  if (values.empty()) {
    return otherwise;
  }
  return values[std::min(index, values.size() - 1)];
}

constexpr std::size_t kNamesShown = 5;

/// The scale of port `index`; NaN where it has none.
double scale_of(const std::vector<double>& scales, std::size_t index) {
  return pick(scales, index, std::nan(""));
}

/// Adds the names of the ports of one direction that lack a scale; integers need none.
void add_unscaled(const std::vector<TensorSpec>& ports,
                  const std::vector<double>& scales,
                  std::vector<std::string>& names) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].type == ElementType::kF32 && std::isnan(scale_of(scales, i))) {
      names.push_back(ports[i].name);
    }
  }
}

/// Amounts are counted for one picture; a fixed batch is one frame with several of them.
ModelWork of_batch(ModelWork work, std::int64_t batch) {
  const auto pictures = static_cast<double>(std::max<std::int64_t>(batch, 1));
  work.conv_macs *= pictures;
  work.conv_positions *= pictures;
  work.largest_conv_macs *= pictures;
  work.depthwise_macs *= pictures;
  work.product_macs *= pictures;
  work.other_ops *= pictures;
  work.activation_bytes *= pictures;
  return work;
}

/// Builds the codecs of one direction.
class PortPlanner {
 public:
  PortPlanner(const Profile& profile,
              const LoadOptions& options,
              std::vector<LoadObstacle>* obstacles)
      : profile_(profile),
        options_(options),
        obstacles_(obstacles) {}

  std::vector<PortCodec> plan(const std::vector<TensorSpec>& ports, bool is_input) {
    const auto& scales = is_input ? options_.input_scales : options_.output_scales;
    const auto& zeros = is_input ? options_.input_zero_points : options_.output_zero_points;
    const std::string name = is_input ? "input_scale" : "output_scale";
    if (scales.size() > 1 && scales.size() != ports.size()) {
      obstacles_->push_back({Errc::kInvalidArgument,
                             name,
                             "option '" + name + "' has " + std::to_string(scales.size()) +
                                 " numbers for " + std::to_string(ports.size()) + " ports"});
    }
    std::vector<PortCodec> codecs;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      PortScale scale;
      const double given = scale_of(scales, i);
      scale.is_given = !std::isnan(given);
      scale.is_dynamic = !scale.is_given;
      scale.scale = scale.is_given ? static_cast<float>(given) : 1;
      scale.zero_point = static_cast<std::int32_t>(pick(zeros, i, 0));
      auto codec = PortCodec::create(ports[i], profile_.numbers, scale, options_.form);
      if (codec.has_value()) {
        codecs.push_back(std::move(codec).value());
      } else {
        obstacles_->push_back({codec.error().code, ports[i].name, codec.error().message});
      }
    }
    return codecs;
  }

 private:
  const Profile& profile_;
  const LoadOptions& options_;
  std::vector<LoadObstacle>* obstacles_;
};

/// What the device stores of the ports: what counts in its memories.
std::uint64_t stored_bytes(const std::vector<PortCodec>& codecs) {
  std::uint64_t bytes = 0;
  for (const PortCodec& codec : codecs) {
    bytes += codec.image_bytes();
  }
  return bytes;
}

/// What of the ports crosses the link.
std::uint64_t moved_bytes(const LinkFigures& link, const std::vector<PortCodec>& codecs) {
  double bytes = 0;
  for (const PortCodec& codec : codecs) {
    bytes += link_bytes(link, codec.link_port());
  }
  return static_cast<std::uint64_t>(bytes);
}

/// Returns what is `value` of `name` for several pictures, for one of them.
std::string of_one(const std::string& name, const std::string& value, std::int64_t pictures) {
  const bool is_of_model = name == "work.weight_bytes" || name == "work.layers";
  return pictures == 1 || is_of_model
             ? value
             : std::to_string(std::strtod(value.c_str(), nullptr) / static_cast<double>(pictures));
}

/// Returns the work of a frame: as counted, but for the amounts that the options give.
ModelWork work_of(const ShapedModel& model, const LoadOptions& options, bool is_counted) {
  std::map<std::string, std::string> amounts;
  for (const std::string& word : work_names()) {
    const std::string name = "work." + word;
    const auto given = options.work.find(name);
    const auto known = model.info.properties.find(name);
    std::string& value = amounts[name] = "0";
    if (given != options.work.end()) {
      value = given->second;
    } else if (is_counted && known != model.info.properties.end()) {
      value = of_one(name, known->second, model.counted_for);
    }
  }
  return of_batch(work_from(amounts).value_or(ModelWork()), model.batch);
}

}  // namespace

std::vector<std::string> unscaled_ports(const ModelInfo& model, const LoadOptions& options) {
  std::vector<std::string> names;
  add_unscaled(model.inputs, options.input_scales, names);
  add_unscaled(model.outputs, options.output_scales, names);
  return names;
}

void check_scales(const Profile& profile,
                  const LoadOptions& options,
                  const std::string& path,
                  const ModelInfo& model,
                  std::vector<LoadObstacle>* obstacles) {
  if (!options.computes || options.dynamic_scales ||
      profile.numbers.kind != NumberFormat::Kind::kInt8) {
    return;
  }
  const std::vector<std::string> unscaled = unscaled_ports(model, options);
  if (!unscaled.empty()) {
    obstacles->push_back(
        {Errc::kUnsupported,
         "scales",
         "'" + path + "' has floating point tensors without scales (" +
             quoted_list(unscaled, kNamesShown) +
             ") and this device computes in int8 (E061); make scales with `penstock models pack "
             "--calibrate CLIP " +
             path +
             "`, or accept simulated ones: `scales: dynamic` in the device's entry of 'devices', "
             "such as `npu: {type: sim, profile: metis, scales: dynamic}`"});
  }
}

std::optional<ShapePlan> plan_shape(const Profile& profile,
                                    const LoadOptions& options,
                                    const ShapedModel& model,
                                    std::vector<LoadObstacle>* obstacles) {
  const std::size_t before = obstacles->size();
  PortPlanner planner(profile, options, obstacles);
  ShapePlan plan;
  plan.ports.inputs = planner.plan(model.info.inputs, true);
  plan.ports.outputs = planner.plan(model.info.outputs, false);
  if (obstacles->size() != before) {
    return std::nullopt;
  }
  const LinkFigures link = with_value_bits(profile.link, options.link_bits);
  plan.is_counted = work_from(model.info.properties).has_value();
  plan.core.work = work_of(model, options, plan.is_counted);
  plan.core.batch = static_cast<int>(std::max<std::int64_t>(model.batch, 1));
  plan.core.input_bytes = moved_bytes(link, plan.ports.inputs);
  plan.core.output_bytes = moved_bytes(link, plan.ports.outputs);
  plan.demand.work = plan.core.work;
  plan.demand.transfers = stored_bytes(plan.ports.inputs) + stored_bytes(plan.ports.outputs);
  return plan;
}

ModelInfo info_of(const ShapePorts& ports) {
  ModelInfo info;
  for (const PortCodec& codec : ports.inputs) {
    info.inputs.push_back(codec.port());
    info.input_memory.emplace_back();
  }
  for (const PortCodec& codec : ports.outputs) {
    info.outputs.push_back(codec.port());
    info.output_memory.emplace_back();
  }
  return info;
}

}  // namespace penstock::sim
