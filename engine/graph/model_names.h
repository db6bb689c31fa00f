#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/graph/model_probe.h"

namespace penstock {

/// A name that a package does not have, as it stands in a message.
struct UnknownName {
  std::string word;  ///< Which name of the choice it is: "network" or "variant".
  std::string text;  ///< "the package has no network 'readr'; name one of detector, reader".
  std::string hint;  ///< "did you mean 'reader'?", or empty.
};

/// Where a network and its variant stand in the lists of their names.
struct NamedPlace {
  std::size_t network = 0;
  std::size_t variant = 0;             ///< Of that network.
  std::optional<UnknownName> unknown;  ///< Set: the other two say nothing.
};

/// Finds the network and variant of `choice` in those that a package has; the first for a name that
/// the choice leaves empty. `package` is the package as messages name it: "package 'plates'".
NamedPlace find_names(const std::vector<NetworkNames>& networks,
                      const ModelChoice& choice,
                      const std::string& package);

}  // namespace penstock
