#pragma once

#include <cstddef>
#include <cstdint>

namespace penstock {

/// A set of sub-devices of one device: bit i is the sub-device with index i.
using SubDeviceMask = std::uint64_t;

inline constexpr std::uint32_t kMaxSubDevices = 64;

}  // namespace penstock
