// A network that was cut for an accelerator: the host runs what is before and after it, and the
// whole gives what the uncut model gives, on every device and in every trouble.

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/onnx_writer.h"
#include "tests/support/runfiles.h"
#include "tools/compose/testing/cut_model.h"
#include "tools/compose/testing/model_machine.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using testing::CutModel;
using testing::map_of;
using testing::ModelMachine;
using testing::OnnxWriter;
using Answer = ModelMachine::Answer;
using Values = std::vector<float>;

std::vector<Answer> run_pictures(ModelMachine& machine, const std::vector<int>& seeds) {
  std::vector<FeatureMap> inputs;
  for (const int seed : seeds) {
    inputs.push_back(machine.input(CutModel::picture(seed)));
  }
  return machine.run(inputs);
}

class HostGraphs : public ::testing::Test {
 protected:
  HostGraphs()
      : folder_(testing::scratch_folder() /
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    CutModel::write(folder_);
  }

  [[nodiscard]] std::string cut() const { return folder_ / "cut"; }

  static DeviceSpec cpu() {
    DeviceSpec device;
    device.name = "main";
    device.type = "cpu";
    return device;
  }

  /// A device that reads no files and computes nothing.
  static DeviceSpec noop_with(const std::string& outputs) {
    DeviceSpec device;
    device.name = "main";
    device.type = "noop";
    device.options.set("inputs", "in0:f32:1x3x8x8").set("outputs", outputs);
    return device;
  }

  [[nodiscard]] ModelMachine::Words on_cpu(const std::string& file) const {
    return {folder_ / file, cpu(), 1, {}};
  }

  [[nodiscard]] ModelMachine::Words on_metis(const std::string& faults = "[]") const {
    DeviceSpec device;
    device.name = "npu";
    device.type = "sim";
    return {cut(), device, 1, {{"devices", "1*metis"}, {"faults", faults}}};
  }

  [[nodiscard]] std::vector<Answer> of_whole_model(const std::vector<int>& seeds) const {
    ModelMachine whole(on_cpu("whole.onnx"));
    EXPECT_TRUE(whole.status().has_value()) << whole.status().error().message;
    std::vector<Answer> answers;
    for (const int seed : seeds) {
      answers.push_back(run_pictures(whole, {seed}).front());
    }
    return answers;
  }

  static void expect_equal(const std::vector<Answer>& answers, const std::vector<Answer>& wanted) {
    ASSERT_EQ(answers.size(), wanted.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      ASSERT_EQ(answers[i].done.code, Errc::kOk) << answers[i].done.message;
      EXPECT_EQ(answers[i].outputs, wanted[i].outputs) << "frame " << i;
    }
  }

  /// Expects what int8 numbers between network and post graph leave of it.
  static void expect_near(const std::vector<Answer>& answers, const std::vector<Answer>& wanted) {
    constexpr double kExact = 1e-4;
    const std::array<double, 2> allowed = {
        CutModel::kMeanScale + kExact,
        (CutModel::kFeatureScale + CutModel::kMeanScale) / 2 + kExact};
    double worst = 0;
    ASSERT_EQ(answers.size(), wanted.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      ASSERT_EQ(answers[i].done.code, Errc::kOk) << answers[i].done.message;
      for (std::size_t port = 0; port < allowed.size(); ++port) {
        const Values& got = answers[i].outputs.at(port);
        const Values& want = wanted[i].outputs.at(port);
        ASSERT_EQ(got.size(), want.size());
        for (std::size_t k = 0; k < got.size(); ++k) {
          const double off = std::abs(static_cast<double>(got[k]) - static_cast<double>(want[k]));
          EXPECT_LE(off, allowed.at(port)) << "frame " << i << ", output " << port << ", at " << k;
          worst = std::max(worst, off);
        }
      }
    }
    EXPECT_GT(worst, 0) << "the device computes in int8";
  }

  const fs::path folder_;
};

TEST_F(HostGraphs, GiveWhatTheWholeModelGives) {
  ModelMachine machine(on_cpu("cut"));
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  EXPECT_EQ(machine.loaded().inputs.at(0)->name, "picture");
  EXPECT_EQ(machine.loaded().outputs.at(0)->name, "doubled");
  EXPECT_EQ(machine.loaded().before, "pre.onnx");
  EXPECT_EQ(machine.loaded().after, "post.onnx");
  std::vector<Answer> answers;
  for (const int seed : {1, 2, 3}) {
    answers.push_back(run_pictures(machine, {seed}).front());
  }
  expect_equal(answers, of_whole_model({1, 2, 3}));
  EXPECT_NE(answers[0].outputs, answers[1].outputs);
}

TEST_F(HostGraphs, WorkWithSeveralFramesInFlight) {
  ModelMachine machine(on_cpu("cut"));
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  ASSERT_GE(machine.slots(), 3U) << "each link has room for one at least";
  std::vector<int> seeds;
  for (std::uint32_t i = 0; i < machine.slots(); ++i) {
    seeds.push_back(static_cast<int>(i) + 1);
  }
  const std::vector<Answer> wanted = of_whole_model(seeds);
  for (int round = 0; round < 20; ++round) {
    expect_equal(run_pictures(machine, seeds), wanted);
  }
}

TEST_F(HostGraphs, WorkRoundASimulatedDevice) {
  ModelMachine machine(on_metis());
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  EXPECT_TRUE(machine.loaded().simulated);
  const std::vector<int> seeds = {1, 2, 3, 4, 5, 6};
  expect_near(run_pictures(machine, seeds), of_whole_model(seeds));
}

TEST_F(HostGraphs, AreShownByThePool) {
  ModelMachine machine(on_metis());
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  run_pictures(machine, {1, 2});
  const PoolStatus status = machine.pool_status();
  ASSERT_EQ(status.devices.size(), 2U);
  EXPECT_EQ(status.devices[0].name, "npu");
  EXPECT_EQ(status.devices[1].name, "host");
  EXPECT_EQ(status.devices[1].identity, "cpu:0");
  ASSERT_EQ(status.packages.size(), 3U);
  EXPECT_EQ(status.packages[0].name, "cut");
  EXPECT_EQ(status.packages[1].name, "cut.preprocess");
  EXPECT_EQ(status.packages[2].name, "cut.postprocess");
  EXPECT_EQ(status.packages[0].mode, "single") << "what is in force";
  EXPECT_EQ(status.packages[0].service_time, "cost model");
  EXPECT_EQ(status.packages[1].service_time, "") << "a real device";
  for (const PoolStatus::Package& package : status.packages) {
    EXPECT_EQ(package.frames, 2U) << package.name;
  }
}

TEST_F(HostGraphs, FailOnlyTheFrameThatTheyCannotTake) {
  ModelMachine machine(on_cpu("cut"));
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  auto half = std::make_shared<TensorSpec>(*machine.loaded().inputs.at(0));
  half->shape = Shape{1, 3, 4, 4};
  const std::vector<Answer> answers = machine.run(
      {machine.input(CutModel::picture(1)), map_of(half), machine.input(CutModel::picture(2))});
  expect_equal({answers[0], answers[2]}, of_whole_model({1, 2}));
  EXPECT_EQ(answers[1].done.code, Errc::kInvalidArgument);
  EXPECT_EQ(answers[1].done.message,
            "package 'cut', graph 'pre.onnx': input 'picture': shape 1x3x4x4, model wants 1x3x8x8");
}

TEST_F(HostGraphs, DoNotRunAgainWhenTheDeviceIsLost) {
  ModelMachine machine(on_metis("[{kind: lost, after: 2}]"));
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  const std::vector<int> seeds = {1, 2, 3, 4, 5, 6};
  expect_near(run_pictures(machine, seeds), of_whole_model(seeds));
  const PoolStatus status = machine.pool_status();
  EXPECT_GE(status.devices.at(0).resets, 1U);
  for (const PoolStatus::Package& package : status.packages) {
    EXPECT_EQ(package.frames, seeds.size()) << package.name;
  }
}

TEST_F(HostGraphs, TakeBatches) {
  ModelMachine::Words words = on_cpu("cut");
  words.batch = 2;
  ModelMachine machine(words);
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  EXPECT_EQ(machine.loaded().inputs.at(0)->shape, (Shape{2, 3, 8, 8}));
  Values two = CutModel::picture(1);
  const Values second = CutModel::picture(2);
  two.insert(two.end(), second.begin(), second.end());
  const Answer answer = machine.run({machine.input(two)}).front();
  ASSERT_EQ(answer.done.code, Errc::kOk) << answer.done.message;
  const std::vector<Answer> wanted = of_whole_model({1, 2});
  for (std::size_t port = 0; port < 2; ++port) {
    Values both = wanted[0].outputs[port];
    both.insert(both.end(), wanted[1].outputs[port].begin(), wanted[1].outputs[port].end());
    EXPECT_EQ(answer.outputs.at(port), both);
  }
}

TEST_F(HostGraphs, WorkRoundADeviceThatReadsNoFiles) {
  ModelMachine machine({cut(), noop_with("out0:f32:1x4x8x8,out1:f32:1x4x1x1"), 1, {}});
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  for (const Answer& answer : run_pictures(machine, {1, 2, 3})) {
    EXPECT_EQ(answer.done.code, Errc::kOk) << answer.done.message;
    EXPECT_EQ(answer.outputs.at(0), Values(4, 0.0F));  // noop gives zeros.
  }
}

TEST_F(HostGraphs, AreRefusedWhereTensorsDoNotMeet) {
  OnnxWriter other;
  other.input("boxes", CutModel::kMeans)
      .input("features", CutModel::kFeatures)
      .output("doubled", CutModel::kMeans);
  other.node("Sub", {"features", "boxes"}, {"centred"});
  other.node("Add", {"boxes", "boxes"}, {"doubled"}).output("centred", CutModel::kFeatures);
  other.write(folder_ / "cut/post.onnx");
  ModelMachine machine(on_cpu("cut"));
  ASSERT_FALSE(machine.status().has_value());
  EXPECT_EQ(machine.status().error().message,
            "model 'cut': package 'cut': input 'boxes' of graph 'post.onnx': network "
            "'network.onnx' gives no tensor of this name; it gives 'features', 'means'");
}

TEST_F(HostGraphs, AreRefusedWhereTheDeviceGivesOtherShapes) {
  ModelMachine machine({cut(), noop_with("out0:f32:1x4x8x8,out1:f32:1x5x1x1"), 1, {}});
  ASSERT_FALSE(machine.status().has_value());
  EXPECT_EQ(machine.status().error().message,
            "model 'cut': input 'means' of package 'cut', graph 'post.onnx' is f32 1x4x1x1, "
            "output 'out1' of package 'cut', network 'network.onnx' is f32 1x5x1x1");
}

}  // namespace
}  // namespace penstock
