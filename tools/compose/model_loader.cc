#include "tools/compose/model_loader.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "actors/device_backend.h"
#include "engine/base/check.h"

namespace penstock {
namespace {

std::string text_of(const OptionValue& value) {
  if (const auto* flag = value.as<bool>(); flag != nullptr) {
    return *flag ? "true" : "false";
  }
  if (const auto* number = value.as<std::int64_t>(); number != nullptr) {
    return std::to_string(*number);
  }
  if (const auto* number = value.as<double>(); number != nullptr) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.9g", *number);
    return text.data();
  }
  const auto* text = value.as<std::string>();
  PENSTOCK_CHECK(text != nullptr) << "an option of a driver that is no word, number or flag";
  return *text;
}

DriverOptions driver_options(const ModelSpec& model) {
  DriverOptions options;
  for (const std::string& name : model.driver_options.names()) {
    options[name] = text_of(*model.driver_options.find(name));
  }
  if (model.batch_size > 1) {
    options["batch"] = std::to_string(model.batch_size);
  }
  return options;
}

}  // namespace

Status ModelLoader::load_all(const GraphSpec& spec,
                             const std::function<void(const Loaded&)>& on_loaded) {
  for (const ActorSpec& actor : spec.actors) {
    if (actor.model.empty() || entries_.contains(actor.model)) {
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
    entries_.emplace(actor.model, std::move(entry));
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
  auto loaded = device->load(entry.spec.file, driver_options(entry.spec));
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

const ModelLoader::Loaded& ModelLoader::at(const std::string& model) const {
  const auto found = entries_.find(model);
  PENSTOCK_CHECK(found != entries_.end()) << "model '" << model << "' was not loaded";
  return found->second.loaded;
}

BackendFactory ModelLoader::backend_of(const std::string& model) {
  const auto found = entries_.find(model);
  PENSTOCK_CHECK(found != entries_.end()) << "model '" << model << "' was not loaded";
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
