#include "drivers/sim/fit/cost_fit.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "drivers/sim/fit/csv_table.h"
#include "drivers/sim/fit/fit_table.h"
#include "drivers/sim/profiles/profile_reader.h"

namespace penstock::sim {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A shipped profile with what was published for its shape, and what the docs say of it.
class ShippedCosts : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string name = GetParam();
    const auto profile = load_profile("drivers/sim/profiles/" + name + ".yaml");
    ASSERT_TRUE(profile.has_value()) << profile.error().message;
    figures_ = {profile->costs, profile->link};
    const auto networks = read_networks(text_of("drivers/sim/fit/networks.csv"));
    ASSERT_TRUE(networks.has_value()) << networks.error().message;
    const auto rates = read_published(text_of("drivers/sim/fit/published.csv"));
    ASSERT_TRUE(rates.has_value()) << rates.error().message;
    auto points = points_of(name, *networks, *rates);
    ASSERT_TRUE(points.has_value()) << points.error().message;
    points_ = std::move(*points);
    const auto rows = read_csv(text_of("drivers/sim/fit/left_out.csv"));
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    for (const auto& row : *rows) {
      if (row.at("profile") == name) {
        left_out_.push_back(std::stod(row.at("left_out")));
      }
    }
  }

  [[nodiscard]] std::size_t judged() const {
    return static_cast<std::size_t>(
        std::count_if(points_.begin(), points_.end(), [](const FitPoint& point) {
          return !point.rate.sets_sharing;
        }));
  }

  std::vector<FitPoint> points_;
  FittedFigures figures_;
  std::vector<double> left_out_;  ///< As committed.
};

TEST_P(ShippedCosts, AreWhatAFitGives) {
  const auto fitted = fit_costs(GetParam(), points_, figures_);
  ASSERT_TRUE(fitted.has_value());
  for (const FitPoint& point : points_) {
    EXPECT_NEAR(simulated_fps(point, *fitted) / simulated_fps(point, figures_), 1, 0.03)
        << point.rate.network;
  }
}

TEST_P(ShippedCosts, MeetTheGoalForNetworksThatTheyWereNotFittedTo) {
  const auto errors = left_out_errors(GetParam(), points_, figures_);
  ASSERT_TRUE(errors.has_value());
  ASSERT_EQ(errors->size(), judged());
  EXPECT_LE(absolute_quantile(*errors, 0.5), 0.15);
  EXPECT_LE(absolute_quantile(*errors, 0.9), 0.40);
}

TEST_P(ShippedCosts, HaveTheLeftOutErrorsThatAreCommitted) {
  const auto errors = left_out_errors(GetParam(), points_, figures_);
  ASSERT_TRUE(errors.has_value());
  ASSERT_EQ(errors->size(), left_out_.size());
  for (std::size_t i = 0; i < left_out_.size(); ++i) {
    EXPECT_NEAR((*errors)[i], left_out_[i], 0.03) << "row " << i;
  }
}

TEST_P(ShippedCosts, AreInTheDocumentAsTheFunctionGivesThem) {
  ASSERT_EQ(left_out_.size(), judged());
  const std::string table = fit_table(points_, figures_, left_out_);
  EXPECT_NE(text_of("docs/simulated-devices.md").find(table), std::string::npos)
      << "docs/simulated-devices.md should have for " << GetParam() << ":\n"
      << table;
}

INSTANTIATE_TEST_SUITE_P(Profiles, ShippedCosts, ::testing::Values("mx3", "metis", "aries"));

TEST(AbsoluteQuantile, IsTheNearestRankWithoutSign) {
  EXPECT_EQ(absolute_quantile({-0.4, 0.1, 0.2, -0.3}, 0.5), 0.2);
  EXPECT_EQ(absolute_quantile({-0.4, 0.1, 0.2, -0.3}, 0.9), 0.4);
  EXPECT_EQ(absolute_quantile({-0.4}, 0), 0.4);
}

TEST(FitCosts, FindsTheCostsThatMadeTheRates) {
  FittedFigures truth;
  truth.costs.conv_ns_per_mmac = 300;
  truth.costs.depthwise_ns_per_mmac = 1200;
  truth.costs.product_ns_per_mmac = 10800;
  truth.costs.conv_ns_per_kposition = 4000;
  truth.costs.layer_us = 7;
  std::vector<FitPoint> points;
  for (int i = 1; i <= 6; ++i) {
    FitPoint point;
    point.work.conv_macs = 1e8 * i * i;
    point.work.conv_positions = 1e5 / i;
    point.work.layers = 20 + 13 * (i % 3);
    point.rate.units = 4;
    point.rate.fps = simulated_fps(point, truth);
    points.push_back(point);
  }
  const auto fitted = fit_costs("metis", points, {});
  ASSERT_TRUE(fitted.has_value());
  EXPECT_NEAR(fitted->costs.conv_ns_per_mmac, 300, 6);
  EXPECT_NEAR(fitted->costs.conv_ns_per_kposition, 4000, 80);
  EXPECT_NEAR(fitted->costs.layer_us, 7, 0.3);
}

TEST(FitCosts, KnowsNoOtherProfiles) {
  EXPECT_EQ(fit_costs("mine", {}, {}).error().code, Errc::kNotFound);
  EXPECT_EQ(left_out_errors("mine", {}, {}).error().code, Errc::kNotFound);
}

TEST(PointsOf, RefusesARateOfANetworkThatWasNotCounted) {
  PublishedRate rate;
  rate.profile = "mx3";
  rate.network = "unheard_of";
  const auto points = points_of("mx3", {}, {rate});
  ASSERT_FALSE(points.has_value());
  EXPECT_NE(points.error().message.find("unheard_of"), std::string::npos);
  EXPECT_FALSE(points_of("metis", {}, {rate}).has_value());
}

TEST(ReadPublished, NamesALineThatDoesNotFit) {
  EXPECT_EQ(read_published("profile,fps\nmx3,1,2\n").error().code, Errc::kCorrupt);
  EXPECT_NE(read_published("profile,fps\nmx3,1,2\n").error().message.find("line 2"),
            std::string::npos);
  EXPECT_FALSE(read_published("profile,network,sub_devices,units,value_bits,fps,use,source\n"
                              "mx3,resnet50,1,1,own,0,fit,nobody\n")
                   .has_value());
}

}  // namespace
}  // namespace penstock::sim
