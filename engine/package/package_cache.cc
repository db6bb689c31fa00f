#include "engine/package/package_cache.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/package/digest.h"
#include "engine/package/package.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

Error unwritable(const fs::path& path, const std::string& why) {
  return {Errc::kUnavailable, "cannot write '" + path.string() + "': " + why};
}

/// Returns what the system says of the last call that failed.
std::string last_failure() {
  return std::generic_category().message(errno);
}

/// A folder under a name of its own, removed unless it was put into its place.
class Draft {
 public:
  static Result<Draft> create(const fs::path& cache) {
    std::error_code failure;
    fs::create_directories(cache, failure);
    std::string pattern = (cache / ".unpacking-XXXXXX").string();
    if (failure || mkdtemp(pattern.data()) == nullptr) {
      return unwritable(cache, failure ? failure.message() : last_failure());
    }
    return Draft(pattern);
  }

  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  Draft(Draft&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}

  Draft& operator=(Draft&&) = delete;

  ~Draft() {
    if (!folder_.empty()) {
      std::error_code ignored;
      fs::remove_all(folder_, ignored);
    }
  }

  [[nodiscard]] const fs::path& folder() const { return folder_; }

 private:
  explicit Draft(fs::path folder) : folder_(std::move(folder)) {}

  fs::path folder_;
};

/// A new file that is written piece by piece.
class NewFile {
 public:
  explicit NewFile(const fs::path& path)
      : path_(path),
        file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)) {}

  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  ~NewFile() {
    if (file_ >= 0) {
      ::close(file_);
    }
  }

  Status write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t taken = file_ < 0 ? -1 : ::write(file_, bytes.data(), bytes.size());
      if (taken < 0 && file_ >= 0 && errno == EINTR) {
        continue;
      }
      if (taken < 0) {
        return unwritable(path_, last_failure());
      }
      bytes = bytes.subspan(static_cast<std::size_t>(taken));
    }
    return {};
  }

  [[nodiscard]] bool is_open() const { return file_ >= 0; }

 private:
  fs::path path_;
  int file_;
};

/// True if `folder` holds the files of `package`, byte for byte. What else is in it does not count.
bool holds(const fs::path& folder, const Package& package) {
  return std::all_of(package.files().begin(), package.files().end(), [&](const PackageFile& file) {
    std::error_code failure;
    const fs::path path = folder / file.path;
    if (fs::symlink_status(path, failure).type() != fs::file_type::regular ||
        fs::file_size(path, failure) != file.bytes || failure) {
      return false;
    }
    const auto digest = digest_of_file(path);
    return digest.has_value() && digest->sha256 == file.sha256;
  });
}

Status unpack_member(ZipArchive& archive,
                     const ArchiveMember& member,
                     const PackageFile& expected,
                     const fs::path& folder) {
  const fs::path path = folder / member.path;
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  NewFile file(path);
  if (failure || !file.is_open()) {
    return unwritable(path, failure ? failure.message() : last_failure());
  }
  Sha256 sha;
  PENSTOCK_RETURN_IF_ERROR(archive.read(member, [&](std::span<const std::byte> piece) {
    sha.update(piece);
    return file.write(piece);
  }));
  if (sha.finish() != expected.sha256) {
    return Error{Errc::kCorrupt, "member '" + member.path + "' has changed since it was opened"};
  }
  return {};
}

Status unpack(const Package& package, const PackageLimits& limits, const fs::path& folder) {
  PENSTOCK_ASSIGN_OR_RETURN(ZipArchive archive, ZipArchive::open(package.path(), limits));
  const std::string where = "'" + package.path().string() + "'";
  if (archive.members().size() != package.files().size()) {
    return Error{Errc::kCorrupt, where + " has changed since it was opened"};
  }
  for (std::size_t i = 0; i < package.files().size(); ++i) {
    const ArchiveMember& member = archive.members()[i];
    const PackageFile& expected = package.files()[i];
    if (member.path != expected.path) {
      return Error{Errc::kCorrupt, where + " has changed since it was opened"};
    }
    const Status unpacked = unpack_member(archive, member, expected, folder);
    if (!unpacked.has_value()) {
      return unpacked.error().within(where);
    }
  }
  return {};
}

/// Moves `folder` out of the way and removes it; whoever has files of it open keeps them.
void discard(const fs::path& folder, const fs::path& cache) {
  auto grave = Draft::create(cache);
  if (grave.has_value()) {
    std::error_code ignored;
    fs::rename(folder, grave->folder() / "old", ignored);
  }
}

}  // namespace

Result<fs::path> unpack_into_cache(const Package& package,
                                   const PackageLimits& limits,
                                   const fs::path& cache) {
  constexpr int kTries = 3;  // Others may put a broken folder there in between, but not for ever.
  const fs::path place = cache / package.identity();
  std::error_code failure;
  for (int i = 0; i < kTries; ++i) {
    if (fs::exists(fs::symlink_status(place, failure))) {
      if (holds(place, package)) {
        return place;
      }
      discard(place, cache);
    }
    PENSTOCK_ASSIGN_OR_RETURN(const Draft draft, Draft::create(cache));
    PENSTOCK_RETURN_IF_ERROR(unpack(package, limits, draft.folder()));
    // The rename fails if another process was first: a folder with files in it is not replaced.
    fs::rename(draft.folder(), place, failure);
    if (!failure) {
      return place;
    }
    if (holds(place, package)) {
      return place;
    }
  }
  return unwritable(place, failure ? failure.message() : "it is changed again and again");
}

}  // namespace penstock
