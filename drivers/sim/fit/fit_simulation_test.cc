// The costs are fitted by one function and devices run by another path: both must mean the same.

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/option_reader.h"
#include "drivers/sim/device/sim_device_core.h"
#include "drivers/sim/fit/cost_fit.h"
#include "drivers/sim/fit/csv_table.h"
#include "drivers/sim/load_plan.h"
#include "drivers/sim/profiles/builtin_profiles.h"

namespace penstock::sim {
namespace {

constexpr std::uint64_t kWarmUp = 300;
constexpr std::uint64_t kMeasured = 1200;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// All published networks with their amounts, as a model's file would tell them.
std::map<std::string, ModelInfo> models() {
  std::map<std::string, ModelInfo> models;
  const auto rows = read_csv(text_of("drivers/sim/fit/networks.csv"));
  EXPECT_TRUE(rows.has_value());
  for (const auto& row : *rows) {
    ModelInfo info;
    for (const std::string& name : work_names()) {
      info.properties["work." + name] = row.at(name);
    }
    TensorSpec picture;
    picture.name = "picture";
    picture.type = ElementType::kF32;
    picture.shape = {1, 1, std::stoll(row.at("input_bytes")) / 3, 3};
    picture.layout = "NHWC";
    TensorSpec found;
    found.name = "found";
    found.type = ElementType::kF32;
    found.shape = {1, std::stoll(row.at("output_bytes"))};
    info.inputs = {picture};
    info.outputs = {found};
    models[row.at("network")] = info;
  }
  return models;
}

/// What a load of the point's network in the published run comes to.
LoadPlan plan_of(const Profile& profile, const FitPoint& point, const ModelInfo& model) {
  const auto mode = std::find_if(profile.modes.begin(), profile.modes.end(), [&](const auto& one) {
    return one.sub_devices == point.rate.sub_devices && one.frames == 1;
  });
  EXPECT_NE(mode, profile.modes.end()) << point.rate.network;
  DriverOptions options = {{"compute", "none"}, {"residence", "resident"}, {"mode", mode->name}};
  if (point.rate.value_bits.has_value()) {
    options["link_bits"] = std::to_string(static_cast<int>(*point.rate.value_bits));
  }
  OptionReader reader(options);
  const LoadOptions parsed = read_load_options(reader, profile, false, true);
  std::vector<LoadObstacle> obstacles = reader.obstacles();
  const ShapedModel models[] = {{model, 0, 1}};
  auto plan = plan_load(profile, parsed, point.rate.network, models, &obstacles);
  EXPECT_TRUE(plan.has_value()) << point.rate.network << ": " << obstacles.front().text;
  return plan.has_value() ? *plan : LoadPlan();
}

/// Returns the rate of a device on which `units` places always have as many frames as they ask for.
double measured_fps(const Profile& profile, const LoadPlan& plan, std::size_t units) {
  SimDeviceCore core(profile, TimePoint(), {});
  TimePoint now;
  const auto model = core.add_model(now, plan.core);
  const auto submit = [&](std::size_t unit) {
    EXPECT_TRUE(core.submit(now, model, plan.core.places[unit], unit).has_value());
  };
  for (std::size_t unit = 0; unit < units; ++unit) {
    for (std::uint32_t i = 0; i < plan.info.placements[unit].depth; ++i) {
      submit(unit);
    }
  }
  TimePoint begun;
  std::uint64_t done = 0;
  while (done < kWarmUp + kMeasured) {
    now = core.next_time().value();
    core.advance(now);
    const std::vector<CoreOutcome> outcomes = core.effects().outcomes;
    core.effects().clear();
    for (const CoreOutcome& outcome : outcomes) {
      begun = ++done == kWarmUp ? now : begun;
      submit(static_cast<std::size_t>(outcome.cookie));
    }
  }
  return kMeasured / (static_cast<double>((now - begun).count()) * 1e-9);
}

class FittedProfile : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    profile_ = find_profile(GetParam()).value();
    const auto networks = read_networks(text_of("drivers/sim/fit/networks.csv"));
    const auto rates = read_published(text_of("drivers/sim/fit/published.csv"));
    points_ = points_of(GetParam(), networks.value(), rates.value()).value();
  }

  Profile profile_;
  std::vector<FitPoint> points_;
  const std::map<std::string, ModelInfo> models_ = models();
};

TEST_P(FittedProfile, SendsTheBytesThatItsFitCounted) {
  for (const FitPoint& point : points_) {
    const LoadPlan plan = plan_of(profile_, point, models_.at(point.rate.network));
    const LinkBytes counted = bytes_on_link(point, profile_.link);
    EXPECT_NEAR(static_cast<double>(plan.core.shapes[0].input_bytes), counted.in, 4)
        << point.rate.network;
    EXPECT_NEAR(static_cast<double>(plan.core.shapes[0].output_bytes), counted.out, 4)
        << point.rate.network;
  }
}

TEST_P(FittedProfile, RunsAtTheRatesOfItsTable) {
  for (const FitPoint& point : points_) {
    const LoadPlan plan = plan_of(profile_, point, models_.at(point.rate.network));
    const double measured =
        measured_fps(profile_, plan, static_cast<std::size_t>(point.rate.units));
    const double stated = simulated_fps(point, {profile_.costs, profile_.link});
    EXPECT_NEAR(measured / stated, 1, 0.03)
        << point.rate.network << ": " << measured << " and " << stated;
  }
}

INSTANTIATE_TEST_SUITE_P(Profiles, FittedProfile, ::testing::Values("mx3", "metis", "aries"));

}  // namespace
}  // namespace penstock::sim
