#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/sim/cost_model.h"
#include "drivers/sim/link_model.h"
#include "engine/base/clock.h"

namespace penstock::sim {

/// A way in which sub-devices run a model.
///
/// `sub_devices` next to each other form one place (`place_count` of them on the device). They take
/// `frames` frames at once: 1 = all work on one frame, and the model's memory is divided among
/// them; as many as sub-devices = a batch, one frame and one copy each.
struct ProfileMode {
  std::string name;
  int sub_devices = 1;
  int frames = 1;
  bool waits_for_batch = false;  ///< Until full or `batch_wait` is over; else starts with what is.
  Duration batch_wait{0};
  double stages = 1;  ///< Frames inside at once: latency / time between two completions; >= 1.

  [[nodiscard]] int workers_per_frame() const { return sub_devices / frames; }

  friend bool operator==(const ProfileMode&, const ProfileMode&) = default;
};

/// A memory with a limit, and what of a model counts against it.
struct MemoryLevel {
  std::string name;
  bool of_device = false;  ///< One for all sub-devices; else each has its own.
  std::uint64_t size = 0;
  std::uint64_t reserved = 0;  ///< Of it, never for models.
  bool weights = false;
  bool activations = false;
  bool transfers = false;  ///< Inputs and outputs.
  /// Taken for as long as a model is resident. Else only while it runs: then it must fit alone.
  bool resident = true;
};

/// A setting between two percentages.
struct PercentSetting {
  bool exists = false;
  double initial = 100;
  double minimum = 1;
  double maximum = 100;
  double step = 1;
};

/// The clocks, in MHz. Without steps there is nothing to set.
struct ClockSetting {
  std::vector<double> steps;  ///< Rising.
  double initial = 0;
  double reference = 0;  ///< That `costs` are for.
  bool per_sub_device = true;
  Duration settle{0};  ///< A change of any setting is pending for so long.
};

/// What is done above a temperature, and until it is `hysteresis` below.
struct ThermalRung {
  enum class Action { kWarn, kLimit, kClock, kShutdown };

  Action action = Action::kWarn;
  double at = 0;
  double hysteresis = 0;
  double limit_percent = 100;  ///< kLimit: of the matrix units.
  double floor_mhz = 0;        ///< kClock: one step down each tick, not below this.
};

/// Heat: dT/dt = (ambient + degrees_per_watt * power - T) / time_constant.
struct ThermalFigures {
  double ambient = 25;
  double degrees_per_watt = 0;  ///< 0: stays at ambient.
  Duration time_constant = std::chrono::seconds(60);
  double idle_watt = 0;
  double busy_watt = 0;  ///< More for each busy sub-device, at the reference clock.
  Duration tick = std::chrono::seconds(1);  ///< How often the ladder is looked at while warm.
  std::vector<ThermalRung> ladder;
};

/// What a change of residence costs: drain when a model leaves; control and size / rate when it
/// comes.
struct DownloadFigures {
  Duration control{0};
  double bytes_per_s = 0;
  Duration drain{0};
};

/// How the device stores values.
struct NumberFormat {
  enum class Kind { kInt8, kBf16 };

  Kind kind = Kind::kInt8;
  bool channels_last = true;  ///< Maps of four axes are NHWC on the device.
  int pad_channels = 1;       ///< The last axis is padded to a multiple of this.
};

/// A known model whose service time is given and not estimated.
struct CalibratedModel {
  std::string hash;  ///< SHA-256 of the package, 64 hexadecimal digits.
  std::string name;
  std::string mode;  ///< "" = every mode.
  Duration service{0};
  std::string source;
};

/// Everything that makes a simulated device: data, read from YAML (`profile_reader.h`).
///
/// Figures are calibration shapes to schedule by, never claims about a product.
struct Profile {
  std::string name;      ///< "metis"
  std::string title;     ///< "simulated ..."
  std::string identity;  ///< With `{index}`: "metis-{index}:1:0".
  std::string board;
  std::string firmware;
  int sub_devices = 1;
  std::string sub_device_name = "core";
  int group_size = 1;
  std::uint32_t max_resident = 0;
  std::vector<ProfileMode> modes;  ///< The first that a model fits in is the default.
  std::vector<MemoryLevel> memory;
  CostFigures costs;
  LinkFigures link;
  DownloadFigures download;
  bool double_buffering = true;
  double jitter = 0;  ///< Relative deviation of the service time.
  Duration reset_time = std::chrono::seconds(1);
  ClockSetting clock;
  PercentSetting mvm_limit;
  PercentSetting power_mode;  ///< Of the clock.
  ThermalFigures thermal;
  NumberFormat numbers;
  std::vector<CalibratedModel> calibrated;
  std::vector<DeviceProperty> properties;  ///< Further ones, without effect.

  [[nodiscard]] std::string identity_of(int index) const;
  [[nodiscard]] const ProfileMode* find_mode(const std::string& mode) const;
  /// Returns the places of `mode`, as masks.
  [[nodiscard]] std::vector<SubDeviceMask> places_of(const ProfileMode& mode) const;
  /// Returns the level that is taken while resident, of the device or of each sub-device.
  [[nodiscard]] const MemoryLevel* resident_level(bool of_device) const;
};

}  // namespace penstock::sim
