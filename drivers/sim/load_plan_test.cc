#include "drivers/sim/load_plan.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/sim/model_work.h"
#include "drivers/sim/profiles/builtin_profiles.h"

namespace penstock::sim {
namespace {

constexpr const char* kHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

ModelInfo float_model(double weight_bytes = 4e6) {
  ModelInfo info;
  TensorSpec image;
  image.name = "image";
  image.type = ElementType::kF32;
  image.shape = {1, 3, 8, 8};
  info.inputs = {image};
  TensorSpec scores;
  scores.name = "scores";
  scores.type = ElementType::kF32;
  scores.shape = {1, 10};
  info.outputs = {scores};
  for (const std::string& name : work_names()) {
    info.properties["work." + name] = "0";
  }
  info.properties["work.conv_macs"] = "1e9";
  info.properties["work.weight_bytes"] = std::to_string(weight_bytes);
  return info;
}

struct Planned {
  std::optional<LoadPlan> plan;
  std::vector<LoadObstacle> obstacles;
};

Planned plan_all(const Profile& profile,
                 const DriverOptions& options,
                 const std::vector<ShapedModel>& models) {
  OptionReader reader(options);
  const LoadOptions parsed = read_load_options(reader, profile, true, true);
  Planned result;
  result.obstacles = reader.obstacles();
  EXPECT_TRUE(result.obstacles.empty()) << result.obstacles.front().text;
  result.plan = plan_load(profile, parsed, "m.onnx", models, &result.obstacles);
  return result;
}

Planned plan(const Profile& profile,
             const DriverOptions& options,
             const ModelInfo& model,
             std::int64_t batch = 0) {
  return plan_all(profile, options, {{model, batch, 1}});
}

TEST(LoadPlan, PlacesAModelInTheFirstModeThatItFitsIn) {
  const auto result = plan(find_profile("mx3").value(), {}, float_model());
  ASSERT_TRUE(result.plan.has_value()) << result.obstacles.front().text;
  const ModelInfo& info = result.plan->info;
  EXPECT_EQ(info.mode, "group4");
  ASSERT_EQ(info.placements.size(), 1U);
  EXPECT_EQ(info.placements[0].sub_devices, 0xFU);
  EXPECT_EQ(info.placements[0].memory_bytes, 1'000'000U) << "weights are divided among the chips";
  EXPECT_GT(info.placements[0].depth, 2U);
  EXPECT_GT(info.placements[0].activation_time, std::chrono::milliseconds(3));
  EXPECT_GT(info.placements[0].service_time, Duration(0));
  EXPECT_TRUE(info.needs_activation);
  EXPECT_EQ(info.properties.at("simulated"), "true");
  EXPECT_EQ(info.properties.at("estimate"), "cost model");
}

TEST(LoadPlan, SaysWhichLimitByHowMuchAndWhichModeWouldFit) {
  const auto result =
      plan(find_profile("mx3").value(), {{"mode", "group1"}}, float_model(12'000'000));
  ASSERT_FALSE(result.plan.has_value());
  ASSERT_EQ(result.obstacles.size(), 1U);
  EXPECT_EQ(result.obstacles[0].code, Errc::kUnsupported);
  EXPECT_EQ(result.obstacles[0].text,
            "mode 'group1': memory 'weights' of each chip: 12000000 bytes wanted, 10500000 there, "
            "1500000 too few; it would fit in: group4, group2");
}

TEST(LoadPlan, ChoosesAModeThatLiesOnWhatItMayTake) {
  const Profile mx3 = find_profile("mx3").value();
  const auto one = plan(mx3, {{"sub_devices", "2"}}, float_model());
  ASSERT_TRUE(one.plan.has_value()) << one.obstacles.front().text;
  EXPECT_EQ(one.plan->info.mode, "group1");
  ASSERT_EQ(one.plan->info.placements.size(), 1U);
  EXPECT_EQ(one.plan->info.placements[0].sub_devices, 0x4U);
  const auto narrow = plan(mx3, {{"cores", "3"}}, float_model());
  ASSERT_TRUE(narrow.plan.has_value()) << narrow.obstacles.front().text;
  EXPECT_EQ(narrow.plan->info.mode, "group2");
  EXPECT_EQ(narrow.plan->info.placements.size(), 2U) << "whichever are free";
}

TEST(LoadPlan, SaysWhatAModeTakesMoreThanItMay) {
  const Profile mx3 = find_profile("mx3").value();
  const auto apart = plan(mx3, {{"mode", "group2"}, {"sub_devices", "0,2"}}, float_model());
  ASSERT_EQ(apart.obstacles.size(), 1U);
  EXPECT_EQ(apart.obstacles[0].code, Errc::kUnavailable);
  EXPECT_EQ(apart.obstacles[0].subject, "sub_devices");
  EXPECT_EQ(apart.obstacles[0].text,
            "mode 'group2': takes 2 of the chips at once, 0,1 or 2,3; `sub_devices` allows 0,2, 1 "
            "too few; it would fit in: group1");
  const auto narrow = plan(mx3, {{"mode", "group4"}, {"cores", "1"}}, float_model());
  ASSERT_EQ(narrow.obstacles.size(), 1U);
  EXPECT_EQ(narrow.obstacles[0].subject, "cores");
  EXPECT_EQ(narrow.obstacles[0].text,
            "mode 'group4': takes 4 of the chips at once, `cores` allows 1, 3 too few; it would "
            "fit in: group1");
}

TEST(LoadPlan, SaysWhatStandsAgainstEachModeWhereNoneIsLeft) {
  const auto none =
      plan(find_profile("mx3").value(), {{"sub_devices", "0"}}, float_model(12'000'000));
  ASSERT_EQ(none.obstacles.size(), 1U);
  EXPECT_EQ(none.obstacles[0].subject, "memory") << "with more chips it would still be too large";
  EXPECT_NE(none.obstacles[0].text.find("mode 'group4': takes 4"), std::string::npos);
  EXPECT_NE(none.obstacles[0].text.find("mode 'group1': memory 'weights'"), std::string::npos);
}

TEST(LoadPlan, RefusesSubDevicesThatTheDeviceHasNot) {
  const DriverOptions options = {{"sub_devices", "0,4"}};
  OptionReader reader(options);
  read_load_options(reader, find_profile("metis").value(), true, true);
  const auto obstacles = reader.obstacles();
  ASSERT_EQ(obstacles.size(), 1U);
  EXPECT_EQ(obstacles[0].subject, "sub_devices");
}

TEST(LoadPlan, SaysThatNothingWouldDo) {
  const auto result = plan(find_profile("mx3").value(), {}, float_model(60'000'000));
  ASSERT_EQ(result.obstacles.size(), 1U);
  EXPECT_NE(result.obstacles[0].text.find("no mode of this device would do"), std::string::npos);
}

TEST(LoadPlan, RefusesAFloatModelWithoutScalesOnAnIntegerDevice) {
  const Profile metis = find_profile("metis").value();
  const auto refused = plan(metis, {}, float_model());
  ASSERT_EQ(refused.obstacles.size(), 1U);
  EXPECT_EQ(refused.obstacles[0].subject, "scales");
  EXPECT_NE(refused.obstacles[0].text.find("penstock models pack --calibrate CLIP m.onnx"),
            std::string::npos);
  EXPECT_NE(refused.obstacles[0].text.find("`scales: dynamic` in the device's entry of 'devices', "
                                           "such as `npu: {type: sim, "),
            std::string::npos)
      << "a model has no such word";
  EXPECT_NE(refused.obstacles[0].text.find("without scales ('image', 'scores')"), std::string::npos)
      << refused.obstacles[0].text;
  EXPECT_EQ(plan(metis, {{"scales", "dynamic"}}, float_model()).plan->info.properties.at("scales"),
            "dynamic");
  const auto given = plan(metis, {{"input_scale", "0.1"}, {"output_scale", "0.5"}}, float_model());
  ASSERT_TRUE(given.plan.has_value());
  EXPECT_EQ(given.plan->info.properties.at("scales"), "given");
  EXPECT_TRUE(plan(metis, {{"compute", "none"}}, float_model()).plan.has_value());
}

TEST(LoadPlan, WantsNoScalesOfIntegers) {
  const Profile metis = find_profile("metis").value();
  ModelInfo model = float_model();
  model.inputs.push_back(model.inputs[0]);
  model.inputs.back().name = "labels";
  model.inputs.back().type = ElementType::kI32;
  const auto scales = [&](const DriverOptions& options) {
    return plan(metis, options, model).plan.value().info.properties.at("scales");
  };
  EXPECT_EQ(scales({{"input_scale", "0.1,none"}, {"output_scale", "0.5"}}), "given");
  EXPECT_EQ(scales({{"input_scale", "none,0.1"}, {"output_scale", "0.5"}, {"scales", "dynamic"}}),
            "dynamic");
  model.inputs[0].type = ElementType::kU8;
  EXPECT_EQ(scales({{"output_scale", "0.5"}}), "given");
}

TEST(LoadPlan, RefusesWhatIsNoScale) {
  const auto complaint = [](const std::string& scales) {
    const DriverOptions options = {{"output_scale", scales}};
    OptionReader reader(options);
    read_load_options(reader, find_profile("metis").value(), true, true);
    const auto obstacles = reader.obstacles();
    return obstacles.empty() ? std::string() : obstacles.front().text;
  };
  for (const char* wrong : {"0", "-1", "0.5,none,0", "0.5,1e-60", "0.5,1e-40", "0.5,1e60"}) {
    EXPECT_NE(complaint(wrong).find("must be a normal f32 above 0, or none for a port"),
              std::string::npos)
        << complaint(wrong);
  }
  EXPECT_NE(complaint("0.5,none,0").find("; number 3 is not"), std::string::npos)
      << complaint("0.5,none,0");
  for (const char* wrong : {"0.5,nan", "0.5,inf", "0.5,-nan"}) {
    EXPECT_NE(complaint(wrong).find("must be finite numbers with commas between them; number 2"),
              std::string::npos)
        << complaint(wrong);
  }
  for (const char* nothing : {"none", "none,none"}) {
    EXPECT_EQ(complaint(nothing).find("option 'output_scale' is '" + std::string(nothing) +
                                      "': none stands for a port that a package has no scale for"),
              0U)
        << complaint(nothing);
  }
  EXPECT_EQ(complaint("0.5,none"), "") << "as a package has them";
}

TEST(LoadPlan, NamesEveryTensorWithoutAScale) {
  const Profile metis = find_profile("metis").value();
  ModelInfo model = float_model();
  while (model.outputs.size() < 3) {
    model.outputs.push_back(model.outputs[0]);
    model.outputs.back().name += std::to_string(model.outputs.size());
  }
  const DriverOptions some = {{"input_scale", "0.1"}, {"output_scale", "none,0.5,none"}};
  const auto refused = plan(metis, some, model);
  ASSERT_EQ(refused.obstacles.size(), 1U);
  EXPECT_NE(refused.obstacles[0].text.find("without scales ('scores', 'scores3') and"),
            std::string::npos)
      << refused.obstacles[0].text;
  while (model.outputs.size() < 9) {
    model.outputs.push_back(model.outputs[0]);
  }
  const auto many = plan(metis, {}, model);
  ASSERT_EQ(many.obstacles.size(), 1U);
  EXPECT_NE(many.obstacles[0].text.find(" and 5 more) and"), std::string::npos)
      << many.obstacles[0].text;
}

TEST(LoadPlan, ShowsDevicePortsInt8WithScaleAndChannelsLast) {
  const auto result = plan(find_profile("metis").value(),
                           {{"ports", "device"},
                            {"input_scale", "0.1"},
                            {"input_zero_point", "-3"},
                            {"output_scale", "0.5"}},
                           float_model());
  ASSERT_TRUE(result.plan.has_value()) << result.obstacles.front().text;
  const TensorSpec& input = result.plan->info.inputs[0];
  EXPECT_EQ(input.to_string(), "i8 1x8x8x3 NHWC");
  EXPECT_EQ(input.quantization.zero_point, -3);
  EXPECT_EQ(input.padding, (Shape{0, 0, 0, 1}));
}

TEST(LoadPlan, TakesACalibratedTimeByHashAndSaysSo) {
  Profile profile = find_profile("metis").value();
  CalibratedModel known;
  known.hash = kHash;
  known.name = "net";
  known.mode = "single";
  known.service = std::chrono::milliseconds(3);
  known.source = "a table";
  profile.calibrated = {known};
  const auto result = plan(profile, {{"hash", kHash}, {"scales", "dynamic"}}, float_model());
  EXPECT_EQ(result.plan->info.placements[0].service_time, std::chrono::milliseconds(3));
  EXPECT_EQ(result.plan->info.properties.at("estimate"), "calibrated: net (a table)");
  EXPECT_EQ(result.plan->info.properties.at("calibrated"), "true");
  const auto other =
      plan(profile, {{"hash", kHash}, {"scales", "dynamic"}, {"mode", "global4"}}, float_model());
  EXPECT_EQ(other.plan->info.properties.at("estimate"), "cost model");
  EXPECT_EQ(other.plan->info.properties.at("calibrated"), "false");
}

TEST(LoadPlan, TellsTheDeviceHowManyFramesAreInARequest) {
  const Profile mx3 = find_profile("mx3").value();
  const auto one = plan(mx3, {}, float_model());
  const auto four = plan(mx3, {}, float_model(), 4);
  ASSERT_EQ(one.plan->core.shapes.size(), 1U);
  EXPECT_EQ(one.plan->core.shapes[0].batch, 1);
  EXPECT_EQ(four.plan->core.shapes[0].batch, 4);
  EXPECT_EQ(four.plan->core.shapes[0].work.conv_macs, 4 * one.plan->core.shapes[0].work.conv_macs);
}

TEST(LoadPlan, CountsTheWorkOfABatchOnce) {
  const Profile mx3 = find_profile("mx3").value();
  const auto counted_whole = plan_all(mx3, {}, {{float_model(), 4, 4}});
  EXPECT_EQ(counted_whole.plan->core.shapes[0].work.conv_macs, 1e9);
  EXPECT_EQ(counted_whole.plan->core.shapes[0].work.weight_bytes, 4e6);
  const auto given = plan_all(mx3, {{"work.conv_macs", "5e8"}}, {{float_model(), 4, 4}});
  EXPECT_EQ(given.plan->core.shapes[0].work.conv_macs, 2e9) << "options tell of one picture";
}

/// A model of `side` x `side` in a batch (0: as its file has it), with the work that goes with it.
ShapedModel square(std::int64_t batch, std::int64_t side) {
  ShapedModel model;
  model.info = float_model();
  const std::int64_t pictures = std::max<std::int64_t>(batch, 1);
  model.info.inputs[0].shape = {pictures, 3, side, side};
  model.info.outputs[0].shape = {pictures, 10};
  model.info.properties["work.conv_macs"] = std::to_string(1e4 * static_cast<double>(side * side));
  model.batch = batch;
  return model;
}

std::vector<ShapedModel> squares() {
  return {square(1, 320), square(1, 640), square(4, 320), square(4, 640)};
}

TEST(LoadPlan, PlansOneCompiledShapeABucket) {
  const auto result = plan_all(find_profile("mx3").value(), {}, squares());
  ASSERT_TRUE(result.plan.has_value()) << result.obstacles.front().text;
  const LoadPlan& plan = *result.plan;
  EXPECT_EQ(plan.info.inputs[0].to_string(), "f32 ?x3x?x?");
  EXPECT_EQ(plan.info.outputs[0].to_string(), "f32 ?x10");
  ASSERT_EQ(plan.info.buckets.size(), 4U);
  EXPECT_EQ(plan.info.properties.at("buckets"),
            "1x3x320x320; 1x3x640x640; 4x3x320x320; 4x3x640x640");
  EXPECT_EQ(plan.ports.size(), 4U);
  ASSERT_EQ(plan.core.shapes.size(), 4U);
  EXPECT_EQ(plan.core.shapes[1].work.conv_macs, 4 * plan.core.shapes[0].work.conv_macs);
  EXPECT_EQ(plan.core.shapes[3].work.conv_macs, 16 * plan.core.shapes[0].work.conv_macs);
  EXPECT_EQ(plan.core.shapes[3].batch, 4);
  EXPECT_EQ(plan.core.shapes[3].input_bytes, 16 * plan.core.shapes[0].input_bytes);
  ASSERT_EQ(plan.padding.size(), 1U);
  EXPECT_EQ(plan.padding[0].size(), sizeof(float));
}

TEST(LoadPlan, PromisesTheSchedulerTheTimeOfTheSlowestBucket) {
  const Profile mx3 = find_profile("mx3").value();
  const auto all = plan_all(mx3, {}, squares());
  const auto largest = plan_all(mx3, {}, {square(4, 640)});
  const auto smallest = plan_all(mx3, {}, {square(1, 320)});
  EXPECT_EQ(all.plan->info.placements[0].service_time,
            largest.plan->info.placements[0].service_time);
  EXPECT_GE(all.plan->info.placements[0].depth, smallest.plan->info.placements[0].depth);
  const std::string each = all.plan->info.properties.at("bucket_service_ns");
  EXPECT_EQ(each.find(smallest.plan->info.properties.at("service_ns") + "; "), 0U) << each;
  EXPECT_NE(each.find("; " + largest.plan->info.properties.at("service_ns")), std::string::npos);
}

TEST(LoadPlan, CountsTheWeightsOfAllBucketsOnceAndTheTransfersOfTheLargest) {
  const Profile metis = find_profile("metis").value();
  const DriverOptions dynamic = {{"scales", "dynamic"}};
  const auto all = plan_all(metis, dynamic, squares());
  const auto largest = plan_all(metis, dynamic, {square(4, 640)});
  ASSERT_TRUE(all.plan.has_value()) << all.obstacles.front().text;
  EXPECT_EQ(all.plan->core.shared_bytes, largest.plan->core.shared_bytes);
  EXPECT_EQ(all.plan->core.download_bytes, 4'000'000U);
  EXPECT_EQ(all.plan->info.placements[0].activation_time,
            largest.plan->info.placements[0].activation_time);
}

TEST(LoadPlan, NamesTheBucketThatDoesNotFit) {
  const auto result = plan_all(
      find_profile("metis").value(), {{"scales", "dynamic"}}, {square(1, 320), square(1, 4096)});
  ASSERT_EQ(result.obstacles.size(), 1U);
  EXPECT_EQ(result.obstacles[0].subject, "memory");
  EXPECT_NE(result.obstacles[0].text.find("memory 'L2' of each core: "), std::string::npos)
      << result.obstacles[0].text;
  EXPECT_NE(result.obstacles[0].text.find(" bytes wanted by bucket 1x3x4096x4096, "),
            std::string::npos)
      << result.obstacles[0].text;
}

TEST(LoadPlan, FillsWithTheValueOfPadInTheFormOfThePorts) {
  const Profile metis = find_profile("metis").value();
  const DriverOptions device = {{"ports", "device"},
                                {"input_scale", "0.1"},
                                {"input_zero_point", "-3"},
                                {"output_scale", "0.5"},
                                {"pad", "0.5"}};
  const auto result = plan_all(metis, device, squares());
  ASSERT_TRUE(result.plan.has_value()) << result.obstacles.front().text;
  EXPECT_EQ(result.plan->info.inputs[0].to_string(), "i8 ?x?x?x3 NHWC");
  EXPECT_EQ(result.plan->padding[0], std::vector<std::byte>{std::byte{2}});
  std::vector<ShapedModel> bytes = squares();
  for (ShapedModel& model : bytes) {
    model.info.inputs[0].type = ElementType::kU8;
  }
  const auto refused = plan_all(metis, {{"scales", "dynamic"}, {"pad", "0.5"}}, bytes);
  ASSERT_EQ(refused.obstacles.size(), 1U);
  EXPECT_EQ(refused.obstacles[0].text, "option 'pad': input 'image': u8 cannot hold 0.500000");
}

TEST(LoadPlan, LeavesACalibratedTimeToTheNetworksOwnShape) {
  Profile profile = find_profile("mx3").value();
  CalibratedModel known;
  known.hash = kHash;
  known.service = std::chrono::milliseconds(3);
  profile.calibrated = {known};
  const auto calibrated = [&](DriverOptions options, const std::vector<ShapedModel>& models) {
    options["hash"] = kHash;
    return plan_all(profile, options, models).plan->info.properties.at("calibrated");
  };
  EXPECT_EQ(calibrated({}, {square(0, 320)}), "true");
  EXPECT_EQ(calibrated({{"batch", "1"}}, {square(1, 320)}), "true");
  EXPECT_EQ(calibrated({{"batch", "4"}}, {square(4, 320)}), "false") << "four pictures";
  EXPECT_EQ(calibrated({{"shape.image", "1x3x640x640"}}, {square(0, 640)}), "false");
  const DriverOptions buckets = {
      {"shape.image", "1x3x320x320,1x3x640x640"}, {"batch", "4"}, {"batch.buckets", "1"}};
  EXPECT_EQ(calibrated(buckets, squares()), "false");
}

TEST(LoadPlan, EstimatesTheTimeOfAnotherShapeThanTheCalibratedOne) {
  Profile profile = find_profile("mx3").value();
  CalibratedModel known;
  known.hash = kHash;
  known.service = std::chrono::milliseconds(3);
  const DriverOptions words = {{"hash", kHash}, {"shape.image", "1x3x640x640"}};
  const auto estimated = plan_all(profile, words, {square(0, 640)});
  profile.calibrated = {known};
  const auto result = plan_all(profile, words, {square(0, 640)});
  EXPECT_EQ(result.plan->info.properties.at("estimate"), "cost model");
  EXPECT_EQ(result.plan->info.placements[0].service_time,
            estimated.plan->info.placements[0].service_time);
}

TEST(LoadPlan, ReadsShapesForPortsThatOptionsDescribe) {
  const DriverOptions options = {{"compute", "none"},
                                 {"inputs", "image:f32:?x3x?x?:NCHW"},
                                 {"outputs", "scores:f32:?x10"},
                                 {"shape.image", "1x3x8x8, 1x3x16x8"},
                                 {"batch", "4"},
                                 {"batch.buckets", "2"}};
  OptionReader reader(options);
  const LoadOptions parsed = read_load_options(reader, find_profile("mx3").value(), true, false);
  EXPECT_TRUE(reader.finish().has_value());
  ASSERT_EQ(parsed.ports.size(), 4U);
  EXPECT_EQ(parsed.ports[0].inputs[0].shape, Shape({2, 3, 8, 8}));
  EXPECT_EQ(parsed.ports[3].inputs[0].shape, Shape({4, 3, 16, 8}));
  EXPECT_EQ(parsed.ports[3].outputs[0].shape, Shape({4, 10}));
}

TEST(LoadPlan, LetsTwoSubDevicesShareAFrameOrTakeOneEach) {
  const Profile aries = find_profile("aries").value();
  const auto of = [&](const std::string& mode) {
    return plan(aries, {{"mode", mode}, {"scales", "dynamic"}}, float_model()).plan->info;
  };
  EXPECT_EQ(of("single").placements.size(), 8U);
  EXPECT_EQ(of("multi").placements.size(), 2U);
  EXPECT_EQ(of("global8").placements.size(), 1U);
  EXPECT_EQ(of("multi").placements[1].sub_devices, 0xF0U);
  EXPECT_EQ(of("single").placements[0].service_time, 4 * of("multi").placements[0].service_time);
  EXPECT_LT(of("global8").placements[0].service_time, of("global4").placements[0].service_time);
}

}  // namespace
}  // namespace penstock::sim
