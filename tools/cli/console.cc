#include "tools/cli/console.h"

#include <cstdlib>
#include <iostream>
#include <string_view>

#include <unistd.h>

#include "engine/base/printable.h"
#include "tools/cli/command.h"

namespace penstock {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets variables
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool stderr_takes_colour() {
  return isatty(STDERR_FILENO) == 1 && environment("NO_COLOR").empty() &&
         environment("TERM") != "dumb";
}

int report_usage(const char* word, const Error& error) {
  std::cerr << "penstock " << word << ": " << printable_lines(error.message)
            << "\nfor help: penstock " << word << " --help\n";
  return kExitUsage;
}

int report_error(const Error& error, int code) {
  std::cerr << "penstock: " << printable_lines(error.message) << "\n";
  return code;
}

}  // namespace penstock
