#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "engine/graph/model_probe.h"
#include "engine/graph/type_registry.h"

namespace penstock {

/// Whether a decoder can read a model's outputs, as far as the file alone says.
struct DecoderAdvice {
  std::string decoder;
  std::string misfit;  ///< Why not; empty if it fits.
  /// The numbers of labels with which it fits, of those that the outputs suggest; empty = any.
  std::vector<std::size_t> labels;
  std::map<std::string, std::string> words;  ///< Required options, and words that fit.
  /// It refuses outputs that mean nothing, so that its yes says more than that of one that takes
  /// them.
  bool is_strict = false;

  [[nodiscard]] bool fits() const { return misfit.empty(); }
};

/// Asks each decoder of `registry` about `model`; the likeliest comes first, those that do not fit
/// come last. What a decoder must be told is tried: numbers of labels that the shapes of the
/// outputs suggest, and the named sets of other options. Decoders that want something else are left
/// out.
std::vector<DecoderAdvice> advise_decoders(const TypeRegistry& registry, const ModelFacts& model);

}  // namespace penstock
