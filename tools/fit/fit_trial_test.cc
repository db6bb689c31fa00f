#include "tools/fit/fit_trial.h"

#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tools/fit/fit_device.h"
#include "tools/fit/fit_graph.h"
#include "tools/fit/fit_limit.h"
#include "tools/fit/fit_report.h"
#include "tools/fit/fit_search.h"

namespace penstock {
namespace {

using std::chrono::nanoseconds;

/// A model without a file that the device completes `service` apart: 100 frames a second.
DeviceSpec simulated(const std::string& profile, nanoseconds service = nanoseconds(10'000'000)) {
  DeviceSpec device;
  device.name = "npu";
  device.type = "sim";
  device.profile = profile;
  device.options.set("inputs", std::string("image:u8:1x8x8x3:NHWC"))
      .set("outputs", std::string("boxes:f32:1x10x4"))
      .set("service", service);
  return device;
}

ActorSpec actor(const std::string& name, const std::string& from, const std::string& model = "") {
  ActorSpec spec;
  spec.name = name;
  spec.model = model;
  if (!from.empty()) {
    InputSpec input;
    input.from = from;
    spec.inputs.push_back(input);
  }
  return spec;
}

/// A camera whose pictures pass as many models, one behind the other.
GraphSpec chain_of(int models) {
  GraphSpec spec;
  spec.name = "chain";
  spec.actors.push_back(actor("cam", ""));
  StreamSpec stream;
  stream.name = "cam";
  spec.actors.back().streams.push_back(stream);
  for (int i = 0; i < models; ++i) {
    ModelSpec model;
    model.name = "model " + std::to_string(i);
    spec.models.push_back(model);
    const std::string before = spec.actors.back().name;
    const std::string name = "detect" + std::to_string(i);
    spec.actors.push_back(actor(name + ".pre", before));
    spec.actors.push_back(actor(name + ".run", name + ".pre", model.name));
  }
  spec.actors.push_back(actor("log", spec.actors.back().name));
  return spec;
}

/// Puts all models on `device`, which is the graph's own.
GraphSpec on(GraphSpec spec, const DeviceSpec& device) {
  spec.devices = {device};
  for (ModelSpec& model : spec.models) {
    model.device = device.name;
    model.devices = {device.name};
  }
  for (ActorSpec& actor : spec.actors) {
    if (!actor.model.empty()) {
      actor.device = device.name;
      actor.devices = {device.name};
    }
  }
  return spec;
}

FitFigures run_with(const GraphSpec& spec, std::uint32_t streams) {
  FitWords words;
  words.spec = &spec;
  words.seconds = 5;
  auto figures = run_fit_trial(words, streams);
  EXPECT_TRUE(figures.has_value()) << figures.error().message;
  return figures.has_value() ? *figures : FitFigures();
}

TEST(FitTrial, DeliversAllFramesOfStreamsThatFit) {
  const GraphSpec spec = on(chain_of(1), simulated("mx3"));
  const FitFigures figures = run_with(spec, 2);
  EXPECT_EQ(figures.drop_rate, 0);
  EXPECT_EQ(figures.failed, 0U);
  EXPECT_TRUE(figures.in_order);
  EXPECT_NEAR(figures.delivered_fps, 30, 0.3);
  EXPECT_GE(figures.latency_p50_ms, 9) << "a frame is at least as long on the device";
  EXPECT_LT(figures.latency_p99_ms, 100);
}

TEST(FitTrial, DropsFramesBeyondTheRateOfTheDevice) {
  const GraphSpec spec = on(chain_of(1), simulated("mx3"));
  const FitFigures figures = run_with(spec, 6);
  EXPECT_NEAR(figures.delivered_fps * 6, 100, 5) << "a frame each 10 ms";
  EXPECT_NEAR(figures.drop_rate, 80.0 / 180, 0.03);
  EXPECT_GT(figures.with_work, 0.95) << "there is always a frame at the device";
  EXPECT_EQ(limit_of(figures).kind, FitLimit::Kind::kDevice) << limit_of(figures).why;
}

TEST(FitTrial, CountsAModelOnceAStation) {
  const GraphSpec spec = on(chain_of(2), simulated("metis"));
  const FitFigures figures = run_with(spec, 1);
  EXPECT_EQ(figures.models, 2U);
  EXPECT_EQ(figures.drop_rate, 0);
  EXPECT_GE(figures.latency_p50_ms, 18) << "one behind the other";
}

TEST(FitTrial, CountsAModelOfTwoActorsOnce) {
  GraphSpec spec = chain_of(2);
  spec.models.pop_back();
  for (ActorSpec& actor : spec.actors) {
    actor.model = actor.model.empty() ? "" : spec.models[0].name;
  }
  EXPECT_EQ(run_with(on(spec, simulated("metis")), 1).models, 1U);
}

TEST(FitTrial, AnswersTheSameQuestionTheSame) {
  const GraphSpec spec = on(chain_of(2), simulated("mx3"));
  FitQuestion question;
  question.graph = "chain.yaml";
  question.devices = {{"npu", "sim:mx3"}};
  question.goal.max_streams = 8;
  const auto ask = [&] {
    FitWords words;
    words.spec = &spec;
    words.seconds = 3;
    const auto answer = search_fit(
        question.goal, [&](std::uint32_t streams) { return run_fit_trial(words, streams); });
    EXPECT_TRUE(answer.has_value()) << answer.error().message;
    return answer.has_value() ? fit_json(question, *answer) + fit_text(question, *answer) : "";
  };
  const std::string first = ask();
  EXPECT_EQ(first, ask());
  EXPECT_NE(first.find("\"simulated\":true"), std::string::npos) << first;
  EXPECT_NE(first.find("Simulated"), std::string::npos) << first;
}

TEST(FitTrial, SaysWhatDoesNotLoad) {
  const GraphSpec spec = on(chain_of(1), simulated("no/such.yaml"));
  FitWords words;
  words.spec = &spec;
  const auto figures = run_fit_trial(words, 1);
  ASSERT_FALSE(figures.has_value());
  EXPECT_NE(figures.error().message.find("no/such.yaml"), std::string::npos)
      << figures.error().message;
}

/// Two cameras at one model, of which the first goes before the second.
GraphSpec two_cameras() {
  GraphSpec spec = chain_of(1);
  ActorSpec yard = actor("yard", "");
  StreamSpec stream;
  stream.name = "yard";
  yard.streams.push_back(stream);
  spec.actors.insert(spec.actors.begin() + 1, yard);
  InputSpec second;
  second.from = "yard";
  spec.actors[2].inputs.push_back(second);
  spec.actors[3].flows = {{"cam", Priority::kHigh, 1}, {"yard", Priority::kNormal, 1}};
  return on(std::move(spec), simulated("mx3"));
}

TEST(FitTrial, ServesStreamsByTheirPriorities) {
  const GraphSpec spec = two_cameras();
  const FitFigures figures = run_with(spec, 6);
  ASSERT_EQ(figures.by_stream.size(), 2U);
  const FitStreams& cam = figures.by_stream[0];
  const FitStreams& yard = figures.by_stream[1];
  EXPECT_EQ(cam.name, "cam");
  EXPECT_EQ(cam.streams, 3U);
  EXPECT_EQ(yard.streams, 3U);
  EXPECT_LT(cam.drop_rate, 0.02) << "90 of the 100 frames a second that the device takes";
  EXPECT_GT(yard.drop_rate, 0.8) << "what is left";
  EXPECT_FALSE(does_fit(figures, {0.5, 6})) << "although less than half of all frames are lost";
}

TEST(FitTrial, SharesByTheWeightsOfStreams) {
  GraphSpec spec = two_cameras();
  spec.actors[3].flows = {{"cam", Priority::kNormal, 3}, {"yard", Priority::kNormal, 1}};
  const FitFigures figures = run_with(spec, 16);
  ASSERT_EQ(figures.by_stream.size(), 2U);
  EXPECT_NEAR(figures.by_stream[0].delivered_fps / figures.by_stream[1].delivered_fps, 3, 0.3);
}

TEST(FitTrial, RunsModelsOnTheDevicesOfTheGraph) {
  GraphSpec spec = on(chain_of(2), simulated("mx3"));
  EXPECT_GT(run_with(spec, 1).swaps_per_second, 0) << "one holds one model";
  DeviceSpec other = simulated("mx3");
  other.name = "other";
  spec.devices.push_back(other);
  spec.models[1].device = "other";
  spec.models[1].devices = {"other"};
  spec.actors[4].device = "other";
  spec.actors[4].devices = {"other"};
  const FitFigures figures = run_with(spec, 3);
  EXPECT_EQ(figures.swaps_per_second, 0) << "each has its own";
  EXPECT_EQ(figures.drop_rate, 0);
}

TEST(FitTrial, CountsTheTimeOfASwapAtTheDeviceThatSwaps) {
  GraphSpec spec = on(chain_of(2), simulated("mx3"));
  const FitFigures one = run_with(spec, 1);
  const double seconds_a_swap = one.swap_share / one.swaps_per_second;
  DeviceSpec other = simulated("mx3");
  other.name = "other";
  spec.devices.push_back(other);
  for (ModelSpec& model : spec.models) {
    model.devices = {"npu", "other"};
    model.placement = Placement::kRoundRobin;
  }
  for (ActorSpec& actor : spec.actors) {
    actor.devices = actor.model.empty() ? actor.devices : spec.models[0].devices;
  }
  const FitFigures two = run_with(spec, 2);
  ASSERT_GT(two.swaps_per_second, 1);
  EXPECT_NEAR(two.swap_share, two.swaps_per_second * seconds_a_swap / 2, 0.2 * two.swap_share)
      << "each of the two devices swaps half the time";
}

TEST(FitTrial, CountsSwapsByTheSubDeviceAsTheBudgetDoes) {
  // Four cores that swap apart: all their swaps together may take more than the share of one.
  const GraphSpec spec = on(chain_of(2), simulated("metis", nanoseconds(40'000'000)));
  for (const std::uint32_t streams : {8U, 16U, 24U}) {
    const FitFigures figures = run_with(spec, streams);
    EXPECT_LE(figures.swap_share, figures.swap_share_limit * 1.01) << streams;
  }
}

/// Writes a profile that is too hot from the start and returns its path.
std::string hot_profile() {
  const std::string path = ::testing::TempDir() + "/hot.yaml";
  std::ofstream(path) << R"(profile: hot
title: simulated accelerator in an oven
identity: "hot-{index}"
sub_devices: {count: 1}
modes: [{name: single}]
reset: 100ms
thermal:
  ambient: 120
  degrees_per_watt: 10
  time_constant: 1s
  idle_watt: 1
  busy_watt: 1
  tick: 100ms
  ladder: [{action: shutdown, at: 90, hysteresis: 30}]
)";
  return path;
}

TEST(FitTrial, NamesThePaceThatAModelIsHeldTo) {
  GraphSpec spec = on(chain_of(1), simulated("mx3"));
  spec.models[0].knobs.fps_target = 40;
  const FitFigures figures = run_with(spec, 4);
  ASSERT_GT(figures.drop_rate, 0.3) << "60 frames a second come, 40 may go";
  const FitLimit limit = limit_of(figures);
  EXPECT_EQ(to_string(limit.kind), std::string("pace")) << limit.why;
  EXPECT_NE(limit.why.find("model 'model 0' is paced to 40 frames a second (fps_target)"),
            std::string::npos)
      << limit.why;
}

TEST(FitTrial, NamesTheFramesThatAModelWaitsFor) {
  // Four frames are in flight at most: it is `max_wait` that lets them go.
  GraphSpec spec = on(chain_of(1), simulated("mx3"));
  spec.models[0].knobs.min_frames = 16;
  const FitLimit limit = limit_of(run_with(spec, 2));
  EXPECT_EQ(to_string(limit.kind), std::string("min_frames")) << limit.why;
  EXPECT_NE(limit.why.find("waits until it has 16 frames (min_frames)"), std::string::npos)
      << limit.why;
}

TEST(FitTrial, TellsThatADeviceIsTooHotToWork) {
  const FitFigures figures = run_with(on(chain_of(1), simulated(hot_profile())), 1);
  const FitLimit limit = limit_of(figures);
  EXPECT_FALSE(does_fit(figures, {}));
  EXPECT_EQ(to_string(limit.kind), std::string("health"));
  EXPECT_NE(limit.why.find("'npu'"), std::string::npos) << limit.why;
  EXPECT_NE(limit.why.find("shut"), std::string::npos) << limit.why;
}

/// Three cameras of 12 frames in flight each at a model whose queue holds four.
GraphSpec short_queue(DropPolicy drop, std::int64_t batch = 1) {
  GraphSpec spec = on(chain_of(1), simulated("mx3"));
  spec.actors[0].streams[0].options.set("max_in_flight", std::int64_t{12});
  spec.models[0].knobs.ifmap_queue_size = 4;
  spec.models[0].knobs.drop = drop;
  spec.models[0].batch_size = batch;
  return spec;
}

std::uint64_t dropped_by(const FitFigures& figures, const std::string& reason) {
  for (const auto& [why, count] : figures.drops) {
    if (why == reason) {
      return count;
    }
  }
  return 0;
}

TEST(FitTrial, LetsAModelsFullQueueDropWhatTheGraphSays) {
  // 180 frames a second come, and the device takes 100.
  const FitFigures blocks = run_with(short_queue(DropPolicy::kNone), 6);
  EXPECT_EQ(dropped_by(blocks, "queue_oldest") + dropped_by(blocks, "queue_newest"), 0U);
  EXPECT_GT(dropped_by(blocks, "latest_wins"), 300U) << "at the entrance";

  const FitFigures oldest = run_with(short_queue(DropPolicy::kOldest), 6);
  EXPECT_NEAR(static_cast<double>(dropped_by(oldest, "queue_oldest")), 400, 20);
  EXPECT_EQ(dropped_by(oldest, "latest_wins") + dropped_by(oldest, "queue_newest"), 0U);
  EXPECT_TRUE(oldest.in_order);
  EXPECT_NEAR(oldest.delivered_fps * 6, 100, 5) << "the device is never idle";
  EXPECT_LT(oldest.latency_p99_ms, blocks.latency_p50_ms / 2) << "no frame waits behind 70 others";

  const FitFigures newest = run_with(short_queue(DropPolicy::kNewest), 6);
  EXPECT_NEAR(static_cast<double>(dropped_by(newest, "queue_newest")), 400, 20);
  EXPECT_EQ(dropped_by(newest, "queue_oldest"), 0U);
  EXPECT_TRUE(newest.in_order);
}

TEST(FitTrial, LetsTheQueueOfBatchesDropToo) {
  GraphSpec spec = short_queue(DropPolicy::kOldest, 4);
  const FitFigures figures = run_with(spec, 24);
  EXPECT_GT(dropped_by(figures, "queue_oldest"), 100U);
  EXPECT_EQ(dropped_by(figures, "latest_wins"), 0U);
  EXPECT_TRUE(figures.in_order);
}

/// Streams for which a run ends while a model is on its way to the device.
TEST(FitTrial, EndsWhileAModelIsOnItsWay) {
  const GraphSpec spec = on(chain_of(2), simulated("mx3", nanoseconds(1'000'000)));
  for (std::uint32_t streams = 1; streams <= 8; ++streams) {
    EXPECT_EQ(run_with(spec, streams).failed, 0U);
  }
}

TEST(OnSimulatedDevices, PutsAllModelsOnTheOneThatIsNamed) {
  const GraphSpec written = on(chain_of(2), simulated("aries"));
  const GraphSpec spec = on_simulated_devices(written, {"sim:metis"}).value();
  const std::vector<std::pair<std::string, std::string>> metis = {{"sim", "sim:metis"}};
  EXPECT_EQ(devices_in_use(spec), metis);
  EXPECT_EQ(spec.models[1].device, "sim");
}

TEST(OnSimulatedDevices, KeepsTheGraphsOwnWithoutFaultsAndComputing) {
  DeviceSpec own = simulated("aries");
  own.options.set("faults", OptionValue::List{}).set("compute", std::string("reference"));
  const GraphSpec spec = on_simulated_devices(on(chain_of(1), own), {}).value();
  EXPECT_EQ(spec.devices[0].profile, "aries");
  EXPECT_TRUE(spec.devices[0].options.has("service"));
  EXPECT_FALSE(spec.devices[0].options.has("faults"));
  EXPECT_FALSE(spec.devices[0].options.has("compute"));
}

TEST(OnSimulatedDevices, LeavesOutASecondChoiceThatIsNotSimulated) {
  GraphSpec written = on(chain_of(1), simulated("mx3"));
  DeviceSpec cpu;
  cpu.name = cpu.type = "cpu";
  written.devices.push_back(cpu);
  written.actors[2].devices = {"npu", "cpu"};
  EXPECT_EQ(on_simulated_devices(written, {}).value().models[0].devices,
            (std::vector<std::string>{"npu"}));
  written.actors[2].devices = {"cpu", "npu"};
  const auto refused = on_simulated_devices(written, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("--device cpu=sim:mx3"), std::string::npos);
  const auto played = on_simulated_devices(written, {"cpu=sim:aries"});
  ASSERT_TRUE(played.has_value()) << played.error().message;
  EXPECT_EQ(played->models[0].devices, (std::vector<std::string>{"cpu", "npu"}));
}

TEST(ReduceGraph, KeepsTheWayOfAFrameThroughTheModels) {
  GraphSpec spec = chain_of(1);
  spec.actors[2].inputs[0].queue = 7;
  spec.actors[2].inputs[0].queue_is_written = true;
  spec.models.push_back(spec.models[0]);
  spec.models[1].name = "side";
  spec.actors.push_back(actor("side.run", "cam", "side"));
  const auto graph = reduce_graph(spec, {{"model 0", 2}, {"side", 1}}, 3);
  ASSERT_TRUE(graph.has_value()) << graph.error().message;
  const auto& nodes = graph->topology.nodes;
  ASSERT_EQ(nodes.size(), 7U) << "cameras, two feeds, two stations, two ends";
  EXPECT_EQ(nodes[0].streams.size(), 3U);
  EXPECT_EQ(nodes[2].name, "detect0.run");
  EXPECT_EQ(nodes[2].inputs[0].queue, 7U);
  EXPECT_EQ(nodes[3].inputs[0].from, 0U) << "beside the other, not behind it";
}

TEST(ReduceGraph, WantsAModel) {
  const auto graph = reduce_graph(chain_of(0), {}, 1);
  ASSERT_FALSE(graph.has_value());
  EXPECT_EQ(graph.error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace penstock
