#include "tools/compose/device_probe_adapter.h"

#include <algorithm>
#include <utility>

#include "tools/compose/driver_options.h"
#include "tools/compose/package_terms.h"

namespace penstock {
namespace {

PropertyFacts::Type type_of(DeviceProperty::Type type) {
  switch (type) {
    case DeviceProperty::Type::kText:
      return PropertyFacts::Type::kText;
    case DeviceProperty::Type::kInteger:
      return PropertyFacts::Type::kInteger;
    case DeviceProperty::Type::kReal:
      return PropertyFacts::Type::kReal;
    case DeviceProperty::Type::kBoolean:
      return PropertyFacts::Type::kBoolean;
    case DeviceProperty::Type::kChoice:
      return PropertyFacts::Type::kChoice;
  }
  return PropertyFacts::Type::kText;
}

/// Whether a limit is one that drivers do not ask the package about: what it takes.
bool is_amount(FitLimit limit) {
  return limit == FitLimit::kSubDevices || limit == FitLimit::kMemory ||
         limit == FitLimit::kSharedMemory;
}

}  // namespace

DeviceFacts facts_of(const DeviceInfo& info, const std::vector<DeviceProperty>& properties) {
  DeviceFacts facts;
  facts.identity = info.identity;
  facts.type = to_string(info.kind);
  facts.name = info.name;
  facts.simulated = is_simulated(info.kind);
  facts.sub_devices = static_cast<std::uint32_t>(std::max<std::size_t>(1, info.sub_devices.size()));
  facts.memory_bytes = info.memory_bytes;
  for (const DeviceProperty& property : properties) {
    PropertyFacts one;
    one.name = property.name;
    one.type = type_of(property.type);
    one.unit = property.unit;
    one.sub_device = property.sub_device;
    one.minimum = property.minimum;
    one.maximum = property.maximum;
    one.choices = property.choices;
    one.is_writable = property.is_writable;
    facts.properties.push_back(std::move(one));
  }
  return facts;
}

LoadReason reason_of(const LoadObstacle& obstacle) {
  LoadReason reason;
  reason.subject = obstacle.subject;
  reason.text = obstacle.text;
  if (obstacle.subject == "scales") {
    reason.kind = LoadReason::Kind::kNoScales;
  } else if (obstacle.subject == "memory" || obstacle.subject == "batch" ||
             obstacle.subject == "models" || obstacle.code == Errc::kUnavailable) {
    reason.kind = LoadReason::Kind::kLimit;
  }
  return reason;
}

Result<Device*> DriverDeviceProbe::open(const DeviceSpec& device) {
  if (const auto found = devices_.find(device.name); found != devices_.end()) {
    return &found->second;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const DeviceChoice choice, select_(device));
  PENSTOCK_ASSIGN_OR_RETURN(Device opened, choice.driver->open(choice.info.identity));
  return &devices_.emplace(device.name, std::move(opened)).first->second;
}

Result<DeviceFacts> DriverDeviceProbe::find(const DeviceSpec& device) {
  PENSTOCK_ASSIGN_OR_RETURN(Device* const opened, open(device));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceProperty> properties, opened->properties());
  return facts_of(opened->info(), properties);
}

Result<std::vector<LoadReason>> DriverDeviceProbe::explain(const ModelSpec& model,
                                                           const DeviceSpec& device) {
  PENSTOCK_ASSIGN_OR_RETURN(Device* const opened, open(device));
  PENSTOCK_ASSIGN_OR_RETURN(const ModelFile file, files_.find(choice_of(model)));
  PENSTOCK_ASSIGN_OR_RETURN(
      const LoadTerms terms,
      terms_of([&](const DriverOptions& options) { return opened->explain(file.path, options); },
               file,
               load_options(model, device, file)));
  std::vector<LoadReason> reasons;
  std::transform(
      terms.obstacles.begin(), terms.obstacles.end(), std::back_inserter(reasons), reason_of);
  const auto mode = terms.options.find("mode");
  const auto fit = package_fit(file,
                               mode == terms.options.end() ? std::string() : mode->second,
                               model.cores,
                               device,
                               opened->info());
  if (fit.has_value() && is_amount(fit->limit)) {
    const bool is_cores = fit->limit == FitLimit::kSubDevices;
    reasons.push_back({LoadReason::Kind::kLimit,
                       is_cores ? "cores" : "memory",
                       "its package says: " + fit->reason});
  }
  return reasons;
}

Result<std::uint64_t> DriverDeviceProbe::kept_bytes(const ModelSpec& model,
                                                    const DeviceSpec& device) {
  PENSTOCK_ASSIGN_OR_RETURN(Device* const opened, open(device));
  PENSTOCK_ASSIGN_OR_RETURN(const ModelFile file, files_.find(choice_of(model)));
  return penstock::kept_bytes(file, device, opened->info());
}

}  // namespace penstock
