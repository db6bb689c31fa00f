#include "tools/cli/check_command.h"

#include <algorithm>
#include <iostream>

#include "engine/yaml/diagnostic_text.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/graph_loader.h"
#include "tools/cli/known_drivers.h"
#include "tools/cli/known_types.h"

namespace penstock {
namespace {

constexpr const char* kHelp =
    R"(usage: penstock check FILE [--set NAME=VALUE]... [--driver FILE]...
                           [--driver-option DRIVER.KEY=VALUE]...
                           [--embedded] [--json]

Checks a graph file, and the model and label files that it names, and reports everything that is
wrong at once. Exit code 2 if there is an error, 4 if it is only that a device is not there or a
model does not fit on it, 0 if there are only warnings.
  --set NAME=VALUE  gives a parameter of the graph its value
  --driver FILE     loads a plug-in with a driver, after the linked-in drivers and before those that
                    PENSTOCK_DRIVERS names, with ':' between
  --driver-option DRIVER.KEY=VALUE
                    starts the driver with an option of its own, as PENSTOCK_DRIVER_OPTIONS does,
                    with ';' between
  --embedded        for a graph that a C++ program of yours runs: it feeds each app_source and takes
                    the frames of each app_sink, which 'penstock run' cannot
  --json            prints {"diagnostics":[{"code","severity","file","line","column","message",
                    "hint"}]} on stdout

example: penstock check graphs/people.yaml --set video=other.mp4
)";

std::string count_text(std::size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

void show_verdict(const std::string& path, const CheckedGraph& checked) {
  const auto errors = static_cast<std::size_t>(
      std::count_if(checked.diagnostics.begin(), checked.diagnostics.end(), [](const auto& one) {
        return one.severity == Severity::kError;
      }));
  const std::size_t warnings = checked.diagnostics.size() - errors;
  if (!checked.spec.has_value()) {
    std::cerr << count_text(errors, "error") << ", " << count_text(warnings, "warning") << "\n";
    return;
  }
  std::cout << path << ": right; " << count_text(checked.spec->actors.size(), "node") << ", "
            << count_text(checked.spec->models.size(), "model");
  if (warnings > 0) {
    std::cout << ", " << count_text(warnings, "warning");
  }
  std::cout << "\n";
}

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(
      args, {{"--json", "--embedded"}, {"--set", kDriverOption, kDriverSetting}, "FILE", 1, 1});
  if (!parsed.has_value()) {
    return report_usage("check", parsed.error());
  }
  const DriverSearch search =
      search_drivers({parsed->values(kDriverOption), parsed->values(kDriverSetting)});
  const TypeRegistry registry = make_registry();
  const std::string& path = parsed->plain().front();
  const bool is_embedded = parsed->has("--embedded");
  const auto checked = load_graph(
      path, *parsed, {&registry, &search.drivers, true, nullptr, is_embedded, search.failures});
  if (!checked.has_value()) {
    return report_usage("check", checked.error());
  }
  if (parsed->has("--json")) {
    std::cout << diagnostics_json(checked->diagnostics, {false, checked->secrets}) << "\n";
  } else {
    show_diagnostics(*checked);
    show_verdict(path, *checked);
  }
  return exit_code_of(*checked);
}

}  // namespace

Command check_command() {
  return {"check", "check a graph file and report everything that is wrong", kHelp, run};
}

}  // namespace penstock
