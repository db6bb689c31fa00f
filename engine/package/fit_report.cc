#include "engine/package/fit_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "engine/base/quoted_list.h"

namespace penstock {
namespace {

constexpr std::size_t kShown = 4;

const DeviceLimits::Mode* find_mode(const DeviceLimits& limits, const std::string& name) {
  const auto found =
      std::find_if(limits.modes.begin(), limits.modes.end(), [&](const DeviceLimits::Mode& mode) {
        return mode.name == name;
      });
  return found == limits.modes.end() ? nullptr : &*found;
}

std::string mode_names(const DeviceLimits& limits) {
  std::string text;
  for (const DeviceLimits::Mode& mode : limits.modes) {
    text += (text.empty() ? "" : ", ") + mode.name;
  }
  return text;
}

std::string candidate_text(const FitCandidate& candidate) {
  return "variant '" + candidate.variant + "'" +
         (candidate.mode.empty() ? "" : " in mode '" + candidate.mode + "'");
}

/// Returns what `candidate` takes on `sub_devices` of the memory that all share: sub-devices
/// without one of their own have all that they need there.
std::uint64_t taken_of_all(const FitCandidate& candidate,
                           std::uint32_t sub_devices,
                           const DeviceLimits& limits) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  if (limits.memory_bytes != 0) {
    return candidate.shared_bytes;
  }
  const std::uint64_t room = kMost - candidate.shared_bytes;
  return candidate.memory_bytes > room / sub_devices
             ? kMost
             : candidate.shared_bytes + candidate.memory_bytes * sub_devices;
}

/// Judges one candidate alone: limit, figures, and what the text says of them.
FitReport judge(const FitCandidate& candidate, const DeviceLimits& limits) {
  FitReport report;
  const auto exceeds = [&](FitLimit limit, std::uint64_t needed, std::uint64_t available) {
    report.limit = limit;
    report.needed = needed;
    report.available = available;
    return report;
  };
  const auto exceeds_bytes =
      [&](FitLimit limit, const std::string& what, std::uint64_t needed, std::uint64_t available) {
        report.text = what + ": needs " + size_text(needed) + ", has " + size_text(available) +
                      ", " + size_text(needed - available) + " too little";
        return exceeds(limit, needed, available);
      };
  if (limits.is_integer_only && !candidate.without_scale.empty()) {
    report.text = candidate.without_scale.front() == "*"
                      ? "the device computes in integers only and the model has no scales"
                      : "the device computes in integers only and there is no scale for " +
                            quoted_list(candidate.without_scale, kShown);
    return exceeds(FitLimit::kScales, 0, 0);
  }
  const DeviceLimits::Mode* mode = find_mode(limits, candidate.mode);
  if (!candidate.mode.empty() && mode == nullptr) {
    report.text = limits.modes.empty()
                      ? "the device has no mode '" + candidate.mode + "': it has no modes"
                      : "the device has no mode '" + candidate.mode + "'; its modes are " +
                            mode_names(limits);
    return exceeds(FitLimit::kMode, 0, 0);
  }
  const std::uint32_t wanted =
      std::max(candidate.sub_devices, mode == nullptr ? 1U : mode->sub_devices);
  if (wanted > limits.sub_devices) {
    report.text = "sub-devices: needs " + std::to_string(wanted) + ", has " +
                  std::to_string(limits.sub_devices) + ", " +
                  std::to_string(wanted - limits.sub_devices) + " too few";
    return exceeds(FitLimit::kSubDevices, wanted, limits.sub_devices);
  }
  const std::uint64_t of_all = taken_of_all(candidate, wanted, limits);
  if (limits.memory_bytes != 0 && candidate.memory_bytes > limits.memory_bytes) {
    return exceeds_bytes(
        FitLimit::kMemory, "memory of a sub-device", candidate.memory_bytes, limits.memory_bytes);
  }
  if (limits.shared_bytes != 0 && of_all > limits.shared_bytes) {
    return exceeds_bytes(
        FitLimit::kSharedMemory, "memory that all sub-devices share", of_all, limits.shared_bytes);
  }
  return report;
}

bool is_meant(const FitCandidate& candidate, const FitWish& wish) {
  return (wish.variant.empty() || candidate.variant == wish.variant) &&
         (wish.mode.empty() || candidate.mode.empty() || candidate.mode == wish.mode);
}

std::string remedy_text(const FitWish& wish, const FitReport& report) {
  if (report.limit == FitLimit::kScales) {
    return "make scales with: " + calibrate_command(wish.model);
  }
  if (report.would_fit.empty()) {
    return "no variant or mode of it would fit";
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(report.would_fit.size(), kShown); ++i) {
    text += (i == 0 ? "" : ", or ") + candidate_text(report.would_fit[i]);
  }
  return text + " would fit";
}

}  // namespace

std::vector<FitCandidate> candidates_of(const PackageNetwork& network,
                                        const std::string& device_kind) {
  std::vector<FitCandidate> candidates;
  const std::string general = device_kind.substr(0, device_kind.find(':'));
  for (const PackageVariant& variant : network.variants) {
    FitCandidate base;
    base.variant = variant.name;
    base.without_scale = tensors_without_scale(variant);
    // What is said for the profile hides what is said for its kind.
    const auto is_for = [&](const std::string& kind) {
      return std::any_of(variant.needs.begin(), variant.needs.end(), [&](const PackageNeed& need) {
        return need.device == kind;
      });
    };
    const std::string& kind = is_for(device_kind) ? device_kind : general;
    std::vector<std::string> modes = variant.modes;
    for (const PackageNeed& need : variant.needs) {
      if (variant.modes.empty() && need.device == kind) {
        modes.push_back(need.mode);
      }
    }
    if (modes.empty()) {
      modes.emplace_back();
    }
    for (const std::string& mode : modes) {
      const auto need =
          std::find_if(variant.needs.begin(), variant.needs.end(), [&](const PackageNeed& one) {
            return one.device == kind && (one.mode.empty() || one.mode == mode);
          });
      FitCandidate candidate = base;
      candidate.mode = mode;
      if (need != variant.needs.end()) {
        candidate.sub_devices = need->sub_devices;
        candidate.memory_bytes = need->memory_bytes;
        candidate.shared_bytes = need->shared_bytes;
      }
      candidates.push_back(std::move(candidate));
    }
  }
  return candidates;
}

FitReport explain_fit(const FitWish& wish,
                      const std::vector<FitCandidate>& candidates,
                      const DeviceLimits& limits) {
  const auto meant = std::find_if(candidates.begin(),
                                  candidates.end(),
                                  [&](const FitCandidate& one) { return is_meant(one, wish); });
  FitReport report;
  if (meant == candidates.end()) {
    report.limit = FitLimit::kUnknown;
    report.text = "it has no variant '" + wish.variant + "'" +
                  (wish.mode.empty() ? "" : " for mode '" + wish.mode + "'");
  } else {
    FitCandidate judged = *meant;
    judged.mode = judged.mode.empty() ? wish.mode : judged.mode;
    report = judge(judged, limits);
  }
  if (report.fits()) {
    return report;
  }
  for (const FitCandidate& other : candidates) {
    if (judge(other, limits).fits()) {
      report.would_fit.push_back(other);
    }
  }
  report.reason = report.text + "; " + remedy_text(wish, report);
  report.text =
      "model '" + wish.model + "' does not fit on device '" + limits.device + "': " + report.reason;
  return report;
}

std::string calibrate_command(const std::string& model) {
  const std::filesystem::path path(model);
  const std::filesystem::path plain = path.has_filename() ? path : path.parent_path();
  const bool is_zip = plain.extension() == ".zip";
  return "penstock models pack " + plain.string() + " --calibrate CLIP -o " +
         plain.stem().string() + (is_zip ? "-int8.zip" : ".zip");
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) {
    value /= 1024;
  }
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

}  // namespace penstock
