#include "tools/cli/run_command.h"

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "actors/running_graph.h"
#include "actors/running_pool.h"
#include "drivers/claims/claim_folder.h"
#include "engine/base/log.h"
#include "engine/base/printable.h"
#include "engine/device/device_pool.h"
#include "engine/yaml/scalar.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/early_end.h"
#include "tools/cli/graph_loader.h"
#include "tools/cli/known_drivers.h"
#include "tools/cli/known_types.h"
#include "tools/cli/run_report.h"
#include "tools/cli/stop_signals.h"
#include "tools/cli/version_command.h"
#include "tools/compose/graph_composer.h"
#include "tools/compose/model_loader.h"
#include "tools/compose/schedule_terms.h"
#include "tools/status/graph_status.h"

namespace penstock {
namespace {

constexpr const char* kHelp =
    R"(usage: penstock run FILE [--set NAME=VALUE]... [--driver FILE]...
                         [--driver-option DRIVER.KEY=VALUE]... [--drain-limit TIME]
                         [--quiet] [--json]

Runs a graph until its files have ended, or until Ctrl-C: then its sources stop, what is in the graph
finishes, and files are closed. A second Ctrl-C ends at once, as does one before the graph runs.
  --set NAME=VALUE  gives a parameter of the graph its value
  --driver FILE     loads a plug-in with a driver, after the linked-in drivers and before those that
                    PENSTOCK_DRIVERS names, with ':' between
  --driver-option DRIVER.KEY=VALUE
                    starts the driver with an option of its own, as PENSTOCK_DRIVER_OPTIONS does,
                    with ';' between
  --drain-limit TIME
                    how long what is in the graph may take to finish after Ctrl-C, such as 30s
                    (10s); what has not finished by then is cut off, and the run has failed
  --quiet           prints warnings and errors only
  --json            prints the summary as one JSON object on stdout

On a terminal a line shows streams, rates, frames in flight, what was not delivered and the time left; elsewhere it is
printed every five seconds.
Exit code: 0 done, 1 failed, 2 wrong graph or usage, 4 device or model not available, 130 killed.

example: penstock run graphs/people.yaml --set video=other.mp4
)";

constexpr Duration kTerminalPeriod = std::chrono::milliseconds(500);
constexpr Duration kPlainPeriod = std::chrono::seconds(5);
constexpr Duration kLongestDrain = std::chrono::hours(24);
constexpr Duration kTick = std::chrono::milliseconds(100);

/// The line that is written over and over on a terminal, or now and then elsewhere.
class StatusLine {
 public:
  StatusLine(bool quiet, TimePoint start)
      : terminal_(isatty(STDERR_FILENO) == 1),
        quiet_(quiet),
        start_(start),
        shown_(start) {}

  /// The run begins: what came before was getting ready.
  void begin(TimePoint start) {
    start_ = start;
    shown_ = start;
  }

  void update(const GraphRun& run, TimePoint now) {
    if (quiet_ || now - shown_ < (terminal_ ? kTerminalPeriod : kPlainPeriod)) {
      return;
    }
    RunStatus status = status_of(run);
    const std::string line = status_line({before_, status, now - shown_, now - start_}, width());
    std::cerr << (terminal_ ? "\r\x1b[K" : "") << line << (terminal_ ? "" : "\n") << std::flush;
    before_ = std::move(status);
    shown_ = now;
  }

  /// Makes room for something else.
  void clear() const {
    if (terminal_ && !quiet_) {
      std::cerr << "\r\x1b[K" << std::flush;
    }
  }

 private:
  [[nodiscard]] std::size_t width() const {
    winsize size{};
    return terminal_ && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1
               ? size.ws_col - 1U
               : 0;
  }

  const bool terminal_;
  const bool quiet_;
  TimePoint start_;
  TimePoint shown_;
  RunStatus before_;
};

LogLevel level_of(Supervisor::Note::Level level) {
  switch (level) {
    case Supervisor::Note::Level::kInfo:
      return LogLevel::kInfo;
    case Supervisor::Note::Level::kWarning:
      return LogLevel::kWarning;
    case Supervisor::Note::Level::kError:
      return LogLevel::kError;
  }
  return LogLevel::kError;
}

int exit_code_of(const Error& error) {
  return error.code == Errc::kInvalidArgument ? kExitUsage : kExitUnavailable;
}

/// Who hears the signals of a run: while the graph runs whoever waits for it, before and after that
/// somebody who ends the program, for what hangs there cannot be told to stop.
class RunSignals {
 public:
  /// The first signal ends the program.
  RunSignals() : watch_(std::in_place, signals_, early_end(signals_, "run")) {}

  /// They come to `wait_for` from now on.
  void begin_graph() { watch_.reset(); }

  [[nodiscard]] bool wait_for(Duration limit) const { return signals_.wait_for(limit); }

  /// The next one ends the program.
  void end_graph() {
    watch_.emplace(signals_, [] { std::_Exit(kExitKilled); });
  }

 private:
  const StopSignals signals_;
  std::optional<SignalWatch> watch_;
};

/// What a run needs once its models are loaded.
struct Ready {
  const GraphSpec& spec;
  const Arguments& arguments;
  const Duration drain_limit;
  RunSignals& signals;
  const Clock& clock;
  StatusLine& line;
  actors::Workers& workers;
  actors::RunningPool& devices;
};

/// Drives `graph` to its end. Returns false if it was killed.
bool wait_until_finished(actors::RunningGraph& graph, const Ready& ready) {
  bool stopped = false;
  while (!graph.wait_for(Duration::zero())) {
    if (ready.signals.wait_for(kTick)) {
      if (stopped) {
        return false;
      }
      stopped = true;
      ready.line.clear();
      log_info("run", "stopping: what is in the graph finishes; once more ends at once");
      graph.stop();
    }
    ready.line.update(graph.run(), ready.clock.now());
  }
  return true;
}

/// Ends the program here where something could not be closed: what is still at work would find gone
/// what destructors take away.
void end_unless_closed(const Status& closed, int code) {
  if (!closed.has_value()) {
    log_warning("run", closed.error().message + "; the program ends without");
    std::cout << std::flush;
    std::_Exit(code);
  }
}

/// Returns the value of `--drain-limit`. Errors: `kInvalidArgument` if it is not one.
Result<Duration> drain_limit_of(const Arguments& arguments) {
  const auto text = arguments.value("--drain-limit");
  if (!text.has_value()) {
    return actors::RunningGraph::Options().drain_limit;
  }
  const auto limit = parse_duration(*text);
  if (!limit.has_value() || *limit < Duration::zero() || *limit > kLongestDrain) {
    return Error{Errc::kInvalidArgument,
                 "--drain-limit wants a time from 0s to 24h, such as 30s, not '" + *text + "'"};
  }
  return *limit;
}

/// Runs the graph to its end and prints the summary; returns the exit code.
int run_on_devices(const Ready& ready, std::unique_ptr<GraphRun> composed) {
  const TimePoint start = ready.clock.now();
  ready.line.begin(start);
  ready.signals.begin_graph();
  actors::RunningGraph::Options options;
  options.drain_limit = ready.drain_limit;
  options.clock = &ready.clock;
  options.on_note = [&](const Supervisor::Note& note) {
    ready.line.clear();
    log(level_of(note.level), ready.spec.name, note.text);
  };
  const auto graph =
      actors::RunningGraph::start(ready.workers, std::move(composed), std::move(options));
  GraphStatus::Options looking;
  looking.run = &graph->run();
  looking.clock = &ready.clock;
  looking.pool = [&] { return ready.devices.pool().status(); };
  looking.version = program_version();
  auto looked_at = GraphStatus::start(std::move(looking));
  if (!looked_at.has_value()) {
    log_warning("run", "'penstock status' will not find it: " + looked_at.error().message);
  }
  if (!wait_until_finished(*graph, ready)) {
    // Destructors would wait for the very thing that does not end.
    std::_Exit(kExitKilled);
  }
  ready.signals.end_graph();
  ready.line.clear();
  const RunStatus status = status_of(graph->run());
  const PoolStatus pool_status = ready.devices.pool().status();
  const RunEnd end{ready.clock.now() - start, ready.drain_limit, graph->cut_off()};
  if (ready.arguments.has("--json")) {
    std::cout << summary_json(status, pool_status, end) << "\n";
  } else if (!ready.arguments.has("--quiet")) {
    std::cout << printable_lines(summary_text(status, pool_status, end));
  }
  const int code = graph->has_failed() || shows_failure(status) ? kExitFailed : kExitDone;
  looked_at = Error{Errc::kUnavailable, "the graph has ended"};  // It looks at what is closed next.
  end_unless_closed(graph->close(actors::RunningGraph::kCloseLimit), code);
  return code;
}

std::string loaded_text(const ModelLoader::Loaded& model) {
  std::string text = "model '" + model.model + "' is on " + model.device + ", " +
                     std::to_string(model.requests) +
                     (model.requests == 1 ? " request" : " requests") + " in flight";
  if (!model.buckets.empty()) {
    text += ", " + std::to_string(model.buckets.size()) + " buckets up to " +
            model.buckets.back().to_string();
  }
  if (!model.before.empty()) {
    text += "; '" + model.before + "' before it on the host";
  }
  if (!model.after.empty()) {
    text += "; '" + model.after + "' after it on the host";
  }
  return text;
}

int run_graph(const GraphSpec& spec,
              const Arguments& arguments,
              const KnownDrivers& known,
              Duration drain_limit,
              RunSignals& signals) {
  const bool quiet = arguments.has("--quiet");
  auto drivers = start_drivers(known);
  if (!drivers.has_value()) {
    return report_error(drivers.error(), exit_code_of(drivers.error()));
  }
  const SteadyClock clock;
  StatusLine line(quiet, clock.now());
  auto claims = ClaimFolder::open();
  if (!claims.has_value()) {
    return report_error(claims.error(), kExitUnavailable);
  }
  DevicePool::Options pool_options;
  pool_options.clock = &clock;
  pool_options.knobs = scheduler_knobs(spec);
  pool_options.on_note = [&](const DevicePool::Note& note) {
    line.clear();
    log(note.is_warning ? LogLevel::kWarning : LogLevel::kInfo, spec.name, note.text);
  };
  auto pool = std::make_unique<DevicePool>(std::move(pool_options));
  ModelLoader::Parts parts;
  DeviceSelector selector(*drivers);
  parts.select = [&](const DeviceSpec& device) { return selector.select(device); };
  parts.claims = std::make_shared<const ClaimFolder>(std::move(claims).value());
  parts.pool = pool.get();
  parts.on_passed_over = [&](const Error& error) {
    log_warning("run", error.message + "; the other devices of the list are used");
  };
  ModelLoader models(std::move(parts));
  const Status loaded = models.load_all(spec, [&](const ModelLoader::Loaded& model) {
    if (!quiet) {
      log_info("run", loaded_text(model));
    }
  });
  if (!loaded.has_value()) {
    return report_error(loaded.error(), exit_code_of(loaded.error()));
  }
  const NodeCatalogue catalogue = make_catalogue();
  auto composed = compose({&spec, &catalogue, &models, &clock});
  if (!composed.has_value()) {
    return report_error(composed.error(), kExitUsage);
  }
  auto workers = actors::Workers::start(static_cast<std::uint32_t>(spec.workers));
  if (!workers.has_value()) {
    return report_error(workers.error(), kExitUsage);
  }
  const auto devices = actors::RunningPool::start(*workers, std::move(pool), &clock);
  const int code =
      run_on_devices({spec, arguments, drain_limit, signals, clock, line, *workers, *devices},
                     std::move(composed).value());
  end_unless_closed(devices->close(actors::RunningPool::kCloseLimit), code);
  return code;
}

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args,
                                       {{"--quiet", "--json"},
                                        {"--set", kDriverOption, kDriverSetting, "--drain-limit"},
                                        "FILE",
                                        1,
                                        1});
  if (!parsed.has_value()) {
    return report_usage("run", parsed.error());
  }
  const auto drain_limit = drain_limit_of(*parsed);
  if (!drain_limit.has_value()) {
    return report_usage("run", drain_limit.error());
  }
  RunSignals signals;  // Before anything starts a thread.
  const DriverSearch search =
      search_drivers({parsed->values(kDriverOption), parsed->values(kDriverSetting)});
  const TypeRegistry registry = make_registry();
  const auto checked =
      load_graph(parsed->plain().front(),
                 *parsed,
                 {&registry, &search.drivers, true, nullptr, false, search.failures});
  if (!checked.has_value()) {
    return report_usage("run", checked.error());
  }
  show_diagnostics(*checked);
  return checked->spec.has_value()
             ? run_graph(*checked->spec, *parsed, search.drivers, *drain_limit, signals)
             : exit_code_of(*checked);
}

}  // namespace

Command run_command() {
  return {"run", "run a graph until its files have ended, or until Ctrl-C", kHelp, run};
}

}  // namespace penstock
