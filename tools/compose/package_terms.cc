#include "tools/compose/package_terms.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "engine/base/quoted_list.h"

namespace penstock {
namespace {

/// The kind of `device` as packages name it in `needs`.
std::string kind_of(const DeviceSpec& device, const DeviceInfo& info) {
  if (info.kind != DeviceKind::kSim) {
    return to_string(info.kind);
  }
  // Without a profile the board says it; a profile of the user's own is called after its file.
  const std::string profile =
      device.profile.empty() ? info.identity.substr(0, info.identity.find('-')) : device.profile;
  return "sim:" + std::filesystem::path(profile).stem().string();
}

/// The candidates of what the package says about this kind of device; none where it says nothing.
std::vector<FitCandidate> candidates_for(const ModelFile& file,
                                         const DeviceSpec& device,
                                         const DeviceInfo& info) {
  const std::string kind = kind_of(device, info);
  const std::string general = kind.substr(0, kind.find(':'));
  const auto& variants = file.network.variants;
  const bool says = std::any_of(variants.begin(), variants.end(), [&](const auto& variant) {
    return std::any_of(variant.needs.begin(), variant.needs.end(), [&](const PackageNeed& need) {
      return need.device == kind || need.device == general;
    });
  });
  return says ? candidates_of(file.network, kind) : std::vector<FitCandidate>();
}

/// What `device` has for a model with `cores`. Which modes it has is asked of its driver.
DeviceLimits limits_of(const DeviceSpec& device,
                       const DeviceInfo& info,
                       std::int64_t cores,
                       const std::vector<FitCandidate>& candidates) {
  DeviceLimits limits;
  limits.device = info.identity;
  limits.kind = kind_of(device, info);
  const std::size_t there = device.sub_devices.empty()
                                ? std::max<std::size_t>(1, info.sub_devices.size())
                                : device.sub_devices.size();
  limits.sub_devices = static_cast<std::uint32_t>(there);
  if (cores > 0 && cores < std::int64_t{limits.sub_devices}) {
    limits.sub_devices = static_cast<std::uint32_t>(cores);
  }
  limits.memory_bytes = info.sub_devices.empty() ? info.memory_bytes : 0;
  for (const SubDeviceInfo& sub_device : info.sub_devices) {
    limits.memory_bytes = std::max(limits.memory_bytes, sub_device.memory_bytes);
  }
  limits.shared_bytes = info.shared_memory_bytes;
  for (const FitCandidate& candidate : candidates) {
    if (!candidate.mode.empty()) {
      limits.modes.push_back({candidate.mode, 1});
    }
  }
  return limits;
}

bool is_about_modes(const std::vector<LoadObstacle>& obstacles) {
  return std::any_of(obstacles.begin(), obstacles.end(), [](const LoadObstacle& obstacle) {
    return obstacle.subject == "mode";
  });
}

}  // namespace

Result<LoadTerms> terms_of(const ExplainLoad& explain,
                           const ModelFile& file,
                           DriverOptions options) {
  const std::vector<std::string> modes = file.network.variants.empty()
                                             ? std::vector<std::string>()
                                             : file.network.variants.front().modes;
  const auto written = options.find("mode");
  if (modes.empty() || written != options.end()) {
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<LoadObstacle> obstacles, explain(options));
    if (!modes.empty() && std::find(modes.begin(), modes.end(), written->second) == modes.end()) {
      obstacles.push_back({Errc::kUnsupported,
                           "mode",
                           "its package allows the modes " + quoted_list(modes) + ", not '" +
                               written->second + "'"});
    }
    return LoadTerms{std::move(options), std::move(obstacles)};
  }
  DriverOptions any = options;
  any["mode"] = "auto";
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<LoadObstacle> of_any, explain(any));
  if (is_about_modes(of_any)) {  // The device has no modes.
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<LoadObstacle> obstacles, explain(options));
    return LoadTerms{std::move(options), std::move(obstacles)};
  }
  std::optional<LoadTerms> preferred;
  for (const std::string& mode : modes) {
    LoadTerms terms{options, {}};
    terms.options["mode"] = mode;
    PENSTOCK_ASSIGN_OR_RETURN(terms.obstacles, explain(terms.options));
    if (terms.obstacles.empty()) {
      return terms;
    }
    if (!preferred.has_value()) {
      preferred = std::move(terms);
    }
  }
  return *std::move(preferred);
}

std::optional<FitReport> package_fit(const ModelFile& file,
                                     const std::string& mode,
                                     std::int64_t cores,
                                     const DeviceSpec& device,
                                     const DeviceInfo& info) {
  const std::vector<FitCandidate> candidates = candidates_for(file, device, info);
  if (candidates.empty()) {
    return std::nullopt;
  }
  FitWish wish;
  wish.model = file.path;
  wish.variant = file.network.variants.front().name;
  wish.mode = mode;
  return explain_fit(wish, candidates, limits_of(device, info, cores, candidates));
}

std::uint64_t kept_bytes(const ModelFile& file, const DeviceSpec& device, const DeviceInfo& info) {
  if (!info.sub_devices.empty()) {
    return 0;
  }
  const std::vector<FitCandidate> candidates = candidates_for(file, device, info);
  return candidates.empty() ? 0 : candidates.front().memory_bytes + candidates.front().shared_bytes;
}

}  // namespace penstock
