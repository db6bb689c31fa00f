#pragma once

#include <span>
#include <string>

namespace penstock {

/// What the program returns to the shell. Scripts rely on the numbers.
enum ExitCode : int {
  kExitDone = 0,         ///< Also after the first Ctrl-C or SIGTERM.
  kExitFailed = 1,       ///< The run failed.
  kExitUsage = 2,        ///< A wrong graph or a wrong command line.
  kExitSetup = 3,        ///< Something that the set-up brings is missing.
  kExitUnavailable = 4,  ///< A device or a model is not available.
  kExitKilled = 130,     ///< The second Ctrl-C, or one before the graph ran.
};

/// One word of the program: `penstock NAME ...`.
///
/// Results go to stdout, everything else to stderr. `help` is shown as it is: usage, what it does,
/// options, an example.
struct Command {
  const char* name;
  const char* summary;  ///< One line, for the list of words.
  const char* help;
  int (*run)(std::span<const std::string> args);  ///< `args` are those behind the name.
};

}  // namespace penstock
