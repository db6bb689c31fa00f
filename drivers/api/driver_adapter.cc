#include "drivers/api/driver_adapter.h"

namespace penstock {
namespace {

DriverBase& of(PenstockDriver* driver) {
  return *reinterpret_cast<DriverBase*>(driver);
}

DeviceBase& of(PenstockDevice* device) {
  return *reinterpret_cast<DeviceBase*>(device);
}

ModelBase& of(PenstockModel* model) {
  return *reinterpret_cast<ModelBase*>(model);
}

RequestBase& of(PenstockRequest* request) {
  return *reinterpret_cast<RequestBase*>(request);
}

/// Runs `body`, which returns a `Status`, and turns whatever comes out into a code.
template <class Body>
std::int32_t guarded(PenstockError* error, Body body) noexcept {
  try {
    const Status status = body();
    return status.has_value() ? PENSTOCK_OK : abi::set_error(error, status.error());
  } catch (const std::exception& exception) {
    return abi::set_error(error, {Errc::kInternal, exception.what()});
  } catch (...) {
    return abi::set_error(error, {Errc::kInternal, "the driver threw something unknown"});
  }
}

/// Gives the object to the C side as an opaque handle.
template <class Handle, class Base>
Status hand_over(Result<std::unique_ptr<Base>> made, Handle** handle) {
  if (!made.has_value()) {
    return made.error();
  }
  *handle = reinterpret_cast<Handle*>(std::move(made).value().release());
  return {};
}

std::int32_t enumerate_devices(PenstockDriver* driver,
                               void (*visit)(void* context, const PenstockDeviceInfo* info),
                               void* context,
                               PenstockError* error) {
  return guarded(error, [&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, of(driver).enumerate());
    for (const DeviceInfo& device : devices) {
      abi::show_device(device, visit, context);
    }
    return {};
  });
}

std::int32_t inspect_model(PenstockDriver* driver,
                           const char* path,
                           const PenstockModelVisitor* visitor,
                           PenstockError* error) {
  return guarded(error, [&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const ModelInfo info,
                              of(driver).inspect(std::string(abi::text_of(path))));
    abi::show_model(info, false, *visitor);
    return {};
  });
}

std::int32_t open_device(PenstockDriver* driver,
                         const char* identity,
                         void (*ring)(void* argument),
                         void* ring_argument,
                         PenstockDevice** device,
                         PenstockError* error) {
  return guarded(error, [&]() -> Status {
    return hand_over(of(driver).open(std::string(abi::text_of(identity)),
                                     ring == nullptr ? Doorbell() : Doorbell(ring, ring_argument)),
                     device);
  });
}

std::int32_t explain_load(PenstockDevice* device,
                          const PenstockModelSource* source,
                          void (*visit)(void* context, const PenstockReason* reason),
                          void* context,
                          PenstockError* error) {
  return guarded(error, [&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const DriverOptions options, abi::options_from(&source->options));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<LoadObstacle> obstacles,
                              of(device).explain(std::string(abi::text_of(source->path)), options));
    for (const LoadObstacle& obstacle : obstacles) {
      PenstockReason reason{};
      reason.size = sizeof(reason);
      reason.code = static_cast<std::int32_t>(obstacle.code);
      reason.subject = obstacle.subject.c_str();
      reason.text = obstacle.text.c_str();
      visit(context, &reason);
    }
    return {};
  });
}

std::int32_t load_model(PenstockDevice* device,
                        const PenstockModelSource* source,
                        PenstockModel** model,
                        PenstockError* error) {
  return guarded(error, [&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const DriverOptions options, abi::options_from(&source->options));
    return hand_over(of(device).load(std::string(abi::text_of(source->path)), options), model);
  });
}

std::int32_t describe_model(PenstockModel* model,
                            const PenstockModelVisitor* visitor,
                            PenstockError* error) {
  return guarded(error, [&]() -> Status {
    abi::show_model(of(model).info(), true, *visitor);
    return {};
  });
}

std::int32_t create_request(PenstockModel* model, PenstockRequest** request, PenstockError* error) {
  return guarded(error, [&] { return hand_over(of(model).create_request(), request); });
}

std::int32_t submit_job(PenstockRequest* request, const PenstockJob* job, PenstockError* error) {
  return guarded(error, [&] { return of(request).submit(Job(*job)); });
}

std::int32_t poll_event(PenstockDevice* device, PenstockHealthEvent* event) {
  std::int32_t found = 0;
  guarded(nullptr, [&]() -> Status {
    const std::optional<HealthEvent> next = of(device).poll_event();
    if (next.has_value()) {
      event->health = static_cast<std::uint32_t>(next->health);
      event->time_ns = next->time.time_since_epoch().count();
      abi::copy_text(next->reason, event->reason, sizeof(event->reason));
      found = 1;
    }
    return {};
  });
  return found;
}

void show_metrics(PenstockDevice* device,
                  void (*visit)(void* context, const PenstockMetric* metric),
                  void* context) {
  guarded(nullptr, [&]() -> Status {
    for (const DeviceMetric& metric : of(device).metrics()) {
      PenstockMetric item{};
      item.size = sizeof(item);
      item.sub_device = metric.sub_device;
      item.name = metric.name.c_str();
      item.unit = metric.unit.c_str();
      item.value = metric.value;
      visit(context, &item);
    }
    return {};
  });
}

std::int32_t claim_sub_devices(PenstockDevice* device,
                               std::uint64_t sub_devices,
                               PenstockError* error) {
  return guarded(error, [&] { return of(device).claim(sub_devices); });
}

void release_sub_devices(PenstockDevice* device, std::uint64_t sub_devices) {
  guarded(nullptr, [&]() -> Status {
    of(device).release(sub_devices);
    return {};
  });
}

std::int32_t show_properties(PenstockDevice* device,
                             void (*visit)(void* context, const PenstockProperty* property),
                             void* context,
                             PenstockError* error) {
  return guarded(error, [&]() -> Status {
    for (const DeviceProperty& property : of(device).properties()) {
      abi::show_property(property, visit, context);
    }
    return {};
  });
}

std::int32_t configure_device(PenstockDevice* device,
                              std::int32_t sub_device,
                              const char* name,
                              const char* value,
                              std::int32_t* pending,
                              PenstockError* error) {
  return guarded(error, [&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(
        const bool is_in_force,
        of(device).configure(
            std::string(abi::text_of(name)), std::string(abi::text_of(value)), sub_device));
    *pending = is_in_force ? 0 : 1;
    return {};
  });
}

std::int32_t reset_device(PenstockDevice* device, PenstockError* error) {
  return guarded(error, [&] { return of(device).reset(); });
}

std::int32_t activate_model(PenstockModel* model,
                            std::uint64_t sub_devices,
                            PenstockCompletion* completion,
                            PenstockError* error) {
  return guarded(error, [&] { return of(model).activate(sub_devices, Change(completion)); });
}

std::int32_t deactivate_model(PenstockModel* model,
                              std::uint64_t sub_devices,
                              PenstockCompletion* completion,
                              PenstockError* error) {
  return guarded(error, [&] { return of(model).deactivate(sub_devices, Change(completion)); });
}

void complete_slot(PenstockCompletion& slot,
                   Errc code,
                   std::string_view message,
                   std::int64_t device_ns) noexcept {
  slot.code = static_cast<std::int32_t>(code);
  slot.device_ns = device_ns;
  abi::copy_text(message, slot.message, sizeof(slot.message));
  slot.done(slot.done_argument);
}

}  // namespace

const PenstockDriverApi* DriverHost::reference_driver() const noexcept {
  const bool can_ask =
      abi::knows(*host_, &PenstockHost::reference_driver) && host_->reference_driver != nullptr;
  return can_ask ? host_->reference_driver(host_->context) : nullptr;
}

SubDeviceMask Job::sub_devices() const noexcept {
  return abi::knows(*job_, &PenstockJob::sub_devices) ? job_->sub_devices : 0;
}

std::uint32_t Job::frames() const noexcept {
  return abi::knows(*job_, &PenstockJob::frames) ? job_->frames : 0;
}

void Job::complete(Errc code, std::string_view message, std::int64_t device_ns) const noexcept {
  complete_slot(*job_->completion, code, message, device_ns);
}

void Change::complete(Errc code, std::string_view message, std::int64_t device_ns) const noexcept {
  complete_slot(*completion_, code, message, device_ns);
}

Result<bool> DeviceBase::configure(const std::string& name,
                                   const std::string& /*value*/,
                                   std::int32_t /*sub_device*/) {
  return abi::no_property(name);
}

namespace detail {

PenstockDriverApi common_driver_api() {
  PenstockDriverApi api{};
  api.size = sizeof(api);
  api.abi_major = PENSTOCK_DRIVER_ABI_MAJOR;
  api.abi_minor = PENSTOCK_DRIVER_ABI_MINOR;
  api.destroy = [](PenstockDriver* driver) { delete &of(driver); };
  api.enumerate = &enumerate_devices;
  api.inspect = &inspect_model;
  api.open_device = &open_device;
  api.close_device = [](PenstockDevice* device) { delete &of(device); };
  api.explain = &explain_load;
  api.load = &load_model;
  api.unload = [](PenstockModel* model) { delete &of(model); };
  api.describe = &describe_model;
  api.create_request = &create_request;
  api.destroy_request = [](PenstockRequest* request) { delete &of(request); };
  api.submit = &submit_job;
  api.cancel = [](PenstockRequest* request) { of(request).cancel(); };
  api.poll_event = &poll_event;
  api.metrics = &show_metrics;
  api.claim = &claim_sub_devices;
  api.release = &release_sub_devices;
  api.properties = &show_properties;
  api.configure = &configure_device;
  api.reset = &reset_device;
  api.activate = &activate_model;
  api.deactivate = &deactivate_model;
  return api;
}

std::int32_t create_driver(DriverMaker maker,
                           const PenstockHost* host,
                           const PenstockOptions* options,
                           PenstockDriver** driver,
                           PenstockError* error) noexcept {
  return guarded(error, [&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const DriverOptions parsed, abi::options_from(options));
    return hand_over(maker(DriverHost(*host), parsed), driver);
  });
}

}  // namespace detail
}  // namespace penstock
