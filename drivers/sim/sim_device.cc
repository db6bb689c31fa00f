#include "drivers/sim/sim_device.h"

#include <algorithm>
#include <utility>

#include "drivers/api/bucket_info.h"
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

/// Returns what a failure to describe a model in its shapes is about.
std::string subject_of(const LoadOptions& options, const std::string& path, Errc code) {
  const ShapeChoice& first = options.shape.choices.front();
  if (first.shapes.empty() || code == Errc::kNotFound || code == Errc::kCorrupt) {
    return path;
  }
  return "shape." + first.shapes.begin()->first;
}

std::vector<ShapedModel> in_order(std::vector<ShapedModel> models) {
  std::vector<ModelInfo> infos;
  infos.reserve(models.size());
  for (const ShapedModel& model : models) {
    infos.push_back(model.info);
  }
  std::vector<ShapedModel> sorted;
  for (const std::size_t place : bucket_order(infos)) {
    sorted.push_back(std::move(models[place]));
  }
  return sorted;
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

Result<std::vector<ShapedModel>> SimDevice::describe(const std::string& path,
                                                     const LoadOptions& options) {
  std::vector<ShapedModel> models;
  const std::vector<ShapeChoice>& choices = options.shape.choices;
  if (path.empty()) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
      models.push_back({options.ports[i], choices[i].batch, 1});
    }
    return in_order(std::move(models));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ReferenceDriver> reference, references_->get());
  PENSTOCK_ASSIGN_OR_RETURN(const ModelInfo file, reference->inspect(path));
  for (const ShapeChoice& choice : choices) {
    if (choice.shapes.empty()) {
      models.push_back({with_batch(file, choice.batch), choice.batch, 1});
      continue;
    }
    PENSTOCK_ASSIGN_OR_RETURN(ModelInfo shaped, reference->describe(path, choice));
    models.push_back({std::move(shaped), choice.batch, std::max<std::int64_t>(1, choice.batch)});
  }
  return in_order(std::move(models));
}

Result<std::vector<std::shared_ptr<LoadedModel>>> SimDevice::load_references(
    const std::string& path, const LoadOptions& options, std::vector<ShapedModel>& models) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ReferenceDriver> driver, references_->get());
  std::vector<std::shared_ptr<LoadedModel>> loaded;
  std::vector<ModelInfo> infos;
  for (const ShapeChoice& choice : options.shape.choices) {
    PENSTOCK_ASSIGN_OR_RETURN(LoadedModel model, driver->load(path, choice));
    infos.push_back(model.info());
    loaded.push_back(std::make_shared<LoadedModel>(std::move(model)));
  }
  std::vector<std::shared_ptr<LoadedModel>> sorted;
  for (const std::size_t place : bucket_order(infos)) {
    const std::int64_t batch = options.shape.choices[place].batch;
    models.push_back({infos[place], batch, std::max<std::int64_t>(1, batch)});
    sorted.push_back(std::move(loaded[place]));
  }
  return sorted;
}

Status SimDevice::check_first(const std::string& path, const LoadOptions& options) {
  const Profile& profile = handle_.state().profile();
  std::vector<LoadObstacle> obstacles;
  if (options.shape.choices.front().shapes.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<ShapedModel> models, describe(path, options));
    plan_load(profile, options, path, models, &obstacles);
  } else {
    // The rest takes a compiler, which comes next.
    PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ReferenceDriver> driver, references_->get());
    PENSTOCK_ASSIGN_OR_RETURN(const ModelInfo file, driver->inspect(path));
    check_scales(profile, options, path, file, &obstacles);
  }
  return obstacles.empty() ? Status() : Status(first_of(obstacles));
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
  const auto models = describe(path, parsed);
  if (!models.has_value()) {
    const Error& error = models.error();
    obstacles.push_back({error.code, subject_of(parsed, path, error.code), error.message});
    return obstacles;
  }
  plan_load(profile, parsed, path, *models, &obstacles);
  if (obstacles.empty() && parsed.computes) {
    return explain_batches(path, parsed);
  }
  return obstacles;
}

/// Returns why the host, which computes, does not take a batch: unlike a shape, which is compiled
/// to be described, it is known from the file alone what a batch is.
Result<std::vector<LoadObstacle>> SimDevice::explain_batches(const std::string& path,
                                                             const LoadOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ReferenceDriver> reference, references_->get());
  for (const ShapeChoice& choice : options.shape.choices) {
    if (choice.shapes.empty() && choice.batch > 1) {
      auto obstacles = reference->explain(path, choice);
      if (!obstacles.has_value() || !obstacles->empty()) {
        return obstacles;  // One says enough.
      }
    }
  }
  return std::vector<LoadObstacle>();
}

Result<std::unique_ptr<ModelBase>> SimDevice::load(const std::string& path,
                                                   const DriverOptions& options) {
  OptionReader reader(options);
  const Profile& profile = handle_.state().profile();
  const LoadOptions parsed = read_load_options(reader, profile, defaults_.computes, !path.empty());
  PENSTOCK_RETURN_IF_ERROR(reader.finish());
  std::vector<ShapedModel> models;
  std::vector<std::shared_ptr<LoadedModel>> references;
  if (parsed.computes) {
    PENSTOCK_RETURN_IF_ERROR(check_first(path, parsed));
    PENSTOCK_ASSIGN_OR_RETURN(references, load_references(path, parsed, models));
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(models, describe(path, parsed));
  }
  std::vector<LoadObstacle> obstacles;
  auto plan = plan_load(profile, parsed, path, models, &obstacles);
  if (!plan.has_value()) {
    return first_of(obstacles);
  }
  auto loaded = std::make_shared<SimLoaded>();
  loaded->plan = *std::move(plan);
  loaded->references = std::move(references);
  loaded->waits_for_host = defaults_.is_virtual;
  PENSTOCK_ASSIGN_OR_RETURN(loaded->id,
                            handle_.state().add_model(loaded->plan.core, parsed.faults));
  loaded->device = handle_.share();
  return std::unique_ptr<ModelBase>(std::make_unique<SimModel>(std::move(loaded)));
}

}  // namespace penstock::sim
