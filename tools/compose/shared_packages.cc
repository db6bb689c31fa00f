#include "tools/compose/shared_packages.h"

#include <algorithm>

#include "tools/compose/driver_options.h"

namespace penstock {
namespace {

bool meet(const PackageUse& first, const PackageUse& second) {
  return !first.terms.empty() && first.terms == second.terms &&
         std::any_of(first.devices.begin(), first.devices.end(), [&](const std::string& device) {
           return second.devices.contains(device);
         });
}

}  // namespace

std::string load_terms(const ModelSpec& model, const ModelFile& file) {
  if (file.path.empty()) {
    return {};
  }
  std::string terms = file.hash;
  if (file.is_in_package) {
    terms += "\n" + file.network.name + "\n" + file.network.variants.front().name;
  }
  terms += "\n" + std::to_string(model.cores);
  // Of a device that takes all that a model says: where one takes less, equal words are equal too.
  DeviceSpec any;
  any.type = "cpu";
  for (const auto& [name, value] : load_options(model, any, file)) {
    terms.append("\n").append(name).append("=").append(value);
  }
  return terms;
}

std::vector<std::size_t> group_packages(const std::vector<PackageUse>& uses) {
  std::vector<std::size_t> first(uses.size());
  for (std::size_t i = 0; i < uses.size(); ++i) {
    first[i] = i;
    for (std::size_t k = 0; k < i; ++k) {
      if (meet(uses[i], uses[k])) {
        const std::size_t joined = std::min(first[i], first[k]);
        const std::size_t left = std::max(first[i], first[k]);
        std::replace(first.begin(), first.end(), left, joined);
      }
    }
  }
  return first;
}

}  // namespace penstock
