#include "tools/cli/fit_command.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iostream>
#include <optional>
#include <string>

#include "drivers/openvino/openvino_driver.h"
#include "engine/base/printable.h"
#include "engine/graph/file_access.h"
#include "engine/graph/graph_spec.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/graph_loader.h"
#include "tools/cli/known_types.h"
#include "tools/fit/fit_device.h"
#include "tools/fit/fit_report.h"
#include "tools/fit/fit_search.h"
#include "tools/fit/fit_trial.h"

namespace penstock {
namespace {

constexpr const char* kHelp =
    R"(usage: penstock fit FILE [--device [NAME=]sim:PROFILE]... [--fps N] [--drops SHARE]
                        [--max-streams N] [--seconds N] [--set NAME=VALUE]... [--json]

How many streams of a graph fit on simulated devices, with what latency and drops, and which limit
is met first. The graph's models, queues, windows, weights, priorities and scheduler's knobs are
kept; its streams are taken in turn, as many as are asked for; the host's nodes take no time;
nothing is computed, and no clip is opened. All of it is in virtual time: the same question has the
same answer, on any machine.
  --device sim:PROFILE       all models on this one: mx3, metis, aries, or the file of a profile
  --device NAME=sim:PROFILE  this one plays the graph's device NAME; more may follow
                             without: the graph's own simulated devices, without their faults
  --fps N                    of each stream; 30 is assumed
  --drops SHARE              that each stream may lose, such as 1% or 0.01; 1%
  --max-streams N            ends the search; 256
  --seconds N                virtual seconds of each run; 10
  --set NAME=VALUE           gives a parameter of the graph its value
  --json                     prints one JSON object
Exit code: 0 done, also if no stream fits; 2 wrong graph or usage, 4 device or model not available.

example: penstock fit graphs/people.yaml --device sim:mx3 --fps 25
)";

constexpr std::int64_t kMostStreams = 1024;
constexpr std::int64_t kMostSeconds = 3600;

int exit_code_of(const Error& error) {
  return error.code == Errc::kInvalidArgument ? kExitUsage : kExitUnavailable;
}

/// Reads a number, with `%` behind it a hundredth of it.
Result<double> number(const Arguments& arguments, const std::string& option, double otherwise) {
  const auto text = arguments.value(option);
  if (!text.has_value()) {
    return otherwise;
  }
  const bool is_percent = !text->empty() && text->back() == '%';
  const char* end = text->data() + text->size() - (is_percent ? 1 : 0);
  double value = 0;
  const auto [stopped, fault] = std::from_chars(text->data(), end, value);
  if (fault != std::errc() || stopped != end || !std::isfinite(value)) {
    return Error{Errc::kInvalidArgument, option + " wants a number, not '" + *text + "'"};
  }
  return is_percent ? value / 100 : value;
}

Result<std::uint32_t> count(const Arguments& arguments,
                            const std::string& option,
                            std::int64_t otherwise,
                            std::int64_t most) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::int64_t value, whole_number(arguments, option, otherwise));
  if (value < 1 || value > most) {
    return Error{Errc::kInvalidArgument,
                 option + " wants 1 to " + std::to_string(most) + ", not " + std::to_string(value)};
  }
  return static_cast<std::uint32_t>(value);
}

Result<FitQuestion> read_question(const Arguments& arguments) {
  FitQuestion question;
  question.graph = arguments.plain().front();
  question.is_fps_assumed = !arguments.value("--fps").has_value();
  PENSTOCK_ASSIGN_OR_RETURN(question.fps, number(arguments, "--fps", question.fps));
  PENSTOCK_ASSIGN_OR_RETURN(question.goal.drop_rate,
                            number(arguments, "--drops", question.goal.drop_rate));
  PENSTOCK_ASSIGN_OR_RETURN(
      question.goal.max_streams,
      count(arguments, "--max-streams", question.goal.max_streams, kMostStreams));
  PENSTOCK_ASSIGN_OR_RETURN(question.seconds,
                            count(arguments, "--seconds", question.seconds, kMostSeconds));
  if (question.fps < 0.1 || question.fps > 10'000) {
    return Error{Errc::kInvalidArgument, "--fps wants 0.1 to 10000"};
  }
  if (question.goal.drop_rate < 0 || question.goal.drop_rate >= 1) {
    return Error{Errc::kInvalidArgument, "--drops wants 0 to less than 1, or 0% to less than 100%"};
  }
  return question;
}

/// No clip is opened, so that none needs to be there. Labels and profiles are read.
class WithoutClips final : public FileAccess {
 public:
  [[nodiscard]] bool is_readable(const std::string& path) const override {
    const std::string suffix = ".yaml";
    const bool is_profile = path.size() > suffix.size() &&
                            path.compare(path.size() - suffix.size(), suffix.size(), suffix) == 0;
    return !is_profile || files_.is_readable(path);
  }

  [[nodiscard]] bool is_folder(const std::string& path) const override {
    return files_.is_folder(path);
  }

  [[nodiscard]] Result<std::string> read(const std::string& path) const override {
    return files_.read(path);
  }

 private:
  LocalFiles files_;
};

bool runs_model(const GraphSpec& spec) {
  return std::any_of(spec.actors.begin(), spec.actors.end(), [](const ActorSpec& actor) {
    return !actor.model.empty();
  });
}

int answer(const GraphSpec& written, FitQuestion question, const Arguments& arguments) {
  if (!runs_model(written)) {
    return report_usage("fit",
                        {Errc::kInvalidArgument,
                         "graph '" + written.name + "' runs no model: no device limits it"});
  }
  const auto spec = on_simulated_devices(written, arguments.values("--device"));
  if (!spec.has_value()) {
    return report_usage("fit", spec.error());
  }
  question.devices = devices_in_use(*spec);
  FitWords words;
  words.spec = &*spec;
  words.reference_driver = &openvino_driver_api();
  words.fps = question.fps;
  words.seconds = question.seconds;
  const auto found = search_fit(
      question.goal, [&](std::uint32_t streams) { return run_fit_trial(words, streams); });
  if (!found.has_value()) {
    return report_error(found.error(), exit_code_of(found.error()));
  }
  std::cout << (arguments.has("--json") ? fit_json(question, *found) + "\n"
                                        : printable_lines(fit_text(question, *found)));
  return kExitDone;
}

int run(std::span<const std::string> args) {
  const auto parsed =
      Arguments::parse(args,
                       {{"--json"},
                        {"--device", "--fps", "--drops", "--max-streams", "--seconds", "--set"},
                        "FILE",
                        1,
                        1});
  if (!parsed.has_value()) {
    return report_usage("fit", parsed.error());
  }
  const auto question = read_question(*parsed);
  if (!question.has_value()) {
    return report_usage("fit", question.error());
  }
  const TypeRegistry registry = make_registry();
  const WithoutClips files;
  const auto checked = load_graph(question->graph, *parsed, {&registry, nullptr, false, &files});
  if (!checked.has_value()) {
    return report_usage("fit", checked.error());
  }
  show_diagnostics(*checked);
  return checked->spec.has_value() ? answer(*checked->spec, *question, *parsed)
                                   : exit_code_of(*checked);
}

}  // namespace

Command fit_command() {
  return {"fit", "how many streams of a graph fit on a simulated device", kHelp, run};
}

}  // namespace penstock
