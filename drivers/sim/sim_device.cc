#include "drivers/sim/sim_device.h"

#include <utility>

#include "drivers/sim/sim_request.h"

namespace penstock::sim {
namespace {

class SimModel final : public ModelBase {
 public:
  explicit SimModel(std::shared_ptr<SimLoaded> loaded) : loaded_(std::move(loaded)) {}

  [[nodiscard]] const ModelInfo& info() const noexcept override { return loaded_->plan.info; }

  Result<std::unique_ptr<RequestBase>> create_request() override {
    const std::uint32_t most = loaded_->plan.info.max_requests;
    if (loaded_->requests.fetch_add(1) >= most && most != 0) {
      loaded_->requests.fetch_sub(1);
      return Error{Errc::kUnavailable, "all " + std::to_string(most) + " requests are taken"};
    }
    return SimRequest::create(loaded_);
  }

  Status activate(SubDeviceMask sub_devices, Change change) override {
    return loaded_->device->activate(loaded_->id, sub_devices, change, true);
  }

  Status deactivate(SubDeviceMask sub_devices, Change change) override {
    return loaded_->device->activate(loaded_->id, sub_devices, change, false);
  }

 private:
  std::shared_ptr<SimLoaded> loaded_;
};

Error first_of(const std::vector<LoadObstacle>& obstacles) {
  std::string text;
  for (const LoadObstacle& obstacle : obstacles) {
    text += (text.empty() ? "" : "; ") + obstacle.text;
  }
  return {obstacles.front().code, text};
}

}  // namespace

Result<std::shared_ptr<ReferenceDriver>> ReferenceSource::get() {
  const std::lock_guard lock(mutex_);
  if (driver_ == nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(driver_, ReferenceDriver::start(host_));
  }
  return driver_;
}

SimDevice::SimDevice(std::shared_ptr<SimState> state,
                     std::shared_ptr<ReferenceSource> references,
                     SimDefaults defaults,
                     Doorbell bell)
    : handle_(std::move(state), bell),
      references_(std::move(references)),
      defaults_(defaults) {}

Result<ModelInfo> SimDevice::describe(const std::string& path, const LoadOptions& options) {
  if (path.empty()) {
    ModelInfo info;
    info.inputs = options.inputs;
    info.outputs = options.outputs;
    return info;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ReferenceDriver> reference, references_->get());
  PENSTOCK_ASSIGN_OR_RETURN(ModelInfo info, reference->inspect(path));
  for (const auto& [name, value] : options.shapes) {
    const auto index = static_cast<std::size_t>(std::strtoul(name.c_str() + 6, nullptr, 10));
    const std::optional<Shape> shape = parse_shape(value);
    if (shape.has_value() && index < info.inputs.size()) {
      info.inputs[index].shape = *shape;
    }
  }
  for (auto* ports : {&info.inputs, &info.outputs}) {
    for (TensorSpec& port : *ports) {
      if (options.batch > 0 && port.shape.rank() > 0) {
        port.shape.set(0, options.batch);
      }
    }
  }
  return info;
}

Result<std::vector<LoadObstacle>> SimDevice::explain(const std::string& path,
                                                     const DriverOptions& options) {
  OptionReader reader(options);
  const Profile& profile = handle_.state().profile();
  const LoadOptions parsed = read_load_options(reader, profile, defaults_.computes, !path.empty());
  std::vector<LoadObstacle> obstacles = reader.obstacles();
  if (!obstacles.empty()) {
    return obstacles;
  }
  const Result<ModelInfo> model = describe(path, parsed);
  if (!model.has_value()) {
    obstacles.push_back({model.error().code, path, model.error().message});
    return obstacles;
  }
  plan_load(profile, parsed, path, *model, &obstacles);
  return obstacles;
}

Result<std::unique_ptr<ModelBase>> SimDevice::load(const std::string& path,
                                                   const DriverOptions& options) {
  OptionReader reader(options);
  const Profile& profile = handle_.state().profile();
  const LoadOptions parsed = read_load_options(reader, profile, defaults_.computes, !path.empty());
  PENSTOCK_RETURN_IF_ERROR(reader.finish());
  PENSTOCK_ASSIGN_OR_RETURN(ModelInfo described, describe(path, parsed));
  std::vector<LoadObstacle> obstacles;
  std::shared_ptr<ReferenceModel> reference;
  if (parsed.computes && plan_load(profile, parsed, path, described, &obstacles).has_value()) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ReferenceDriver> driver, references_->get());
    DriverOptions passed_on = parsed.shapes;
    if (parsed.batch > 0) {
      passed_on["batch"] = std::to_string(parsed.batch);
    }
    PENSTOCK_ASSIGN_OR_RETURN(LoadedModel model, driver->load(path, std::move(passed_on)));
    described.inputs = model.info().inputs;
    described.outputs = model.info().outputs;
    described.min_batch = model.info().min_batch;
    described.max_batch = model.info().max_batch;
    reference = std::make_shared<ReferenceModel>(ReferenceModel{std::move(model), {}, {}});
  }
  auto plan =
      obstacles.empty() ? plan_load(profile, parsed, path, described, &obstacles) : std::nullopt;
  if (!plan.has_value()) {
    return first_of(obstacles);
  }
  auto loaded = std::make_shared<SimLoaded>();
  loaded->plan = *std::move(plan);
  loaded->reference = std::move(reference);
  loaded->waits_for_host = defaults_.is_virtual;
  PENSTOCK_ASSIGN_OR_RETURN(loaded->id,
                            handle_.state().add_model(loaded->plan.core, parsed.faults));
  loaded->device = handle_.share();
  return std::unique_ptr<ModelBase>(std::make_unique<SimModel>(std::move(loaded)));
}

}  // namespace penstock::sim
