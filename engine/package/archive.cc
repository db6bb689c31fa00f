#include "engine/package/archive.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <zip.h>

#include "engine/package/member_path.h"

namespace penstock {
namespace {

constexpr zip_uint64_t kWantedStat = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                     ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;

// File types in the upper half of the attributes that Unix programs write.
constexpr zip_uint32_t kTypeMask = 0170000;
constexpr zip_uint32_t kRegularFile = 0100000;
constexpr zip_uint32_t kFolder = 0040000;
constexpr zip_uint32_t kSymbolicLink = 0120000;

std::string text_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

/// Returns the first name that an archive gives twice. Read only to name it: nothing else of such
/// an archive is used.
std::string doubled_name(const std::filesystem::path& path, const PackageLimits& limits) {
  zip_t* zip = zip_open(path.c_str(), ZIP_RDONLY, nullptr);
  if (zip == nullptr) {
    return {};
  }
  const std::unique_ptr<zip_t, void (*)(zip_t*)> closer(zip, zip_discard);
  std::set<std::string> known;
  const auto count =
      static_cast<std::uint64_t>(std::max<zip_int64_t>(0, zip_get_num_entries(zip, 0)));
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, limits.max_files); ++i) {
    const char* name = zip_get_name(zip, i, ZIP_FL_ENC_RAW);
    if (name != nullptr && !known.insert(name).second) {
      return name;
    }
  }
  return {};
}

/// Returns what keeps a member from being read at all; empty if nothing does.
std::string obstacle_of(const zip_stat_t& stat) {
  if (stat.encryption_method != ZIP_EM_NONE) {
    return "is encrypted; a package is not";
  }
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    return "is packed by method " + std::to_string(stat.comp_method) +
           "; a package's files are stored or deflated";
  }
  return {};
}

/// Returns why a member of this size is not unpacked; empty if it may be.
std::string excess_of(const zip_stat_t& stat, const PackageLimits& limits) {
  if (stat.size > limits.max_file_bytes) {
    return "has " + std::to_string(stat.size) + " bytes; at most " +
           std::to_string(limits.max_file_bytes);
  }
  if (stat.comp_method == ZIP_CM_STORE && stat.size != stat.comp_size) {
    return "is stored in " + std::to_string(stat.comp_size) + " bytes and declares " +
           std::to_string(stat.size);
  }
  if (stat.size > limits.ratio_from_bytes && stat.size / limits.max_ratio > stat.comp_size) {
    return "would unpack " + std::to_string(stat.comp_size) + " bytes to " +
           std::to_string(stat.size) + "; at most " + std::to_string(limits.max_ratio) +
           " times its size";
  }
  return {};
}

}  // namespace

struct ZipArchive::Handle {
  explicit Handle(zip_t* opened) : zip(opened) {}

  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  ~Handle() { zip_discard(zip); }

  zip_t* zip;
};

ZipArchive::ZipArchive(std::string name, std::unique_ptr<Handle> handle)
    : name_(std::move(name)),
      handle_(std::move(handle)) {}

ZipArchive::ZipArchive(ZipArchive&&) noexcept = default;
ZipArchive& ZipArchive::operator=(ZipArchive&&) noexcept = default;
ZipArchive::~ZipArchive() = default;

Error ZipArchive::wrong(const std::string& member, const std::string& rule) const {
  return {Errc::kCorrupt, "'" + name_ + "', member '" + shown_path(member) + "': " + rule};
}

Result<ZipArchive> ZipArchive::open(const std::filesystem::path& path,
                                    const PackageLimits& limits) {
  int code = ZIP_ER_OK;
  zip_t* zip = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
  if (zip == nullptr) {
    const std::string name = "'" + path.string() + "'";
    if (code == ZIP_ER_NOENT || code == ZIP_ER_OPEN) {
      return Error{Errc::kNotFound, name + ": " + text_of(code)};
    }
    if (code == ZIP_ER_EXISTS) {
      const std::string doubled = doubled_name(path, limits);
      const std::string member =
          doubled.empty() ? ": a member" : ", member '" + shown_path(doubled) + "':";
      return Error{Errc::kCorrupt, name + member + " is given twice"};
    }
    return Error{Errc::kCorrupt,
                 name + ": not a whole zip archive (" + text_of(code) + "); was it cut off?"};
  }
  ZipArchive archive(path.string(), std::make_unique<Handle>(zip));
  PENSTOCK_RETURN_IF_ERROR(archive.take_members(limits));
  std::error_code failure;
  const std::uintmax_t packed = std::filesystem::file_size(path, failure);
  if (failure || archive.packed_bytes_ > packed) {
    return Error{Errc::kCorrupt,
                 "'" + path.string() + "': its members declare " +
                     std::to_string(archive.packed_bytes_) + " packed bytes, the file has " +
                     std::to_string(packed) + "; members must not overlap"};
  }
  return archive;
}

Status ZipArchive::take_members(const PackageLimits& limits) {
  const zip_int64_t count = zip_get_num_entries(handle_->zip, 0);
  if (count < 0 || static_cast<std::uint64_t>(count) > limits.max_files) {
    return Error{Errc::kCorrupt,
                 "'" + name_ + "': has " + std::to_string(count) + " members; at most " +
                     std::to_string(limits.max_files)};
  }
  for (zip_int64_t i = 0; i < count; ++i) {
    PENSTOCK_RETURN_IF_ERROR(take_member(static_cast<std::uint64_t>(i), limits));
  }
  std::sort(members_.begin(), members_.end(), [](const auto& a, const auto& b) {
    return a.path < b.path;
  });
  std::vector<std::string> paths;
  for (const ArchiveMember& member : members_) {
    paths.push_back(member.path);
  }
  if (const Status unique = check_member_set(paths); !unique.has_value()) {
    return unique.error().within("'" + name_ + "'");
  }
  return {};
}

Status ZipArchive::take_member(std::uint64_t index, const PackageLimits& limits) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(handle_->zip, index, ZIP_FL_ENC_RAW, &stat) != 0 ||
      (stat.valid & kWantedStat) != kWantedStat) {
    return Error{Errc::kCorrupt,
                 "'" + name_ + "', member " + std::to_string(index) + ": its header is damaged"};
  }
  const std::string path = stat.name;
  const bool is_folder = !path.empty() && path.back() == '/';
  const std::string checked = is_folder ? path.substr(0, path.size() - 1) : path;
  if (const Status fine = check_member_path(checked); !fine.has_value()) {
    return fine.error().within("'" + name_ + "', member " + std::to_string(index));
  }
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(handle_->zip, index, 0, &system, &attributes) != 0) {
    return wrong(path, "its attributes are damaged");
  }
  const zip_uint32_t type = (attributes >> 16U) & kTypeMask;
  if (type == kSymbolicLink) {
    return wrong(path, "is a symbolic link; a package holds plain files");
  }
  if (type != 0 && type != (is_folder ? kFolder : kRegularFile)) {
    return wrong(path, "is neither a plain file nor a folder");
  }
  std::string fault = obstacle_of(stat);
  if (fault.empty()) {
    fault = excess_of(stat, limits);
  }
  if (fault.empty() && is_folder && stat.size != 0) {
    fault = "is a folder with content";
  }
  if (!fault.empty()) {
    return wrong(path, fault);
  }
  if (stat.size > limits.max_total_bytes - std::min(limits.max_total_bytes, total_bytes_)) {
    return wrong(path,
                 "with it the archive unpacks to more than " +
                     std::to_string(limits.max_total_bytes) + " bytes");
  }
  total_bytes_ += stat.size;
  packed_bytes_ += stat.comp_size;
  if (!is_folder) {
    members_.push_back({path, stat.size, index});
  }
  return {};
}

Status ZipArchive::read(const ArchiveMember& member, const Sink& sink) {
  zip_file_t* file = zip_fopen_index(handle_->zip, member.index, 0);
  if (file == nullptr) {
    return wrong(member.path, std::string("cannot be unpacked: ") + zip_strerror(handle_->zip));
  }
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> closer(file, zip_fclose);
  std::array<std::byte, 65536> piece{};
  std::uint64_t taken = 0;
  while (true) {
    const zip_int64_t got = zip_fread(file, piece.data(), piece.size());
    if (got < 0) {
      return wrong(member.path,
                   std::string("is damaged: ") + zip_error_strerror(zip_file_get_error(file)));
    }
    taken += static_cast<std::uint64_t>(got);
    if (taken > member.bytes || (got == 0 && taken < member.bytes)) {
      return wrong(member.path,
                   "declares " + std::to_string(member.bytes) + " bytes and unpacks to " +
                       (got == 0 ? std::to_string(taken) : "more"));
    }
    if (got == 0) {
      return {};
    }
    PENSTOCK_RETURN_IF_ERROR(sink(std::span(piece).first(static_cast<std::size_t>(got))));
  }
}

}  // namespace penstock
