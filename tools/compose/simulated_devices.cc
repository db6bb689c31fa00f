#include "tools/compose/simulated_devices.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "tools/compose/driver_options.h"

namespace penstock {
namespace {

/// Those that come with the program, in the order in which an entry without a profile tries them.
constexpr std::array<const char*, 3> kProfiles = {"mx3", "metis", "aries"};

}  // namespace

Result<std::vector<std::string>> SimulatedDevices::identities_of(const std::string& profile) {
  const DriverOptions all = {{"devices", std::to_string(kMostOfAProfile) + "*" + profile}};
  PENSTOCK_ASSIGN_OR_RETURN(const Driver driver, start_(all));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, driver.enumerate());
  std::vector<std::string> identities;
  for (const DeviceInfo& device : devices) {
    identities.push_back(device.identity);
  }
  return identities;
}

Result<SimulatedDevices::Found> SimulatedDevices::find(const DeviceSpec& device) {
  std::vector<std::string> profiles = {device.profile};
  if (device.profile.empty()) {
    profiles.assign(kProfiles.begin(), kProfiles.end());
  }
  const auto taken_by = [&](const std::string& identity) {
    return std::find_if(chosen_.begin(), chosen_.end(), [&](const auto& one) {
      return one.second.info.identity == identity;
    });
  };
  std::string known;
  for (const std::string& profile : profiles) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> identities, identities_of(profile));
    known += (known.empty() ? "" : ", ") + identities.front() + " to " + identities.back();
    for (std::size_t index = 0; index < identities.size(); ++index) {
      const auto other = taken_by(identities[index]);
      const bool is_meant =
          device.id.empty() ? other == chosen_.end() : device.id == identities[index];
      if (is_meant && other != chosen_.end()) {
        return Error{Errc::kUnavailable,
                     "'" + device.id + "' is device '" + other->first + "' already"};
      }
      if (is_meant) {
        return Found{profile, identities[index], static_cast<int>(index)};
      }
    }
  }
  return Error{Errc::kNotFound,
               device.id.empty()
                   ? "all simulated devices of this kind are taken"
                   : "no simulated device has id '" + device.id + "'; there are " + known};
}

Result<DeviceChoice> SimulatedDevices::select(const DeviceSpec& device) {
  if (const auto chosen = chosen_.find(device.name); chosen != chosen_.end()) {
    return chosen->second;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Found found, find(device));
  DriverOptions options = simulation_options(device);
  options.erase("profile");
  options["devices"] = std::to_string(found.index + 1) + "*" + found.profile;
  if (auto faults = options.extract("faults"); !faults.empty()) {
    faults.key() = "faults." + found.identity;
    options.insert(std::move(faults));
  }
  PENSTOCK_ASSIGN_OR_RETURN(Driver driver, start_(options));
  auto shared = std::make_shared<Driver>(std::move(driver));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, shared->enumerate());
  const DeviceChoice choice{shared, devices.at(static_cast<std::size_t>(found.index))};
  chosen_.emplace(device.name, choice);
  return choice;
}

}  // namespace penstock
