#include "tools/cli/program.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

#include "drivers/api/driver_calls.h"
#include "engine/base/log.h"
#include "engine/base/result.h"
#include "engine/yaml/nearest_word.h"
#include "tools/cli/console.h"

namespace penstock {
namespace {

constexpr const char* kLogHelp = R"(
Options of every word
  --log-level LEVEL  debug, info (default), warning, error, off
  --log-json         log one JSON object a line
  --help             show help
)";

void print_overview(std::span<const Command> commands, std::ostream& out) {
  out << "usage: penstock WORD ...\n\nRuns graphs of AI models on video and other streams.\n\n";
  std::size_t width = 0;
  for (const Command& command : commands) {
    width = std::max(width, std::string_view(command.name).size());
  }
  for (const Command& command : commands) {
    const std::string name = command.name;
    out << "  " << name << std::string(width + 2 - name.size(), ' ') << command.summary << "\n";
  }
  out << kLogHelp << "\nexample: penstock check graphs/people.yaml\n";
}

const Command* find_command(std::span<const Command> commands, const std::string& name) {
  const auto found = std::find_if(
      commands.begin(), commands.end(), [&](const Command& c) { return name == c.name; });
  return found == commands.end() ? nullptr : &*found;
}

int report_unknown(std::span<const Command> commands, const std::string& name) {
  std::vector<std::string> known;
  for (const Command& command : commands) {
    known.emplace_back(command.name);
  }
  const std::string near = did_you_mean(name, known);
  std::cerr << "penstock: unknown word '" << name << "'; "
            << (near.empty() ? "wants " + one_of(known) : near) << "\nfor help: penstock --help\n";
  return kExitUsage;
}

bool asks_for_help(const std::vector<std::string>& args) {
  const auto end = std::find(args.begin(), args.end(), "--");
  return std::any_of(
      args.begin(), end, [](const std::string& word) { return word == "--help" || word == "-h"; });
}

/// Takes the options of the log out of `args`, and sets the log up.
/// Errors: `kInvalidArgument` for a level that there is not.
Status take_log_options(std::vector<std::string>& args) {
  const std::string name = "--log-level";
  LogOptions options;
  options.colour = stderr_takes_colour();
  std::optional<std::string> level;
  std::vector<std::string> rest;
  auto word = args.begin();
  for (; word != args.end() && *word != "--"; ++word) {
    if (*word == "--log-json") {
      options.json = true;
    } else if (word->rfind(name + "=", 0) == 0) {
      level = word->substr(name.size() + 1);
    } else if (*word == name) {
      if (++word == args.end()) {
        return Error{Errc::kInvalidArgument, "option '--log-level' wants a value"};
      }
      level = *word;
    } else {
      rest.push_back(*word);
    }
  }
  rest.insert(rest.end(), word, args.end());
  if (level.has_value()) {
    const auto known = log_level_from(*level);
    if (!known.has_value()) {
      return Error{Errc::kInvalidArgument,
                   "--log-level wants debug, info, warning, error or off, not '" + *level + "'"};
    }
    options.level = *known;
  }
  args = std::move(rest);
  configure_log(std::move(options));
  return {};
}

/// A full disk or a closed pipe must not look like success. A driver that still is in a call may be
/// using what destructors of static objects take away.
int finish(int code) {
  std::cout.flush();
  if (!std::cout.good() && code == kExitDone) {
    code = report_error({Errc::kUnavailable, "cannot write to stdout"}, kExitFailed);
  }
  if (!left_driver_call().empty()) {
    std::cerr << std::flush;
    std::_Exit(code);
  }
  return code;
}

}  // namespace

int run_program(std::span<const Command> commands, std::span<const std::string> args) {
  std::vector<std::string> words(args.begin(), args.end());
  const Status taken = take_log_options(words);
  if (!taken.has_value()) {
    std::cerr << "penstock: " << taken.error().message << "\n";
    return kExitUsage;
  }
  if (words.empty()) {
    print_overview(commands, std::cerr);
    return kExitUsage;
  }
  if (words.front() == "--help" || words.front() == "-h" || words.front() == "help") {
    print_overview(commands, std::cout);
    return finish(kExitDone);
  }
  if (words.front() == "--version") {
    words.front() = "version";
  }
  const Command* command = find_command(commands, words.front());
  if (command == nullptr) {
    return report_unknown(commands, words.front());
  }
  words.erase(words.begin());
  if (asks_for_help(words)) {
    std::cout << command->help << kLogHelp;
    return finish(kExitDone);
  }
  return finish(command->run(words));
}

}  // namespace penstock
