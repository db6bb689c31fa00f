#include "tools/cli/status_command.h"

#include <iostream>
#include <string>

#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/running_graphs.h"
#include "tools/cli/stop_signals.h"
#include "tools/cli/top_screen.h"
#include "tools/status/graph_status.h"
#include "tools/status/status_text.h"

namespace penstock {
namespace {

constexpr const char* kStatusHelp = R"(usage: penstock status [PID|NAME] [--json]

Shows what running graphs of this user do: streams, nodes with rates and latencies, queues and how
long their oldest frame has waited, why frames were dropped, and how devices are shared: health,
packages and where they are resident, clients, swaps, the last decisions with their reasons.
  PID|NAME  only that process, or the graph of that name
  --json    prints one JSON document a line and graph
Exit code 4 if no such graph runs.

example: penstock status --json
)";

constexpr const char* kTopHelp = R"(usage: penstock top [PID|NAME] [--count N] [--json]

Shows what 'penstock status' shows, once a second, until the graph or Ctrl-C ends it; on a terminal
on the whole screen, and q ends it too.
  PID|NAME   which graph, where several run
  --count N  ends after N rounds
  --json     prints one JSON document a line and round

example: penstock top two-models
)";

constexpr Duration kRound = std::chrono::seconds(1);

Result<std::vector<RunningGraphView>> find(const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, status_folder());
  return find_graphs(folder, arguments.plain().empty() ? "" : arguments.plain().front());
}

int run_status(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args, {{"--json"}, {}, "PID|NAME", 0, 1});
  if (!parsed.has_value()) {
    return report_usage("status", parsed.error());
  }
  const auto graphs = find(*parsed);
  if (!graphs.has_value()) {
    return report_error(graphs.error(), kExitUnavailable);
  }
  bool is_first = true;
  for (const RunningGraphView& graph : *graphs) {
    if (parsed->has("--json")) {
      std::cout << graph.answer << "\n";
      continue;
    }
    const auto text = status_text(graph.answer);
    if (!text.has_value()) {
      return report_error(text.error(), kExitUnavailable);
    }
    std::cout << (is_first ? "" : "\n\n") << *text;
    is_first = false;
  }
  return kExitDone;
}

/// Shows `graph` round by round. Returns when it ends, when somebody says so, or after `rounds`.
Result<void> watch(RunningGraphView& graph, bool wants_json, std::int64_t rounds) {
  const StopSignals signals;
  TopScreen screen(wants_json);
  for (std::int64_t round = 0; round != rounds; ++round) {
    if (round > 0) {
      if (screen.wait_for_end(signals, kRound)) {
        break;
      }
      auto answer = graph.connection.ask(kStatusPatience);
      if (!answer.has_value() && answer.error().code == Errc::kPeerGone) {
        break;  // The graph has ended: so does looking at it.
      }
      PENSTOCK_ASSIGN_OR_RETURN(graph.answer, std::move(answer));
    }
    std::string text = graph.answer + "\n";
    if (!wants_json) {
      PENSTOCK_ASSIGN_OR_RETURN(text, status_text(graph.answer, screen.size()));
    }
    if (!screen.show(text)) {
      break;  // Whoever read it has gone.
    }
  }
  return {};
}

int run_top(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args, {{"--json"}, {"--count"}, "PID|NAME", 0, 1});
  if (!parsed.has_value()) {
    return report_usage("top", parsed.error());
  }
  const auto rounds = whole_number(*parsed, "--count", -1);
  if (!rounds.has_value()) {
    return report_usage("top", rounds.error());
  }
  auto graphs = find(*parsed);
  if (!graphs.has_value()) {
    return report_error(graphs.error(), kExitUnavailable);
  }
  if (graphs->size() > 1) {
    std::string names;
    for (const RunningGraphView& graph : *graphs) {
      names += (names.empty() ? "" : ", ") + std::to_string(graph.connection.process()) + " (" +
               graph.graph + ")";
    }
    return report_usage("top",
                        {Errc::kInvalidArgument, "several graphs run; name one of " + names});
  }
  const auto watched = watch(graphs->front(), parsed->has("--json"), *rounds);
  return watched.has_value() ? kExitDone : report_error(watched.error(), kExitUnavailable);
}

}  // namespace

Command status_command() {
  return {"status", "show what running graphs do", kStatusHelp, run_status};
}

Command top_command() {
  return {"top", "show what a running graph does, once a second", kTopHelp, run_top};
}

}  // namespace penstock
