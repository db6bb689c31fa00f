#include "drivers/sim/load_plan.h"

#include <algorithm>
#include <utility>

#include "drivers/api/bucket_info.h"
#include "drivers/api/shape_options.h"
#include "drivers/sim/cost_model.h"
#include "drivers/sim/link_model.h"

namespace penstock::sim {
namespace {

constexpr std::uint32_t kMostRequests = 64;

/// True where the options leave the network in its own shape, one picture at a time: what a time
/// was measured of.
bool is_own_shape(const ShapeOptions& options) {
  return !options.has_buckets() && options.choices.front().shapes.empty() &&
         options.choices.front().batch <= 1;
}

const CalibratedModel* calibrated_for(const Profile& profile,
                                      const LoadOptions& options,
                                      const std::string& mode) {
  if (!is_own_shape(options.shape)) {
    return nullptr;
  }
  for (const CalibratedModel& known : profile.calibrated) {
    if (!options.hash.empty() && known.hash == options.hash &&
        (known.mode.empty() || known.mode == mode)) {
      return &known;
    }
  }
  return nullptr;
}

Duration service_at_start(const Profile& profile, const CoreModel& core, const CoreShape& shape) {
  if (shape.service.has_value()) {
    return *shape.service;
  }
  ExecutionPoint point;
  point.sub_devices = core.mode.workers_per_frame();
  if (!profile.clock.steps.empty()) {
    point.clock_ratio = profile.clock.initial / profile.clock.reference;
  }
  return std::max(Duration(1), service_time(shape.work, profile.costs, point));
}

/// Returns how many frames of one shape keep a place busy.
std::int64_t depth_of(const Profile& profile, const CoreModel& core, const CoreShape& shape) {
  const Duration service = service_at_start(profile, core, shape);
  const Duration around =
      host_time(profile.costs) +
      transfer_time(profile.link, LinkWay::kIn, static_cast<double>(shape.input_bytes)) +
      transfer_time(profile.link, LinkWay::kOut, static_cast<double>(shape.output_bytes));
  const Duration latency =
      around +
      Duration(static_cast<std::int64_t>(static_cast<double>(service.count()) * core.mode.stages));
  return core.mode.frames * (1 + (latency.count() + service.count() - 1) / service.count());
}

/// The scheduler plans with one time for all shapes: the longest, so that no turn is promised that
/// cannot be kept. It measures as it goes.
void add_placements(const Profile& profile, LoadPlan& plan) {
  const CoreModel& core = plan.core;
  Duration service{0};
  std::int64_t depth = 1;
  for (const CoreShape& shape : core.shapes) {
    service = std::max(service, service_at_start(profile, core, shape));
    depth = std::max(depth, depth_of(profile, core, shape));
  }
  for (const SubDeviceMask place : core.places) {
    ModelPlacement placement;
    placement.sub_devices = place;
    placement.depth = static_cast<std::uint32_t>(std::min<std::int64_t>(kMostRequests, depth));
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
  properties["ports"] = options.form == PortCodec::Ports::kDevice ? "device" : "host";
  properties["residence"] = options.always_resident ? "resident" : "managed";
  properties["estimate"] = estimate;
  properties["service_ns"] = std::to_string(plan.info.placements.front().service_time.count());
  if (!plan.info.buckets.empty()) {
    std::string& each = properties["bucket_service_ns"];
    for (const CoreShape& shape : plan.core.shapes) {
      const Duration service = service_at_start(profile, plan.core, shape) / plan.core.mode.frames;
      each += (each.empty() ? "" : "; ") + std::to_string(service.count());
    }
  }
  properties["download_bytes"] = std::to_string(plan.core.download_bytes);
  const bool is_int8 = profile.numbers.kind == NumberFormat::Kind::kInt8;
  properties["numbers"] = is_int8 ? "int8" : "bf16";
  properties["scales"] = !is_int8                                 ? "none"
                         : unscaled_ports(model, options).empty() ? "given"
                                                                  : "dynamic";
}

/// Returns the ports of all shapes as one description; nothing where they make none.
std::optional<ModelInfo> describe_ports(const std::vector<ShapePlan>& shapes,
                                        std::vector<LoadObstacle>* obstacles) {
  std::vector<ModelInfo> infos;
  infos.reserve(shapes.size());
  for (const ShapePlan& shape : shapes) {
    infos.push_back(info_of(shape.ports));
  }
  if (infos.size() == 1) {
    return infos.front();
  }
  auto described = describe_buckets(infos);
  if (!described.has_value()) {
    obstacles->push_back({described.error().code, "shape.0", described.error().message});
    return std::nullopt;
  }
  return std::move(described).value();
}

/// Fills in what fills inputs that are smaller than their bucket.
void plan_padding(double value, LoadPlan& plan, std::vector<LoadObstacle>* obstacles) {
  for (const PortCodec& codec : plan.ports.front().inputs) {
    auto element = codec.padding(value);
    if (!element.has_value()) {
      const Error error = element.error().within("option 'pad': input '" + codec.port().name + "'");
      obstacles->push_back({error.code, "pad", error.message});
      return;
    }
    plan.padding.push_back(std::move(*element));
  }
}

/// Sets the times that are not estimated, and returns where all times are from.
std::string fix_services(const LoadOptions& options,
                         const CalibratedModel* known,
                         const std::vector<ShapePlan>& shapes,
                         CoreModel& core) {
  std::optional<Duration> service = options.service;
  if (!service.has_value() && known != nullptr) {
    service = known->service;
  }
  for (CoreShape& shape : core.shapes) {
    shape.service = service;
  }
  if (options.service.has_value()) {
    return "by option";
  }
  if (known != nullptr) {
    return "calibrated: " + known->name + " (" + known->source + ")";
  }
  const bool is_counted = std::all_of(
      shapes.begin(), shapes.end(), [](const ShapePlan& shape) { return shape.is_counted; });
  return is_counted             ? "cost model"
         : options.work.empty() ? "shapes only"
                                : "cost model, work by option";
}

/// Sets where the model runs and what it takes there. False where it fits in no mode.
bool plan_places(const Profile& profile,
                 const LoadOptions& options,
                 const std::vector<ShapeDemand>& demands,
                 CoreModel& core,
                 std::vector<LoadObstacle>* obstacles) {
  const ProfileMode* mode = choose_mode(profile, options.mode, options.limits, demands, obstacles);
  if (mode == nullptr) {
    return false;
  }
  core.mode = *mode;
  core.places = places_within(profile, *mode, options.limits);
  core.always_resident = options.always_resident;
  core.download_bytes = static_cast<std::uint64_t>(demands.front().work.weight_bytes);
  core.memory_bytes = resident_bytes(profile, false, *mode, demands);
  core.shared_bytes = resident_bytes(profile, true, *mode, demands);
  return true;
}

/// Plans each shape; empty where one has obstacles, which say enough.
std::vector<ShapePlan> plan_shapes(const Profile& profile,
                                   const LoadOptions& options,
                                   std::span<const ShapedModel> models,
                                   std::vector<LoadObstacle>* obstacles) {
  std::vector<ShapePlan> shapes;
  for (const ShapedModel& model : models) {
    auto shape = plan_shape(profile, options, model, obstacles);
    if (!shape.has_value()) {
      return {};
    }
    shapes.push_back(std::move(*shape));
  }
  return shapes;
}

}  // namespace

std::optional<LoadPlan> plan_load(const Profile& profile,
                                  const LoadOptions& options,
                                  const std::string& path,
                                  std::span<const ShapedModel> models,
                                  std::vector<LoadObstacle>* obstacles) {
  const std::size_t before = obstacles->size();
  const ModelInfo& first = models.front().info;
  check_scales(profile, options, path, first, obstacles);
  const std::vector<ShapePlan> shapes = plan_shapes(profile, options, models, obstacles);
  if (obstacles->size() != before) {
    return std::nullopt;
  }
  LoadPlan plan;
  plan.core.shapes.clear();
  std::vector<ShapeDemand> demands;
  for (const ShapePlan& shape : shapes) {
    plan.ports.push_back(shape.ports);
    plan.core.shapes.push_back(shape.core);
    demands.push_back(shape.demand);
  }
  auto described = describe_ports(shapes, obstacles);
  if (!described.has_value()) {
    return std::nullopt;
  }
  plan.info = std::move(*described);
  for (std::size_t i = 0; i < plan.info.buckets.size(); ++i) {
    demands[i].bucket = plan.info.buckets[i].to_string();
  }
  if (!plan.info.buckets.empty()) {
    plan_padding(options.shape.pad, plan, obstacles);
  }
  plan.core.name = path.empty() ? "model" : path.substr(path.find_last_of('/') + 1);
  if (!plan_places(profile, options, demands, plan.core, obstacles) ||
      obstacles->size() != before) {
    return std::nullopt;
  }
  const CalibratedModel* known = calibrated_for(profile, options, plan.core.mode.name);
  const std::string estimate = fix_services(options, known, shapes, plan.core);
  plan.info.mode = plan.core.mode.name;
  plan.info.needs_activation = !options.always_resident;
  plan.info.max_requests = options.max_requests;
  plan.info.min_batch = first.min_batch;
  plan.info.max_batch = first.max_batch;
  for (const ShapedModel& model : models) {
    plan.info.min_batch = std::min(plan.info.min_batch, model.info.min_batch);
    plan.info.max_batch = std::max(plan.info.max_batch, model.info.max_batch);
  }
  add_placements(profile, plan);
  if (options.requests > 0) {
    plan.info.preferred_requests = options.requests;
  }
  add_properties(profile, options, estimate, first, plan);
  const bool is_calibrated = known != nullptr && !options.service.has_value();
  plan.info.properties["calibrated"] = is_calibrated ? "true" : "false";
  return plan;
}

}  // namespace penstock::sim
