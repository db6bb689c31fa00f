#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "engine/graph/device_probe.h"
#include "engine/graph/file_access.h"
#include "engine/graph/graph_spec.h"
#include "engine/graph/model_probe.h"
#include "engine/graph/parameters.h"
#include "engine/graph/type_registry.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"

namespace penstock {

/// What a graph file is checked against.
struct CheckRequest {
  const TypeRegistry* registry = nullptr;  ///< Required; must outlive the checked graph.
  Parameters::Given set;                   ///< `--set name=value`.
  ModelProbe* models = nullptr;       ///< nullptr = model files are not opened (no E041, E043).
  DeviceProbe* devices = nullptr;     ///< nullptr = devices are not asked (no E060, E061).
  const FileAccess* files = nullptr;  ///< nullptr = the files of this machine.
  Environment environment;            ///< Empty = that of this process.
  bool has_program = true;  ///< False: no program holds other ends of `app_source`... (E037).
};

/// What came out: the graph if it is right, and everything there is to say about it.
struct CheckedGraph {
  std::optional<GraphSpec> spec;  ///< Nothing if there is an error.
  std::vector<Diagnostic>
      diagnostics;                   ///< Sorted by place; may hold warnings when `spec` is there.
  std::vector<SourceText> sources;   ///< For showing source lines.
  std::vector<std::string> secrets;  ///< Must be masked in whatever is shown.
};

/// Checks a whole graph and reports all errors at once.
///
/// Never throws and never hangs, whatever the text is; files and models are opened only as far as
/// `request` allows.
/// Pre: `request.registry` is set.
CheckedGraph check_graph(SourceText source, const CheckRequest& request);

/// Likewise, for the file at `path`; E018 if it cannot be read.
CheckedGraph check_graph_file(const std::filesystem::path& path, const CheckRequest& request);

}  // namespace penstock
