#include "tools/compose/model_files.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <utility>
#include <vector>

#include "engine/graph/model_names.h"

namespace penstock {
namespace {

/// Puts the scales and zero points of all ports of one side into two options, in the order of the
/// ports; `none` for one that has none: an integer device then says which are missing.
void add_scales(const std::vector<PackageTensor>& ports,
                const std::string& side,
                const std::map<std::string, std::string>& told,
                DriverOptions* options) {
  std::string scales;
  std::string zero_points;
  bool has_some = false;
  for (const PackageTensor& port : ports) {
    const auto scale = told.find(side + "_scale." + port.name);
    const auto zero_point = told.find(side + "_zero_point." + port.name);
    has_some = has_some || scale != told.end();
    scales += (scales.empty() ? "" : ",") + (scale == told.end() ? "none" : scale->second);
    zero_points += (zero_points.empty() ? "" : ",") +
                   (zero_point == told.end() ? std::string("0") : zero_point->second);
  }
  if (has_some) {
    (*options)[side + "_scale"] = scales;
    (*options)[side + "_zero_point"] = zero_points;
  }
}

}  // namespace

ModelFile file_of(const std::string& package,
                  const PackageVariant& variant,
                  const std::function<std::string(const std::string& member)>& place) {
  ModelFile file;
  file.package = package;
  file.name = variant.model;
  file.path = place(variant.model);
  file.is_in_package = true;
  const auto graph = [&](const std::string& member) {
    return member.empty() ? HostGraphFile() : HostGraphFile{place(member), member};
  };
  file.before = graph(variant.preprocess);
  file.after = graph(variant.postprocess);
  const auto told = quantization_options(variant);
  add_scales(variant.inputs, "input", told, &file.integer_options);
  add_scales(variant.outputs, "output", told, &file.integer_options);
  return file;
}

std::vector<NetworkNames> network_names(const PackageInfo& info) {
  std::vector<NetworkNames> names;
  for (const PackageNetwork& network : info.networks) {
    NetworkNames& one = names.emplace_back();
    one.name = network.name;
    for (const PackageVariant& variant : network.variants) {
      one.variants.push_back(variant.name);
    }
  }
  return names;
}

Result<const Package*> ModelFiles::open(const std::string& path) {
  auto known = packages_.find(path);
  if (known == packages_.end()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        Package package, kinds_ == Kinds::kAny ? open_package_or_file(path) : open_package(path));
    known = packages_.emplace(path, std::move(package)).first;
  }
  return &known->second;
}

Result<ModelFile> ModelFiles::find(const ModelChoice& choice) {
  if (choice.path.empty()) {
    return ModelFile{};
  }
  const std::array<std::string, 3> key = {choice.path, choice.network, choice.variant};
  if (const auto known = known_.find(key); known != known_.end()) {
    return known->second;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Package* const package, open(choice.path));
  const PackageInfo& info = package->info();
  const NamedPlace used = find_names(network_names(info), choice, "package '" + info.name + "'");
  if (used.unknown.has_value()) {
    const UnknownName& unknown = *used.unknown;
    return Error{Errc::kNotFound, unknown.text + (unknown.hint.empty() ? "" : "; ") + unknown.hint};
  }
  const PackageNetwork& network = info.networks[used.network];
  const PackageVariant& variant = network.variants[used.variant];
  ModelFile file;
  if (package->form() == Package::Form::kPlainFile) {
    file = file_of(info.name, variant, [&](const std::string&) { return choice.path; });
    file.is_in_package = false;
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(const std::filesystem::path folder,
                              package->materialise(default_package_cache()));
    file = file_of(
        info.name, variant, [&](const std::string& member) { return (folder / member).string(); });
  }
  file.hash = package->identity();
  file.network = network;
  auto& variants = file.network.variants;
  const auto first = variants.begin() + static_cast<std::ptrdiff_t>(used.variant);
  std::rotate(variants.begin(), first, first + 1);
  file.is_default = used.network == 0 && used.variant == 0;
  return known_.emplace(key, std::move(file)).first->second;
}

}  // namespace penstock
