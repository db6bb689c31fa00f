#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "engine/base/sub_device_mask.h"

namespace penstock {

/// A number that names one kind of thing and cannot be taken for another's.
/// `Rep` is unsigned; the numbers of devices, packages, clients and flows index tables: dense,
/// small.
template <class Tag, class Rep>
struct ScheduleNumber {
  Rep value = 0;

  [[nodiscard]] constexpr std::size_t index() const noexcept {
    return static_cast<std::size_t>(value);
  }

  friend constexpr auto operator<=>(const ScheduleNumber&, const ScheduleNumber&) = default;
};

/// Below `kMaxDevices`; free again after `RemoveDevice`, when no batch of it is out.
using DeviceNumber = ScheduleNumber<struct DeviceNumberTag, std::uint32_t>;
/// Free again after `RemovePackage`, when no batch or change of residence of it is out.
using PackageNumber = ScheduleNumber<struct PackageNumberTag, std::uint32_t>;
/// May be given to somebody else right after `RemoveClient`.
using ClientNumber = ScheduleNumber<struct ClientNumberTag, std::uint32_t>;
/// One flow is (client, package, stream). May be given to somebody else right after `CloseFlow`.
using FlowNumber = ScheduleNumber<struct FlowNumberTag, std::uint32_t>;
/// Never reused.
using RequestNumber = ScheduleNumber<struct RequestNumberTag, std::uint64_t>;
/// Given by the scheduler, from 1, never reused.
using BatchNumber = ScheduleNumber<struct BatchNumberTag, std::uint64_t>;
/// Counts the changes of residence of one device, from 1: an answer that carries another epoch than
/// the running change is of the past.
using Epoch = std::uint64_t;

inline constexpr std::size_t kMaxDevices = 64;

}  // namespace penstock
