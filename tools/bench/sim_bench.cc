/// Measures how fast simulated devices are: virtual seconds simulated per second, for 50 streams at
/// 30 frames a second on a simulated metis, through the C ABI, nothing computed. `--json` prints
/// one object.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/manual_host.h"
#include "drivers/sim/sim_driver.h"
#include "engine/base/check.h"
#include "tools/bench/bench_main.h"
#include "tools/bench/bench_rows.h"

namespace penstock {
namespace {

constexpr std::size_t kStreams = 50;
constexpr std::int64_t kFramesPerSecond = 30;
constexpr std::int64_t kVirtualSeconds = 60;

FeatureMap map_for(const std::shared_ptr<const TensorSpec>& spec) {
  const std::size_t bytes = spec->shape.dense_bytes(spec->type).value_or(0);
  auto map = make_feature_map(spec, spec->shape, Buffer::allocate(bytes));
  PENSTOCK_CHECK(map.has_value()) << map.error().message;
  return std::move(map).value();
}

/// One camera: a request of its own, submitted anew with each picture.
struct Stream {
  Request request;
  std::vector<FeatureMap> inputs;
  std::vector<FeatureMap> outputs;
};

struct Run {
  double speed = 0;  ///< Virtual seconds per second.
  double completed = 0;
  double dropped = 0;
};

Run simulate() {
  const auto host = std::make_shared<ManualHost>();
  auto driver = Driver::create(
      sim_driver_api(), host, {{"devices", "metis"}, {"compute", "none"}, {"time", "virtual"}});
  PENSTOCK_CHECK(driver.has_value()) << driver.error().message;
  auto device = driver->open("metis-0:1:0");
  PENSTOCK_CHECK(device.has_value()) << device.error().message;
  // As much as four cores take with some room: 1500 of 2000 frames a second.
  auto model = device->load("",
                            {{"inputs", "image:u8:1x32x32x3:NHWC"},
                             {"outputs", "boxes:f32:1x100x4"},
                             {"residence", "resident"},
                             {"service", "2ms"}});
  PENSTOCK_CHECK(model.has_value()) << model.error().message;
  auto queue = CompletionQueue::create(kStreams, {});
  PENSTOCK_CHECK(queue.has_value()) << queue.error().message;
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < kStreams; ++i) {
    auto request = model->create_request(*queue);
    PENSTOCK_CHECK(request.has_value()) << request.error().message;
    streams.push_back({std::move(request).value(),
                       {map_for(model->input_spec(0))},
                       {map_for(model->output_spec(0))}});
  }
  Run run;
  const Duration gap =
      Duration(std::chrono::seconds(1)) / (kFramesPerSecond * std::int64_t{kStreams});
  const std::int64_t pictures = kVirtualSeconds * kFramesPerSecond * std::int64_t{kStreams};
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t picture = 0; picture < pictures; ++picture) {
    host->advance(gap);
    while (const auto completion = queue->pop()) {
      PENSTOCK_CHECK(completion->code == Errc::kOk) << completion->message;
      run.completed += 1;
    }
    const auto index = static_cast<std::size_t>(picture) % kStreams;
    Stream& stream = streams[index];
    if (!stream.request.is_idle()) {
      run.dropped += 1;
      continue;
    }
    const Status started = stream.request.submit(stream.inputs, stream.outputs, index);
    PENSTOCK_CHECK(started.has_value()) << started.error().message;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  run.speed = static_cast<double>(kVirtualSeconds) / took.count();
  host->advance(std::chrono::seconds(1));
  return run;
}

std::optional<BenchReport> measure(const BenchWords& words) {
  constexpr double kGoal = 100;
  std::vector<double> speeds;
  Run last;
  for (std::size_t round = 0; round < words.rounds; ++round) {
    last = simulate();
    speeds.push_back(last.speed);
  }
  BenchReport report;
  report.benchmark = "sim";
  report.machine = machine_name();
  BenchRow speed =
      row_of("virtual seconds per second, 50 streams at 30/s on a simulated metis", speeds, "s/s");
  speed.goal = kGoal;
  speed.met = speed.value >= kGoal;
  BenchRow cost;
  cost.name = "real time per frame";
  cost.value = 1e9 / (speed.value * static_cast<double>(kStreams * kFramesPerSecond));
  cost.unit = "ns";
  BenchRow completed;
  completed.name = "frames completed per virtual second (virtual time)";
  completed.value = last.completed / static_cast<double>(kVirtualSeconds);
  completed.unit = "1/s";
  BenchRow dropped;
  dropped.name = "pictures whose stream was still busy (virtual time)";
  dropped.value = last.dropped;
  report.rows = {speed, cost, completed, dropped};
  return report;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  return penstock::bench_main(argc, argv, {7, {}}, penstock::measure);
}
