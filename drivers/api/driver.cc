#include "drivers/api/driver.h"

#include <algorithm>
#include <utility>

#include "drivers/api/abi_convert.h"
#include "drivers/api/completion_core.h"

namespace penstock {
namespace detail {

/// Gives a driver its host in the form of the ABI.
class HostTable {
 public:
  explicit HostTable(std::shared_ptr<HostServices> services) : services_(std::move(services)) {
    table_.size = sizeof(table_);
    table_.context = services_.get();
    table_.log = [](void* context, std::int32_t level, const char* text) {
      const auto known = std::clamp(level, PENSTOCK_LOG_DEBUG, PENSTOCK_LOG_ERROR);
      of(context).log(static_cast<DriverLogLevel>(known), abi::text_of(text));
    };
    table_.now_ns = [](void* context) -> std::int64_t {
      return of(context).now().time_since_epoch().count();
    };
    table_.call_at = [](void* context,
                        std::int64_t when_ns,
                        void (*function)(void*),
                        void* argument) -> std::uint64_t {
      return of(context).call_at(TimePoint(Duration(when_ns)), function, argument);
    };
    table_.cancel_call = [](void* context, std::uint64_t ticket) -> std::int32_t {
      return of(context).cancel_call(ticket) ? 1 : 0;
    };
  }

  [[nodiscard]] const PenstockHost& get() const noexcept { return table_; }

 private:
  static HostServices& of(void* context) { return *static_cast<HostServices*>(context); }

  std::shared_ptr<HostServices> services_;
  PenstockHost table_{};
};

struct DriverCore {
  DriverCore(const PenstockDriverApi& driver_api, std::shared_ptr<HostServices> services)
      : api(driver_api),
        host(std::move(services)),
        name(abi::text_of(driver_api.name)),
        version(abi::text_of(driver_api.version)) {}

  DriverCore(const DriverCore&) = delete;
  DriverCore& operator=(const DriverCore&) = delete;

  ~DriverCore() {
    if (driver != nullptr) {
      api.destroy(driver);
    }
  }

  const PenstockDriverApi& api;
  HostTable host;
  std::string name;
  std::string version;
  PenstockDriver* driver = nullptr;
};

struct DeviceCore {
  explicit DeviceCore(std::shared_ptr<DriverCore> owner) : driver(std::move(owner)) {}

  DeviceCore(const DeviceCore&) = delete;
  DeviceCore& operator=(const DeviceCore&) = delete;

  ~DeviceCore() {
    if (device != nullptr) {
      driver->api.close_device(device);
    }
  }

  std::shared_ptr<DriverCore> driver;
  PenstockDevice* device = nullptr;
  DeviceInfo info;
  Doorbell health_changed;
};

struct ModelCore {
  explicit ModelCore(std::shared_ptr<DeviceCore> owner) : device(std::move(owner)) {}

  ModelCore(const ModelCore&) = delete;
  ModelCore& operator=(const ModelCore&) = delete;

  ~ModelCore() {
    if (model != nullptr) {
      device->driver->api.unload(model);
    }
  }

  [[nodiscard]] const PenstockDriverApi& api() const noexcept { return device->driver->api; }

  std::shared_ptr<DeviceCore> device;
  PenstockModel* model = nullptr;
  ModelInfo info;
};

struct RequestCore {
  RequestCore(std::shared_ptr<ModelCore> owner,
              std::shared_ptr<CompletionCore> queue,
              CompletionSlot& reserved)
      : model(std::move(owner)),
        completions(std::move(queue)),
        slot(reserved),
        inputs(model->info.inputs.size()),
        outputs(model->info.outputs.size()) {
    slot.held.reserve(inputs.size() + outputs.size());
    job.size = sizeof(job);
    job.input_count = static_cast<std::uint32_t>(inputs.size());
    job.output_count = static_cast<std::uint32_t>(outputs.size());
    job.inputs = inputs.data();
    job.outputs = outputs.data();
    job.completion = &slot.completion;
  }

  RequestCore(const RequestCore&) = delete;
  RequestCore& operator=(const RequestCore&) = delete;

  ~RequestCore() {
    if (request != nullptr) {
      model->api().destroy_request(request);
    }
    completions->release(slot);
  }

  std::shared_ptr<ModelCore> model;
  std::shared_ptr<CompletionCore> completions;
  CompletionSlot& slot;
  std::vector<PenstockTensor> inputs;
  std::vector<PenstockTensor> outputs;
  PenstockJob job{};
  PenstockRequest* request = nullptr;
};

}  // namespace detail

namespace {

PenstockError empty_error() {
  PenstockError error{};
  error.size = sizeof(error);
  return error;
}

Error misfit(Errc code, const char* role, const TensorSpec& port, const std::string& rule) {
  return {code, std::string(role) + " '" + port.name + "': " + rule};
}

/// Checks that `map` can be bound to `port`: the driver relies on it.
Status check_map(const FeatureMap& map,
                 const TensorSpec& port,
                 const PortMemory& memory,
                 const char* role) {
  const ElementType type = map.spec == nullptr ? ElementType::kUndefined : map.spec->type;
  if (type != port.type) {
    return misfit(
        Errc::kInvalidArgument,
        role,
        port,
        std::string("element type ") + to_string(type) + ", model wants " + to_string(port.type));
  }
  if (!fits(map.shape, port.shape)) {
    return misfit(Errc::kInvalidArgument,
                  role,
                  port,
                  "shape " + map.shape.to_string() + ", model wants " + port.shape.to_string());
  }
  if (!map.is_dense()) {
    return misfit(
        Errc::kUnsupported, role, port, "has strides; drivers take dense maps only: pack it first");
  }
  const auto bytes = map.shape.dense_bytes(type);
  if (!bytes.has_value() || map.offset > map.buffer.size() ||
      *bytes > map.buffer.size() - map.offset) {
    return misfit(Errc::kInvalidArgument,
                  role,
                  port,
                  "shape " + map.shape.to_string() + " needs " +
                      (bytes.has_value() ? std::to_string(*bytes) : std::string("uncountable")) +
                      " bytes at offset " + std::to_string(map.offset) + ", its buffer has " +
                      std::to_string(map.buffer.size()));
  }
  const auto kind = static_cast<unsigned>(map.buffer.kind());
  if ((memory.kinds & (1U << kind)) == 0) {
    return misfit(Errc::kUnsupported,
                  role,
                  port,
                  "memory of kind " + std::to_string(kind) + ", model takes kinds of mask " +
                      std::to_string(memory.kinds));
  }
  return {};
}

void bind(const FeatureMap& map, Buffer& lease, PenstockTensor& tensor) {
  const BufferDescriptor descriptor = lease.descriptor();
  tensor.size = sizeof(tensor);
  tensor.memory_kind = static_cast<std::uint32_t>(lease.kind());
  tensor.data = lease.mutable_data() == nullptr ? nullptr : lease.mutable_data() + map.offset;
  tensor.byte_length = lease.size() - map.offset;
  tensor.segment = descriptor.segment;
  tensor.segment_offset = descriptor.offset + map.offset;
  tensor.generation = descriptor.generation;
  tensor.element_type = static_cast<std::uint32_t>(map.spec->type);
  tensor.rank = static_cast<std::uint32_t>(map.shape.rank());
  std::copy(map.shape.extents().begin(), map.shape.extents().end(), tensor.shape);
}

Status check_count(std::size_t given, std::size_t wanted, const char* role) {
  if (given == wanted) {
    return {};
  }
  return Error{
      Errc::kInvalidArgument,
      std::to_string(given) + " " + role + "s given, model wants " + std::to_string(wanted)};
}

}  // namespace

Request::Request(std::unique_ptr<detail::RequestCore> core) noexcept : core_(std::move(core)) {}

Request::Request(Request&&) noexcept = default;
Request& Request::operator=(Request&&) noexcept = default;
Request::~Request() = default;

Status Request::submit(std::span<const FeatureMap> inputs,
                       std::span<const FeatureMap> outputs,
                       std::uint64_t token) {
  detail::RequestCore& core = *core_;
  const ModelInfo& model = core.model->info;
  PENSTOCK_RETURN_IF_ERROR(check_count(inputs.size(), model.inputs.size(), "input"));
  PENSTOCK_RETURN_IF_ERROR(check_count(outputs.size(), model.outputs.size(), "output"));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(check_map(inputs[i], model.inputs[i], model.input_memory[i], "input"));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(
        check_map(outputs[i], model.outputs[i], model.output_memory[i], "output"));
  }
  if (!is_idle()) {
    return Error{Errc::kUnavailable, "the request is in flight or its completion was not popped"};
  }
  if (core.completions->is_closed()) {
    return Error{Errc::kUnavailable, "the completion queue of the request is gone"};
  }
  std::vector<Buffer>& held = core.slot.held;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    held.push_back(inputs[i].buffer);
    bind(inputs[i], held.back(), core.inputs[i]);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    held.push_back(outputs[i].buffer);
    bind(outputs[i], held.back(), core.outputs[i]);
  }
  core.completions->begin(core.slot, token);
  PenstockError error = empty_error();
  const std::int32_t code = core.model->api().submit(core.request, &core.job, &error);
  if (code != PENSTOCK_OK && core.completions->abandon(core.slot)) {
    return abi::error_from(code, error);
  }
  return {};
}

void Request::cancel() noexcept {
  core_->model->api().cancel(core_->request);
}

bool Request::is_idle() const noexcept {
  return core_->slot.state.load() == detail::SlotState::kIdle;
}

Shape Request::output_shape(std::size_t index) const noexcept {
  const PenstockTensor& tensor = core_->outputs[index];
  const auto rank = std::min<std::size_t>(tensor.rank, Shape::kMaxRank);
  return Shape(std::span<const std::int64_t>(tensor.shape, rank));
}

LoadedModel::LoadedModel(std::shared_ptr<detail::ModelCore> core) noexcept
    : core_(std::move(core)) {}

LoadedModel::LoadedModel(LoadedModel&&) noexcept = default;
LoadedModel& LoadedModel::operator=(LoadedModel&&) noexcept = default;
LoadedModel::~LoadedModel() = default;

const ModelInfo& LoadedModel::info() const noexcept {
  return core_->info;
}

std::shared_ptr<const TensorSpec> LoadedModel::input_spec(std::size_t index) const {
  PENSTOCK_CHECK(index < inputs().size()) << "input " << index;
  // A copy, not an alias of the core: a map that outlives the model must not keep it loaded.
  return std::make_shared<const TensorSpec>(inputs()[index]);
}

std::shared_ptr<const TensorSpec> LoadedModel::output_spec(std::size_t index) const {
  PENSTOCK_CHECK(index < outputs().size()) << "output " << index;
  return std::make_shared<const TensorSpec>(outputs()[index]);
}

Result<Request> LoadedModel::create_request(CompletionQueue& completions) {
  detail::CompletionSlot* slot = completions.core_->reserve();
  if (slot == nullptr) {
    return Error{
        Errc::kUnavailable,
        "completion queue: all " + std::to_string(completions.slots()) + " slots are reserved"};
  }
  auto core = std::make_unique<detail::RequestCore>(core_, completions.core_, *slot);
  PenstockError error = empty_error();
  const std::int32_t code = core_->api().create_request(core_->model, &core->request, &error);
  if (code != PENSTOCK_OK) {
    core->request = nullptr;
    return abi::error_from(code, error);
  }
  return Request(std::move(core));
}

Device::Device(std::shared_ptr<detail::DeviceCore> core) noexcept : core_(std::move(core)) {}

Device::Device(Device&&) noexcept = default;
Device& Device::operator=(Device&&) noexcept = default;
Device::~Device() = default;

const DeviceInfo& Device::info() const noexcept {
  return core_->info;
}

Result<std::vector<LoadObstacle>> Device::explain(const std::string& path,
                                                  const DriverOptions& options) {
  const abi::OptionList list(options);
  const PenstockModelSource source{sizeof(PenstockModelSource), 0, path.c_str(), list.get()};
  std::vector<LoadObstacle> obstacles;
  PenstockError error = empty_error();
  const auto visit = [](void* context, const PenstockReason* reason) {
    LoadObstacle obstacle;
    obstacle.code = abi::errc_from(reason->code);
    obstacle.subject = abi::text_of(reason->subject);
    obstacle.text = abi::text_of(reason->text);
    static_cast<std::vector<LoadObstacle>*>(context)->push_back(std::move(obstacle));
  };
  const std::int32_t code =
      core_->driver->api.explain(core_->device, &source, visit, &obstacles, &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error);
  }
  return obstacles;
}

Result<LoadedModel> Device::load(const std::string& path, const DriverOptions& options) {
  const abi::OptionList list(options);
  const PenstockModelSource source{sizeof(PenstockModelSource), 0, path.c_str(), list.get()};
  auto core = std::make_shared<detail::ModelCore>(core_);
  PenstockError error = empty_error();
  std::int32_t code = core_->driver->api.load(core_->device, &source, &core->model, &error);
  if (code != PENSTOCK_OK) {
    core->model = nullptr;
    return abi::error_from(code, error);
  }
  abi::ModelCollector collector;
  code = core_->driver->api.describe(core->model, collector.visitor(), &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error);
  }
  PENSTOCK_ASSIGN_OR_RETURN(core->info, collector.take());
  return LoadedModel(std::move(core));
}

std::optional<HealthEvent> Device::poll_event() {
  PenstockHealthEvent event{};
  event.size = sizeof(event);
  if (core_->driver->api.poll_event(core_->device, &event) == 0) {
    return std::nullopt;
  }
  event.reason[sizeof(event.reason) - 1] = '\0';
  HealthEvent result;
  result.health = static_cast<Health>(event.health);
  result.reason = event.reason;
  result.time = TimePoint(Duration(event.time_ns));
  return result;
}

std::vector<DeviceMetric> Device::metrics() const {
  std::vector<DeviceMetric> metrics;
  const auto visit = [](void* context, const PenstockMetric* metric) {
    DeviceMetric item;
    item.name = abi::text_of(metric->name);
    item.unit = abi::text_of(metric->unit);
    item.value = metric->value;
    item.sub_device = metric->sub_device;
    static_cast<std::vector<DeviceMetric>*>(context)->push_back(std::move(item));
  };
  core_->driver->api.metrics(core_->device, visit, &metrics);
  return metrics;
}

Driver::Driver(std::shared_ptr<detail::DriverCore> core) noexcept : core_(std::move(core)) {}

Driver::Driver(Driver&&) noexcept = default;
Driver& Driver::operator=(Driver&&) noexcept = default;
Driver::~Driver() = default;

Result<Driver> Driver::create(const PenstockDriverApi& api,
                              std::shared_ptr<HostServices> host,
                              const DriverOptions& options) {
  constexpr std::size_t kVersionEnd = offsetof(PenstockDriverApi, name);
  if (api.size < kVersionEnd || api.abi_major != PENSTOCK_DRIVER_ABI_MAJOR) {
    return Error{Errc::kUnsupported,
                 "driver built for version " + std::to_string(api.abi_major) +
                     " of the driver interface; this program has version " +
                     std::to_string(PENSTOCK_DRIVER_ABI_MAJOR)};
  }
  if (api.size < sizeof(PenstockDriverApi)) {
    return Error{Errc::kUnsupported,
                 "driver's table has " + std::to_string(api.size) + " bytes, version " +
                     std::to_string(PENSTOCK_DRIVER_ABI_MAJOR) + " needs " +
                     std::to_string(sizeof(PenstockDriverApi))};
  }
  auto core = std::make_shared<detail::DriverCore>(api, std::move(host));
  const abi::OptionList list(options);
  PenstockError error = empty_error();
  const std::int32_t code = api.create(&core->host.get(), &list.get(), &core->driver, &error);
  if (code != PENSTOCK_OK) {
    core->driver = nullptr;
    return abi::error_from(code, error).within("driver '" + core->name + "'");
  }
  return Driver(std::move(core));
}

const std::string& Driver::name() const noexcept {
  return core_->name;
}

const std::string& Driver::version() const noexcept {
  return core_->version;
}

Result<std::vector<DeviceInfo>> Driver::enumerate() const {
  std::vector<DeviceInfo> devices;
  PenstockError error = empty_error();
  const auto visit = [](void* context, const PenstockDeviceInfo* info) {
    static_cast<std::vector<DeviceInfo>*>(context)->push_back(abi::device_info_from(*info));
  };
  const std::int32_t code = core_->api.enumerate(core_->driver, visit, &devices, &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error);
  }
  return devices;
}

Result<ModelInfo> Driver::inspect(const std::string& path) const {
  abi::ModelCollector collector;
  PenstockError error = empty_error();
  const std::int32_t code =
      core_->api.inspect(core_->driver, path.c_str(), collector.visitor(), &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error);
  }
  return collector.take();
}

Result<Device> Driver::open(const std::string& identity, Doorbell health_changed) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, enumerate());
  const auto found = std::find_if(devices.begin(), devices.end(), [&](const DeviceInfo& device) {
    return device.identity == identity;
  });
  if (found == devices.end()) {
    std::string known;
    for (const DeviceInfo& device : devices) {
      known += (known.empty() ? "" : ", ") + device.identity;
    }
    return Error{Errc::kNotFound,
                 "driver '" + name() + "' has no device '" + identity +
                     "'; there are: " + (known.empty() ? "none" : known)};
  }
  auto core = std::make_shared<detail::DeviceCore>(core_);
  core->info = *found;
  core->health_changed = health_changed;
  const auto ring = [](void* argument) {
    static_cast<detail::DeviceCore*>(argument)->health_changed.ring();
  };
  PenstockError error = empty_error();
  const std::int32_t code = core_->api.open_device(
      core_->driver, identity.c_str(), ring, core.get(), &core->device, &error);
  if (code != PENSTOCK_OK) {
    core->device = nullptr;
    return abi::error_from(code, error);
  }
  return Device(std::move(core));
}

}  // namespace penstock
