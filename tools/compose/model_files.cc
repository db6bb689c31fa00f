#include "tools/compose/model_files.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "engine/package/package.h"
#include "engine/package/package_info.h"

namespace penstock {
namespace {

/// Puts the scales and zero points of all ports of one side into two options, in the order of the
/// ports; neither, if one has none: an integer device then says what is missing.
void add_scales(const std::vector<PackageTensor>& ports,
                const std::string& side,
                const std::map<std::string, std::string>& told,
                DriverOptions* options) {
  std::string scales;
  std::string zero_points;
  for (const PackageTensor& port : ports) {
    const auto scale = told.find(side + "_scale." + port.name);
    if (scale == told.end()) {
      return;
    }
    const auto zero_point = told.find(side + "_zero_point." + port.name);
    scales += (scales.empty() ? "" : ",") + scale->second;
    zero_points += (zero_points.empty() ? "" : ",") +
                   (zero_point == told.end() ? std::string("0") : zero_point->second);
  }
  if (!scales.empty()) {
    (*options)[side + "_scale"] = scales;
    (*options)[side + "_zero_point"] = zero_points;
  }
}

}  // namespace

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
  file.hash = package.identity();
  file.package = package.info().name;
  file.name = variant.model;
  file.path = path;
  if (package.form() != Package::Form::kPlainFile) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::filesystem::path folder,
                              package.materialise(default_package_cache()));
    file.path = (folder / variant.model).string();
    const auto graph = [&](const std::string& name) {
      return name.empty() ? HostGraphFile() : HostGraphFile{(folder / name).string(), name};
    };
    file.before = graph(variant.preprocess);
    file.after = graph(variant.postprocess);
  }
  const auto told = quantization_options(variant);
  add_scales(variant.inputs, "input", told, &file.integer_options);
  add_scales(variant.outputs, "output", told, &file.integer_options);
  return known_.emplace(path, std::move(file)).first->second;
}

}  // namespace penstock
