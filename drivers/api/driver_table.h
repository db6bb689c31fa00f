#pragma once

#include <cstddef>

#include "drivers/plugin/penstock_driver.h"
#include "engine/base/result.h"

/// What a host asks of a driver's table before it calls anything in it.
namespace penstock {

/// Returns whether `member` lies within the table and is there: false for what a later minor
/// version of the interface added to the one that the driver was built for.
template <class Function>
bool has_function(const PenstockDriverApi& api, Function PenstockDriverApi::*member) noexcept {
  const auto* begin = reinterpret_cast<const std::byte*>(&api);
  const auto* end = reinterpret_cast<const std::byte*>(&(api.*member) + 1);
  return static_cast<std::size_t>(end - begin) <= api.size && api.*member != nullptr;
}

/// Checks that this program can work with the driver behind `api`: version 1 of the interface, all
/// functions of 1.0, and none missing among those that later versions added and `size` covers.
/// Errors: `kUnsupported` for another major version or a table that is too short; `kCorrupt` for a
/// table without a name or with a missing function, naming it.
Status check_driver_table(const PenstockDriverApi& api);

}  // namespace penstock
