#include "drivers/openvino/openvino_driver.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <openvino/core/version.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>

#include "drivers/api/bucket_info.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/api/option_reader.h"
#include "drivers/openvino/bucket_request.h"
#include "drivers/openvino/compiled_store.h"
#include "drivers/openvino/infer_request.h"
#include "drivers/openvino/load_options.h"
#include "drivers/openvino/model_file.h"
#include "drivers/openvino/ov_convert.h"
#include "drivers/openvino/work_summary.h"

namespace penstock::openvino {
namespace {

/// A device of OpenVINO under its own name and ours.
struct Listed {
  std::string ov_name;  ///< "CPU", "GPU", "GPU.1".
  DeviceInfo info;
};

/// Returns our form of "GPU.1", or nothing for what is no device of its own (AUTO, HETERO...).
std::optional<DeviceInfo> device_info_of(const std::string& ov_name) {
  const auto dot = ov_name.find('.');
  std::string word = ov_name.substr(0, dot);
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  const auto kind = device_kind_from(word);
  if (!kind.has_value() || kind == DeviceKind::kSim || kind == DeviceKind::kNoop) {
    return std::nullopt;
  }
  DeviceInfo info;
  info.kind = *kind;
  info.identity = word + ":" + (dot == std::string::npos ? "0" : ov_name.substr(dot + 1));
  return info;
}

std::string text_property(const ov::Core& core, const std::string& device, const char* name) {
  try {
    return core.get_property(device, std::string(name)).as<std::string>();
  } catch (const std::exception&) {
    return "";  // Not every device has every property.
  }
}

std::vector<Listed> list_devices(const ov::Core& core) {
  std::vector<Listed> devices;
  for (const std::string& ov_name : core.get_available_devices()) {
    auto info = device_info_of(ov_name);
    if (!info.has_value()) {
      continue;
    }
    info->name = text_property(core, ov_name, ov::device::full_name.name());
    info->board = text_property(core, ov_name, ov::device::architecture.name());
    const std::string memory = text_property(core, ov_name, "GPU_DEVICE_TOTAL_MEM_SIZE");
    std::from_chars(memory.data(), memory.data() + memory.size(), info->memory_bytes);
    devices.push_back({ov_name, std::move(*info)});
  }
  return devices;
}

class Model final : public ModelBase {
 public:
  Model(std::shared_ptr<const Compiled> compiled,
        std::shared_ptr<DeviceCounters> counters,
        DriverHost host)
      : compiled_(std::move(compiled)),
        counters_(std::move(counters)),
        host_(host) {}

  [[nodiscard]] const ModelInfo& info() const noexcept override { return compiled_->info; }

  Result<std::unique_ptr<RequestBase>> create_request() override {
    if (!compiled_->buckets.empty()) {
      return std::unique_ptr<RequestBase>(
          std::make_unique<BucketRequest>(compiled_, counters_, host_));
    }
    return std::unique_ptr<RequestBase>(
        std::make_unique<InferRequest>(compiled_, counters_, host_));
  }

 private:
  std::shared_ptr<const Compiled> compiled_;
  std::shared_ptr<DeviceCounters> counters_;
  DriverHost host_;
};

class OpenDevice final : public DeviceBase {
 public:
  OpenDevice(std::shared_ptr<ov::Core> core,
             std::shared_ptr<CompiledStore> store,
             std::string ov_name,
             DriverHost host)
      : core_(std::move(core)),
        store_(std::move(store)),
        ov_name_(std::move(ov_name)),
        host_(host),
        counters_(std::make_shared<DeviceCounters>()) {}

  Result<std::vector<LoadObstacle>> explain(const std::string& path,
                                            const DriverOptions& options) override {
    OptionReader reader(options);
    const LoadOptions parsed = read_load_options(reader, ov_name_);
    std::vector<LoadObstacle> obstacles = reader.obstacles();
    if (!obstacles.empty()) {
      return obstacles;
    }
    auto graph = read_model(*core_, host_, path);
    if (!graph.has_value()) {
      obstacles.push_back({graph.error().code, path, graph.error().message});
      return obstacles;
    }
    for (const ShapeChoice& choice : parsed.shape.choices) {
      // One bucket that does not go through says enough.
      if (obstacles.empty()) {
        explain_choice(path, (*graph)->clone(), choice, parsed, &obstacles);
      }
    }
    return obstacles;
  }

  Result<std::unique_ptr<ModelBase>> load(const std::string& path,
                                          const DriverOptions& options) override {
    OptionReader reader(options);
    const LoadOptions parsed = read_load_options(reader, ov_name_);
    PENSTOCK_RETURN_IF_ERROR(reader.finish());
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<const Compiled> compiled,
                              store_->get(path, options, parsed, ov_name_));
    return std::unique_ptr<ModelBase>(
        std::make_unique<Model>(std::move(compiled), counters_, host_));
  }

  std::vector<DeviceMetric> metrics() override {
    return {metric("inferences", "count", static_cast<double>(counters_->inferences.load())),
            metric("failures", "count", static_cast<double>(counters_->failures.load())),
            metric("in_flight", "count", static_cast<double>(counters_->in_flight.load())),
            metric("busy", "ns", static_cast<double>(counters_->busy_ns.load()))};
  }

 private:
  static DeviceMetric metric(const char* name, const char* unit, double value) {
    DeviceMetric result;
    result.name = name;
    result.unit = unit;
    result.value = value;
    return result;
  }

  void explain_choice(const std::string& path,
                      const std::shared_ptr<ov::Model>& graph,
                      const ShapeChoice& choice,
                      const LoadOptions& options,
                      std::vector<LoadObstacle>* obstacles) const {
    const std::string subject = !choice.shapes.empty() ? "shape." + choice.shapes.begin()->first
                                : choice.batch > 0     ? "batch"
                                                       : path;
    auto model = adapt_model(graph, choice, options.conversion);
    if (!model.has_value()) {
      const Error error = model.error().within("model '" + path + "'");
      obstacles->push_back({error.code, subject, error.message});
      return;
    }
    ModelInfo ports;
    Status status = describe_ports(**model, &ports);
    if (status.has_value() && options.shape.has_buckets()) {
      status = check_bucket(ports, options.shape.pad);
    }
    if (!status.has_value()) {
      obstacles->push_back({status.error().code, subject, status.error().message});
      return;
    }
    add_unsupported_operations(*model, options, obstacles);
  }

  static Status check_bucket(const ModelInfo& ports, double pad) {
    for (const TensorSpec& input : ports.inputs) {
      if (!input.shape.is_static()) {
        return Error{Errc::kInvalidArgument,
                     "input '" + input.name + "': shape " + input.shape.to_string() +
                         ", buckets fix all inputs: give it a shape too"};
      }
    }
    const auto padding = padding_of(ports, pad);
    return padding.has_value() ? Status() : Status(padding.error().within("option 'pad'"));
  }

  /// Adds each type of operation that the device does not run.
  void add_unsupported_operations(const std::shared_ptr<ov::Model>& model,
                                  const LoadOptions& options,
                                  std::vector<LoadObstacle>* obstacles) const {
    try {
      ov::AnyMap properties = options.properties();
      properties.erase(ov::cache_dir.name());
      const auto supported = core_->query_model(model, ov_name_, properties);
      std::set<std::string> missing;
      for (const auto& operation : model->get_ops()) {
        if (supported.count(operation->get_friendly_name()) == 0) {
          missing.insert(operation->get_type_name());
        }
      }
      for (const std::string& type : missing) {
        obstacles->push_back({Errc::kUnsupported, type, ov_name_ + " does not run " + type});
      }
    } catch (const std::exception& exception) {
      const Error error = error_from(exception, Errc::kUnsupported);
      obstacles->push_back({error.code, ov_name_, error.message});
    }
  }

  std::shared_ptr<ov::Core> core_;
  std::shared_ptr<CompiledStore> store_;
  std::string ov_name_;
  DriverHost host_;
  std::shared_ptr<DeviceCounters> counters_;
};

class OpenvinoDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost host, const DriverOptions& options) {
    OptionReader reader(options);
    PENSTOCK_RETURN_IF_ERROR(reader.finish());
    return std::unique_ptr<DriverBase>(std::make_unique<OpenvinoDriver>(host));
  }

  explicit OpenvinoDriver(DriverHost host)
      : host_(host),
        core_(std::make_shared<ov::Core>()),
        store_(std::make_shared<CompiledStore>(core_, host)) {}

  Result<std::vector<DeviceInfo>> enumerate() override {
    std::vector<DeviceInfo> devices;
    for (Listed& device : list_devices(*core_)) {
      devices.push_back(std::move(device.info));
    }
    return devices;
  }

  Result<ModelInfo> inspect(const std::string& path) override {
    PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ov::Model> model,
                              read_model(*core_, host_, path));
    ModelInfo info;
    PENSTOCK_RETURN_IF_ERROR(describe_ports(*model, &info));
    info.properties["operations"] = std::to_string(model->get_ops().size());
    info.properties["name"] = model->get_friendly_name();
    info.properties.merge(work_properties(model));
    return info;
  }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& identity,
                                           Doorbell /*health_changed*/) override {
    for (const Listed& device : list_devices(*core_)) {
      if (device.info.identity == identity) {
        return std::unique_ptr<DeviceBase>(
            std::make_unique<OpenDevice>(core_, store_, device.ov_name, host_));
      }
    }
    return Error{Errc::kNotFound, "OpenVINO lists no device '" + identity + "' any more"};
  }

 private:
  DriverHost host_;
  std::shared_ptr<ov::Core> core_;
  std::shared_ptr<CompiledStore> store_;
};

}  // namespace
}  // namespace penstock::openvino

namespace penstock {

const PenstockDriverApi& openvino_driver_api() {
  static const std::string kVersion = ov::get_openvino_version().buildNumber;
  static const PenstockDriverApi kApi =
      make_driver_api<&openvino::OpenvinoDriver::create>("openvino", kVersion.c_str());
  return kApi;
}

}  // namespace penstock
