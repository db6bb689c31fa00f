#include "tools/compose/package_terms.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20U;

using Obstacles = std::vector<LoadObstacle>;

/// A device with modes: `fits` are those in which the model would load.
ExplainLoad with_modes(const std::vector<std::string>& fits) {
  return [fits](const DriverOptions& options) -> Result<Obstacles> {
    const auto mode = options.find("mode");
    const bool is_any = mode == options.end() || mode->second == "auto";
    if (is_any || std::find(fits.begin(), fits.end(), mode->second) != fits.end()) {
      return Obstacles();
    }
    return Obstacles{{Errc::kUnsupported, "memory", "too large in " + mode->second}};
  };
}

Result<Obstacles> without_modes(const DriverOptions& options) {
  return options.contains("mode")
             ? Obstacles{{Errc::kInvalidArgument, "mode", "unknown option 'mode'"}}
             : Obstacles();
}

ModelFile file_with(const std::vector<std::string>& modes,
                    const std::vector<PackageNeed>& needs = {}) {
  PackageVariant variant;
  variant.name = "default";
  variant.modes = modes;
  variant.needs = needs;
  ModelFile file;
  file.path = "m.onnx";
  file.network.variants = {variant};
  return file;
}

TEST(TermsOf, TakeTheFirstModeOfThePackageThatFits) {
  const auto terms = terms_of(
      with_modes({"single", "multi"}), file_with({"batch4", "multi", "single"}), {{"seed", "1"}});
  ASSERT_TRUE(terms.has_value());
  EXPECT_EQ(terms->options, (DriverOptions{{"mode", "multi"}, {"seed", "1"}}));
  EXPECT_TRUE(terms->obstacles.empty());
}

TEST(TermsOf, SayWhatStandsAgainstThePreferredModeWhereNoneFits) {
  const auto terms = terms_of(with_modes({}), file_with({"batch4", "multi"}), {});
  ASSERT_TRUE(terms.has_value());
  ASSERT_EQ(terms->obstacles.size(), 1U);
  EXPECT_EQ(terms->obstacles[0].text, "too large in batch4");
}

TEST(TermsOf, RefuseAModeThatThePackageDoesNotAllow) {
  const auto terms =
      terms_of(with_modes({"single"}), file_with({"batch4", "multi"}), {{"mode", "single"}});
  ASSERT_EQ(terms->obstacles.size(), 1U);
  EXPECT_EQ(terms->obstacles[0].subject, "mode");
  EXPECT_EQ(terms->obstacles[0].text,
            "its package allows the modes 'batch4', 'multi', not 'single'");
  EXPECT_TRUE(terms_of(with_modes({"multi"}), file_with({"batch4", "multi"}), {{"mode", "multi"}})
                  ->obstacles.empty());
}

TEST(TermsOf, LeaveDevicesWithoutModesAlone) {
  const auto terms = terms_of(without_modes, file_with({"single"}), {{"hint", "latency"}});
  ASSERT_TRUE(terms.has_value());
  EXPECT_EQ(terms->options, (DriverOptions{{"hint", "latency"}}));
  EXPECT_TRUE(terms->obstacles.empty());
  EXPECT_TRUE(terms_of(without_modes, file_with({}), {})->options.empty());
}

DeviceInfo metis() {
  DeviceInfo info;
  info.kind = DeviceKind::kSim;
  info.identity = "metis-0:1:0";
  info.sub_devices.resize(4);
  for (SubDeviceInfo& sub_device : info.sub_devices) {
    sub_device.memory_bytes = 32 * kMebi;
  }
  return info;
}

TEST(PackageFit, HoldsTheNeedsOfThePackageAgainstTheDevice) {
  const ModelFile file =
      file_with({}, {{"sim:metis", "single", 1, 40 * kMebi, 0}, {"sim", "", 1, 1, 0}});
  const auto fit = package_fit(file, "single", 0, DeviceSpec(), metis());
  ASSERT_TRUE(fit.has_value());
  EXPECT_EQ(fit->limit, FitLimit::kMemory);
  EXPECT_EQ(fit->reason,
            "memory of a sub-device: needs 40.0 MiB, has 32.0 MiB, 8.0 MiB too little; no variant "
            "or mode of it would fit");
  DeviceInfo mx3 = metis();
  mx3.identity = "mx3-0";
  EXPECT_TRUE(package_fit(file, "", 0, DeviceSpec(), mx3)->fits()) << "what is said for its kind";
}

TEST(PackageFit, CountsTheSubDevicesThatTheGraphLeaves) {
  const ModelFile file = file_with({}, {{"sim", "", 3, 0, 0}});
  DeviceSpec device;
  EXPECT_TRUE(package_fit(file, "", 0, device, metis())->fits());
  EXPECT_EQ(package_fit(file, "", 2, device, metis())->limit, FitLimit::kSubDevices);
  device.sub_devices = {0, 1};
  EXPECT_EQ(package_fit(file, "", 0, device, metis())->limit, FitLimit::kSubDevices);
}

TEST(PackageFit, SaysNothingWhereThePackageDoesNot) {
  EXPECT_FALSE(package_fit(file_with({}), "", 0, DeviceSpec(), metis()).has_value());
  EXPECT_FALSE(
      package_fit(file_with({}, {{"cpu", "", 1, 1, 0}}), "", 0, DeviceSpec(), metis()).has_value());
  EXPECT_FALSE(package_fit(ModelFile(), "", 0, DeviceSpec(), metis()).has_value());
}

TEST(KeptBytes, CountWhereModelsCannotTakeTurns) {
  const ModelFile file =
      file_with({}, {{"gpu", "", 1, 3 * kMebi, kMebi}, {"sim", "", 1, 5 * kMebi, 0}});
  DeviceInfo gpu;
  gpu.kind = DeviceKind::kGpu;
  EXPECT_EQ(kept_bytes(file, DeviceSpec(), gpu), 4 * kMebi);
  EXPECT_EQ(kept_bytes(file, DeviceSpec(), metis()), 0U);
}

}  // namespace
}  // namespace penstock
