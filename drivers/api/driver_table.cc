#include "drivers/api/driver_table.h"

#include <array>
#include <cstring>
#include <string>

#include "engine/base/printable.h"

namespace penstock {
namespace {

/// Where the table of version 1.0 ends.
constexpr std::size_t kFirstTableBytes = offsetof(PenstockDriverApi, claim);

struct Entry {
  const char* name;
  std::size_t offset;
};

// The members after `version`, in their order: each is a pointer to a function.
constexpr std::array<Entry, 23> kFunctions = {{
    {"create", offsetof(PenstockDriverApi, create)},
    {"destroy", offsetof(PenstockDriverApi, destroy)},
    {"enumerate", offsetof(PenstockDriverApi, enumerate)},
    {"inspect", offsetof(PenstockDriverApi, inspect)},
    {"open_device", offsetof(PenstockDriverApi, open_device)},
    {"close_device", offsetof(PenstockDriverApi, close_device)},
    {"explain", offsetof(PenstockDriverApi, explain)},
    {"load", offsetof(PenstockDriverApi, load)},
    {"unload", offsetof(PenstockDriverApi, unload)},
    {"describe", offsetof(PenstockDriverApi, describe)},
    {"create_request", offsetof(PenstockDriverApi, create_request)},
    {"destroy_request", offsetof(PenstockDriverApi, destroy_request)},
    {"submit", offsetof(PenstockDriverApi, submit)},
    {"cancel", offsetof(PenstockDriverApi, cancel)},
    {"poll_event", offsetof(PenstockDriverApi, poll_event)},
    {"metrics", offsetof(PenstockDriverApi, metrics)},
    {"claim", offsetof(PenstockDriverApi, claim)},
    {"release", offsetof(PenstockDriverApi, release)},
    {"properties", offsetof(PenstockDriverApi, properties)},
    {"configure", offsetof(PenstockDriverApi, configure)},
    {"reset", offsetof(PenstockDriverApi, reset)},
    {"activate", offsetof(PenstockDriverApi, activate)},
    {"deactivate", offsetof(PenstockDriverApi, deactivate)},
}};
static_assert(offsetof(PenstockDriverApi, create) + kFunctions.size() * sizeof(void*) ==
              sizeof(PenstockDriverApi));

bool is_null(const PenstockDriverApi& api, std::size_t offset) {
  void (*function)() = nullptr;
  std::memcpy(&function, reinterpret_cast<const std::byte*>(&api) + offset, sizeof(function));
  return function == nullptr;
}

}  // namespace

Status check_driver_table(const PenstockDriverApi& api) {
  constexpr std::size_t kVersionEnd = offsetof(PenstockDriverApi, name);
  if (api.size < kVersionEnd || api.abi_major != PENSTOCK_DRIVER_ABI_MAJOR) {
    return Error{Errc::kUnsupported,
                 "driver built for version " + std::to_string(api.abi_major) +
                     " of the driver interface; this program has version " +
                     std::to_string(PENSTOCK_DRIVER_ABI_MAJOR)};
  }
  if (api.size < kFirstTableBytes) {
    return Error{Errc::kUnsupported,
                 "driver's table has " + std::to_string(api.size) + " bytes, version " +
                     std::to_string(PENSTOCK_DRIVER_ABI_MAJOR) + " needs " +
                     std::to_string(kFirstTableBytes)};
  }
  if (api.name == nullptr || api.name[0] == '\0') {
    return Error{Errc::kCorrupt, "driver's table has no name"};
  }
  if (printable(api.name) != api.name) {
    return Error{Errc::kCorrupt,
                 "driver's name '" + printable(api.name) + "' has characters that cannot be shown"};
  }
  for (const Entry& function : kFunctions) {
    if (function.offset + sizeof(void*) <= api.size && is_null(api, function.offset)) {
      return Error{Errc::kCorrupt,
                   "driver '" + std::string(api.name) + "': its table has no function '" +
                       function.name + "'"};
    }
  }
  return {};
}

}  // namespace penstock
