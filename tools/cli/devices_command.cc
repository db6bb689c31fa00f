#include "tools/cli/devices_command.h"

#include <iostream>
#include <vector>

#include "engine/base/log.h"
#include "engine/yaml/nearest_word.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/device_report.h"
#include "tools/cli/known_drivers.h"

namespace penstock {
namespace {

constexpr const char* kHelp = R"(usage: penstock devices [list] [--json]

Lists the devices of all drivers: identity (the `id` of an entry of `devices:`), driver, memory,
name, and which are only simulated. Exit code 4 if there is none that computes.

example: penstock devices --json
)";

bool computes(const DeviceChoice& device) {
  return device.info.kind != DeviceKind::kNoop && device.info.kind != DeviceKind::kSim;
}

int list(bool wants_json) {
  const auto drivers = start_drivers();
  if (!drivers.has_value()) {
    return report_error(drivers.error(), kExitUnavailable);
  }
  std::vector<Error> failures;
  const std::vector<DeviceChoice> devices = drivers->devices(&failures);
  for (const Error& failure : failures) {
    log_warning("devices", failure.message);
  }
  std::cout << (wants_json ? device_report_json(devices) + "\n" : device_report_text(devices));
  for (const DeviceChoice& device : devices) {
    if (computes(device)) {
      return kExitDone;
    }
  }
  return report_error({Errc::kUnavailable, "no device that computes"}, kExitUnavailable);
}

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args, {{"--json"}, {}, "list", 0, 1});
  if (!parsed.has_value()) {
    return report_usage("devices", parsed.error());
  }
  if (!parsed->plain().empty() && parsed->plain().front() != "list") {
    const std::string& word = parsed->plain().front();
    const std::string near = did_you_mean(word, {"list"});
    return report_usage("devices",
                        {Errc::kInvalidArgument,
                         "unknown word '" + word + "'; " + (near.empty() ? "wants list" : near)});
  }
  return list(parsed->has("--json"));
}

}  // namespace

Command devices_command() {
  return {"devices", "list the devices of this machine", kHelp, run};
}

}  // namespace penstock
