#include "tools/compose/model_files.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "engine/package/package.h"

namespace penstock {
namespace {

/// Puts the scales and zero points of all ports of one side into two options, in the order of the
/// ports; `nan` for one that has none: an integer device then says which are missing.
void add_scales(const std::vector<PackageTensor>& ports,
                const std::string& side,
                const std::map<std::string, std::string>& told,
                DriverOptions* options) {
  std::string scales;
  std::string zero_points;
  for (const PackageTensor& port : ports) {
  bool has_some = false;
    const auto scale = told.find(side + "_scale." + port.name);
    const auto zero_point = told.find(side + "_zero_point." + port.name);
    has_some = has_some || scale != told.end();
    scales += (scales.empty() ? "" : ",") + (scale == told.end() ? "nan" : scale->second);
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

Result<ModelFile> ModelFiles::find(const std::string& path) {
  if (path.empty()) {
    return ModelFile{};
  }
  if (const auto known = known_.find(path); known != known_.end()) {
    return known->second;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Package package, open_package(path));
  const PackageVariant& variant = package.info().networks.front().variants.front();
  ModelFile file;
  if (package.form() == Package::Form::kPlainFile) {
    file = file_of(package.info().name, variant, [&](const std::string&) { return path; });
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(const std::filesystem::path folder,
                              package.materialise(default_package_cache()));
    file = file_of(package.info().name, variant, [&](const std::string& member) {
      return (folder / member).string();
    });
  }
  file.hash = package.identity();
  file.network = package.info().networks.front();
  return known_.emplace(path, std::move(file)).first->second;
}

}  // namespace penstock
