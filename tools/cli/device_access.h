#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/driver_set.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/waiting_bell.h"
#include "engine/graph/graph_spec.h"

namespace penstock {

/// An open device, and what is known of it without asking.
struct OpenDevice {
  DeviceChoice choice;
  std::unique_ptr<WaitingBell> bell;  ///< The device rings it until it is closed.
  Device device;
  HealthEvent health;  ///< The last one that came; ok until one does.

  /// Takes in the changes of health that have come.
  void poll_health();
};

/// Returns the devices of `drivers`, each sub-device with the process that claims it. Those that
/// are simulated accelerators only if `with_sim`. What keeps a driver from listing is logged.
std::vector<DeviceChoice> list_devices(const DriverSet& drivers, bool with_sim);

/// Returns what each of `devices` is called: its identity, with its driver before it
/// ("noop/noop:0") where another driver has one of the same identity.
std::vector<std::string> names_of(const std::vector<DeviceChoice>& devices);

/// Returns the device that is called `name`, its driver before its identity or not; the first if
/// there are several.
/// Errors: `kNotFound` with the nearest name, or all of them, `others` first.
Result<DeviceChoice> find_device(const std::vector<DeviceChoice>& devices,
                                 const std::string& name,
                                 std::vector<std::string> others = {});

/// Returns the entry of `devices:` that "sim:PROFILE" means; nothing for other words.
/// Errors: `kInvalidArgument` if no profile stands there.
Result<std::optional<DeviceSpec>> simulated_entry(const std::string& word);

/// Returns the device that `word` means: a name as of `find_device`, a simulated one as
/// `simulated_entry` has it, or as `DriverSet::select` a kind (cpu, gpu, npu, sim, noop) or auto.
/// Errors: `kNotFound` with the nearest identity or all of them; of `simulated_entry`,
/// `DeviceSelector` and `DriverSet::select`.
Result<DeviceChoice> choose_device(const DriverSet& drivers, const std::string& word);

/// Opens the device that `word` means. Errors: of `choose_device` and `Driver::open`.
Result<OpenDevice> open_device(const DriverSet& drivers, const std::string& word);

/// Returns the property of that name; nothing if there is none.
Result<std::optional<DeviceProperty>> find_property(const Device& device,
                                                    const std::string& name,
                                                    std::int32_t sub_device);

/// What became of a change of a property.
struct PropertyChange {
  DeviceProperty before;
  DeviceProperty after;
  bool was_pending = false;
  Duration took{0};  ///< Until it was in force.
};

/// Sets a property and waits, at most `limit`, until it is in force.
/// Errors: of `Device::configure`; `kDeadlineExceeded`, naming the value that is still pending.
Result<PropertyChange> set_property(OpenDevice& device,
                                    const DeviceProperty& wanted,
                                    Duration limit);

/// Resets a device that no other process uses, and waits, at most `limit`, until it is well.
/// Returns how long that took.
/// Errors: `kUnavailable`, naming who uses it; `kUnsupported` for a device without a reset;
/// `kDeviceLost` if it is in fault afterwards; `kDeadlineExceeded`.
Result<Duration> reset_device(OpenDevice& device, Duration limit);

}  // namespace penstock
