#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/model_info.h"
#include "drivers/api/option_reader.h"
#include "drivers/api/shape_options.h"
#include "drivers/sim/device/fault_plan.h"
#include "drivers/sim/memory_fit.h"
#include "drivers/sim/model_work.h"
#include "drivers/sim/port_codec.h"
#include "drivers/sim/profiles/profile.h"
#include "engine/base/clock.h"

namespace penstock::sim {

/// The options of a load, read and checked; `sim_driver.h` has the table.
struct LoadOptions {
  std::string mode;  ///< "" = the first that the model fits in.
  PlaceLimits limits;
  bool computes = true;
  PortCodec::Ports form = PortCodec::Ports::kHost;
  bool dynamic_scales = false;
  std::vector<double> input_scales;  ///< One for each input, or one for all; NaN: not known.
  std::vector<double> input_zero_points;
  std::vector<double> output_scales;
  std::vector<double> output_zero_points;
  std::string hash;
  bool always_resident = false;
  std::uint32_t requests = 0;
  std::uint32_t max_requests = 0;
  ShapeOptions shape;
  std::optional<Duration> service;
  std::optional<double> link_bits;          ///< Of a float value on the link.
  std::map<std::string, std::string> work;  ///< "work.NAME"
  std::vector<FaultRule> faults;
  std::vector<ModelInfo> ports;  ///< Where there is no model file: one a choice of `shape`.
};

/// Reads the options; complaints stay in `reader`. `computes` is the driver's default.
LoadOptions read_load_options(OptionReader& reader,
                              const Profile& profile,
                              bool computes,
                              bool has_file);

}  // namespace penstock::sim
