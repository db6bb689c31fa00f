#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/claims/claim_file.h"
#include "engine/base/result.h"

namespace penstock {

/// Sub-devices that are held; given back when it is destroyed, or when the process ends.
class DeviceClaim {
 public:
  [[nodiscard]] SubDeviceMask sub_devices() const noexcept { return sub_devices_; }

 private:
  friend class ClaimFolder;

  DeviceClaim(SubDeviceMask sub_devices, std::vector<ClaimFile> files)
      : sub_devices_(sub_devices),
        files_(std::move(files)) {}

  SubDeviceMask sub_devices_ = 0;
  std::vector<ClaimFile> files_;
};

/// Returns why a run directory that is named cannot be used: it is relative, or not there, or not
/// this user's folder. Empty if it can.
std::string complaint_of_run_directory(const std::string& path);

/// The folder where the processes of one user keep who uses which sub-device: one file for each,
/// `DRIVER.DEVICE.INDEX.claim`. Users are not kept apart from each other by it.
///
/// Ownership: holds a path only; claims outlive it.
/// Thread-safety: any thread.
class ClaimFolder {
 public:
  /// Opens the user's own: `penstock` in `$XDG_RUNTIME_DIR`, else in `/run/user/UID`, else
  /// `/tmp/penstock-UID`; makes it with mode 0700 where it is not there yet. A run directory that
  /// is not there or is another user's is passed over, and once a process the log says so of the
  /// one that `$XDG_RUNTIME_DIR` names: processes that differ in it do not see each other. Errors:
  /// as `open_at`.
  static Result<ClaimFolder> open();

  /// Opens `penstock` in the first of `run_directories` that is there and this user's, else
  /// `otherwise`. Errors: as `open_at`.
  static Result<ClaimFolder> open_among(const std::vector<std::string>& run_directories,
                                        const std::string& otherwise);

  /// Opens `path`, whose parent must be there.
  /// Errors: `kUnavailable` if it cannot be made, or is no folder, is another user's, or is open
  /// to others, naming which.
  static Result<ClaimFolder> open_at(const std::string& path);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Takes sub-devices of a device for this process, all or none, in order of their index. Never
  /// waits. `driver` and `device` are its name and the device's identity.
  /// Errors: `kUnavailable` naming the first that is held, its owner and file; `kInvalidArgument`
  /// for an empty set.
  Result<DeviceClaim> claim(const std::string& driver,
                            const std::string& device,
                            SubDeviceMask sub_devices) const;

  /// Returns who holds a sub-device; nothing if nobody does.
  [[nodiscard]] std::optional<ClaimOwner> owner(const std::string& driver,
                                                const std::string& device,
                                                std::uint32_t sub_device) const;

  /// Fills `in_use_by` of the sub-devices that are held here; leaves what the driver itself said
  /// of the others.
  void fill_owners(const std::string& driver, DeviceInfo& device) const;

 private:
  explicit ClaimFolder(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] std::string file_of(const std::string& driver,
                                    const std::string& device,
                                    std::uint32_t sub_device) const;

  std::string path_;
};

}  // namespace penstock
