#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "drivers/api/model_info.h"
#include "engine/base/result.h"
#include "engine/graph/model_probe.h"
#include "engine/package/package.h"
#include "engine/package/package_info.h"

namespace penstock {

/// A model that the host runs before or after a network.
struct HostGraphFile {
  std::string path;  ///< A file that drivers read; empty: there is none.
  std::string name;  ///< In the package.
};

/// What drivers are told of a model that a graph names: a plain model file, or a package.
struct ModelFile {
  std::string path;               ///< A file that drivers read: the network's.
  std::string name;               ///< In the package.
  std::string package;            ///< Its name, for messages; may be empty.
  bool is_in_package = false;     ///< False for a plain file, whose package is itself.
  HostGraphFile before;           ///< What the host runs before the network.
  HostGraphFile after;            ///< Likewise, after it.
  std::string hash;               ///< SHA-256 of the package, in hexadecimal.
  PackageNetwork network;         ///< What its package says of it, the variant used first.
  bool is_default = true;         ///< The first variant of the package's first network.
  DriverOptions integer_options;  ///< Load options for devices that compute in integers: scales.

  [[nodiscard]] bool has_host_graphs() const noexcept {
    return !before.path.empty() || !after.path.empty();
  }
};

/// Returns the files of a variant of `package`, whose members are where `place` says; without a
/// hash.
ModelFile file_of(const std::string& package,
                  const PackageVariant& variant,
                  const std::function<std::string(const std::string& member)>& place);

/// Returns the names of what is in a package.
std::vector<NetworkNames> network_names(const PackageInfo& info);

/// Opens the models of a graph, each once: what is in a zip is unpacked into the user's cache.
///
/// Thread-safety: one thread at a time.
/// Cost: the first time as long as reading all of the package.
class ModelFiles {
 public:
  /// What counts as a model: packages and the plain files that OpenVINO reads; or any file, where
  /// drivers may have kinds of their own.
  enum class Kinds { kKnown, kAny };

  explicit ModelFiles(Kinds kinds = Kinds::kKnown) : kinds_(kinds) {}

  /// Returns what is behind a path: of a package, the variant and network of these names, or the
  /// first; nothing for "", a model that is made by options alone (noop, sim).
  /// Errors: of `open` and `Package::materialise`; `kNotFound` for a name that is not there.
  Result<ModelFile> find(const ModelChoice& choice);

  /// Returns the package at `path`. Errors: of `open_package`, `open_package_or_file`.
  Result<const Package*> open(const std::string& path);

 private:
  Kinds kinds_;
  std::map<std::string, Package> packages_;  // By path.
  std::map<std::array<std::string, 3>, ModelFile> known_;
};

}  // namespace penstock
