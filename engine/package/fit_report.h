#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/package/package_info.h"

namespace penstock {

/// What a device can hold, as far as loading a model asks for it.
/// Units: bytes; 0 = no limit that anybody knows. Give what is free now for "not now", what there
/// is for "never".
struct DeviceLimits {
  struct Mode {
    std::string name;
    std::uint32_t sub_devices = 1;  ///< That it spans.
  };

  std::string device;  ///< "metis-0:3:0", for messages.
  std::string kind;    ///< "cpu", "sim:metis", as `PackageNeed::device` says it.
  bool is_integer_only = false;
  std::uint32_t sub_devices = 1;
  std::uint64_t memory_bytes = 0;  ///< Of each sub-device; 0 too: they have `shared_bytes` only.
  std::uint64_t shared_bytes = 0;  ///< Of the memory that all share.
  std::vector<Mode> modes;         ///< Empty: the device knows no modes.
};

/// One way to load a network: a variant in a mode, and what that takes.
struct FitCandidate {
  std::string variant;
  std::string mode;  ///< Empty: whatever the mode.
  std::uint32_t sub_devices = 1;
  std::uint64_t memory_bytes = 0;
  std::uint64_t shared_bytes = 0;
  std::vector<std::string> without_scale;  ///< Tensors; see `tensors_without_scale`.
};

/// Returns the ways that `network` says itself, best first: its variants in their modes, with what
/// they need on `device_kind` ("sim:metis"; else what is said for "sim"; else nothing).
std::vector<FitCandidate> candidates_of(const PackageNetwork& network,
                                        const std::string& device_kind);

enum class FitLimit { kNone, kUnknown, kScales, kMode, kSubDevices, kMemory, kSharedMemory };

/// Whether something fits, and if not which limit it meets first, by how much, and what would fit.
struct FitReport {
  FitLimit limit = FitLimit::kNone;
  std::uint64_t needed = 0;             ///< Bytes or sub-devices, for limits that are numbers.
  std::uint64_t available = 0;          ///< Likewise.
  std::vector<FitCandidate> would_fit;  ///< The other candidates that fit, best first.
  std::string reason;                   ///< The limit, and what would help; empty if it fits.
  std::string text;                     ///< One line: model, device, reason; likewise.

  [[nodiscard]] bool fits() const noexcept { return limit == FitLimit::kNone; }
};

/// What somebody wants to load: the first candidate where a word is empty.
struct FitWish {
  std::string model;  ///< Its path, for messages and the command that would help.
  std::string variant;
  std::string mode;
};

/// Judges the candidate that `wish` means on a device with `limits`. Pure.
FitReport explain_fit(const FitWish& wish,
                      const std::vector<FitCandidate>& candidates,
                      const DeviceLimits& limits);

/// Returns the command that makes a package with scales of `model`.
std::string calibrate_command(const std::string& model);

/// Returns "10.5 MiB".
std::string size_text(std::uint64_t bytes);

}  // namespace penstock
