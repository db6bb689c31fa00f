#include "tools/cli/version_command.h"

#include <iostream>

#include <nlohmann/json.hpp>

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

constexpr const char* kHelp = R"(usage: penstock version [--json]

Prints the version of the program, the compiler that built it, and the versions of its drivers
(of OpenVINO: its build).

example: penstock version
)";

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args, {{"--json"}, {}, "", 0, 0});
  if (!parsed.has_value()) {
    return report_usage("version", parsed.error());
  }
  if (parsed->has("--json")) {
    nlohmann::ordered_json json{{"version", kVersion}, {"compiler", kCompiler}};
    for (const PenstockDriverApi* driver : linked_drivers()) {
      json["drivers"][driver->name] = driver->version;
    }
    std::cout << json.dump() << "\n";
    return kExitDone;
  }
  std::cout << "penstock " << kVersion << "\ncompiler  " << kCompiler << "\n";
  for (const PenstockDriverApi* driver : linked_drivers()) {
    std::cout << "driver    " << driver->name << " " << driver->version << "\n";
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
