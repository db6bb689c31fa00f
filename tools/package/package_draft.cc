#include "tools/package/package_draft.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/package/digest.h"
#include "engine/package/manifest_reader.h"
#include "engine/package/manifest_writer.h"
#include "engine/package/member_path.h"
#include "engine/package/package_rules.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"
#include "tools/package/model_ports.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

/// Refuses what looks like another kind of archive and would become a folder.
Status check_ending(const fs::path& path) {
  if (!path.has_extension() || path.extension() == ".zip") {
    return {};
  }
  return Error{Errc::kInvalidArgument,
               "cannot write '" + path.string() + "': a package is a FILE.zip or a folder; with '" +
                   path.string() + "/' it becomes a folder of that name"};
}

}  // namespace

Result<PackageDraft> PackageDraft::begin(const std::vector<std::string>& models,
                                         ModelReader& reader,
                                         const fs::path& cache) {
  PackageDraft draft;
  if (models.size() == 1 && looks_like_package(models.front())) {
    PENSTOCK_RETURN_IF_ERROR(draft.take_package(models.front(), cache));
    return draft;
  }
  draft.info_.networks.resize(1);
  for (const std::string& model : models) {
    if (looks_like_package(model)) {
      return Error{Errc::kInvalidArgument,
                   "'" + model + "' is a package; only plain models go together"};
    }
    PENSTOCK_RETURN_IF_ERROR(draft.take_model(model, reader));
  }
  return draft;
}

Status PackageDraft::take_package(const std::string& path, const fs::path& cache) {
  PENSTOCK_ASSIGN_OR_RETURN(const Package package, open_package(path));
  PENSTOCK_ASSIGN_OR_RETURN(const fs::path folder, package.materialise(cache));
  info_ = package.info();
  for (const PackageFile& file : package.files()) {
    if (file.path != Package::kManifest) {
      parts_.files[file.path] = folder / file.path;
    }
  }
  return {};
}

Status PackageDraft::take_model(const std::string& path, ModelReader& reader) {
  PENSTOCK_ASSIGN_OR_RETURN(const Package package, reader.open(path));
  auto facts = reader.inspect(path);
  if (!facts.has_value()) {
    return facts.error();
  }
  PackageVariant variant = package.info().networks.front().variants.front();
  PackageNetwork& network = info_.networks.front();
  if (network.variants.empty()) {
    info_.name = variant.name;
    network.name = variant.name;
  } else if (std::any_of(network.variants.begin(), network.variants.end(), [&](const auto& other) {
               return other.name == variant.name;
             })) {
    return Error{Errc::kInvalidArgument,
                 "two models have the name '" + variant.name + "'; variants are named after files"};
  }
  const fs::path file(path);
  variant.model = variant.name + file.extension().string();
  parts_.files[variant.model] = file;
  if (package.files().size() > 1) {
    parts_.files[variant.name + ".bin"] = fs::path(file).replace_extension(".bin");
  }
  variant.inputs = tensors_of(facts->inputs);
  variant.outputs = tensors_of(facts->outputs);
  network.variants.push_back(std::move(variant));
  return {};
}

const fs::path& PackageDraft::file(const std::string& member) const {
  const auto found = parts_.files.find(member);
  PENSTOCK_CHECK(found != parts_.files.end()) << "no file for '" << member << "'";
  return found->second;
}

Result<std::string> PackageDraft::add(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) {
    return Error{Errc::kNotFound, "cannot open '" + file.string() + "'"};
  }
  const std::string member = file.filename().string();
  if (const Status fine = check_member_path(member); !fine.has_value()) {
    return Error{Errc::kInvalidArgument, fine.error().message};
  }
  const auto [entry, is_new] = parts_.files.emplace(member, file);
  if (member == Package::kManifest || (!is_new && !fs::equivalent(entry->second, file, ignored))) {
    return Error{Errc::kInvalidArgument,
                 "the package has a file '" + member + "' already; rename '" + file.string() + "'"};
  }
  return member;
}

Status PackageDraft::check() const {
  PENSTOCK_RETURN_IF_ERROR(check_manifest());
  PENSTOCK_RETURN_IF_ERROR(check_roles(info_));
  for (const PackageNetwork& network : info_.networks) {
    PENSTOCK_RETURN_IF_ERROR(check_variants(network));
    if (network.labels.empty()) {
      continue;
    }
    const fs::path& labels = file(network.labels);
    PENSTOCK_ASSIGN_OR_RETURN(const SourceText text, SourceText::from_file(labels));
    if (const Status fine = check_label_text(text.text()); !fine.has_value()) {
      return fine.error().within("'" + labels.string() + "'");
    }
  }
  return {};
}

Status PackageDraft::check_manifest() const {
  Diagnostics diagnostics;
  const bool is_read =
      read_manifest(SourceText(Package::kManifest, manifest_text(info_)), diagnostics).has_value();
  std::string text;
  for (const Diagnostic& one : diagnostics.sorted()) {
    text += (text.empty() ? "" : "; ") + one.message;
  }
  return is_read ? Status() : Error{Errc::kInvalidArgument, "no package can be made: " + text};
}

Result<Package> PackageDraft::write(const fs::path& path) {
  PENSTOCK_RETURN_IF_ERROR(check_ending(path));
  PENSTOCK_RETURN_IF_ERROR(check());
  info_.files.clear();
  for (const auto& [member, file] : parts_.files) {
    PENSTOCK_ASSIGN_OR_RETURN(const FileDigest digest, digest_of_file(file));
    info_.files[member] = digest.sha256;
  }
  parts_.texts[Package::kManifest] = manifest_text(info_);
  PENSTOCK_RETURN_IF_ERROR(path.extension() == ".zip" ? write_zip(parts_, path)
                                                      : write_folder(parts_, path));
  auto package = open_package(path);
  if (!package.has_value()) {
    std::error_code ignored;
    fs::remove_all(path, ignored);  // There was nothing before.
  }
  return package;
}

}  // namespace penstock
