#include "engine/package/package_rules.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"
#include "engine/yaml/text_check.h"

namespace penstock {
namespace {

struct Role {
  std::string word;
  std::string owner;
};

/// Remembers what each file is.
class Roles {
 public:
  Status add(const std::string& member, const std::string& word, const std::string& owner) {
    if (member.empty()) {
      return {};
    }
    const auto [known, is_new] = roles_.emplace(member, Role{word, owner});
    if (is_new || known->second.word == word) {
      return {};
    }
    return Error{Errc::kCorrupt,
                 "'" + member + "' is '" + known->second.word + "' of " + known->second.owner +
                     " and '" + word + "' of " + owner + "; a file is one thing"};
  }

 private:
  std::map<std::string, Role> roles_;
};

std::string text_of(const PackageTensor& tensor) {
  return "'" + tensor.name + "' " + std::string(to_string(tensor.type));
}

/// Compares one side of two variants; `what` is "input" or "output".
Status check_side(const std::string& what,
                  const std::pair<std::string, const std::vector<PackageTensor>*>& first,
                  const std::pair<std::string, const std::vector<PackageTensor>*>& other) {
  const auto differ = [&](const std::string& how) {
    return Error{Errc::kCorrupt,
                 "variants '" + first.first + "' and '" + other.first +
                     "' are not the same network: " + how + "; only shapes may differ"};
  };
  if (first.second->size() != other.second->size()) {
    return differ(std::to_string(first.second->size()) + " and " +
                  std::to_string(other.second->size()) + " " + what + "s");
  }
  for (std::size_t i = 0; i < first.second->size(); ++i) {
    const PackageTensor& one = (*first.second)[i];
    const PackageTensor& two = (*other.second)[i];
    if (one.name != two.name || one.type != two.type) {
      return differ(what + " " + std::to_string(i) + " is " + text_of(one) + " and " +
                    text_of(two));
    }
  }
  return {};
}

/// Compares one side of all variants that say what it is.
template <typename Tensors, typename Graph>
Status check_sides(const PackageNetwork& network,
                   const std::string& what,
                   Tensors tensors,
                   Graph graph) {
  const PackageVariant* first = nullptr;
  for (const PackageVariant& variant : network.variants) {
    if ((variant.*tensors).empty() || !(variant.*graph).empty()) {
      continue;
    }
    if (first == nullptr) {
      first = &variant;
    }
    PENSTOCK_RETURN_IF_ERROR(
        check_side(what, {first->name, &(first->*tensors)}, {variant.name, &(variant.*tensors)}));
  }
  return {};
}

}  // namespace

Status check_roles(const PackageInfo& info) {
  Roles roles;
  PENSTOCK_RETURN_IF_ERROR(roles.add("manifest.yaml", "manifest", "the package"));
  for (const PackageNetwork& network : info.networks) {
    const std::string who = "network '" + network.name + "'";
    PENSTOCK_RETURN_IF_ERROR(roles.add(network.labels, "labels", who));
    for (const PackageVariant& variant : network.variants) {
      const std::string which = who + ", variant '" + variant.name + "'";
      PENSTOCK_RETURN_IF_ERROR(roles.add(variant.model, "model", which));
      PENSTOCK_RETURN_IF_ERROR(roles.add(variant.preprocess, "preprocess", which));
      PENSTOCK_RETURN_IF_ERROR(roles.add(variant.postprocess, "postprocess", which));
    }
  }
  return {};
}

Status check_variants(const PackageNetwork& network) {
  PENSTOCK_RETURN_IF_ERROR(
      check_sides(network, "input", &PackageVariant::inputs, &PackageVariant::preprocess));
  return check_sides(network, "output", &PackageVariant::outputs, &PackageVariant::postprocess);
}

Status check_label_text(std::string_view text) {
  Diagnostics diagnostics;
  if (!check_text(SourceText("labels", std::string(text)), diagnostics)) {
    return Error{Errc::kCorrupt,
                 "line " + std::to_string(diagnostics.sorted().front().line) +
                     " is not text in UTF-8; line n of a label file is label n"};
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return Error{Errc::kCorrupt, "has no labels"};
  }
  return {};
}

}  // namespace penstock
