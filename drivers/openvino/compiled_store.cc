#include "drivers/openvino/compiled_store.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <openvino/runtime/properties.hpp>

#include "drivers/api/bucket_info.h"
#include "drivers/openvino/model_file.h"
#include "drivers/openvino/ov_convert.h"
#include "drivers/openvino/work_summary.h"

namespace penstock::openvino {
namespace {

/// Names a load: the same text means the same compiled model.
std::string key_of(const std::string& path,
                   const DriverOptions& options,
                   const std::string& ov_device) {
  std::error_code fault;
  const std::filesystem::path file = std::filesystem::weakly_canonical(path, fault);
  const auto written = std::filesystem::last_write_time(path, fault);
  std::string key = ov_device + '\n' + file.string() + '\n' +
                    std::to_string(written.time_since_epoch().count()) + '\n' +
                    std::to_string(std::filesystem::file_size(path, fault));
  for (const auto& [name, value] : options) {
    key += '\n' + name + '=' + value;
  }
  return key;
}

/// Reads a property into `info`; one that the device does not have is left out.
template <class Property>
void show_property(const ov::CompiledModel& model,
                   const Property& property,
                   const char* name,
                   ModelInfo* info) {
  try {
    info->properties[name] =
        model.get_property(std::string(property.name())).template as<std::string>();
  } catch (const ov::Exception&) {
    // Not every device has every property.
  }
}

/// Sets the range of batches: that of the first extents of all inputs, if they agree.
void describe_batch(ModelInfo* info) {
  const auto first = [](const TensorSpec& spec) {
    return spec.shape.rank() == 0 ? std::int64_t{1} : spec.shape[0];
  };
  const std::int64_t batch = info->inputs.empty() ? 1 : first(info->inputs[0]);
  const bool agree = std::all_of(info->inputs.begin(),
                                 info->inputs.end(),
                                 [&](const TensorSpec& spec) { return first(spec) == batch; }) &&
                     std::all_of(info->outputs.begin(),
                                 info->outputs.end(),
                                 [&](const TensorSpec& spec) { return first(spec) == batch; });
  if (agree && batch == Shape::kDynamic) {
    info->max_batch = 0;
  } else if (agree && batch > 0) {
    info->min_batch = info->max_batch = static_cast<std::uint32_t>(batch);
  }
}

/// True if an output may be an input that is passed on: such a port has the input's names. Those
/// models must go through `read_model`.
bool may_pass_inputs_on(const ov::CompiledModel& model) {
  for (const auto& output : model.outputs()) {
    for (const auto& input : model.inputs()) {
      const auto& names = input.get_names();
      const bool is_shared = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return output.get_names().count(name) != 0;
      });
      if (is_shared || (names.empty() && output.get_names().empty())) {
        return true;
      }
    }
  }
  return false;
}

Result<ModelInfo> describe(const ov::CompiledModel& model, const LoadOptions& options) {
  ModelInfo info;
  PENSTOCK_RETURN_IF_ERROR(describe_ports(model, &info));
  describe_batch(&info);
  const std::uint32_t optimal = model.get_property(ov::optimal_number_of_infer_requests);
  info.preferred_requests =
      options.requests > 0 ? static_cast<std::uint32_t>(options.requests) : std::max(optimal, 1U);
  try {
    info.loaded_from_cache = model.get_property(ov::loaded_from_cache);
  } catch (const ov::Exception&) {
    info.loaded_from_cache = false;
  }
  info.properties["optimal_requests"] = std::to_string(optimal);
  show_property(model, ov::hint::performance_mode, "hint", &info);
  show_property(model, ov::hint::inference_precision, "precision", &info);
  show_property(model, ov::num_streams, "streams", &info);
  show_property(model, ov::inference_num_threads, "threads", &info);
  show_property(model, ov::hint::enable_cpu_pinning, "pinning", &info);
  show_property(model, ov::execution_devices, "execution_devices", &info);
  return info;
}

}  // namespace

CompiledStore::CompiledStore(std::shared_ptr<ov::Core> core, DriverHost host)
    : core_(std::move(core)),
      host_(host) {}

std::shared_ptr<CompiledStore::Entry> CompiledStore::entry_of(const std::string& key) {
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool is_forgotten = entry->second.use_count() == 1 && entry->second->compiled.expired();
    entry = is_forgotten ? entries_.erase(entry) : std::next(entry);
  }
  std::shared_ptr<Entry>& entry = entries_[key];
  if (entry == nullptr) {
    entry = std::make_shared<Entry>();
  }
  return entry;
}

Result<std::shared_ptr<const Compiled>> CompiledStore::get(const std::string& path,
                                                           const DriverOptions& options,
                                                           const LoadOptions& parsed,
                                                           const std::string& ov_device) {
  PENSTOCK_RETURN_IF_ERROR(check_model_file(path));
  const std::shared_ptr<Entry> entry = entry_of(key_of(path, options, ov_device));
  const std::lock_guard lock(entry->mutex);
  if (auto shared = entry->compiled.lock(); shared != nullptr) {
    return shared;
  }
  auto compiled = compile(path, parsed, ov_device);
  if (compiled.has_value()) {
    entry->compiled = *compiled;
  }
  return compiled;
}

Result<std::shared_ptr<const Compiled>> CompiledStore::compile(const std::string& path,
                                                               const LoadOptions& options,
                                                               const std::string& ov_device) {
  // By path where the graph stays as it is: with a cache that skips reading (70 ms, not 700).
  if (!options.changes_model() && !options.cache_dir.empty()) {
    auto compiled = std::make_shared<Compiled>();
    if (compile_by_path(path, options, ov_device, &compiled->model)) {
      PENSTOCK_ASSIGN_OR_RETURN(compiled->info, describe(compiled->model, options));
      return std::shared_ptr<const Compiled>(std::move(compiled));
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ov::Model> graph,
                            read_model(*core_, host_, path));
  auto compiled = options.shape.has_buckets()
                      ? compile_buckets(graph, options, ov_device)
                      : compile_graph(graph, options.shape.choices.front(), options, ov_device);
  return compiled.has_value() ? compiled : compiled.error().within("model '" + path + "'");
}

Result<std::shared_ptr<const Compiled>> CompiledStore::compile_graph(
    const std::shared_ptr<ov::Model>& graph,
    const ShapeChoice& choice,
    const LoadOptions& options,
    const std::string& ov_device) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ov::Model> model,
                            adapt_model(graph, choice, options.conversion));
  std::map<std::string, std::string> work = work_properties(model);
  auto compiled = std::make_shared<Compiled>();
  try {
    compiled->model = core_->compile_model(
        std::shared_ptr<const ov::Model>(model), ov_device, options.properties());
  } catch (const std::exception& exception) {
    host_.log(DriverLogLevel::kDebug, ov_device + ": " + exception.what());
    return error_from(exception, Errc::kUnsupported).within("on " + ov_device);
  }
  PENSTOCK_ASSIGN_OR_RETURN(compiled->info, describe(compiled->model, options));
  compiled->info.properties.merge(work);
  return std::shared_ptr<const Compiled>(std::move(compiled));
}

Result<std::shared_ptr<const Compiled>> CompiledStore::compile_buckets(
    const std::shared_ptr<ov::Model>& graph,
    const LoadOptions& options,
    const std::string& ov_device) {
  std::vector<std::shared_ptr<const Compiled>> parts;
  std::vector<ModelInfo> infos;
  for (const ShapeChoice& choice : options.shape.choices) {
    // A clone shares the constants, which are nearly all of the graph.
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<const Compiled> part,
                              compile_graph(graph->clone(), choice, options, ov_device));
    infos.push_back(part->info);
    parts.push_back(std::move(part));
  }
  auto compiled = std::make_shared<Compiled>();
  std::vector<ModelInfo> sorted;
  for (const std::size_t place : bucket_order(infos)) {
    sorted.push_back(infos[place]);
    compiled->buckets.push_back(parts[place]);
  }
  PENSTOCK_ASSIGN_OR_RETURN(compiled->info, describe_buckets(sorted));
  auto padding = padding_of(compiled->info, options.shape.pad);
  if (!padding.has_value()) {
    return padding.error().within("option 'pad'");
  }
  compiled->padding = std::move(*padding);
  return std::shared_ptr<const Compiled>(std::move(compiled));
}

bool CompiledStore::compile_by_path(const std::string& path,
                                    const LoadOptions& options,
                                    const std::string& ov_device,
                                    ov::CompiledModel* model) const {
  try {
    *model = core_->compile_model(path, ov_device, options.properties());
    return !may_pass_inputs_on(*model);
  } catch (const std::exception& exception) {
    // The other way tells a damaged file from a model that the device does not run.
    host_.log(DriverLogLevel::kDebug, "model '" + path + "': " + exception.what());
    return false;
  }
}

}  // namespace penstock::openvino
