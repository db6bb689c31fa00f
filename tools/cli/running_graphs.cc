#include "tools/cli/running_graphs.h"

#include <utility>

#include "engine/base/log.h"
#include "engine/yaml/nearest_word.h"
#include "tools/status/status_text.h"

namespace penstock {

Result<std::vector<RunningGraphView>> find_graphs(const std::string& folder,
                                                  const std::string& wanted) {
  std::vector<RunningGraphView> meant;
  std::vector<std::string> known;
  for (StatusConnection& connection : find_running(folder)) {
    auto answer = connection.ask(kStatusPatience);
    if (!answer.has_value()) {
      log_warning("status", answer.error().message);
      continue;
    }
    const std::string process = std::to_string(connection.process());
    std::string graph = graph_name(*answer);
    if (wanted.empty() || wanted == process || wanted == graph) {
      meant.push_back({std::move(connection), graph, *std::move(answer)});
    }
    known.push_back(process + " (" + graph + ")");
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
