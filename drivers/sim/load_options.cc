#include "drivers/sim/load_options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "drivers/api/bucket_info.h"
#include "drivers/api/port_reader.h"
#include "engine/base/sub_device_mask.h"

namespace penstock::sim {
namespace {

/// The word of a list of scales for a port that has none.
constexpr const char* kNoScale = "none";

/// Checks the scales of one direction. A package names those of some of its tensors; it gives none
/// at all where it knows none, so a list of nothing else is somebody's mistake.
void check_scales(OptionReader& reader, const char* name, const std::vector<double>& scales) {
  const auto is_unknown = [](double scale) { return std::isnan(scale); };
  for (std::size_t i = 0; i < scales.size(); ++i) {
    if (!is_unknown(scales[i]) && !is_scale(scales[i])) {
      reader.reject(name,
                    std::string("a scale must be ") + kScaleRule +
                        ", or none for a port without one; number " + std::to_string(i + 1) +
                        " is not");
      return;
    }
  }
  if (!scales.empty() && std::all_of(scales.begin(), scales.end(), is_unknown)) {
    reader.reject(name,
                  "none stands for a port that a package has no scale for, beside others that it "
                  "has; leave the option out");
  }
}

void read_scales(OptionReader& reader, LoadOptions& options) {
  options.dynamic_scales = reader.word("scales", {"given", "dynamic"}) == "dynamic";
  options.input_scales = reader.numbers("input_scale", kNoScale);
  options.input_zero_points = reader.numbers("input_zero_point");
  options.output_scales = reader.numbers("output_scale", kNoScale);
  options.output_zero_points = reader.numbers("output_zero_point");
  for (const auto& [name, values] : {std::pair("input_scale", &options.input_scales),
                                     std::pair("output_scale", &options.output_scales)}) {
    check_scales(reader, name, *values);
  }
  for (const auto& [name, values] : {std::pair("input_zero_point", &options.input_zero_points),
                                     std::pair("output_zero_point", &options.output_zero_points)}) {
    if (std::any_of(values->begin(), values->end(), [](double value) {
          return value != std::floor(value) || value < -128 || value > 127;
        })) {
      reader.reject(name, "must be whole numbers from -128 to 127");
    }
  }
}

void read_mode(OptionReader& reader, const Profile& profile, LoadOptions& options) {
  options.mode = reader.text("mode");
  if (options.mode == "auto") {
    options.mode.clear();
  }
  if (!options.mode.empty() && profile.find_mode(options.mode) == nullptr) {
    std::string known;
    for (const ProfileMode& mode : profile.modes) {
      known += (known.empty() ? "" : ", ") + mode.name;
    }
    reader.reject("mode", "must be one of auto, " + known);
  }
}

void read_limits(OptionReader& reader, const Profile& profile, LoadOptions& options) {
  options.limits.cores = reader.integer("cores", 0, 0, kMaxSubDevices);
  for (const double index : reader.numbers("sub_devices")) {
    if (index != std::floor(index) || index < 0 || index >= profile.sub_devices) {
      reader.reject("sub_devices",
                    "must be whole numbers from 0 to " + std::to_string(profile.sub_devices - 1));
      return;
    }
    options.limits.sub_devices |= SubDeviceMask{1} << static_cast<unsigned>(index);
  }
}

void read_work(OptionReader& reader, LoadOptions& options) {
  for (const auto& [name, value] : reader.group("work.")) {
    double number = 0;
    const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool is_number = fault == std::errc() && end == value.data() + value.size() &&
                           std::isfinite(number) && number >= 0;
    const std::vector<std::string>& names = work_names();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      reader.reject("work." + name, "there is no such amount of work");
    } else if (!is_number) {
      reader.reject("work." + name, "must be a number, 0 or more");
    } else {
      options.work["work." + name] = value;
    }
  }
}

/// Reads what a model without a file takes and gives, in each of its shapes.
void read_port_options(OptionReader& reader, bool has_file, LoadOptions& options) {
  ModelInfo ports;
  ports.inputs = read_ports(reader, "inputs", "input:u8:1x16");
  ports.outputs = read_ports(reader, "outputs", "output:u8:1x16");
  if (has_file) {
    return;
  }
  for (const ShapeChoice& choice : options.shape.choices) {
    auto shaped = shape_ports(reader, ports, choice);
    if (!shaped.has_value()) {
      return;  // The others would be rejected for the same reason.
    }
    options.ports.push_back(std::move(*shaped));
  }
}

}  // namespace

LoadOptions read_load_options(OptionReader& reader,
                              const Profile& profile,
                              bool computes,
                              bool has_file) {
  LoadOptions options;
  const std::string compute = computes ? reader.word("compute", {"reference", "none"})
                                       : reader.word("compute", {"none", "reference"});
  options.computes = compute == "reference";
  read_mode(reader, profile, options);
  read_limits(reader, profile, options);
  options.form = reader.word("ports", {"host", "device"}) == "device" ? PortCodec::Ports::kDevice
                                                                      : PortCodec::Ports::kHost;
  read_scales(reader, options);
  options.hash = reader.text("hash");
  options.always_resident = reader.word("residence", {"managed", "resident"}) == "resident";
  options.requests = static_cast<std::uint32_t>(reader.integer("requests", 0, 0, 4096));
  options.max_requests = static_cast<std::uint32_t>(reader.integer("max_requests", 0, 0, 4096));
  options.shape = read_shape_options(reader);
  if (const Duration service = reader.duration("service", Duration(0)); service > Duration(0)) {
    options.service = service;
  }
  if (const std::int64_t bits = reader.integer("link_bits", 0, 0, 64); bits > 0) {
    options.link_bits = static_cast<double>(bits);
  }
  read_work(reader, options);
  const std::string script = reader.text("faults");
  auto faults = parse_faults(script, "faults");
  const Status fit = faults.has_value() ? check_faults(*faults, profile.clock) : faults.error();
  if (fit.has_value()) {
    options.faults = std::move(faults).value();
  } else {
    reader.reject("faults", fit.error().message);
  }
  read_port_options(reader, has_file, options);
  if (!has_file && options.computes) {
    reader.reject("compute", "reference wants a model file; without one set compute: none");
  }
  return options;
}

}  // namespace penstock::sim
