#include "tools/cli/running_graphs.h"

#include <algorithm>
#include <utility>

#include "engine/base/log.h"
#include "engine/yaml/nearest_word.h"
#include "tools/status/status_text.h"

namespace penstock {
namespace {

/// "process 4711 runs and does not answer; is it stopped?"
std::string silence_of(const std::vector<std::string>& processes) {
  std::string text;
  for (const std::string& process : processes) {
    text += (text.empty() ? "" : ", ") + process;
  }
  return processes.size() == 1 ? "process " + text + " runs and does not answer; is it stopped?"
                               : "processes " + text + " run and do not answer; are they stopped?";
}

}  // namespace

Result<std::vector<RunningGraphView>> find_graphs(const std::string& folder,
                                                  const std::string& wanted,
                                                  Duration patience) {
  std::vector<RunningGraphView> meant;
  std::vector<std::string> known;
  std::vector<std::string> silent;
  FoundProcesses found = find_running(folder);
  for (const std::int64_t process : found.busy) {
    silent.push_back(std::to_string(process));
  }
  for (StatusConnection& connection : found.running) {
    std::string process = std::to_string(connection.process());
    auto answer = connection.ask(patience);
    if (!answer.has_value()) {
      if (answer.error().code == Errc::kDeadlineExceeded) {
        silent.push_back(process);
      } else if (answer.error().code != Errc::kPeerGone) {
        log_warning("status", answer.error().message);
      }
      continue;
    }
    std::string graph = graph_name(*answer);
    if (wanted.empty() || wanted == process || wanted == graph) {
      meant.push_back({std::move(connection), graph, *std::move(answer)});
    }
    known.push_back(process.append(" (").append(graph).append(")"));
  }
  const bool is_meant_silent = std::find(silent.begin(), silent.end(), wanted) != silent.end();
  if (meant.empty() && !silent.empty() && (known.empty() || is_meant_silent)) {
    // Who else runs does not answer for the one that is meant.
    return Error{Errc::kDeadlineExceeded,
                 silence_of(is_meant_silent ? std::vector<std::string>{wanted} : silent)};
  }
  if (!silent.empty()) {
    log_warning("status", silence_of(silent));
  }
  if (known.empty()) {
    return Error{Errc::kUnavailable, "no graph of yours is running"};
  }
  if (meant.empty()) {
    return Error{Errc::kNotFound, "no running graph '" + wanted + "'; name " + one_of(known)};
  }
  return meant;
}

}  // namespace penstock
