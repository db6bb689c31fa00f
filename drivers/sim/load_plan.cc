#include "drivers/sim/load_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "drivers/sim/cost_model.h"
#include "drivers/sim/link_model.h"
#include "engine/base/quoted_list.h"

namespace penstock::sim {
namespace {

constexpr std::uint32_t kMostRequests = 64;

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

/// Returns the names of the ports that an integer device cannot store for want of a scale.
std::vector<std::string> unscaled_ports(const ModelInfo& model, const LoadOptions& options) {
  std::vector<std::string> names;
  add_unscaled(model.inputs, options.input_scales, names);
  add_unscaled(model.outputs, options.output_scales, names);
  return names;
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
      auto codec = PortCodec::create(ports[i], profile_.numbers, scale, options_.ports);
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

/// What a model takes of a level in a mode, on one place of it.
std::uint64_t wanted(const MemoryLevel& level,
                     const ProfileMode& mode,
                     const ModelWork& work,
                     std::uint64_t transfers) {
  const double copies = mode.frames;
  double bytes = level.weights ? work.weight_bytes : 0;
  const double per_frame = (level.activations ? work.activation_bytes : 0) +
                           (level.transfers ? static_cast<double>(transfers) : 0);
  if (level.of_device) {
    return static_cast<std::uint64_t>(bytes + per_frame * copies);
  }
  // Those that work on one frame together divide it; each frame of a batch has its own copy.
  return static_cast<std::uint64_t>(std::ceil((bytes + per_frame) / mode.workers_per_frame()));
}

/// Returns what stands against `mode`; empty if the model fits.
std::string misfit(const Profile& profile,
                   const ProfileMode& mode,
                   const ModelWork& work,
                   std::uint64_t transfers) {
  std::string text;
  for (const MemoryLevel& level : profile.memory) {
    const std::uint64_t need = wanted(level, mode, work, transfers);
    const std::uint64_t room = level.size - level.reserved;
    if (need > room) {
      text += (text.empty() ? "" : ", ") + std::string("memory '") + level.name + "' of " +
              (level.of_device ? "the device" : "each " + profile.sub_device_name) + ": " +
              std::to_string(need) + " bytes wanted, " + std::to_string(room) + " there, " +
              std::to_string(need - room) + " too few";
    }
  }
  return text;
}

const ProfileMode* choose_mode(const Profile& profile,
                               const LoadOptions& options,
                               const ModelWork& work,
                               std::uint64_t transfers,
                               std::vector<LoadObstacle>* obstacles) {
  std::string fitting;
  std::string refusals;
  for (const ProfileMode& mode : profile.modes) {
    const std::string refusal = misfit(profile, mode, work, transfers);
    if (refusal.empty()) {
      fitting += (fitting.empty() ? "" : ", ") + mode.name;
    }
    if (refusal.empty() && (options.mode.empty() || options.mode == mode.name)) {
      return &mode;
    }
    if (!refusal.empty() && (options.mode.empty() || options.mode == mode.name)) {
      refusals +=
          (refusals.empty() ? "" : "; ") + std::string("mode '") + mode.name + "': " + refusal;
    }
  }
  obstacles->push_back({Errc::kUnsupported,
                        "memory",
                        refusals + (fitting.empty() ? "; no mode of this device would do"
                                                    : "; it would fit in: " + fitting)});
  return nullptr;
}

std::uint64_t resident_bytes(const Profile& profile,
                             bool of_device,
                             const ProfileMode& mode,
                             const ModelWork& work,
                             std::uint64_t transfers) {
  const MemoryLevel* level = profile.resident_level(of_device);
  return level == nullptr ? 0 : wanted(*level, mode, work, transfers);
}

const CalibratedModel* calibrated_for(const Profile& profile,
                                      const LoadOptions& options,
                                      const std::string& mode) {
  for (const CalibratedModel& known : profile.calibrated) {
    if (!options.hash.empty() && known.hash == options.hash &&
        (known.mode.empty() || known.mode == mode)) {
      return &known;
    }
  }
  return nullptr;
}

Duration service_at_start(const Profile& profile, const CoreModel& core) {
  if (core.service.has_value()) {
    return *core.service;
  }
  ExecutionPoint point;
  point.sub_devices = core.mode.workers_per_frame();
  if (!profile.clock.steps.empty()) {
    point.clock_ratio = profile.clock.initial / profile.clock.reference;
  }
  return std::max(Duration(1), service_time(core.work, profile.costs, point));
}

void add_placements(const Profile& profile, LoadPlan& plan) {
  const CoreModel& core = plan.core;
  const Duration service = service_at_start(profile, core);
  const auto scaled = [&](double factor) {
    return Duration(static_cast<std::int64_t>(static_cast<double>(service.count()) * factor));
  };
  const Duration around =
      host_time(profile.costs) +
      transfer_time(profile.link, LinkWay::kIn, static_cast<double>(core.input_bytes)) +
      transfer_time(profile.link, LinkWay::kOut, static_cast<double>(core.output_bytes));
  const Duration latency = around + scaled(core.mode.stages);
  const std::int64_t in_flight = 1 + (latency.count() + service.count() - 1) / service.count();
  for (const SubDeviceMask place : core.places) {
    ModelPlacement placement;
    placement.sub_devices = place;
    placement.depth = static_cast<std::uint32_t>(
        std::min<std::int64_t>(kMostRequests, core.mode.frames * in_flight));
    placement.memory_bytes = core.memory_bytes;
    placement.shared_bytes = core.shared_bytes;
    placement.activation_time =
        profile.download.control +
        link_time(static_cast<double>(core.download_bytes), profile.download.bytes_per_s);
    placement.service_time = service / core.mode.frames;
    plan.info.placements.push_back(placement);
  }
  const std::uint32_t all =
      plan.info.placements.front().depth * static_cast<std::uint32_t>(plan.info.placements.size());
  plan.info.preferred_requests = std::min(kMostRequests, all);
}

void add_properties(const Profile& profile,
                    const LoadOptions& options,
                    const std::string& estimate,
                    const ModelInfo& model,
                    LoadPlan& plan) {
  auto& properties = plan.info.properties;
  properties["simulated"] = "true";
  properties["profile"] = profile.name;
  properties["compute"] = options.computes ? "reference" : "none";
  properties["ports"] = options.ports == PortCodec::Ports::kDevice ? "device" : "host";
  properties["residence"] = options.always_resident ? "resident" : "managed";
  properties["estimate"] = estimate;
  properties["service_ns"] = std::to_string(plan.info.placements.front().service_time.count());
  properties["download_bytes"] = std::to_string(plan.core.download_bytes);
  const bool is_int8 = profile.numbers.kind == NumberFormat::Kind::kInt8;
  properties["numbers"] = is_int8 ? "int8" : "bf16";
  properties["scales"] = !is_int8                                 ? "none"
                         : unscaled_ports(model, options).empty() ? "given"
                                                                  : "dynamic";
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
             path + "`, or accept simulated ones with scales: dynamic"});
  }
}

}  // namespace

std::optional<LoadPlan> plan_load(const Profile& profile,
                                  const LoadOptions& options,
                                  const std::string& path,
                                  const ModelInfo& model,
                                  std::vector<LoadObstacle>* obstacles) {
  const std::size_t before = obstacles->size();
  check_scales(profile, options, path, model, obstacles);
  PortPlanner planner(profile, options, obstacles);
  LoadPlan plan;
  plan.inputs = planner.plan(model.inputs, true);
  plan.outputs = planner.plan(model.outputs, false);
  if (obstacles->size() != before) {
    return std::nullopt;
  }
  const LinkFigures link = with_value_bits(profile.link, options.link_bits);
  plan.core.input_bytes = moved_bytes(link, plan.inputs);
  plan.core.output_bytes = moved_bytes(link, plan.outputs);
  const std::uint64_t transfers = stored_bytes(plan.inputs) + stored_bytes(plan.outputs);
  std::map<std::string, std::string> amounts;
  for (const std::string& name : work_names()) {
    amounts.emplace("work." + name, "0");
  }
  const std::optional<ModelWork> counted = work_from(model.properties);
  for (auto& [name, value] : amounts) {
    const auto given = options.work.find(name);
    const auto known = model.properties.find(name);
    if (given != options.work.end()) {
      value = given->second;
    } else if (counted.has_value() && known != model.properties.end()) {
      value = known->second;
    }
  }
  plan.core.work = of_batch(work_from(amounts).value_or(ModelWork()), options.batch);
  const ProfileMode* mode = choose_mode(profile, options, plan.core.work, transfers, obstacles);
  if (mode == nullptr) {
    return std::nullopt;
  }
  plan.core.name = path.empty() ? "model" : path.substr(path.find_last_of('/') + 1);
  plan.core.mode = *mode;
  plan.core.batch = static_cast<int>(std::max<std::int64_t>(options.batch, 1));
  plan.core.places = profile.places_of(*mode);
  plan.core.always_resident = options.always_resident;
  plan.core.download_bytes = static_cast<std::uint64_t>(plan.core.work.weight_bytes);
  plan.core.memory_bytes = resident_bytes(profile, false, *mode, plan.core.work, transfers);
  plan.core.shared_bytes = resident_bytes(profile, true, *mode, plan.core.work, transfers);
  const CalibratedModel* known = calibrated_for(profile, options, mode->name);
  std::string estimate = counted.has_value()    ? "cost model"
                         : options.work.empty() ? "shapes only"
                                                : "cost model, work by option";
  if (options.service.has_value()) {
    plan.core.service = options.service;
    estimate = "by option";
  } else if (known != nullptr) {
    plan.core.service = known->service;
    estimate = "calibrated: " + known->name + " (" + known->source + ")";
  }
  for (const PortCodec& codec : plan.inputs) {
    plan.info.inputs.push_back(codec.port());
    plan.info.input_memory.emplace_back();
  }
  for (const PortCodec& codec : plan.outputs) {
    plan.info.outputs.push_back(codec.port());
    plan.info.output_memory.emplace_back();
  }
  plan.info.mode = mode->name;
  plan.info.needs_activation = !options.always_resident;
  plan.info.max_requests = options.max_requests;
  plan.info.min_batch = model.min_batch;
  plan.info.max_batch = model.max_batch;
  add_placements(profile, plan);
  if (options.requests > 0) {
    plan.info.preferred_requests = options.requests;
  }
  add_properties(profile, options, estimate, model, plan);
  const bool is_calibrated = known != nullptr && !options.service.has_value();
  plan.info.properties["calibrated"] = is_calibrated ? "true" : "false";
  return plan;
}

}  // namespace penstock::sim
