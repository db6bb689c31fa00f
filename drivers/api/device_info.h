#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/sub_device_mask.h"

namespace penstock {

/// What a device is, as the graph language's `type` word says it. Values cross the driver ABI.
enum class DeviceKind : std::uint8_t { kCpu = 1, kGpu = 2, kNpu = 3, kSim = 4, kNoop = 5 };

/// Returns the word for `kind` ("cpu").
const char* to_string(DeviceKind kind) noexcept;

/// Returns the kind of a word, or nothing. `auto` is no kind: `DriverSet` resolves it.
std::optional<DeviceKind> device_kind_from(std::string_view word) noexcept;

/// Returns true for a device that computes nothing or only plays another one: all that shows what
/// it did says "simulated".
constexpr bool is_simulated(DeviceKind kind) noexcept {
  return kind == DeviceKind::kSim || kind == DeviceKind::kNoop;
}

/// A core, chip or queue of a device: the unit of execution and of reservation.
struct SubDeviceInfo {
  std::uint32_t index = 0;
  std::string name;
  std::uint64_t memory_bytes = 0;
  std::uint32_t group = 0;     ///< Those of one group work together in modes that span.
  std::int64_t in_use_by = 0;  ///< Process that has claimed it; 0 = free, or the driver knows none.
  friend bool operator==(const SubDeviceInfo&, const SubDeviceInfo&) = default;
};

/// A device that a driver can open.
/// Units: `memory_bytes` is 0 where the device uses the host's memory or nobody knows.
struct DeviceInfo {
  std::string identity;  ///< Stable, unique within its driver: "cpu:0".
  DeviceKind kind = DeviceKind::kCpu;
  std::string name;
  std::string board;
  std::string firmware;
  std::uint64_t memory_bytes = 0;
  std::vector<SubDeviceInfo> sub_devices;
  std::uint64_t shared_memory_bytes = 0;  ///< What all sub-devices share.
  std::uint32_t max_resident = 0;  ///< Models at once on one sub-device; 0: as memory allows.
  friend bool operator==(const DeviceInfo&, const DeviceInfo&) = default;
};

/// How well a device is. Values cross the driver ABI.
enum class Health : std::uint8_t { kOk = 0, kDegraded = 1, kFault = 2, kResetting = 3 };

const char* to_string(Health health) noexcept;

/// A change of a device's health.
struct HealthEvent {
  Health health = Health::kOk;
  std::string reason;
  TimePoint time;
};

/// One live figure of a device; `sub_device` is -1 for the whole of it.
struct DeviceMetric {
  std::string name;
  std::string unit;
  double value = 0;
  std::int32_t sub_device = -1;
};

/// Returns the set of all sub-devices of a device. One without any counts as its own sub-device 0.
SubDeviceMask all_sub_devices(const DeviceInfo& device) noexcept;

/// A setting of a device: what can be read, and perhaps configured. Values are texts, as the graph
/// language and the command line write them.
struct DeviceProperty {
  enum class Type : std::uint8_t { kText, kInteger, kReal, kBoolean, kChoice };

  std::string name;  ///< "clock"
  std::int32_t sub_device = -1;
  Type type = Type::kText;
  std::string unit;
  std::string help;
  std::string value;          ///< In force now.
  std::string pending_value;  ///< Accepted, not in force yet; only while `is_pending`.
  std::vector<std::string> choices;
  double minimum = 0;
  double maximum = 0;
  double step = 0;  ///< 0: any.
  bool is_writable = false;
  bool is_pending = false;
  friend bool operator==(const DeviceProperty&, const DeviceProperty&) = default;
};

/// Why a model will not load: `subject` is the input, option, operation or limit it is about.
struct LoadObstacle {
  Errc code = Errc::kUnsupported;
  std::string subject;
  std::string text;
};

}  // namespace penstock
