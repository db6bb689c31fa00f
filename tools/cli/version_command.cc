#include "tools/cli/version_command.h"

#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "engine/base/printable.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/known_drivers.h"

namespace penstock {
namespace {

constexpr const char* kVersion = "0.1.0";

#ifdef __clang__
constexpr const char* kCompiler = __VERSION__;  // Begins with "Clang".
#else
constexpr const char* kCompiler = "GCC " __VERSION__;
#endif

constexpr const char* kHelp = R"(usage: penstock version [--driver FILE]... [--json]

Prints the version of the program, the compiler that built it, and the versions of its drivers
(of OpenVINO: its build), in the order in which they are asked for a device; of plug-ins the file.
  --driver FILE  loads a plug-in with a driver, after the linked-in drivers and before those that
                 PENSTOCK_DRIVERS names, with ':' between

example: penstock version
)";

/// A plug-in may leave its version out.
std::string version_of(const KnownDriver& driver) {
  return driver.api->version == nullptr ? "" : driver.api->version;
}

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args, {{"--json"}, {kDriverOption}, "", 0, 0});
  if (!parsed.has_value()) {
    return report_usage("version", parsed.error());
  }
  const auto drivers = load_drivers(parsed->values(kDriverOption));
  if (!drivers.has_value()) {
    return report_error(drivers.error(), kExitUsage);
  }
  if (parsed->has("--json")) {
    nlohmann::ordered_json json{{"version", kVersion}, {"compiler", kCompiler}};
    json["plugins"] = nlohmann::ordered_json::object();
    for (const KnownDriver& driver : *drivers) {
      json["drivers"][driver.api->name] = version_of(driver);
      if (!driver.file.empty()) {
        json["plugins"][driver.api->name] = driver.file;
      }
    }
    std::cout << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << "\n";
    return kExitDone;
  }
  std::cout << "penstock " << kVersion << "\ncompiler  " << kCompiler << "\n";
  for (const KnownDriver& driver : *drivers) {
    std::cout << "driver    " << driver.api->name << " " << printable(version_of(driver))
              << (driver.file.empty() ? "" : " (plug-in " + driver.file + ")") << "\n";
  }
  return kExitDone;
}

}  // namespace

const char* program_version() noexcept {
  return kVersion;
}

Command version_command() {
  return {"version", "print the versions of the program and its drivers", kHelp, run};
}

}  // namespace penstock
