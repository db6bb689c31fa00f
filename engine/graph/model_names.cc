#include "engine/graph/model_names.h"

#include <algorithm>

#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

UnknownName unknown_name(const std::string& owner,
                         const std::string& word,
                         const std::string& name,
                         const std::vector<std::string>& known) {
  return {word,
          owner + " has no " + word + " '" + name + "'; name " + one_of(known),
          did_you_mean(name, known)};
}

/// Returns the index of `name`, 0 for an empty one, or nothing.
std::optional<std::size_t> index_of(const std::string& name,
                                    const std::vector<std::string>& known) {
  if (name.empty()) {
    return 0;
  }
  const auto found = std::find(known.begin(), known.end(), name);
  return found == known.end()
             ? std::nullopt
             : std::optional<std::size_t>(static_cast<std::size_t>(found - known.begin()));
}

}  // namespace

NamedPlace find_names(const std::vector<NetworkNames>& networks,
                      const ModelChoice& choice,
                      const std::string& package) {
  std::vector<std::string> names;
  for (const NetworkNames& network : networks) {
    names.push_back(network.name);
  }
  const auto network = index_of(choice.network, names);
  if (!network.has_value()) {
    return {0, 0, unknown_name(package, "network", choice.network, names)};
  }
  const NetworkNames& meant = networks[*network];
  const auto variant = index_of(choice.variant, meant.variants);
  if (!variant.has_value()) {
    const std::string owner = "network '" + meant.name + "' of " + package;
    return {0, 0, unknown_name(owner, "variant", choice.variant, meant.variants)};
  }
  return {*network, *variant, std::nullopt};
}

}  // namespace penstock
