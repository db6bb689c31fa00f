#include "engine/package/archive_writer.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include <unistd.h>
#include <zip.h>

#include "engine/package/archive.h"
#include "engine/package/member_path.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

// 1980-01-01, the first day of a zip's calendar.
constexpr zip_uint16_t kDosDate = (0U << 9U) | (1U << 5U) | 1U;
constexpr zip_uint32_t kPlainFile = 0100644U << 16U;

struct Discard {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};

Error unwritten(const fs::path& path, const std::string& why) {
  return {Errc::kUnavailable, "cannot write '" + path.string() + "': " + why};
}

Status check_free(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(path, ignored))) {
    return Error{Errc::kInvalidArgument,
                 "'" + path.string() + "' exists already; remove it or choose another name"};
  }
  return {};
}

Status check_files(const PackageParts& parts) {
  for (const auto& [member, file] : parts.files) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) {
      return Error{Errc::kNotFound, "cannot open '" + file.string() + "' for '" + member + "'"};
    }
  }
  return {};
}

Status check_members(const std::set<std::string>& members) {
  Status fine = check_member_set(std::vector<std::string>(members.begin(), members.end()));
  for (const std::string& member : members) {
    fine = fine.has_value() ? check_member_path(member) : fine;
  }
  return fine.has_value() ? fine : Error{Errc::kInvalidArgument, fine.error().message};
}

std::set<std::string> members_of(const PackageParts& parts) {
  std::set<std::string> members;
  for (const auto& [member, file] : parts.files) {
    members.insert(member);
  }
  for (const auto& [member, text] : parts.texts) {
    members.insert(member);
  }
  return members;
}

/// Weights hardly deflate, and take minutes where their values are few; texts deflate well.
bool is_text(const PackageParts& parts, const std::string& member) {
  constexpr std::array<std::string_view, 7> kTexts = {
      ".xml", ".txt", ".json", ".yaml", ".yml", ".csv", ".names"};
  const std::string ending = fs::path(member).extension().string();
  return parts.texts.count(member) != 0 ||
         std::find(kTexts.begin(), kTexts.end(), ending) != kTexts.end();
}

Status add_member(zip_t* zip,
                  const PackageParts& parts,
                  const std::string& member,
                  bool is_deflated) {
  zip_source_t* source = nullptr;
  if (const auto text = parts.texts.find(member); text != parts.texts.end()) {
    source = zip_source_buffer(zip, text->second.data(), text->second.size(), 0);
  } else {
    source = zip_source_file(zip, parts.files.at(member).c_str(), 0, 0);
  }
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(zip, member.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return Error{Errc::kUnavailable, "'" + member + "': " + zip_strerror(zip)};
  }
  const auto at = static_cast<zip_uint64_t>(index);
  if (zip_file_set_dostime(zip, at, 0, kDosDate, 0) != 0 ||
      zip_file_set_external_attributes(zip, at, 0, ZIP_OPSYS_UNIX, kPlainFile) != 0 ||
      zip_set_file_compression(zip, at, is_deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) != 0) {
    return Error{Errc::kUnavailable, "'" + member + "': " + zip_strerror(zip)};
  }
  return {};
}

Status fill_zip(const PackageParts& parts,
                const std::set<std::string>& deflated,
                const fs::path& path) {
  int code = ZIP_ER_OK;
  std::unique_ptr<zip_t, Discard> zip(zip_open(path.c_str(), ZIP_CREATE | ZIP_EXCL, &code));
  if (zip == nullptr) {
    return unwritten(path, "the folder does not take it");
  }
  for (const std::string& member : members_of(parts)) {
    const Status added = add_member(zip.get(), parts, member, deflated.count(member) != 0);
    if (!added.has_value()) {
      return added.error().within("cannot write '" + path.string() + "'");
    }
  }
  if (zip_close(zip.get()) != 0) {
    return unwritten(path, zip_strerror(zip.get()));
  }
  static_cast<void>(zip.release());
  return {};
}

/// Returns the members of an archive that deflated so well that readers would refuse them.
std::set<std::string> too_dense(const fs::path& path) {
  const PackageLimits limits;
  std::set<std::string> dense;
  const std::unique_ptr<zip_t, Discard> zip(zip_open(path.c_str(), ZIP_RDONLY, nullptr));
  const zip_int64_t count = zip == nullptr ? 0 : zip_get_num_entries(zip.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(zip.get(), static_cast<zip_uint64_t>(i), 0, &stat) == 0 &&
        stat.size > limits.ratio_from_bytes && stat.size / limits.max_ratio > stat.comp_size) {
      dense.insert(stat.name);
    }
  }
  return dense;
}

Status fill_folder(const PackageParts& parts, const fs::path& folder) {
  std::error_code failure;
  for (const auto& [member, file] : parts.files) {
    fs::create_directories((folder / member).parent_path(), failure);
    if (!failure) {
      fs::copy_file(file, folder / member, failure);
    }
    if (failure) {
      return unwritten(folder / member, failure.message());
    }
  }
  for (const auto& [member, text] : parts.texts) {
    fs::create_directories((folder / member).parent_path(), failure);
    std::ofstream file(folder / member, std::ios::binary);
    file << text;
    file.close();
    if (!file) {
      return unwritten(folder / member, "the file cannot be written");
    }
  }
  return {};
}

}  // namespace

Status write_zip(const PackageParts& parts, const fs::path& path) {
  const std::set<std::string> members = members_of(parts);
  PENSTOCK_RETURN_IF_ERROR(check_members(members));
  PENSTOCK_RETURN_IF_ERROR(check_free(path));
  PENSTOCK_RETURN_IF_ERROR(check_files(parts));
  std::set<std::string> deflated;
  for (const std::string& member : members) {
    if (is_text(parts, member)) {
      deflated.insert(member);
    }
  }
  const fs::path draft = path.string() + ".tmp." + std::to_string(getpid());
  Status written = fill_zip(parts, deflated, draft);
  if (written.has_value()) {
    const std::set<std::string> dense = too_dense(draft);
    if (!dense.empty()) {
      std::erase_if(deflated, [&](const std::string& member) { return dense.count(member) != 0; });
      std::error_code ignored;
      fs::remove(draft, ignored);
      written = fill_zip(parts, deflated, draft);
    }
  }
  if (written.has_value()) {
    std::error_code failure;
    fs::rename(draft, path, failure);
    written = failure ? Status(unwritten(path, failure.message())) : Status();
  }
  if (!written.has_value()) {
    std::error_code ignored;
    fs::remove(draft, ignored);
  }
  return written;
}

Status write_folder(const PackageParts& parts, const fs::path& path) {
  const fs::path target = path.has_filename() ? path : path.parent_path();
  PENSTOCK_RETURN_IF_ERROR(check_members(members_of(parts)));
  PENSTOCK_RETURN_IF_ERROR(check_free(target));
  PENSTOCK_RETURN_IF_ERROR(check_files(parts));
  const fs::path draft = target.string() + ".tmp." + std::to_string(getpid());
  std::error_code failure;
  if (!fs::create_directory(draft, failure)) {
    return unwritten(target,
                     failure ? failure.message() : "'" + draft.string() + "' is in the way");
  }
  Status filled = fill_folder(parts, draft);
  if (filled.has_value()) {
    fs::rename(draft, target, failure);
    if (failure) {
      filled = unwritten(target, failure.message());
    }
  }
  if (!filled.has_value()) {
    std::error_code ignored;
    fs::remove_all(draft, ignored);
  }
  return filled;
}

}  // namespace penstock
