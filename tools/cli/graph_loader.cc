#include "tools/cli/graph_loader.h"

#include <iostream>
#include <vector>

#include "engine/base/log.h"
#include "engine/yaml/diagnostic_text.h"
#include "tools/cli/console.h"
#include "tools/cli/known_drivers.h"
#include "tools/compose/model_probe_adapter.h"

namespace penstock {

Result<CheckedGraph> load_graph(const std::string& path,
                                const Arguments& arguments,
                                const TypeRegistry& registry) {
  DriverModelProbe probe(start_model_reader);
  CheckRequest request;
  request.registry = &registry;
  request.models = &probe;
  PENSTOCK_ASSIGN_OR_RETURN(request.set, parse_settings(arguments.values("--set")));
  CheckedGraph checked = check_graph_file(path, request);
  mask_in_log(checked.secrets);
  return checked;
}

void show_diagnostics(const CheckedGraph& checked) {
  std::vector<const SourceText*> sources;
  for (const SourceText& source : checked.sources) {
    sources.push_back(&source);
  }
  std::cerr << diagnostics_text(
      checked.diagnostics, sources, {stderr_takes_colour(), checked.secrets});
}

}  // namespace penstock
