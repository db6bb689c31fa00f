#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"

namespace penstock {

/// A setting of a device, as the check needs it.
struct PropertyFacts {
  enum class Type { kText, kInteger, kReal, kBoolean, kChoice };

  std::string name;
  Type type = Type::kText;
  std::string unit;
  std::int32_t sub_device = -1;  ///< -1 = of the whole device.
  double minimum = 0;            ///< Of integers and reals.
  double maximum = 0;
  std::vector<std::string> choices;
  bool is_writable = false;
};

/// What a device says about itself.
struct DeviceFacts {
  std::string identity;
  std::string type;  ///< The device word: never "auto".
  std::string name;
  bool simulated = false;
  std::uint32_t sub_devices = 1;
  std::uint64_t memory_bytes = 0;  ///< 0 = the host's, or not known.
  std::vector<PropertyFacts> properties;
};

/// One reason why a model would not load on a device.
struct LoadReason {
  enum class Kind {
    kNotBuilt,  ///< For ever: mode, operation, format.
    kLimit,     ///< Memory, batch, number of models: a smaller one would.
    kNoScales   ///< A float model, and a device that computes in integers.
  };

  Kind kind = Kind::kNotBuilt;
  std::string subject;  ///< "batch", "mode", "cores", "memory", ...
  std::string text;     ///< What is wrong and by how much, and what would fit.
};

/// Asks the devices of a machine, so that the engine can check a graph against them without knowing
/// any driver. Tools inject the one of their drivers.
class DeviceProbe {
 public:
  DeviceProbe() = default;
  DeviceProbe(const DeviceProbe&) = delete;
  DeviceProbe& operator=(const DeviceProbe&) = delete;
  virtual ~DeviceProbe() = default;

  /// Returns the names of the drivers that there are; none where nobody knows.
  [[nodiscard]] virtual std::vector<std::string> drivers() const { return {}; }

  /// Returns the device that `device` means by type, id, driver and profile.
  /// Errors: whatever keeps it from being used; the message goes to the user as E060.
  virtual Result<DeviceFacts> find(const DeviceSpec& device) = 0;

  /// Returns every reason against loading `model` on `device`, which was found; none if it would
  /// load. Errors: where that cannot be found out.
  virtual Result<std::vector<LoadReason>> explain(const ModelSpec& model,
                                                  const DeviceSpec& device) = 0;

  /// Returns the bytes of `DeviceFacts::memory_bytes` that `model` keeps for as long as it is
  /// loaded on `device`; 0 where nobody says, or where models take turns. Errors: as `explain`.
  virtual Result<std::uint64_t> kept_bytes(const ModelSpec& /*model*/,
                                           const DeviceSpec& /*device*/) {
    return std::uint64_t{0};
  }
};

}  // namespace penstock
