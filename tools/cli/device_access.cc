#include "tools/cli/device_access.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "drivers/claims/claim_folder.h"
#include "engine/base/log.h"
#include "engine/yaml/nearest_word.h"
#include "tools/cli/known_drivers.h"

namespace penstock {
namespace {

/// Calls `is_done` now and whenever the device rings until it says true or fails; returns false
/// after `limit`.
template <class Condition>
Result<bool> wait_until(const OpenDevice& device, Condition is_done, Duration limit) {
  std::optional<Error> failure;
  const bool is_over = device.bell->wait_until(
      [&] {
        const Result<bool> done = is_done();
        if (!done.has_value()) {
          failure = done.error();
        }
        return failure.has_value() || *done;
      },
      limit);
  if (failure.has_value()) {
    return *std::move(failure);
  }
  return is_over;
}

std::string seconds_text(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

/// Returns the name that no device of another driver has.
std::string full_name(const DeviceChoice& device) {
  return device.driver->name() + "/" + device.info.identity;
}

/// Notes in each sub-device which process claims it.
void fill_owners(std::vector<DeviceChoice>& devices) {
  const auto claims = ClaimFolder::open();
  if (!claims.has_value()) {
    log_warning("devices", "who uses them is not known: " + claims.error().message);
    return;
  }
  for (DeviceChoice& device : devices) {
    claims->fill_owners(device.driver->name(), device.info);
  }
}

}  // namespace

void OpenDevice::poll_health() {
  while (auto event = device.poll_event()) {
    health = *std::move(event);
  }
}

std::vector<DeviceChoice> list_devices(const DriverSet& drivers, bool with_sim) {
  std::vector<Error> failures;
  std::vector<DeviceChoice> devices = drivers.devices(&failures);
  for (const Error& failure : failures) {
    log_warning("devices", failure.message);
  }
  if (!with_sim) {
    std::erase_if(devices,
                  [](const DeviceChoice& one) { return one.info.kind == DeviceKind::kSim; });
  }
  fill_owners(devices);
  return devices;
}

std::vector<std::string> names_of(const std::vector<DeviceChoice>& devices) {
  std::vector<std::string> names;
  for (const DeviceChoice& device : devices) {
    const bool is_alone =
        std::count_if(devices.begin(), devices.end(), [&](const DeviceChoice& other) {
          return other.info.identity == device.info.identity;
        }) == 1;
    names.push_back(is_alone ? device.info.identity : full_name(device));
  }
  return names;
}

Result<DeviceChoice> find_device(const std::vector<DeviceChoice>& devices,
                                 const std::string& name,
                                 std::vector<std::string> others) {
  const auto found = std::find_if(devices.begin(), devices.end(), [&](const DeviceChoice& device) {
    return name == device.info.identity || name == full_name(device);
  });
  if (found != devices.end()) {
    return *found;
  }
  const std::vector<std::string> names = names_of(devices);
  others.insert(others.end(), names.begin(), names.end());
  const std::string near = did_you_mean(name, others);
  return Error{Errc::kNotFound,
               "no device '" + name + "'; " +
                   (!near.empty()    ? near
                    : others.empty() ? "there are none"
                                     : "name " + one_of(others))};
}

Result<std::optional<DeviceSpec>> simulated_entry(const std::string& word) {
  constexpr std::string_view kBefore = "sim:";
  if (word.rfind(kBefore, 0) != 0) {
    return std::optional<DeviceSpec>();
  }
  DeviceSpec device;
  device.name = word;
  device.type = "sim";
  device.profile = word.substr(kBefore.size());
  if (device.profile.empty()) {
    return Error{Errc::kInvalidArgument,
                 "'sim:' wants a profile behind it: mx3, metis, aries or a file of your own"};
  }
  return std::optional<DeviceSpec>(std::move(device));
}

Result<DeviceChoice> choose_device(const DriverSet& drivers, const std::string& word) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<DeviceSpec> entry, simulated_entry(word));
  if (entry.has_value()) {
    DeviceSelector selector(drivers);
    PENSTOCK_ASSIGN_OR_RETURN(DeviceChoice choice, selector.select(*entry));
    std::vector<DeviceChoice> alone = {std::move(choice)};
    fill_owners(alone);
    return alone.front();
  }
  const std::vector<DeviceChoice> devices = list_devices(drivers, true);
  std::string name = word;
  if (word == "auto" || device_kind_from(word).has_value()) {
    PENSTOCK_ASSIGN_OR_RETURN(const DeviceChoice chosen, drivers.select(word));
    name = full_name(chosen);
  }
  return find_device(devices, name, {"sim:PROFILE"});
}

Result<OpenDevice> open_device(const DriverSet& drivers, const std::string& word) {
  PENSTOCK_ASSIGN_OR_RETURN(const DeviceChoice found, choose_device(drivers, word));
  auto bell = std::make_unique<WaitingBell>();
  PENSTOCK_ASSIGN_OR_RETURN(Device device,
                            found.driver->open(found.info.identity, bell->doorbell()));
  OpenDevice opened{found, std::move(bell), std::move(device), {}};
  opened.poll_health();
  return opened;
}

Result<std::optional<DeviceProperty>> find_property(const Device& device,
                                                    const std::string& name,
                                                    std::int32_t sub_device) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceProperty> all, device.properties());
  for (const DeviceProperty& property : all) {
    if (property.name == name && property.sub_device == sub_device) {
      return std::optional<DeviceProperty>(property);
    }
  }
  return std::optional<DeviceProperty>();
}

Result<PropertyChange> set_property(OpenDevice& device,
                                    const DeviceProperty& wanted,
                                    Duration limit) {
  const std::string& name = wanted.name;
  PropertyChange change;
  PENSTOCK_ASSIGN_OR_RETURN(const auto before,
                            find_property(device.device, name, wanted.sub_device));
  change.before = before.value_or(wanted);
  const SteadyClock clock;
  const TimePoint start = clock.now();
  PENSTOCK_ASSIGN_OR_RETURN(const bool in_force,
                            device.device.configure(name, wanted.value, wanted.sub_device));
  change.was_pending = !in_force;
  const auto settled = wait_until(
      device,
      [&]() -> Result<bool> {
        PENSTOCK_ASSIGN_OR_RETURN(const auto now,
                                  find_property(device.device, name, wanted.sub_device));
        change.after = now.value_or(wanted);
        return !change.after.is_pending;
      },
      limit);
  PENSTOCK_RETURN_IF_ERROR(settled);
  if (!*settled) {
    return Error{Errc::kDeadlineExceeded,
                 "'" + name + "' of device '" + device.choice.info.identity + "' is still '" +
                     change.after.value + "' after " + seconds_text(limit) + "; '" +
                     change.after.pending_value + "' was accepted and is pending"};
  }
  change.took = clock.now() - start;
  return change;
}

Result<Duration> reset_device(OpenDevice& device, Duration limit) {
  const DeviceInfo& info = device.choice.info;
  PENSTOCK_ASSIGN_OR_RETURN(const ClaimFolder claims, ClaimFolder::open());
  PENSTOCK_ASSIGN_OR_RETURN(
      const DeviceClaim claim,
      claims.claim(device.choice.driver->name(), info.identity, all_sub_devices(info)));
  const SteadyClock clock;
  const TimePoint start = clock.now();
  if (const Status begun = device.device.reset(); !begun.has_value()) {
    return begun.error().within("device '" + info.identity + "'");
  }
  bool has_answered = false;
  const auto is_well = wait_until(
      device,
      [&]() -> Result<bool> {
        while (auto event = device.device.poll_event()) {
          device.health = *std::move(event);
          has_answered = true;
        }
        return has_answered && device.health.health != Health::kResetting;
      },
      limit);
  PENSTOCK_RETURN_IF_ERROR(is_well);
  if (!*is_well) {
    return Error{
        Errc::kDeadlineExceeded,
        "device '" + info.identity + "' is not well " + seconds_text(limit) + " after its reset"};
  }
  if (device.health.health == Health::kFault) {
    return Error{
        Errc::kDeviceLost,
        "device '" + info.identity + "' is in fault after its reset: " + device.health.reason};
  }
  return clock.now() - start;
}

}  // namespace penstock
