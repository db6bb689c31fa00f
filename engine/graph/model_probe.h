#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace penstock {

/// What a model file says about one of its inputs or outputs.
///
/// Shapes: dims in memory order, outermost first; -1 = known only at run time. `layout` names the
/// axes in the same order where the file says or the probe can tell ("NCHW"), else it is empty.
struct TensorFacts {
  std::string name;
  std::vector<std::int64_t> dims;
  std::string element;  ///< "f32", "u8"...
  std::string layout;
};

/// What a model file says about itself.
struct ModelFacts {
  std::vector<TensorFacts> inputs;
  std::vector<TensorFacts> outputs;
};

/// Which model of which file; of a plain file `network` and `variant` are empty, or its name.
struct ModelChoice {
  std::string path;
  std::string network = {};  ///< Of a package; "": its first.
  std::string variant = {};  ///< Of that network; "": its first.
};

/// A network of a package and its variants, the default first.
struct NetworkNames {
  std::string name;
  std::vector<std::string> variants;
};

/// Returns "1x3x640x640"; "?" stands for a dimension that is known only at run time.
std::string shape_text(const std::vector<std::int64_t>& dims);

/// Reads facts from model files, so that the engine can check a graph against its models without
/// knowing any SDK. Tools inject the one of their drivers.
class ModelProbe {
 public:
  ModelProbe() = default;
  ModelProbe(const ModelProbe&) = delete;
  ModelProbe& operator=(const ModelProbe&) = delete;
  virtual ~ModelProbe() = default;

  /// Returns what the model says. Pre: the file has the network and variant, where they are named.
  /// Errors: whatever keeps the model from being read; the message goes to the user as E018.
  virtual Result<ModelFacts> probe(const ModelChoice& choice) = 0;
  /// Returns the networks of the file at `path`, at least one. Errors: likewise.
  virtual Result<std::vector<NetworkNames>> networks(const std::string& path) = 0;
};

}  // namespace penstock
