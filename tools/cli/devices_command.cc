#include "tools/cli/devices_command.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <optional>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/printable.h"
#include "engine/yaml/nearest_word.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/device_access.h"
#include "tools/cli/device_report.h"
#include "tools/cli/early_end.h"
#include "tools/cli/known_drivers.h"
#include "tools/cli/stop_signals.h"

namespace penstock {
namespace {

constexpr const char* kHelp =
    R"(usage: penstock devices [list [ID]] [--sim] [--driver FILE]... [--json]
       penstock devices show ID [--json]
       penstock devices watch [ID] [--sim] [--count N] [--json]
       penstock devices reset ID [--json]
       penstock devices set ID NAME=VALUE [--sub-device N] [--json]

list   the devices of all drivers: identity (the `id` of an entry of `devices:`), driver, memory,
       name, which are only simulated, which sub-devices are in use by which process; or one device.
       Exit code 4 if there is none that computes.
show   everything a device says of itself: memory, health, sub-devices, properties with their ranges
       and what is pending, metrics.
watch  health and metrics, a line a second and device, until Ctrl-C.
reset  resets a device that no other process uses, and waits until it is well.
set    sets a property, and waits until it is in force.

ID is an identity, with its driver before it where two drivers have the same (noop/noop:0); or cpu,
gpu, npu, sim, noop for the first device of that kind, or auto; or sim:PROFILE for a simulated one,
with mx3, metis, aries or the path of a profile of your own.

  --sim           lists simulated accelerators too; they live in the process that uses them, so that
                  what is set here holds for this command only
  --count N       ends after N rounds
  --sub-device N  sets the property of one sub-device, counted from 0
  --driver FILE   loads a plug-in with a driver, after the linked-in drivers and before those that
                  PENSTOCK_DRIVERS names, with ':' between
  --driver-option DRIVER.KEY=VALUE
                  starts the driver with an option of its own, as PENSTOCK_DRIVER_OPTIONS does, with
                  ';' between
  --json          prints JSON, one object a line

examples: penstock devices --json
          penstock devices set metis-0:1:0 clock=400 --sub-device 2
)";

constexpr Duration kRound = std::chrono::seconds(1);
constexpr Duration kSettleLimit = std::chrono::seconds(10);
constexpr Duration kResetLimit = std::chrono::seconds(30);

int exit_code_of(const Error& error) {
  return error.code == Errc::kInvalidArgument ? kExitUsage : kExitUnavailable;
}

int report(const Error& error) {
  return report_error(error, exit_code_of(error));
}

std::string time_of_day() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%H:%M:%S", &local);
  return text.data();
}

Result<DevicePortrait> portrait_of(OpenDevice& device) {
  device.poll_health();
  DevicePortrait portrait;
  portrait.choice = device.choice;
  portrait.health = device.health;
  PENSTOCK_ASSIGN_OR_RETURN(portrait.properties, device.device.properties());
  portrait.metrics = device.device.metrics();
  return portrait;
}

int list(const DriverSet& drivers, const Arguments& arguments) {
  std::vector<DeviceChoice> devices;
  const bool is_named = arguments.plain().size() > 1;
  if (is_named) {
    auto device = choose_device(drivers, arguments.plain()[1]);
    if (!device.has_value()) {
      return report(device.error());
    }
    devices.push_back(std::move(*device));
  } else {
    devices = list_devices(drivers, arguments.has("--sim"));
  }
  std::cout << (arguments.has("--json") ? device_report_json(devices) + "\n"
                                        : printable_lines(device_report_text(devices)));
  const bool computes = std::any_of(devices.begin(), devices.end(), [](const auto& device) {
    return !is_simulated(device.info.kind);
  });
  return computes || is_named
             ? kExitDone
             : report_error({Errc::kUnavailable, "no device that computes"}, kExitUnavailable);
}

int show(const DriverSet& drivers, const Arguments& arguments) {
  auto device = open_device(drivers, arguments.plain()[1]);
  if (!device.has_value()) {
    return report(device.error());
  }
  const auto portrait = portrait_of(*device);
  if (!portrait.has_value()) {
    return report(portrait.error());
  }
  std::cout << (arguments.has("--json") ? device_portrait_json(*portrait) + "\n"
                                        : printable_lines(device_portrait_text(*portrait)));
  return kExitDone;
}

/// Opens the device that is named, or all that the list shows.
Result<std::vector<OpenDevice>> open_watched(const DriverSet& drivers, const Arguments& arguments) {
  std::vector<std::string> identities(arguments.plain().begin() + 1, arguments.plain().end());
  if (identities.empty()) {
    identities = names_of(list_devices(drivers, arguments.has("--sim")));
  }
  std::vector<OpenDevice> watched;
  for (const std::string& identity : identities) {
    PENSTOCK_ASSIGN_OR_RETURN(OpenDevice device, open_device(drivers, identity));
    watched.push_back(std::move(device));
  }
  return watched;
}

/// `watcher` hears the signals but while this waits for them.
int watch(const DriverSet& drivers,
          const Arguments& arguments,
          const StopSignals& signals,
          std::optional<SignalWatch>& watcher) {
  const auto rounds = whole_number(arguments, "--count", -1);
  if (!rounds.has_value()) {
    return report_usage("devices", rounds.error());
  }
  auto watched = open_watched(drivers, arguments);
  if (!watched.has_value()) {
    return report(watched.error());
  }
  for (std::int64_t round = 0; round != *rounds; ++round) {
    watcher.reset();
    if (round > 0 && signals.wait_for(kRound)) {
      break;
    }
    watcher.emplace(signals, [] { std::_Exit(kExitDone); });  // A device may hang when it is asked.
    const std::string time = time_of_day();
    for (OpenDevice& device : *watched) {
      const auto portrait = portrait_of(device);
      if (!portrait.has_value()) {
        return report(portrait.error());
      }
      std::cout << (arguments.has("--json")
                        ? device_figures_json(*portrait, time)
                        : printable_lines(device_figures_text(*portrait, time)));
    }
    if (!std::cout.flush().good()) {
      break;  // Whoever read it has gone.
    }
  }
  return kExitDone;
}

int reset(const DriverSet& drivers, const Arguments& arguments) {
  auto device = open_device(drivers, arguments.plain()[1]);
  if (!device.has_value()) {
    return report(device.error());
  }
  const auto took = reset_device(*device, kResetLimit);
  if (!took.has_value()) {
    return report(took.error());
  }
  const auto portrait = portrait_of(*device);
  if (!portrait.has_value()) {
    return report(portrait.error());
  }
  std::cout << (arguments.has("--json") ? device_portrait_json(*portrait) + "\n"
                                        : printable_lines(device_figures_text(*portrait, "reset")));
  return kExitDone;
}

int set(const DriverSet& drivers, const Arguments& arguments) {
  const std::string& setting = arguments.plain()[2];
  const std::size_t equals = setting.find('=');
  const auto sub_device = whole_number(arguments, "--sub-device", -1);
  if (!sub_device.has_value()) {
    return report_usage("devices", sub_device.error());
  }
  if (equals == std::string::npos || equals == 0) {
    return report_usage("devices",
                        {Errc::kInvalidArgument, "set wants NAME=VALUE, not '" + setting + "'"});
  }
  auto device = open_device(drivers, arguments.plain()[1]);
  if (!device.has_value()) {
    return report(device.error());
  }
  DeviceProperty wanted;
  wanted.name = setting.substr(0, equals);
  wanted.value = setting.substr(equals + 1);
  wanted.sub_device = static_cast<std::int32_t>(*sub_device);
  const auto change = set_property(*device, wanted, kSettleLimit);
  if (!change.has_value()) {
    return report(change.error());
  }
  if (is_simulated(device->choice.info.kind)) {
    log_warning("devices",
                "a simulated device lives in one process: this was set for this command");
  }
  std::cout << (arguments.has("--json") ? property_change_json(device->choice.info, *change)
                                        : printable_lines(property_change_text(*change)));
  return kExitDone;
}

/// A word behind `devices`, and how many further ones it takes.
struct Word {
  const char* name;
  std::size_t least;
  std::size_t most;
  const char* wants;
};

constexpr std::array<Word, 5> kWords = {{{"list", 0, 1, "at most one identity"},
                                         {"show", 1, 1, "the identity of a device"},
                                         {"watch", 0, 1, "at most one identity"},
                                         {"reset", 1, 1, "the identity of a device"},
                                         {"set", 2, 2, "the identity of a device and NAME=VALUE"}}};

/// Errors: `kInvalidArgument` for a word that there is not, or with the wrong number of others.
Result<Word> find_word(const std::vector<std::string>& plain) {
  const std::string name = plain.empty() ? "list" : plain.front();
  std::vector<std::string> known;
  for (const Word& word : kWords) {
    known.emplace_back(word.name);
    if (name == word.name) {
      const std::size_t others = plain.empty() ? 0 : plain.size() - 1;
      if (others < word.least || others > word.most) {
        return Error{Errc::kInvalidArgument, name + " wants " + word.wants};
      }
      return word;
    }
  }
  const std::string near = did_you_mean(name, known);
  return Error{Errc::kInvalidArgument,
               "unknown word '" + name + "'; " + (near.empty() ? "wants " + one_of(known) : near)};
}

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args,
                                       {{"--json", "--sim"},
                                        {"--count", "--sub-device", kDriverOption, kDriverSetting},
                                        "WORD",
                                        0,
                                        3});
  if (!parsed.has_value()) {
    return report_usage("devices", parsed.error());
  }
  const auto word = find_word(parsed->plain());
  if (!word.has_value()) {
    return report_usage("devices", word.error());
  }
  const std::string name = word->name;
  // Before a driver starts a thread. Only `watch` looks at them: Ctrl-C is to end a `reset` or
  // `set` that waits for its device.
  std::optional<StopSignals> signals;
  std::optional<SignalWatch> watcher;
  if (name == "watch") {
    signals.emplace();
    watcher.emplace(*signals, early_end(*signals, "devices"));
  }
  const auto known = find_drivers({parsed->values(kDriverOption), parsed->values(kDriverSetting)});
  if (!known.has_value()) {
    return report_error(known.error(), kExitUsage);
  }
  const auto drivers = start_drivers(*known);
  if (!drivers.has_value()) {
    return report(drivers.error());
  }
  if (name == "show") {
    return show(*drivers, *parsed);
  }
  if (name == "watch") {
    return watch(*drivers, *parsed, *signals, watcher);
  }
  if (name == "reset") {
    return reset(*drivers, *parsed);
  }
  return name == "set" ? set(*drivers, *parsed) : list(*drivers, *parsed);
}

}  // namespace

Command devices_command() {
  return {"devices", "list, show, watch, set and reset the devices of this machine", kHelp, run};
}

}  // namespace penstock
