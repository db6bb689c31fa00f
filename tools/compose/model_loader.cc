#include "tools/compose/model_loader.h"

#include <algorithm>
#include <utility>

#include "actors/device_backend.h"
#include "engine/base/check.h"
#include "tools/compose/driver_options.h"

namespace penstock {
namespace {

std::string key_of(const ActorSpec& actor) {
  return actor.model + " on " + actor.device;
}

}  // namespace

Status ModelLoader::load_all(const GraphSpec& spec,
                             const std::function<void(const Loaded&)>& on_loaded) {
  for (const ActorSpec& actor : spec.actors) {
    if (actor.model.empty() || entries_.contains(key_of(actor))) {
      continue;
    }
    const ModelSpec* model = spec.find_model(actor.model);
    const DeviceSpec* device = spec.find_device(actor.device);
    PENSTOCK_CHECK(model != nullptr && device != nullptr) << "checked graph, actor " << actor.name;
    Entry entry;
    entry.spec = *model;
    entry.device = *device;
    PENSTOCK_RETURN_IF_ERROR(load(entry));
    on_loaded(entry.loaded);
    entries_.emplace(key_of(actor), std::move(entry));
  }
  return {};
}

Status ModelLoader::load(Entry& entry) {
  const std::string where = "model '" + entry.spec.name + "'";
  auto choice = drivers_.select(entry.device.type, entry.device.id);
  if (!choice.has_value()) {
    return choice.error().within(where);
  }
  auto& device = devices_[choice->info.identity];
  if (device == nullptr) {
    auto opened = choice->driver->open(choice->info.identity);
    if (!opened.has_value()) {
      return opened.error().within(where + ", device '" + choice->info.identity + "'");
    }
    device = std::make_shared<Device>(std::move(opened).value());
  }
  auto loaded = device->load(entry.spec.file, load_options(entry.spec, entry.device));
  if (!loaded.has_value()) {
    return loaded.error().within(where + " on device '" + choice->info.identity + "'");
  }
  entry.model = std::make_shared<LoadedModel>(std::move(loaded).value());
  const ModelInfo& info = entry.model->info();
  entry.loaded.model = entry.spec.name;
  entry.loaded.device = choice->info.identity;
  entry.loaded.from_cache = info.loaded_from_cache;
  entry.loaded.requests = std::max(1U, info.preferred_requests);
  entry.loaded.inputs.clear();
  entry.loaded.outputs.clear();
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    entry.loaded.inputs.push_back(entry.model->input_spec(i));
  }
  for (std::size_t i = 0; i < info.outputs.size(); ++i) {
    entry.loaded.outputs.push_back(entry.model->output_spec(i));
  }
  return {};
}

const ModelLoader::Loaded& ModelLoader::at(const ActorSpec& actor) const {
  const auto found = entries_.find(key_of(actor));
  PENSTOCK_CHECK(found != entries_.end()) << "model '" << actor.model << "' was not loaded";
  return found->second.loaded;
}

BackendFactory ModelLoader::backend_of(const ActorSpec& actor) {
  const auto found = entries_.find(key_of(actor));
  PENSTOCK_CHECK(found != entries_.end()) << "model '" << actor.model << "' was not loaded";
  Entry* entry = &found->second;
  return [this, entry, made = false](
             Doorbell doorbell) mutable -> Result<std::unique_ptr<InferenceBackend>> {
    std::shared_ptr<LoadedModel> current;
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(made, true)) {
        devices_.clear();  // The lost device is opened anew; others stay with their models.
        PENSTOCK_RETURN_IF_ERROR(load(*entry));
      }
      current = entry->model;
    }
    return actors::DeviceBackend::create(std::move(current), entry->loaded.requests, doorbell);
  };
}

}  // namespace penstock
