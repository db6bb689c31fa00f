#include "tools/fit/fit_device.h"

#include <algorithm>
#include <optional>

namespace penstock {
namespace {

const std::string kKind = "sim";

Error wrong_word(const std::string& word) {
  return {Errc::kInvalidArgument,
          "--device wants sim:PROFILE, such as sim:mx3, or NAME=sim:PROFILE for one device of the "
          "graph, not '" +
              word + "': only simulated devices can be tried in virtual time"};
}

/// Returns the profile of "sim:PROFILE" or "sim", the first that comes with the program.
std::optional<std::string> profile_of(const std::string& word) {
  const auto colon = word.find(':');
  if (word.substr(0, colon) != kKind) {
    return std::nullopt;
  }
  return colon == std::string::npos ? "mx3" : word.substr(colon + 1);
}

DeviceSpec simulated(const std::string& name, const std::string& profile) {
  DeviceSpec device;
  device.name = name;
  device.type = kKind;
  device.profile = profile;
  return device;
}

/// A run in virtual time has no faults and computes nothing.
void keep_shape(DeviceSpec& device) {
  OptionValues kept;
  for (const std::string& name : device.options.names()) {
    if (name != "faults" && name != "compute") {
      kept.set(name, *device.options.find(name));
    }
  }
  device.options = std::move(kept);
}

void put_all_on(GraphSpec& spec, const DeviceSpec& device) {
  spec.devices = {device};
  for (ModelSpec& model : spec.models) {
    model.devices = {device.name};
    model.placement = Placement::kPinned;
    model.failover = false;
  }
  for (ActorSpec& actor : spec.actors) {
    if (!actor.model.empty()) {
      actor.devices = {device.name};
    }
  }
}

DeviceSpec* find_device(GraphSpec& spec, const std::string& name) {
  const auto found = std::find_if(
      spec.devices.begin(), spec.devices.end(), [&](const auto& one) { return one.name == name; });
  return found == spec.devices.end() ? nullptr : &*found;
}

std::string used_names(const GraphSpec& spec) {
  std::string names;
  for (const auto& [name, what] : devices_in_use(spec)) {
    names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "none" : names;
}

Status play(GraphSpec& spec, const std::string& name, const std::string& profile) {
  const auto used = devices_in_use(spec);
  DeviceSpec* device = find_device(spec, name);
  if (device == nullptr ||
      std::none_of(used.begin(), used.end(), [&](const auto& one) { return one.first == name; })) {
    return Error{Errc::kInvalidArgument,
                 "--device " + name + "=...: no model of graph '" + spec.name +
                     "' runs on a device '" + name + "'; there are: " + used_names(spec)};
  }
  *device = simulated(name, profile);
  return {};
}

/// Whether the driver of simulated devices makes `device`: a plug-in may have some of its own.
bool is_simulated(const DeviceSpec* device) {
  return device != nullptr && device->type == kKind &&
         (device->driver.empty() || device->driver == kKind);
}

/// Leaves the simulated ones of a list of devices.
Status keep_simulated(const GraphSpec& spec,
                      const std::string& model,
                      std::vector<std::string>& devices) {
  const std::string first = devices.front();
  const DeviceSpec* device = spec.find_device(first);
  if (!is_simulated(device)) {
    return Error{Errc::kInvalidArgument,
                 "model '" + model + "' runs on '" + first +
                     "', which is not simulated: say what plays it, --device " + first +
                     "=sim:mx3 (or metis, aries), or put all models on one, --device sim:mx3"};
  }
  devices.erase(std::remove_if(
                    devices.begin(),
                    devices.end(),
                    [&](const std::string& name) { return !is_simulated(spec.find_device(name)); }),
                devices.end());
  return {};
}

std::vector<std::string> devices_of(const ActorSpec& actor) {
  return actor.devices.empty() ? std::vector<std::string>{actor.device} : actor.devices;
}

Status keep_own(GraphSpec& spec) {
  for (DeviceSpec& device : spec.devices) {
    keep_shape(device);
  }
  for (ActorSpec& actor : spec.actors) {
    if (actor.model.empty()) {
      continue;
    }
    actor.devices = devices_of(actor);
    PENSTOCK_RETURN_IF_ERROR(keep_simulated(spec, actor.model, actor.devices));
  }
  return {};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> devices_in_use(const GraphSpec& spec) {
  std::vector<std::pair<std::string, std::string>> used;
  for (const DeviceSpec& device : spec.devices) {
    const bool is_used =
        std::any_of(spec.actors.begin(), spec.actors.end(), [&](const ActorSpec& actor) {
          const std::vector<std::string> names = devices_of(actor);
          return !actor.model.empty() &&
                 std::find(names.begin(), names.end(), device.name) != names.end();
        });
    if (is_used) {
      const std::string profile = device.profile.empty() ? "mx3" : device.profile;
      used.emplace_back(device.name, device.type == kKind ? kKind + ":" + profile : device.type);
    }
  }
  return used;
}

Result<GraphSpec> on_simulated_devices(GraphSpec spec, const std::vector<std::string>& wanted) {
  bool is_for_all = false;
  for (const std::string& word : wanted) {
    const auto equals = word.find('=');
    const auto profile = profile_of(equals == std::string::npos ? word : word.substr(equals + 1));
    if (!profile.has_value() || profile->empty() || equals == 0) {
      return wrong_word(word);
    }
    if (equals == std::string::npos && wanted.size() > 1) {
      return Error{Errc::kInvalidArgument,
                   "--device " + word + " puts all models on one device: it stands alone"};
    }
    if (equals == std::string::npos) {
      is_for_all = true;
      put_all_on(spec, simulated(kKind, *profile));
    } else {
      PENSTOCK_RETURN_IF_ERROR(play(spec, word.substr(0, equals), *profile));
    }
  }
  if (!is_for_all) {
    PENSTOCK_RETURN_IF_ERROR(keep_own(spec));
  }
  for (ActorSpec& actor : spec.actors) {
    actor.device = actor.devices.empty() ? actor.device : actor.devices.front();
  }
  for (ModelSpec& model : spec.models) {
    for (const ActorSpec& actor : spec.actors) {
      if (actor.model == model.name) {
        model.devices = actor.devices;
        model.device = actor.device;
      }
    }
  }
  return spec;
}

}  // namespace penstock
