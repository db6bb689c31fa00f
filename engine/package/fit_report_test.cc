#include "engine/package/fit_report.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

DeviceLimits metis() {
  DeviceLimits limits;
  limits.device = "metis-0";
  limits.kind = "sim:metis";
  limits.is_integer_only = true;
  limits.sub_devices = 4;
  limits.memory_bytes = 32 * kMiB;
  limits.shared_bytes = 64 * kMiB;
  limits.modes = {{"single", 1}, {"batch4", 4}};
  return limits;
}

FitCandidate candidate(const std::string& variant,
                       const std::string& mode,
                       std::uint64_t mebibytes) {
  FitCandidate one;
  one.variant = variant;
  one.mode = mode;
  one.memory_bytes = mebibytes * kMiB;
  return one;
}

TEST(FitReport, IsEmptyWhereItFits) {
  const FitReport report = explain_fit({"a.zip", "", ""}, {candidate("hd", "single", 8)}, metis());
  EXPECT_TRUE(report.fits());
  EXPECT_EQ(report.text, "");
  EXPECT_TRUE(report.would_fit.empty());
}

TEST(FitReport, SaysWhichLimitByHowMuchAndWhatWouldFit) {
  const FitReport report = explain_fit({"a.zip", "", ""},
                                       {candidate("hd", "single", 40),
                                        candidate("hd", "batch4", 10),
                                        candidate("small", "single", 8)},
                                       metis());
  EXPECT_EQ(report.limit, FitLimit::kMemory);
  EXPECT_EQ(report.needed, 40 * kMiB);
  EXPECT_EQ(report.available, 32 * kMiB);
  EXPECT_EQ(report.would_fit.size(), 2U);
  EXPECT_EQ(report.text,
            "model 'a.zip' does not fit on device 'metis-0': memory of a sub-device: needs 40.0 "
            "MiB, has 32.0 MiB, 8.0 MiB too little; variant 'hd' in mode 'batch4', or variant "
            "'small' in mode 'single' would fit");
}

TEST(FitReport, SaysWhenNothingWouldFit) {
  FitCandidate large = candidate("hd", "single", 8);
  large.shared_bytes = 65 * kMiB;
  const FitReport report = explain_fit({"a.zip", "", ""}, {large}, metis());
  EXPECT_EQ(report.limit, FitLimit::kSharedMemory);
  EXPECT_EQ(report.text,
            "model 'a.zip' does not fit on device 'metis-0': memory that all sub-devices share: "
            "needs 65.0 MiB, has 64.0 MiB, 1.0 MiB too little; no variant or mode of it would fit");
}

TEST(FitReport, CountsWhatSubDevicesWithoutMemoryTakeOfTheSharedOne) {
  DeviceLimits limits = metis();
  limits.memory_bytes = 0;
  FitReport report = explain_fit(
      {"a.zip", "", ""}, {candidate("hd", "single", 65), candidate("hd", "batch4", 17)}, limits);
  EXPECT_EQ(report.limit, FitLimit::kSharedMemory);
  EXPECT_EQ(report.needed, 65 * kMiB);
  EXPECT_TRUE(report.would_fit.empty()) << "four times 17 MiB are too much too";
  EXPECT_TRUE(explain_fit({"a.zip", "", ""}, {candidate("hd", "single", 64)}, limits).fits());
  FitCandidate huge = candidate("hd", "batch4", 0);
  huge.memory_bytes = std::uint64_t{1} << 63U;
  EXPECT_FALSE(explain_fit({"a.zip", "", ""}, {huge}, limits).fits());
}

TEST(FitReport, CountsSubDevicesOfTheMode) {
  DeviceLimits limits = metis();
  limits.sub_devices = 2;
  const FitReport report = explain_fit({"a.zip", "", "batch4"}, {candidate("hd", "", 8)}, limits);
  EXPECT_EQ(report.limit, FitLimit::kSubDevices);
  EXPECT_EQ(report.text,
            "model 'a.zip' does not fit on device 'metis-0': sub-devices: needs 4, has 2, 2 too "
            "few; variant 'hd' would fit");
}

TEST(FitReport, NamesTheModesOfTheDevice) {
  const FitReport report = explain_fit({"a.zip", "", "global8"}, {candidate("hd", "", 8)}, metis());
  EXPECT_EQ(report.limit, FitLimit::kMode);
  EXPECT_EQ(report.text,
            "model 'a.zip' does not fit on device 'metis-0': the device has no mode 'global8'; its "
            "modes are single, batch4; variant 'hd' would fit");
}

TEST(FitReport, GivesTheCommandThatMakesScales) {
  FitCandidate plain = candidate("people", "", 8);
  plain.without_scale = {"*"};
  EXPECT_EQ(explain_fit({"models/people.onnx", "", ""}, {plain}, metis()).text,
            "model 'models/people.onnx' does not fit on device 'metis-0': the device computes in "
            "integers only and the model has no scales; make scales with: penstock models pack "
            "models/people.onnx --calibrate CLIP -o people.zip");
  plain.without_scale = {"image", "boxes"};
  const FitReport report = explain_fit({"people.zip", "", ""}, {plain}, metis());
  EXPECT_EQ(report.limit, FitLimit::kScales);
  EXPECT_EQ(report.text,
            "model 'people.zip' does not fit on device 'metis-0': the device computes in integers "
            "only and there is no scale for 'image', 'boxes'; make scales with: penstock models "
            "pack people.zip --calibrate CLIP -o people-int8.zip");
}

TEST(FitReport, SaysWhichVariantThereIsNot) {
  const FitReport report =
      explain_fit({"a.zip", "4k", ""}, {candidate("hd", "single", 8)}, metis());
  EXPECT_EQ(report.limit, FitLimit::kUnknown);
  EXPECT_EQ(report.text,
            "model 'a.zip' does not fit on device 'metis-0': it has no variant '4k'; variant 'hd' "
            "in mode 'single' would fit");
}

TEST(FitReport, TakesCandidatesFromThePackage) {
  PackageNetwork network;
  network.variants.resize(2);
  network.variants[0].name = "hd";
  network.variants[0].needs = {
      {"sim", "", 1, 5, 0}, {"sim:metis", "single", 1, 10, 1}, {"sim:metis", "batch4", 4, 20, 2}};
  network.variants[1].name = "small";
  network.variants[1].modes = {"multi", "single"};
  network.variants[1].needs = {{"sim", "single", 1, 7, 0}};
  const auto on_metis = candidates_of(network, "sim:metis");
  ASSERT_EQ(on_metis.size(), 4U);
  EXPECT_EQ(on_metis[0].mode, "single");
  EXPECT_EQ(on_metis[0].memory_bytes, 10U);
  EXPECT_EQ(on_metis[1].mode, "batch4");
  EXPECT_EQ(on_metis[1].sub_devices, 4U);
  EXPECT_EQ(on_metis[2].mode, "multi");
  EXPECT_EQ(on_metis[2].memory_bytes, 0U);  // Nothing is said for it.
  EXPECT_EQ(on_metis[3].memory_bytes, 7U);  // What is said for every `sim`.
  EXPECT_EQ(candidates_of(network, "sim:mx3")[0].memory_bytes, 5U);
  EXPECT_EQ(candidates_of(network, "cpu")[0].memory_bytes, 0U);
}

TEST(FitReport, WritesSizesInTheirUnit) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
  EXPECT_EQ(size_text(std::uint64_t{3} << 40U), "3.0 TiB");
}

}  // namespace
}  // namespace penstock
