#include "engine/package/package.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string_view>
#include <utility>

#include "engine/package/digest.h"
#include "engine/package/manifest_reader.h"
#include "engine/package/member_path.h"
#include "engine/package/package_cache.h"
#include "engine/package/package_rules.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"

namespace penstock {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 3> kPlainKinds = {".onnx", ".tflite", ".xml"};

Error corrupt(const fs::path& path, const std::string& rule) {
  return {Errc::kCorrupt, "'" + path.string() + "': " + rule};
}

/// Returns the whole of `diagnostics` as an error, one line each.
Error manifest_error(const Diagnostics& diagnostics) {
  constexpr std::size_t kShown = 20;
  const std::vector<Diagnostic> all = diagnostics.sorted();
  Error error{Errc::kCorrupt, ""};
  for (std::size_t i = 0; i < std::min(all.size(), kShown); ++i) {
    const Diagnostic& one = all[i];
    error.message += (i == 0 ? "" : "\n") + one.file + ":" + std::to_string(one.line) + ":" +
                     std::to_string(one.column) + ": " + to_string(one.severity) + "[" + one.code +
                     "]: " + one.message + (one.hint.empty() ? "" : "; " + one.hint);
    if (one.code == "E004") {
      error.code = Errc::kUnsupported;
    }
  }
  if (all.size() > kShown) {
    error.message += "\n... and " + std::to_string(all.size() - kShown) + " more";
  }
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F;
  };
  std::replace_if(error.message.begin(), error.message.end(), is_control, '?');
  return error;
}

std::string identity_of(const std::vector<PackageFile>& files) {
  Sha256 sha;
  for (const PackageFile& file : files) {
    sha.update(file.sha256 + "  " + file.path + "\n");
  }
  return sha.finish();
}

std::string starts_with(const fs::path& path, std::size_t bytes) {
  std::string start(bytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(bytes));
  start.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return start;
}

/// Returns the names of a plain file's network: those of a manifest, made of the file's.
std::string plain_name(const fs::path& path) {
  std::string name = path.stem().string();
  for (char& c : name) {
    const bool belongs = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    c = belongs ? c : '_';
  }
  const bool begins_well =
      !name.empty() && (std::isalpha(static_cast<unsigned char>(name[0])) != 0);
  constexpr std::size_t kMaxName = 64;
  return (begins_well ? name : "model_" + name).substr(0, kMaxName);
}

}  // namespace

/// Reads one package, file by file; what is sound so far is in `package_`.
class PackageOpener {
 public:
  PackageOpener(fs::path path, const PackageLimits& limits) {
    package_.path_ = std::move(path);
    package_.limits_ = limits;
  }

  /// A plain file of an unknown ending is a model too.
  void take_any_file() { takes_any_file_ = true; }

  Result<Package> open() {
    std::error_code failure;
    const fs::file_status status = fs::status(path(), failure);
    if (!fs::exists(status)) {
      return Error{Errc::kNotFound, "there is no file or folder '" + path().string() + "'"};
    }
    if (!fs::is_directory(status) && !fs::is_regular_file(status)) {
      return Error{Errc::kUnsupported,
                   "'" + path().string() + "' is neither a folder nor a plain file"};
    }
    PENSTOCK_RETURN_IF_ERROR(fs::is_directory(status) ? read_folder() : read_file());
    if (package_.form_ != Package::Form::kPlainFile) {
      PENSTOCK_RETURN_IF_ERROR(read_manifest_text());
      PENSTOCK_RETURN_IF_ERROR(check_hashes());
      PENSTOCK_RETURN_IF_ERROR(check_rules());
    }
    package_.identity_ = identity_of(package_.files_);
    return std::move(package_);
  }

 private:
  [[nodiscard]] const fs::path& path() const { return package_.path_; }

  Status read_file() {
    if (is_plain_model(path())) {
      return read_plain();
    }
    if (path().extension() == ".zip" || starts_with(path(), 2) == "PK") {
      return read_zip();
    }
    if (takes_any_file_) {
      return read_plain();
    }
    return Error{Errc::kUnsupported,
                 "'" + path().string() +
                     "' is no model package: wants a folder, a .zip, .onnx, .tflite or .xml file"};
  }

  Status read_plain() {
    const std::string extension = path().extension().string();
    PENSTOCK_RETURN_IF_ERROR(add_file(path(), "model" + extension));
    if (extension == ".xml") {
      const fs::path weights = fs::path(path()).replace_extension(".bin");
      std::error_code ignored;
      if (fs::is_regular_file(weights, ignored)) {
        PENSTOCK_RETURN_IF_ERROR(add_file(weights, "model.bin"));
        std::swap(package_.files_[0], package_.files_[1]);  // Sorted by path.
      }
    }
    PackageVariant variant;
    variant.name = plain_name(path());
    variant.model = path().filename().string();
    PackageNetwork network;
    network.name = variant.name;
    network.variants.push_back(std::move(variant));
    package_.info_.name = network.name;
    package_.info_.networks.push_back(std::move(network));
    return {};
  }

  Status add_file(const fs::path& file, const std::string& name) {
    PENSTOCK_ASSIGN_OR_RETURN(const FileDigest digest, digest_of_file(file));
    if (digest.bytes == 0) {
      return corrupt(file, "is empty");
    }
    package_.files_.push_back({name, digest.bytes, digest.sha256});
    return {};
  }

  Status read_folder() {
    package_.form_ = Package::Form::kFolder;
    std::vector<std::string> members;
    if (const Status listed = list_folder(members); !listed.has_value()) {
      // What is wrong in a folder that is no package is not what its user wants to know.
      std::error_code unknown;
      const bool has_manifest = fs::exists(path() / Package::kManifest, unknown) || unknown;
      return has_manifest ? listed : check_has_manifest({});
    }
    std::sort(members.begin(), members.end());
    if (const Status unique = check_member_set(members); !unique.has_value()) {
      return unique.error().within("'" + path().string() + "'");
    }
    PENSTOCK_RETURN_IF_ERROR(check_has_manifest(members));
    return read_members(members);
  }

  /// Lists the folder without following a link.
  Status list_folder(std::vector<std::string>& members) const {
    std::error_code failure;
    fs::recursive_directory_iterator entries(path(), failure);
    for (; !failure && entries != fs::recursive_directory_iterator(); entries.increment(failure)) {
      const std::string member = entries->path().lexically_relative(path()).generic_string();
      std::error_code unknown;
      const fs::file_type type = entries->symlink_status(unknown).type();
      if (const Status fine = check_member_path(member); !fine.has_value()) {
        return fine.error().within("'" + path().string() + "'");
      }
      if (type == fs::file_type::directory) {
        continue;
      }
      if (type != fs::file_type::regular) {
        return corrupt(path() / member,
                       type == fs::file_type::symlink
                           ? "is a symbolic link; a package holds plain files"
                           : "is not a plain file");
      }
      members.push_back(member);
      if (members.size() > package_.limits_.max_files) {
        return corrupt(path(),
                       "has more than " + std::to_string(package_.limits_.max_files) + " files");
      }
    }
    if (failure) {
      return Error{Errc::kUnavailable,
                   "cannot read '" + path().string() + "': " + failure.message()};
    }
    return {};
  }

  Status read_members(const std::vector<std::string>& members) {
    std::uint64_t total = 0;
    for (const std::string& member : members) {
      std::error_code failure;
      const std::uint64_t bytes = fs::file_size(path() / member, failure);
      if (failure || bytes > package_.limits_.max_file_bytes) {
        return corrupt(
            path() / member,
            "has more than " + std::to_string(package_.limits_.max_file_bytes) + " bytes");
      }
      total += bytes;
      if (total > package_.limits_.max_total_bytes) {
        return corrupt(
            path(), "has more than " + std::to_string(package_.limits_.max_total_bytes) + " bytes");
      }
      PENSTOCK_ASSIGN_OR_RETURN(const FileDigest digest, digest_of_file(path() / member));
      package_.files_.push_back({member, digest.bytes, digest.sha256});
    }
    const fs::path manifest = path() / Package::kManifest;
    if (find_file(Package::kManifest)->bytes > SourceText::kMaxBytes) {
      return corrupt(manifest, text_size_rule());
    }
    manifest_ = starts_with(manifest, SourceText::kMaxBytes);
    return {};
  }

  Status read_zip() {
    package_.form_ = Package::Form::kZip;
    PENSTOCK_ASSIGN_OR_RETURN(ZipArchive archive, ZipArchive::open(path(), package_.limits_));
    std::vector<std::string> members;
    for (const ArchiveMember& member : archive.members()) {
      members.push_back(member.path);
    }
    PENSTOCK_RETURN_IF_ERROR(check_has_manifest(members));
    for (const ArchiveMember& member : archive.members()) {
      const bool is_manifest = member.path == Package::kManifest;
      if (is_manifest && member.bytes > SourceText::kMaxBytes) {
        return corrupt(path() / member.path, text_size_rule());
      }
      Sha256 sha;
      PENSTOCK_RETURN_IF_ERROR(archive.read(member, [&](std::span<const std::byte> piece) {
        sha.update(piece);
        if (is_manifest) {
          manifest_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        }
        return Status();
      }));
      package_.files_.push_back({member.path, member.bytes, sha.finish()});
    }
    return {};
  }

  static std::string text_size_rule() {
    return "is larger than " + std::to_string(SourceText::kMaxBytes >> 20U) + " MiB";
  }

  [[nodiscard]] Status check_has_manifest(const std::vector<std::string>& members) const {
    const std::string manifest = Package::kManifest;
    if (std::find(members.begin(), members.end(), manifest) != members.end()) {
      return {};
    }
    const std::string folded = "/" + manifest;
    for (const std::string& member : members) {
      if (member.size() > manifest.size() && member.ends_with(folded)) {
        return corrupt(path(),
                       "has no '" + manifest + "' at its top, but '" + member +
                           "'; a package has it at the top");
      }
    }
    return Error{Errc::kUnsupported,
                 "'" + path().string() + "' is no model package: it has no '" + manifest + "'"};
  }

  Status read_manifest_text() {
    const SourceText source((path() / Package::kManifest).string(), std::move(manifest_));
    Diagnostics diagnostics;
    auto info = read_manifest(source, diagnostics);
    if (info.has_value()) {
      package_.info_ = std::move(*info);
      check_references(source, diagnostics);
    }
    if (diagnostics.has_errors()) {
      return manifest_error(diagnostics);
    }
    return {};
  }

  void check_references(const SourceText& source, Diagnostics& diagnostics) const {
    for (const PackageNetwork& network : package_.info_.networks) {
      const std::string who = "network '" + network.name + "'";
      check_reference(source, who + ", labels", network.labels, diagnostics);
      for (const PackageVariant& variant : network.variants) {
        const std::string which = who + ", variant '" + variant.name + "'";
        check_reference(source, which + ", model", variant.model, diagnostics);
        check_reference(source, which + ", preprocess", variant.preprocess, diagnostics);
        check_reference(source, which + ", postprocess", variant.postprocess, diagnostics);
      }
    }
  }

  void check_reference(const SourceText& source,
                       const std::string& who,
                       const std::string& member,
                       Diagnostics& diagnostics) const {
    if (member.empty() || find_file(member) != nullptr) {
      return;
    }
    // The tree is gone by now: the first place where the path is written is where to look.
    const std::size_t at = source.text().find(member);
    const SourcePlace place =
        at == std::string::npos ? source.whole() : source.place_at(at, character_count(member));
    diagnostics.error("E018", place, who + ": '" + member + "' is not in the package");
  }

  [[nodiscard]] const PackageFile* find_file(const std::string& member) const {
    const auto found = std::find_if(package_.files_.begin(),
                                    package_.files_.end(),
                                    [&](const PackageFile& file) { return file.path == member; });
    return found == package_.files_.end() ? nullptr : &*found;
  }

  /// Where the manifest lists hashes it lists every other file.
  [[nodiscard]] Status check_hashes() const {
    const auto& listed = package_.info_.files;
    if (listed.empty()) {
      return {};
    }
    for (const auto& [member, hash] : listed) {
      const PackageFile* file = find_file(member);
      if (file == nullptr) {
        return corrupt(path() / member, "is listed in 'files' of the manifest and missing");
      }
      if (file->sha256 != hash) {
        return corrupt(
            path() / member,
            "has the SHA-256 " + file->sha256 + ", 'files' of the manifest says " + hash);
      }
    }
    for (const PackageFile& file : package_.files_) {
      if (file.path != Package::kManifest && !listed.contains(file.path)) {
        return corrupt(path() / file.path, "is not listed in 'files' of the manifest");
      }
    }
    return {};
  }

  [[nodiscard]] Status check_rules() const {
    const PackageInfo& info = package_.info_;
    const auto in_manifest = [&](const Status& status) {
      return status.has_value()
                 ? status
                 : Status(corrupt(path() / Package::kManifest, status.error().message));
    };
    PENSTOCK_RETURN_IF_ERROR(in_manifest(check_roles(info)));
    for (const PackageNetwork& network : info.networks) {
      PENSTOCK_RETURN_IF_ERROR(in_manifest(check_variants(network)));
      if (!network.labels.empty()) {
        PENSTOCK_RETURN_IF_ERROR(check_labels(network.labels));
      }
    }
    return {};
  }

  [[nodiscard]] Status check_labels(const std::string& member) const {
    if (find_file(member)->bytes > SourceText::kMaxBytes) {
      return corrupt(path() / member, text_size_rule());
    }
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text, text_of(member));
    if (const Status fine = check_label_text(text); !fine.has_value()) {
      return corrupt(path() / member, fine.error().message);
    }
    return {};
  }

  /// Reads a member again: which of them are text is known only behind the manifest.
  [[nodiscard]] Result<std::string> text_of(const std::string& member) const {
    if (package_.form_ == Package::Form::kFolder) {
      return starts_with(path() / member, SourceText::kMaxBytes);
    }
    std::string text;
    PENSTOCK_ASSIGN_OR_RETURN(ZipArchive archive, ZipArchive::open(path(), package_.limits_));
    for (const ArchiveMember& one : archive.members()) {
      if (one.path == member) {
        PENSTOCK_RETURN_IF_ERROR(archive.read(one, [&](std::span<const std::byte> piece) {
          text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
          return Status();
        }));
      }
    }
    return text;
  }

  Package package_;
  bool takes_any_file_ = false;
  std::string manifest_;
};

std::uint64_t Package::bytes() const noexcept {
  std::uint64_t total = 0;
  for (const PackageFile& file : files_) {
    total += file.bytes;
  }
  return total;
}

Result<fs::path> Package::materialise(const fs::path& cache) const {
  switch (form_) {
    case Form::kFolder:
      return path_;
    case Form::kPlainFile:
      return path_.has_parent_path() ? path_.parent_path() : fs::path(".");
    case Form::kZip:
      break;
  }
  return unpack_into_cache(*this, limits_, cache);
}

namespace {

/// Returns the path of a folder as that of a file is: without a '/' at its end.
fs::path without_slash(const fs::path& path) {
  const fs::path trimmed = path.has_filename() ? path : path.parent_path();
  return trimmed.empty() ? path : trimmed;
}

}  // namespace

Result<Package> open_package(const fs::path& path, const PackageLimits& limits) {
  return PackageOpener(without_slash(path), limits).open();
}

Result<Package> open_package_or_file(const fs::path& path, const PackageLimits& limits) {
  PackageOpener opener(without_slash(path), limits);
  opener.take_any_file();
  return opener.open();
}

bool is_plain_model(const fs::path& path) {
  const std::string extension = path.extension().string();
  return std::find(kPlainKinds.begin(), kPlainKinds.end(), extension) != kPlainKinds.end();
}

bool looks_like_package(const fs::path& path) {
  std::error_code ignored;
  return path.extension() == ".zip" || fs::is_directory(path, ignored);
}

fs::path default_package_cache() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): unsafe only where the environment changes
  if (const char* cache = std::getenv("PENSTOCK_CACHE"); cache != nullptr && *cache != '\0') {
    return fs::path(cache) / "packages";
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): likewise
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return fs::path(home) / ".cache/penstock/packages";
  }
  std::error_code ignored;
  return fs::temp_directory_path(ignored) / "penstock-packages";
}

}  // namespace penstock
