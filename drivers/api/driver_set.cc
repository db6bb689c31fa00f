#include "drivers/api/driver_set.h"

#include <algorithm>
#include <utility>

#include "engine/base/quoted_list.h"

namespace penstock {
namespace {

constexpr std::string_view kAuto = "auto";

/// Returns how well a device answers to `word`: 0 not at all, else the higher the better.
int rank_of(DeviceKind kind, std::string_view word) {
  if (word != kAuto) {
    return word == to_string(kind) ? 1 : 0;
  }
  switch (kind) {
    case DeviceKind::kGpu:
    case DeviceKind::kNpu:
      return 2;
    case DeviceKind::kCpu:
      return 1;
    case DeviceKind::kSim:
    case DeviceKind::kNoop:
      return 0;
  }
  return 0;
}

std::string list_of(const std::vector<DeviceChoice>& devices) {
  std::string list;
  for (const DeviceChoice& device : devices) {
    list += (list.empty() ? "" : ", ") + device.info.identity + " (" + device.driver->name() +
            (device.info.name.empty() ? "" : ": " + device.info.name) + ")";
  }
  return list.empty() ? "none" : list;
}

}  // namespace

Status DriverSet::add(Driver driver) {
  if (find(driver.name()) != nullptr) {
    return Error{Errc::kInvalidArgument, "a driver '" + driver.name() + "' is there already"};
  }
  drivers_.push_back(std::make_shared<Driver>(std::move(driver)));
  return {};
}

std::shared_ptr<Driver> DriverSet::find(std::string_view name) const {
  const auto found = std::find_if(
      drivers_.begin(), drivers_.end(), [&](const auto& driver) { return driver->name() == name; });
  return found == drivers_.end() ? nullptr : *found;
}

std::vector<DeviceChoice> DriverSet::devices(std::vector<Error>* failures) const {
  std::vector<DeviceChoice> all;
  for (const std::shared_ptr<Driver>& driver : drivers_) {
    auto devices = driver->enumerate();
    if (devices.has_value()) {
      for (DeviceInfo& device : *devices) {
        all.push_back({driver, std::move(device)});
      }
    } else if (failures != nullptr) {
      failures->push_back(devices.error().within("driver '" + driver->name() + "'"));
    }
  }
  return all;
}

Result<DeviceChoice> DriverSet::select(std::string_view word,
                                       std::string_view identity,
                                       std::string_view driver) const {
  if (word != kAuto && !device_kind_from(word).has_value()) {
    return Error{Errc::kInvalidArgument,
                 "unknown type of device '" + std::string(word) +
                     "'; known are cpu, gpu, npu, sim, noop, auto"};
  }
  if (!driver.empty() && find(driver) == nullptr) {
    std::vector<std::string> names;
    for (const std::shared_ptr<Driver>& one : drivers_) {
      names.push_back(one->name());
    }
    return Error{Errc::kNotFound,
                 "no driver '" + std::string(driver) + "'; there are " + quoted_list(names)};
  }
  std::vector<Error> failures;
  const std::vector<DeviceChoice> all = devices(&failures);
  const DeviceChoice* best = nullptr;
  int best_rank = 0;
  for (const DeviceChoice& device : all) {
    const int rank = rank_of(device.info.kind, word);
    if (rank > best_rank && (identity.empty() || identity == device.info.identity) &&
        (driver.empty() || driver == device.driver->name())) {
      best = &device;
      best_rank = rank;
    }
  }
  if (best != nullptr) {
    return *best;
  }
  if (!driver.empty()) {
    const std::string beginning = "driver '" + std::string(driver) + "': ";
    for (const Error& failure : failures) {
      if (failure.message.rfind(beginning, 0) == 0) {
        return failure;  // What there is of other drivers does not matter.
      }
    }
  }
  std::string message = "no device of type '" + std::string(word) + "'" +
                        (identity.empty() ? "" : " with id '" + std::string(identity) + "'") +
                        (driver.empty() ? "" : " of driver '" + std::string(driver) + "'");
  for (const Error& failure : failures) {  // Before the list, which may be long.
    message += "; " + failure.message;
  }
  message += "; there are: " + list_of(all);
  return Error{Errc::kNotFound, message};
}

}  // namespace penstock
