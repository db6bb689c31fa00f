#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "engine/graph/graph_spec.h"
#include "tools/compose/model_files.h"

namespace penstock {

/// What decides whether two names of `models:` are one package.
struct PackageUse {
  /// Equal where both would be loaded alike; "": a model without a file is nobody else's.
  std::string terms;
  std::set<std::string> devices;  ///< The graph's names of those where it may run.
};

/// Returns what decides how `model` is loaded: content, network and variant, mode, cores, batch,
/// shapes and the words of drivers; "" without a file. What the scheduler is told of its users
/// (weight, class, queues, limits) and how its batches fill up is not of it.
std::string load_terms(const ModelSpec& model, const ModelFile& file);

/// Returns for each of `uses` the first that is the same package: of equal terms, and with a device
/// in common, or by way of others. Those that never meet on a device stay apart.
std::vector<std::size_t> group_packages(const std::vector<PackageUse>& uses);

}  // namespace penstock
