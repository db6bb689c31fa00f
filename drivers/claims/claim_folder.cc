#include "drivers/claims/claim_folder.h"

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/log.h"

namespace penstock {
namespace {

/// Returns whether `path` is a folder of this user's, itself and not through a link.
bool is_own_folder(const std::string& path) {
  struct stat found {};

  return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
         found.st_uid == ::geteuid();
}

/// Writes `name` so that it is one part of a path, and no two names become one.
std::string file_name_of(std::string_view name) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
    if (is_plain) {
      result.push_back(c);
    } else {
      result += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return result;
}

}  // namespace

std::string complaint_of_run_directory(const std::string& path) {
  if (path.empty()) {
    return "is empty";
  }
  if (path.front() != '/') {
    // It would differ between processes, whatever lies there.
    return "is not an absolute path";
  }
  return is_own_folder(path) ? "" : "is not a folder of this user's";
}

Result<ClaimFolder> ClaimFolder::open() {
  const std::string user = std::to_string(::geteuid());
  const char* const named = std::getenv("XDG_RUNTIME_DIR");  // NOLINT(concurrency-mt-unsafe): read
  const std::string run = named == nullptr ? "" : named;
  auto folder = open_among({run, "/run/user/" + user}, "/tmp/penstock-" + user);
  const std::string complaint = run.empty() ? "" : complaint_of_run_directory(run);
  if (!complaint.empty() && folder.has_value()) {
    static std::once_flag told;
    std::call_once(told, [&] {
      log_warning("penstock",
                  "XDG_RUNTIME_DIR '" + run + "' " + complaint + "; '" + folder->path() +
                      "' is used instead");
    });
  }
  return folder;
}

Result<ClaimFolder> ClaimFolder::open_among(const std::vector<std::string>& run_directories,
                                            const std::string& otherwise) {
  for (const std::string& run : run_directories) {
    if (complaint_of_run_directory(run).empty()) {
      return open_at(run + "/penstock");
    }
  }
  return open_at(otherwise);
}

Result<ClaimFolder> ClaimFolder::open_at(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error{Errc::kUnavailable,
                 "cannot make the folder of claims '" + path +
                     "': " + std::generic_category().message(errno)};
  }

  struct stat found {};

  if (::lstat(path.c_str(), &found) != 0) {
    return Error{Errc::kUnavailable,
                 "folder of claims '" + path + "': " + std::generic_category().message(errno)};
  }
  const std::string begin = "folder of claims '" + path + "' ";
  if (!S_ISDIR(found.st_mode)) {
    return Error{Errc::kUnavailable, begin + "is no folder"};
  }
  if (found.st_uid != ::geteuid()) {
    return Error{Errc::kUnavailable,
                 begin + "belongs to user " + std::to_string(found.st_uid) + ", not to " +
                     std::to_string(::geteuid())};
  }
  if ((found.st_mode & 077U) != 0) {
    return Error{Errc::kUnavailable, begin + "is open to others: chmod 700 it"};
  }
  return ClaimFolder(path);
}

Result<DeviceClaim> ClaimFolder::claim(const std::string& driver,
                                       const std::string& device,
                                       SubDeviceMask sub_devices) const {
  if (sub_devices == 0) {
    return Error{Errc::kInvalidArgument, "device '" + device + "': no sub-device to claim"};
  }
  std::vector<ClaimFile> files;
  for (std::uint32_t i = 0; i < kMaxSubDevices; ++i) {
    if ((sub_devices >> i & 1U) != 0) {
      PENSTOCK_ASSIGN_OR_RETURN(
          ClaimFile file,
          ClaimFile::take(file_of(driver, device, i),
                          "sub-device " + std::to_string(i) + " of '" + device + "'"));
      files.push_back(std::move(file));
    }
  }
  return DeviceClaim(sub_devices, std::move(files));
}

std::optional<ClaimOwner> ClaimFolder::owner(const std::string& driver,
                                             const std::string& device,
                                             std::uint32_t sub_device) const {
  return ClaimFile::owner(file_of(driver, device, sub_device));
}

void ClaimFolder::fill_owners(const std::string& driver, DeviceInfo& device) const {
  for (SubDeviceInfo& sub_device : device.sub_devices) {
    if (const auto holder = owner(driver, device.identity, sub_device.index); holder.has_value()) {
      sub_device.in_use_by = holder->process;
    }
  }
}

std::string ClaimFolder::file_of(const std::string& driver,
                                 const std::string& device,
                                 std::uint32_t sub_device) const {
  return path_ + "/" + file_name_of(driver) + "." + file_name_of(device) + "." +
         std::to_string(sub_device) + ".claim";
}

}  // namespace penstock
