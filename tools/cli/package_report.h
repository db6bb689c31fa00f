#pragma once

#include <string>
#include <vector>

#include "engine/graph/model_probe.h"
#include "engine/package/package.h"

namespace penstock {

/// One of the models that a frame passes, one after the other.
struct ChainStep {
  std::string model;     ///< In the package.
  bool on_host = false;  ///< Else on the device that the user chooses.
  ModelFacts ports;
};

/// What `penstock models inspect` says about a package with a manifest.
std::string package_report_text(const Package& package);

/// Returns the models of a chain in their order, with what they take and give; "" for one alone.
std::string chain_report_text(const std::vector<ChainStep>& chain);

/// One line: `{"file","identity","name","notes","networks":[{"name","labels","notes","variants":
/// [{"name","model","preprocess","postprocess","modes","inputs","outputs","needs"}]}],"chain":
/// [{"model","runs_on","inputs":[{"name","type","shape"}],"outputs"}],"files":
/// [{"path","bytes","sha256"}]}`; open extents are -1, a scale that nobody knows is null. `chain`
/// is that of the default variant where it has graphs for the host, else empty.
std::string package_report_json(const Package& package, const std::vector<ChainStep>& chain = {});

}  // namespace penstock
