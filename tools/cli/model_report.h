#pragma once

#include <string>

#include "engine/graph/model_probe.h"
#include "engine/graph/type_registry.h"

namespace penstock {

/// What `penstock models inspect` says about a model: inputs, outputs, which decoders of `registry`
/// fit, and a piece of YAML to paste.
std::string model_report_text(const ModelChoice& choice,
                              const ModelFacts& model,
                              const TypeRegistry& registry);

/// One line: `{"file","networks":[{"inputs":[{"name","type","shape","layout"}],"outputs":[...]}],
/// "decoders":[{"name","fits","labels","options","misfit"}],"yaml"}`; open extents are -1.
std::string model_report_json(const ModelChoice& choice,
                              const ModelFacts& model,
                              const TypeRegistry& registry);

}  // namespace penstock
