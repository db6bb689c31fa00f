#pragma once

#include <map>
#include <string>

#include "drivers/api/model_info.h"
#include "engine/base/result.h"

namespace penstock {

/// What drivers are told of a model that a graph names: a plain model file, or a package.
struct ModelFile {
  std::string path;               ///< A file that drivers read.
  std::string hash;               ///< SHA-256 of the package, in hexadecimal.
  DriverOptions integer_options;  ///< Load options for devices that compute in integers: scales.
};

/// Opens the models of a graph, each once: what is in a zip is unpacked into the user's cache.
///
/// Thread-safety: one thread at a time.
/// Cost: the first time as long as reading all of the package.
class ModelFiles {
 public:
  /// Returns what is behind `path`: of a package, the first variant of its first network; nothing
  /// for "", a model that is made by options alone (noop, sim).
  /// Errors: of `open_package` and `Package::materialise`.
  Result<ModelFile> find(const std::string& path);

 private:
  std::map<std::string, ModelFile> known_;
};

}  // namespace penstock
