#include "drivers/api/device_info.h"

#include <array>
#include <utility>

namespace penstock {
namespace {

constexpr std::array<std::pair<DeviceKind, const char*>, 5> kKindWords = {{
    {DeviceKind::kCpu, "cpu"},
    {DeviceKind::kGpu, "gpu"},
    {DeviceKind::kNpu, "npu"},
    {DeviceKind::kSim, "sim"},
    {DeviceKind::kNoop, "noop"},
}};

}  // namespace

const char* to_string(DeviceKind kind) noexcept {
  for (const auto& [known, word] : kKindWords) {
    if (known == kind) {
      return word;
    }
  }
  return "unknown";
}

std::optional<DeviceKind> device_kind_from(std::string_view word) noexcept {
  for (const auto& [kind, known] : kKindWords) {
    if (word == known) {
      return kind;
    }
  }
  return std::nullopt;
}

SubDeviceMask all_sub_devices(const DeviceInfo& device) noexcept {
  SubDeviceMask all = device.sub_devices.empty() ? 1 : 0;
  for (const SubDeviceInfo& sub_device : device.sub_devices) {
    if (sub_device.index < kMaxSubDevices) {
      all |= SubDeviceMask{1} << sub_device.index;
    }
  }
  return all;
}

const char* to_string(Health health) noexcept {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kDegraded:
      return "degraded";
    case Health::kFault:
      return "fault";
    case Health::kResetting:
      return "resetting";
  }
  return "unknown";
}

}  // namespace penstock
