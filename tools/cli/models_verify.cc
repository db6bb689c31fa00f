#include "tools/cli/models_verify.h"

#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/package/fit_report.h"
#include "engine/package/package.h"
#include "engine/package/package_rules.h"
#include "tools/cli/arguments.h"
#include "tools/cli/command.h"
#include "tools/cli/console.h"
#include "tools/cli/known_drivers.h"
#include "tools/compose/model_chain.h"
#include "tools/compose/model_reader.h"
#include "tools/package/model_ports.h"

namespace penstock {
namespace {

/// Returns what a graph sees of a variant: what its chain takes and gives.
Result<PackageVariant> check_variant(ModelReader& reader,
                                     const std::filesystem::path& folder,
                                     const PackageVariant& variant) {
  const ModelFile file =
      file_of("", variant, [&](const std::string& member) { return (folder / member).string(); });
  PENSTOCK_ASSIGN_OR_RETURN(const ModelChain chain, read_chain(reader, file));
  PENSTOCK_RETURN_IF_ERROR(check_ports(variant, chain.network));
  const ModelInfo info = outside_of(chain, file);
  PackageVariant outside;
  outside.name = variant.name;
  outside.inputs = tensors_of(info.inputs);
  outside.outputs = tensors_of(info.outputs);
  return outside;
}

/// Reads every model of the package, compares it with the manifest, and with the graphs round it.
Status check_models(const Package& package, ModelReader& reader) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::filesystem::path folder,
                            package.materialise(default_package_cache()));
  for (const PackageNetwork& network : package.info().networks) {
    const std::string where = "'" + package.path().string() + "', network '" + network.name + "'";
    PackageNetwork outside;
    for (const PackageVariant& variant : network.variants) {
      auto seen = check_variant(reader, folder, variant);
      if (!seen.has_value()) {
        return seen.error().within(where + ", variant '" + variant.name + "'");
      }
      outside.variants.push_back(std::move(*seen));
    }
    if (const Status fine = check_variants(outside); !fine.has_value()) {
      return fine.error().within(where);
    }
  }
  return {};
}

Result<Package> verified(const std::string& path, ModelReader& reader) {
  PENSTOCK_ASSIGN_OR_RETURN(Package package, reader.open(path));
  PENSTOCK_RETURN_IF_ERROR(check_models(package, reader));
  return package;
}

}  // namespace

int models_verify(std::span<const std::string> args) {
  const auto words =
      Arguments::parse(args, {{"--json"}, {kDriverOption, kDriverSetting}, "PACKAGE", 1, 1});
  if (!words.has_value()) {
    return report_usage("models", words.error());
  }
  const auto drivers = find_drivers({words->values(kDriverOption), words->values(kDriverSetting)});
  if (!drivers.has_value()) {
    return report_error(drivers.error(), kExitUsage);
  }
  ModelReader reader(start_model_reader, plugin_readers(*drivers), kReaderAdvice);
  const std::string& path = words->plain().front();
  const auto package = verified(path, reader);
  if (words->has("--json")) {
    nlohmann::ordered_json json{{"file", path}, {"sound", package.has_value()}};
    if (package.has_value()) {
      json["identity"] = package->identity();
    } else {
      json["error"] = package.error().message;
    }
    std::cout << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << "\n";
    return package.has_value() ? kExitDone : kExitUnavailable;
  }
  if (!package.has_value()) {
    return report_error(package.error(), kExitUnavailable);
  }
  std::cout << path << ": sound; " << package->files().size()
            << (package->files().size() == 1 ? " file, " : " files, ")
            << size_text(package->bytes()) << "\nidentity " << package->identity() << "\n";
  return kExitDone;
}

}  // namespace penstock
