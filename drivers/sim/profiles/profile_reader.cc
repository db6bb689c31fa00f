#include "drivers/sim/profiles/profile_reader.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "drivers/sim/profiles/property_reader.h"
#include "drivers/sim/profiles/yaml_fields.h"
#include "engine/yaml/yaml_node.h"
#include "engine/yaml/yaml_reader.h"

namespace penstock::sim {
namespace {

constexpr double kMany = 1e9;
constexpr std::int64_t kMostSubDevices = 64;

/// Calls `read(item)` for each item of a list; for a null one too where keys are collected.
template <class Read>
void for_each_item(YamlFields& owner, std::string_view key, Read read) {
  const YamlNode& list = owner.list(key);
  for (const YamlNode& item : list.items()) {
    read(item);
  }
  if (owner.asked() != nullptr && list.items().empty()) {
    read(YamlNode());
  }
}

void read_sub_devices(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  YamlFields fields(
      file.map("sub_devices"), file.path_of("sub_devices"), diagnostics, file.asked());
  // A count that is wrong must not make what is measured by it wrong too.
  const std::int64_t otherwise = fields.has("count") ? kMostSubDevices : 1;
  profile.sub_devices =
      static_cast<int>(fields.require("count").integer("count", otherwise, 1, kMostSubDevices));
  profile.sub_device_name = fields.text("name", "core");
  profile.group_size =
      static_cast<int>(fields.integer("group", profile.sub_devices, 1, profile.sub_devices));
  profile.max_resident = static_cast<std::uint32_t>(fields.integer("max_resident", 0, 0, 1024));
  if (profile.sub_devices % profile.group_size != 0) {
    fields.reject("group", "must divide the count, " + std::to_string(profile.sub_devices));
  }
  fields.finish();
}

void read_modes(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  for_each_item(file, "modes", [&](const YamlNode& item) {
    YamlFields fields(item, file.path_of("modes"), diagnostics, file.asked());
    ProfileMode mode;
    mode.name = fields.require("name").text("name");
    mode.sub_devices = static_cast<int>(fields.integer("sub_devices", 1, 1, profile.sub_devices));
    mode.frames = static_cast<int>(fields.integer("frames", 1, 1, 64));
    mode.waits_for_batch = fields.word("batch", {"fill", "wait"}) == "wait";
    mode.batch_wait = fields.duration("batch_wait");
    mode.stages = fields.number("stages", 1, 1, 64);
    if (mode.frames != 1 && mode.frames != mode.sub_devices) {
      fields.reject("frames", "must be 1 (all work on one) or as many as sub_devices (one each)");
      mode.frames = 1;
    }
    if (fields.has("name") && (mode.name.empty() || mode.name == "auto")) {
      fields.reject("name",
                    "must not be empty or auto, which means the first that a model fits in");
    }
    if (profile.find_mode(mode.name) != nullptr) {
      fields.reject("name", "this mode is there already", "E002");
    }
    fields.finish();
    profile.modes.push_back(std::move(mode));
  });
}

void read_memory(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  for_each_item(file, "memory", [&](const YamlNode& item) {
    YamlFields fields(item, file.path_of("memory"), diagnostics, file.asked());
    MemoryLevel level;
    level.name = fields.require("name").text("name");
    level.of_device = fields.word("scope", {"sub_device", "device"}) == "device";
    level.size = fields.require("size").bytes("size");
    level.reserved = fields.bytes("reserved");
    level.resident = fields.flag("resident", true);
    for (const std::string& what :
         fields.words("counts", {"weights", "activations", "transfers"})) {
      level.weights |= what == "weights";
      level.activations |= what == "activations";
      level.transfers |= what == "transfers";
    }
    if (fields.has("size") && level.size == 0) {
      fields.reject("size", "must be above 0; a device without this memory has no such level");
    } else if (level.reserved > level.size) {
      fields.reject("reserved", "must not be more than the size");
    }
    if (std::any_of(profile.memory.begin(), profile.memory.end(), [&](const MemoryLevel& other) {
          return other.name == level.name;
        })) {
      fields.reject("name", "this memory is there already", "E002");
    }
    if (level.resident && profile.resident_level(level.of_device) != nullptr) {
      fields.reject("resident", "one level of each scope is taken while resident, not two");
    }
    fields.finish();
    profile.memory.push_back(std::move(level));
  });
}

void read_costs(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  YamlFields fields(file.map("costs"), file.path_of("costs"), diagnostics, file.asked());
  CostFigures& costs = profile.costs;
  costs.conv_ns_per_mmac = fields.number("conv_ns_per_mmac", 0, 0, kMany);
  costs.conv_ns_per_kposition = fields.number("conv_ns_per_kposition", 0, 0, kMany);
  costs.depthwise_ns_per_mmac = fields.number("depthwise_ns_per_mmac", 0, 0, kMany);
  costs.product_ns_per_mmac = fields.number("product_ns_per_mmac", 0, 0, kMany);
  costs.other_ns_per_mop = fields.number("other_ns_per_mop", 0, 0, kMany);
  costs.weight_ns_per_kb = fields.number("weight_ns_per_kb", 0, 0, kMany);
  costs.activation_ns_per_kb = fields.number("activation_ns_per_kb", 0, 0, kMany);
  costs.layer_us = fields.number("layer_us", 0, 0, kMany);
  costs.frame_us = fields.number("frame_us", 0, 0, kMany);
  costs.sharing_loss = fields.number("sharing_loss", 0, 0, 10);
  costs.largest_ns_per_mmac = fields.number("largest_ns_per_mmac", 0, 0, kMany);
  costs.host_us = fields.number("host_us", 0, 0, kMany);
  fields.finish();
}

void read_timing(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  YamlFields link(file.map("link"), file.path_of("link"), diagnostics, file.asked());
  profile.link.in_bytes_per_s = link.byte_rate("in");
  profile.link.out_bytes_per_s = link.byte_rate("out");
  profile.link.latency = link.duration("latency");
  profile.link.host_moves = link.flag("host_moves", false);
  const bool is_int8 = profile.numbers.kind == NumberFormat::Kind::kInt8;
  profile.link.value_bits = link.number("value_bits", is_int8 ? 8 : 16, 1, 64);
  profile.link.pad_channels =
      static_cast<int>(link.integer("pad_channels", profile.numbers.pad_channels, 1, 4096));
  link.finish();
  YamlFields download(file.map("download"), file.path_of("download"), diagnostics, file.asked());
  profile.download.control = download.duration("control");
  profile.download.bytes_per_s = download.byte_rate("rate");
  profile.download.drain = download.duration("drain");
  download.finish();
  profile.double_buffering = file.flag("double_buffering", true);
  profile.jitter = file.number("jitter", 0, 0, 0.5);
  profile.reset_time = file.duration("reset", std::chrono::seconds(1));
}

void read_clock(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  YamlFields fields(file.map("clock"), file.path_of("clock"), diagnostics, file.asked());
  ClockSetting& clock = profile.clock;
  clock.steps = fields.numbers("steps", 1, 1e6);
  const double last = clock.steps.empty() ? 0 : clock.steps.back();
  clock.initial = fields.number("initial", last, 1, 1e6);
  clock.reference = fields.number("reference", clock.initial, 1, 1e6);
  clock.per_sub_device = fields.flag("per_sub_device", true);
  clock.settle = fields.duration("settle");
  for (std::size_t i = 1; i < clock.steps.size(); ++i) {
    if (clock.steps[i] <= clock.steps[i - 1]) {
      fields.reject_item("steps", i, "must rise: it is not above the one before it");
      break;
    }
  }
  if (!clock.steps.empty() &&
      std::find(clock.steps.begin(), clock.steps.end(), clock.initial) == clock.steps.end()) {
    fields.reject("initial", "must be one of the steps");
  }
  fields.finish();
}

PercentSetting read_percent(YamlFields& file, const char* key, Diagnostics& diagnostics) {
  PercentSetting setting;
  setting.exists = file.has(key);
  YamlFields fields(file.map(key), file.path_of(key), diagnostics, file.asked());
  setting.minimum = fields.number("minimum", 1, 0.1, 1000);
  setting.maximum = fields.number("maximum", 100, setting.minimum, 1000);
  setting.initial = fields.number("initial", 100, setting.minimum, setting.maximum);
  setting.step = fields.number("step", 1, 0, 100);
  fields.finish();
  return setting;
}

ThermalRung read_rung(YamlFields& fields) {
  ThermalRung rung;
  const std::string action =
      fields.require("action").word("action", {"warn", "limit", "clock", "shutdown"});
  rung.action = action == "limit"      ? ThermalRung::Action::kLimit
                : action == "clock"    ? ThermalRung::Action::kClock
                : action == "shutdown" ? ThermalRung::Action::kShutdown
                                       : ThermalRung::Action::kWarn;
  rung.at = fields.require("at").number("at", 0, -100, 500);
  rung.hysteresis = fields.number("hysteresis", 5, 0.1, 100);
  rung.limit_percent = fields.number("limit_percent", 100, 0.1, 100);
  rung.floor_mhz = fields.number("floor_mhz", 0, 0, 1e6);
  fields.finish();
  return rung;
}

void read_thermal(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  YamlFields fields(file.map("thermal"), file.path_of("thermal"), diagnostics, file.asked());
  ThermalFigures& thermal = profile.thermal;
  thermal.ambient = fields.number("ambient", 25, -100, 200);
  thermal.degrees_per_watt = fields.number("degrees_per_watt", 0, 0, 1000);
  thermal.time_constant = fields.duration("time_constant", std::chrono::seconds(60));
  thermal.idle_watt = fields.number("idle_watt", 0, 0, 10000);
  thermal.busy_watt = fields.number("busy_watt", 0, 0, 10000);
  thermal.tick = fields.duration("tick", std::chrono::seconds(1));
  if (thermal.time_constant <= Duration(0)) {
    fields.reject("time_constant", "must be above 0");
  }
  if (thermal.tick < std::chrono::milliseconds(1)) {
    fields.reject("tick", "must be 1ms or more");
  }
  for_each_item(fields, "ladder", [&](const YamlNode& item) {
    YamlFields rung(item, fields.path_of("ladder"), diagnostics, file.asked());
    thermal.ladder.push_back(read_rung(rung));
  });
  fields.finish();
}

void read_numbers(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  YamlFields fields(file.map("numbers"), file.path_of("numbers"), diagnostics, file.asked());
  profile.numbers.kind = fields.word("type", {"int8", "bf16"}) == "int8"
                             ? NumberFormat::Kind::kInt8
                             : NumberFormat::Kind::kBf16;
  profile.numbers.channels_last = fields.word("layout", {"NHWC", "as_given"}) == "NHWC";
  profile.numbers.pad_channels = static_cast<int>(fields.integer("pad_channels", 1, 1, 4096));
  fields.finish();
}

void read_calibrated(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  for_each_item(file, "calibrated", [&](const YamlNode& item) {
    YamlFields fields(item, file.path_of("calibrated"), diagnostics, file.asked());
    CalibratedModel model;
    model.hash = fields.require("hash").text("hash");
    model.name = fields.text("name");
    model.mode = fields.text("mode");
    model.service = fields.require("service").duration("service");
    model.source = fields.require("source").text("source");
    const bool is_hash =
        model.hash.size() == 64 && std::all_of(model.hash.begin(), model.hash.end(), [](char c) {
          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        });
    if (!is_hash && fields.has("hash")) {
      fields.reject("hash", "wants the 64 small hexadecimal digits of a SHA-256");
    }
    if (!model.mode.empty() && profile.find_mode(model.mode) == nullptr) {
      fields.reject("mode", "there is no such mode");
    }
    if (fields.has("service") && model.service == Duration(0)) {
      fields.reject("service", "must be above 0");
    }
    if (std::any_of(profile.calibrated.begin(), profile.calibrated.end(), [&](const auto& other) {
          return other.hash == model.hash && (other.mode.empty() || other.mode == model.mode);
        })) {
      fields.reject("hash", "an earlier row is for this package and mode already", "E002");
    }
    fields.finish();
    profile.calibrated.push_back(std::move(model));
  });
}

void read_file(YamlFields& file, Diagnostics& diagnostics, Profile& profile) {
  profile.name = file.require("profile").text("profile");
  profile.title = file.require("title").text("title");
  profile.identity = file.require("identity").text("identity");
  profile.board = file.text("board");
  profile.firmware = file.text("firmware");
  if (file.has("identity") && profile.identity.find("{index}") == std::string::npos) {
    file.reject("identity", "wants {index} in it, so that several can be told apart");
  }
  if (file.has("title") && profile.title.find("simulated") == std::string::npos) {
    file.reject("title", "wants the word 'simulated' in it");
  }
  read_sub_devices(file.require("sub_devices"), diagnostics, profile);
  read_modes(file.require("modes"), diagnostics, profile);
  if (file.has("modes") && profile.modes.empty()) {
    file.reject("modes", "wants at least one");
  }
  read_memory(file, diagnostics, profile);
  read_costs(file, diagnostics, profile);
  read_numbers(file, diagnostics, profile);  // The link's values are as stored, if not written.
  read_timing(file, diagnostics, profile);
  read_clock(file, diagnostics, profile);
  profile.mvm_limit = read_percent(file, "mvm_limit", diagnostics);
  profile.power_mode = read_percent(file, "power_mode", diagnostics);
  read_thermal(file, diagnostics, profile);
  read_calibrated(file, diagnostics, profile);
  for_each_item(file, "properties", [&](const YamlNode& item) {
    YamlFields fields(item, file.path_of("properties"), diagnostics, file.asked());
    profile.properties.push_back(read_property(fields, profile.properties));
  });
  file.finish();
}

}  // namespace

std::optional<Profile> read_profile(const SourceText& source, Diagnostics& diagnostics) {
  const std::optional<YamlNode> root = read_yaml(source, diagnostics);
  if (!root.has_value()) {
    return std::nullopt;
  }
  Profile profile;
  const std::size_t before = diagnostics.error_count();
  YamlFields file(*root, "", diagnostics);
  read_file(file, diagnostics, profile);
  if (diagnostics.error_count() != before || diagnostics.has_errors()) {
    return std::nullopt;
  }
  return profile;
}

std::string one_line(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& item : diagnostics.sorted()) {
    text += (text.empty() ? "" : "; ") + item.file + ":" + std::to_string(item.line) + ":" +
            std::to_string(item.column) + ": " + to_string(item.severity) + "[" + item.code +
            "]: " + item.message + (item.hint.empty() ? "" : " (" + item.hint + ")");
  }
  return text;
}

Result<Profile> parse_profile(const SourceText& source) {
  Diagnostics diagnostics;
  auto profile = read_profile(source, diagnostics);
  if (!profile.has_value()) {
    return Error{Errc::kInvalidArgument, one_line(diagnostics)};
  }
  return *std::move(profile);
}

Result<Profile> load_profile(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const SourceText source, SourceText::from_file(path));
  return parse_profile(source);
}

std::set<std::string> profile_keys() {
  Diagnostics diagnostics;
  std::set<std::string> keys;
  const YamlNode nothing;
  YamlFields file(nothing, "", diagnostics, &keys);
  Profile profile;
  read_file(file, diagnostics, profile);
  return keys;
}

}  // namespace penstock::sim
