// A network that was cut for an accelerator: the host runs what is before and after it, and the
// whole gives what the uncut model gives, on every device and in every trouble.

#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/running_pool.h"
#include "actors/workers.h"
#include "drivers/api/driver_set.h"
#include "drivers/api/steady_host.h"
#include "drivers/noop/noop_driver.h"
#include "drivers/openvino/openvino_driver.h"
#include "drivers/sim/sim_driver.h"
#include "engine/base/clock.h"
#include "engine/base/waiting_bell.h"
#include "engine/device/device_pool.h"
#include "engine/graph/graph_spec.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/runfiles.h"
#include "tools/compose/model_loader.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using testing::OnnxWriter;
using Values = std::vector<float>;

const OnnxWriter::Ints kPicture = {1, 3, 8, 8};
const OnnxWriter::Ints kFeatures = {1, 4, 8, 8};
const OnnxWriter::Ints kMeans = {1, 4, 1, 1};
constexpr double kFeatureScale = 0.25;
constexpr double kMeanScale = 0.0625;

// Every step is exact in f32 (powers of two and small whole numbers), so that results are equal
// however a library fuses the steps.

/// 0..255 becomes -0.5..0.5.
void add_before(OnnxWriter& model) {
  model.constant("step", {1}, {1.0F / 256}).constant("half", {1}, {0.5F});
  model.node("Mul", {"picture", "step"}, {"small"}).node("Sub", {"small", "half"}, {"scaled"});
}

void add_network(OnnxWriter& model) {
  Values weights;
  for (int i = 0; i < 4 * 3 * 3 * 3; ++i) {
    weights.push_back(static_cast<float>(i * 5 % 7 % 5 - 2));
  }
  model.constant("weights", {4, 3, 3, 3}, weights);
  model.node("Conv", {"scaled", "weights"}, {"sums"}, {{"pads", {1, 1, 1, 1}}});
  model.node("Relu", {"sums"}, {"features"});
  model.node("GlobalAveragePool", {"features"}, {"means"});
}

void add_after(OnnxWriter& model) {
  model.constant("two", {1}, {2});
  model.node("Sub", {"features", "means"}, {"centred"});
  model.node("Mul", {"means", "two"}, {"doubled"});
}

Values picture(int seed) {
  Values values;
  for (int i = 0; i < 3 * 8 * 8; ++i) {
    values.push_back(static_cast<float>((i * 31 + seed * 17 + i * i * seed) % 256));
  }
  return values;
}

FeatureMap map_of(const std::shared_ptr<const TensorSpec>& spec) {
  return make_feature_map(
             spec, spec->shape, Buffer::allocate(spec->shape.dense_bytes(spec->type).value()))
      .value();
}

struct Answer {
  InferenceDone done;
  std::vector<Values> outputs;
};

/// One model on one device, behind the scheduler, at work on actors as in the program.
class Machine {
 public:
  struct Words {
    std::string file;
    DeviceSpec device;
    std::int64_t batch = 1;
    DriverOptions simulation;
  };

  explicit Machine(const Words& words) : words_(words) {
    DevicePool::Options options;
    options.clock = &clock_;
    options.on_note = [](const DevicePool::Note& /*note*/) {};
    auto pool = std::make_unique<DevicePool>(std::move(options));
    ModelLoader::Parts parts;
    parts.select = [this](const DeviceSpec& device) { return select(device); };
    parts.pool = pool.get();
    ModelLoader loader(std::move(parts));
    const GraphSpec spec = graph();
    status_ = loader.load_all(spec, [&](const ModelLoader::Loaded& model) { loaded_ = model; });
    if (!status_.has_value()) {
      return;
    }
    const BackendFactory factory = loader.backend_of(spec.actors.front(), Plan());
    workers_.emplace(actors::Workers::start(2).value());
    pool_ = actors::RunningPool::start(*workers_, std::move(pool), &clock_);
    backend_ = factory(bell_.doorbell()).value();
  }

  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() = default;

  [[nodiscard]] const Status& status() const { return status_; }

  [[nodiscard]] const ModelLoader::Loaded& loaded() const { return loaded_; }

  [[nodiscard]] PoolStatus pool_status() const { return pool_->pool().status(); }

  [[nodiscard]] std::uint32_t slots() const { return backend_->slots(); }

  /// Has all `inputs` in flight at once; returns the answers in their order.
  std::vector<Answer> run(const std::vector<FeatureMap>& inputs) {
    std::vector<std::vector<FeatureMap>> outputs;
    std::vector<Answer> answers(inputs.size());
    EXPECT_LE(inputs.size(), slots());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      outputs.emplace_back();
      for (const auto& spec : backend_->outputs()) {
        outputs.back().push_back(map_of(spec));
      }
      InferenceJob job;
      job.slot = static_cast<std::uint32_t>(i);
      job.token = i;
      job.inputs = std::span(&inputs[i], 1);
      job.outputs = outputs.back();
      EXPECT_TRUE(backend_->submit(job).has_value());
    }
    for (std::size_t ended = 0; ended < inputs.size();) {
      auto done = backend_->pop();
      if (!done.has_value()) {
        if (!bell_.wait("an answer", std::chrono::minutes(1)).has_value()) {
          ADD_FAILURE() << "only " << ended << " frames came back";
          return answers;
        }
        continue;
      }
      Answer& answer = answers.at(done->token);
      for (const FeatureMap& map : outputs.at(done->token)) {
        const auto* const first = map.as<float>();
        answer.outputs.emplace_back(first, first + map.shape.element_count().value());
      }
      answer.done = std::move(*done);
      ++ended;
    }
    return answers;
  }

  std::vector<Answer> run_pictures(const std::vector<int>& seeds) {
    std::vector<FeatureMap> inputs;
    for (const int seed : seeds) {
      inputs.push_back(input(picture(seed)));
    }
    return run(inputs);
  }

  [[nodiscard]] FeatureMap input(const Values& values) const {
    FeatureMap map = map_of(backend_->inputs()[0]);
    std::memcpy(map.mutable_data(), values.data(), values.size() * sizeof(float));
    return map;
  }

 private:
  [[nodiscard]] GraphSpec graph() const {
    GraphSpec spec;
    spec.name = "test";
    spec.devices = {words_.device};
    ModelSpec model;
    model.name = "cut";
    model.file = words_.file;
    model.device = words_.device.name;
    model.devices = {words_.device.name};
    model.batch_size = words_.batch;
    model.driver_options.set("precision", "f32");
    spec.models = {model};
    ActorSpec actor;
    actor.name = "detect";
    actor.model = model.name;
    actor.device = model.device;
    actor.devices = model.devices;
    spec.actors = {actor};
    return spec;
  }

  Result<DeviceChoice> select(const DeviceSpec& device) {
    const PenstockDriverApi& api = device.type == "sim"    ? sim_driver_api()
                                   : device.type == "noop" ? noop_driver_api()
                                                           : openvino_driver_api();
    const DriverOptions options = device.type == "sim" ? words_.simulation : DriverOptions();
    PENSTOCK_ASSIGN_OR_RETURN(Driver driver, Driver::create(api, host_, options));
    auto shared = std::make_shared<Driver>(std::move(driver));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, shared->enumerate());
    return DeviceChoice{shared, devices.front()};
  }

  const Words words_;
  const SteadyClock clock_;
  std::shared_ptr<SteadyHost> host_ = std::make_shared<SteadyHost>(
      [](DriverLogLevel /*level*/, std::string_view /*text*/) {}, &openvino_driver_api());
  WaitingBell bell_;
  Status status_;
  ModelLoader::Loaded loaded_;
  std::optional<actors::Workers> workers_;
  std::unique_ptr<actors::RunningPool> pool_;
  std::unique_ptr<InferenceBackend> backend_;
};

class HostGraphs : public ::testing::Test {
 protected:
  HostGraphs()
      : folder_(testing::scratch_folder() /
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    OnnxWriter whole;
    whole.input("picture", kPicture).output("doubled", kMeans).output("centred", kFeatures);
    add_before(whole);
    add_network(whole);
    add_after(whole);
    whole.write(folder_ / "whole.onnx");
    OnnxWriter before;
    before.input("picture", kPicture).output("small", kPicture).output("scaled", kPicture);
    add_before(before);
    before.write(folder_ / "cut/pre.onnx");
    OnnxWriter network;
    network.input("scaled", kPicture).output("features", kFeatures).output("means", kMeans);
    add_network(network);
    network.write(folder_ / "cut/network.onnx");
    OnnxWriter after;  // Its inputs are in another order than the network's outputs.
    after.input("means", kMeans).input("features", kFeatures);
    after.output("doubled", kMeans).output("centred", kFeatures);
    add_after(after);
    after.write(folder_ / "cut/post.onnx");
    std::ofstream(folder_ / "cut/manifest.yaml") << R"(penstock_package: 1
name: cut
networks:
  - name: network
    variants:
      - name: default
        model: network.onnx
        preprocess: pre.onnx
        postprocess: post.onnx
        inputs:
          - {name: scaled, type: f32, shape: [1, 3, 8, 8], scale: 0.00390625}
        outputs:
          - {name: features, type: f32, shape: [1, 4, 8, 8], scale: 0.25}
          - {name: means, type: f32, shape: [1, 4, 1, 1], scale: 0.0625}
)";
  }

  [[nodiscard]] std::string cut() const { return folder_ / "cut"; }

  static DeviceSpec cpu() {
    DeviceSpec device;
    device.name = "main";
    device.type = "cpu";
    return device;
  }

  [[nodiscard]] Machine::Words on_cpu(const std::string& file) const {
    return {folder_ / file, cpu(), 1, {}};
  }

  [[nodiscard]] Machine::Words on_metis(const std::string& faults = "[]") const {
    DeviceSpec device;
    device.name = "npu";
    device.type = "sim";
    return {cut(), device, 1, {{"devices", "1*metis"}, {"faults", faults}}};
  }

  [[nodiscard]] std::vector<Answer> of_whole_model(const std::vector<int>& seeds) const {
    Machine whole(on_cpu("whole.onnx"));
    EXPECT_TRUE(whole.status().has_value()) << whole.status().error().message;
    std::vector<Answer> answers;
    for (const int seed : seeds) {
      answers.push_back(whole.run_pictures({seed}).front());
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
    const std::array<double, 2> allowed = {kMeanScale + kExact,
                                           (kFeatureScale + kMeanScale) / 2 + kExact};
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
  Machine machine(on_cpu("cut"));
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  EXPECT_EQ(machine.loaded().inputs.at(0)->name, "picture");
  EXPECT_EQ(machine.loaded().outputs.at(0)->name, "doubled");
  EXPECT_EQ(machine.loaded().before, "pre.onnx");
  EXPECT_EQ(machine.loaded().after, "post.onnx");
  std::vector<Answer> answers;
  for (const int seed : {1, 2, 3}) {
    answers.push_back(machine.run_pictures({seed}).front());
  }
  expect_equal(answers, of_whole_model({1, 2, 3}));
  EXPECT_NE(answers[0].outputs, answers[1].outputs);
}

TEST_F(HostGraphs, WorkWithSeveralFramesInFlight) {
  Machine machine(on_cpu("cut"));
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  ASSERT_GE(machine.slots(), 3U) << "each link has room for one at least";
  std::vector<int> seeds;
  for (std::uint32_t i = 0; i < machine.slots(); ++i) {
    seeds.push_back(static_cast<int>(i) + 1);
  }
  const std::vector<Answer> wanted = of_whole_model(seeds);
  for (int round = 0; round < 20; ++round) {
    expect_equal(machine.run_pictures(seeds), wanted);
  }
}

TEST_F(HostGraphs, WorkRoundASimulatedDevice) {
  Machine machine(on_metis());
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  EXPECT_TRUE(machine.loaded().simulated);
  const std::vector<int> seeds = {1, 2, 3, 4, 5, 6};
  expect_near(machine.run_pictures(seeds), of_whole_model(seeds));
}

TEST_F(HostGraphs, AreShownByThePool) {
  Machine machine(on_metis());
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  machine.run_pictures({1, 2});
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
  Machine machine(on_cpu("cut"));
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  auto half = std::make_shared<TensorSpec>(*machine.loaded().inputs.at(0));
  half->shape = Shape{1, 3, 4, 4};
  const std::vector<Answer> answers =
      machine.run({machine.input(picture(1)), map_of(half), machine.input(picture(2))});
  expect_equal({answers[0], answers[2]}, of_whole_model({1, 2}));
  EXPECT_EQ(answers[1].done.code, Errc::kInvalidArgument);
  EXPECT_EQ(answers[1].done.message,
            "package 'cut', graph 'pre.onnx': input 'picture': shape 1x3x4x4, model wants 1x3x8x8");
}

TEST_F(HostGraphs, DoNotRunAgainWhenTheDeviceIsLost) {
  Machine machine(on_metis("[{kind: lost, after: 2}]"));
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  const std::vector<int> seeds = {1, 2, 3, 4, 5, 6};
  expect_near(machine.run_pictures(seeds), of_whole_model(seeds));
  const PoolStatus status = machine.pool_status();
  EXPECT_GE(status.devices.at(0).resets, 1U);
  for (const PoolStatus::Package& package : status.packages) {
    EXPECT_EQ(package.frames, seeds.size()) << package.name;
  }
}

TEST_F(HostGraphs, TakeBatches) {
  Machine::Words words = on_cpu("cut");
  words.batch = 2;
  Machine machine(words);
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  EXPECT_EQ(machine.loaded().inputs.at(0)->shape, (Shape{2, 3, 8, 8}));
  Values two = picture(1);
  const Values second = picture(2);
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
  DeviceSpec device;
  device.name = "main";
  device.type = "noop";
  device.options.set("inputs", "in0:f32:1x3x8x8")
      .set("outputs", "out0:f32:1x4x8x8,out1:f32:1x4x1x1");
  Machine machine({cut(), device, 1, {}});
  ASSERT_TRUE(machine.status().has_value()) << machine.status().error().message;
  for (const Answer& answer : machine.run_pictures({1, 2, 3})) {
    EXPECT_EQ(answer.done.code, Errc::kOk) << answer.done.message;
    EXPECT_EQ(answer.outputs.at(0), Values(4, 0.0F));  // noop gives zeros.
  }
}

TEST_F(HostGraphs, AreRefusedWhereTensorsDoNotMeet) {
  OnnxWriter other;
  other.input("boxes", kMeans).input("features", kFeatures).output("doubled", kMeans);
  other.node("Sub", {"features", "boxes"}, {"centred"});
  other.node("Add", {"boxes", "boxes"}, {"doubled"}).output("centred", kFeatures);
  other.write(folder_ / "cut/post.onnx");
  Machine machine(on_cpu("cut"));
  ASSERT_FALSE(machine.status().has_value());
  EXPECT_EQ(machine.status().error().message,
            "model 'cut': package 'cut': input 'boxes' of graph 'post.onnx': network "
            "'network.onnx' gives no tensor of this name; it gives 'features', 'means'");
}

TEST_F(HostGraphs, AreRefusedWhereTheDeviceGivesOtherShapes) {
  DeviceSpec device;
  device.name = "main";
  device.type = "noop";
  device.options.set("inputs", "in0:f32:1x3x8x8")
      .set("outputs", "out0:f32:1x4x8x8,out1:f32:1x5x1x1");
  Machine machine({cut(), device, 1, {}});
  ASSERT_FALSE(machine.status().has_value());
  EXPECT_EQ(machine.status().error().message,
            "model 'cut': input 'means' of package 'cut', graph 'post.onnx' is f32 1x4x1x1, "
            "output 'out1' of package 'cut', network 'network.onnx' is f32 1x5x1x1");
}

}  // namespace
}  // namespace penstock
