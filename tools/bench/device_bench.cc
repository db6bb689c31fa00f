/// Measures what a device costs its graph: time and heap of a frame on `noop`, and frames a second
/// through four sub-devices where nothing is computed, against a hop of the same run; and what of
/// it the device adds to a source and a sink. `--json` prints one object, `--rounds N` sets the
/// number of rounds.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "drivers/api/driver.h"
#include "drivers/api/steady_host.h"
#include "drivers/noop/noop_driver.h"
#include "drivers/sim/sim_driver.h"
#include "engine/base/check.h"
#include "engine/memory/buffer.h"
#include "engine/tensor/feature_map.h"
#include "tools/bench/bench_graph.h"
#include "tools/bench/bench_main.h"
#include "tools/bench/bench_rows.h"
#include "tools/bench/counted_heap.h"
#include "tools/bench/device_graph.h"
#include "tools/bench/frame_gate.h"
#include "tools/bench/paired_rounds.h"

namespace penstock {
namespace {

constexpr std::size_t kRounds = 21;
constexpr std::size_t kStages = 8;  // As the benchmark `hop` has them.
constexpr std::uint32_t kQueue = 16;
constexpr std::uint64_t kFrames = 20'000;
constexpr std::int64_t kBatch = 16;
constexpr std::uint32_t kWindow = 256;  // About what a device that is kept busy in batches has.
constexpr std::size_t kInputs = 4;      // As `DeviceGraph` has them.
constexpr double kGoal = 4;

double now_ns(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <class T>
T must(Result<T> result) {
  PENSTOCK_CHECK(result.has_value()) << result.error().message;
  return std::move(result).value();
}

class PassNode final : public Node {
 public:
  static Result<std::unique_ptr<Node>> make() {
    return std::unique_ptr<Node>(std::make_unique<PassNode>());
  }

  Status process(Frame& /*frame*/, Emit& /*emit*/) override { return {}; }
};

/// What passes frames on: both kinds of graph.
class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  /// Passes frames through and returns the nanoseconds that each took; those of all threads' CPU
  /// are kept.
  double run(std::uint64_t frames) {
    const double start = now_ns(CLOCK_MONOTONIC);
    const double cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    total_ += frames;
    gate().allow(frames);
    gate().wait_for_delivered(total_);
    const auto count = static_cast<double>(frames);
    cpu_.push_back((now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / count);
    return (now_ns(CLOCK_MONOTONIC) - start) / count;
  }

  /// Of each run since the last `forget`.
  [[nodiscard]] const std::vector<double>& cpu() const noexcept { return cpu_; }

  void forget() { cpu_.clear(); }

 protected:
  virtual FrameGate& gate() = 0;

 private:
  std::uint64_t total_ = 0;
  std::vector<double> cpu_;
};

/// A graph without a device.
class Plain : public Contender {
 protected:
  FrameGate& gate() override { return gate_; }

  /// Ends `graph` behind the node `last`, and starts it.
  void finish(BenchGraph& graph, std::size_t last, actors::Workers& workers, const Clock& clock) {
    graph.sink(
        "sink",
        last,
        [this](const std::string& /*stream*/) { return GateSink::factory(gate_); },
        kQueue);
    graph_ = must(graph.start(workers, clock));
  }

 private:
  FrameGate gate_;
  std::unique_ptr<actors::RunningGraph> graph_;
};

/// Eight stages with an edge before each, as `hop` measures them.
class Hops final : public Plain {
 public:
  Hops(actors::Workers& workers, const Clock& clock) {
    BenchGraph graph("hop");
    std::size_t last = graph.source("source", {"s"}, [this](const std::string& /*stream*/) {
      return GatedSource::factory(gate());
    });
    for (std::size_t i = 1; i < kStages; ++i) {
      last = graph.step("pass" + std::to_string(i), last, PassNode::make, kQueue);
    }
    finish(graph, last, workers, clock);
  }
};

/// A source and a sink, with frames that carry what they would bring to the model of `OnDevice`.
class Alone final : public Plain {
 public:
  Alone(actors::Workers& workers, const Clock& clock) {
    auto spec = std::make_shared<TensorSpec>();
    spec->name = "image";
    spec->type = ElementType::kU8;
    spec->shape = Shape{1, 16};
    const auto inputs = std::make_shared<std::array<std::vector<FeatureMap>, kInputs>>();
    for (auto& frame : *inputs) {
      frame.push_back(must(make_feature_map(spec, spec->shape, Buffer::allocate(16))));
    }
    BenchGraph graph("alone");
    const auto source = graph.source(
        "source",
        {"s"},
        [this, inputs](const std::string& /*stream*/) {
          return GatedSource::factory(gate(), [inputs](std::uint64_t seq, SourceFrame& out) {
            out.tensors = (*inputs)[seq % kInputs];
          });
        },
        kWindow);
    finish(graph, source, workers, clock);
  }
};

/// One model on one device.
class OnDevice final : public Contender {
 public:
  struct Words {
    const PenstockDriverApi* api = nullptr;
    DriverOptions driver;
    DeviceSpec device;
    std::int64_t batch = 1;
  };

  OnDevice(const Words& words, actors::Workers& workers, const Clock& clock) {
    const auto driver = std::make_shared<Driver>(
        must(Driver::create(*words.api, std::make_shared<SteadyHost>(), words.driver)));
    DeviceGraph::Words graph;
    graph.device = words.device;
    graph.device.name = "device";
    graph.model.name = "model";
    graph.model.batch_size = words.batch;
    graph.queue = kQueue;
    graph.select = [&driver](const DeviceSpec& /*device*/) -> Result<DeviceChoice> {
      return DeviceChoice{driver, must(driver->enumerate()).front()};
    };
    graph_ = must(DeviceGraph::start(std::move(graph), workers, clock));
  }

 protected:
  FrameGate& gate() override { return graph_->gate(); }

 private:
  std::unique_ptr<DeviceGraph> graph_;
};

/// Inputs and outputs of frame size, of which nothing is read or written.
OnDevice::Words noop_words() {
  OnDevice::Words words;
  words.api = &noop_driver_api();
  words.device.type = "noop";
  words.device.options.set("inputs", std::string("image:u8:1x640x640x3:NHWC"))
      .set("outputs", std::string("masks:f32:1x160x160"))
      .set("write", std::string("nothing"))
      .set("requests", std::int64_t{16});
  return words;
}

OnDevice::Words noop_parts_words() {
  OnDevice::Words words = noop_words();
  words.driver = {{"sub_devices", "4"}};
  words.device.options.set("placements", std::string("0, 1, 2, 3"));
  return words;
}

/// As above, for users who batch. Frames are small, so that gathering them is not what is measured.
OnDevice::Words noop_batch_words() {
  OnDevice::Words words = noop_parts_words();
  words.batch = kBatch;
  words.device.options.set("inputs", std::string("image:u8:16x16"))
      .set("outputs", std::string("boxes:u8:16x16"))
      .set("requests", std::int64_t{2});
  return words;
}

/// Four cores that are never what limits: a link of a shipped profile takes 5 us for each transfer,
/// and would be measured instead of the engine.
constexpr const char* kSwift = R"(profile: swift
title: simulated accelerator of four cores without a link
identity: "swift-{index}"
sub_devices: {count: 4}
modes:
  - {name: single}
)";

/// A file that lives as long as this.
class ProfileFile {
 public:
  explicit ProfileFile(const char* text) {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-XXXXXX").string();
    PENSTOCK_CHECK(::mkdtemp(pattern.data()) != nullptr) << pattern;
    folder_ = pattern;
    std::ofstream(path()) << text;
  }

  ProfileFile(const ProfileFile&) = delete;
  ProfileFile& operator=(const ProfileFile&) = delete;

  ~ProfileFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path() const { return folder_ / "swift.yaml"; }

 private:
  std::filesystem::path folder_;
};

OnDevice::Words sim_words(const ProfileFile& profile) {
  OnDevice::Words words;
  words.api = &sim_driver_api();
  words.driver = {{"devices", profile.path()}, {"compute", "none"}};
  words.device.type = "sim";
  words.device.options.set("inputs", std::string("image:u8:1x16"))
      .set("outputs", std::string("boxes:u8:1x16"))
      .set("service", std::string("1us"));
  return words;
}

/// As above, a job carries sixteen frames.
OnDevice::Words sim_batch_words(const ProfileFile& profile) {
  OnDevice::Words words = sim_words(profile);
  words.batch = kBatch;
  words.device.options.set("inputs", std::string("image:u8:16x16"))
      .set("outputs", std::string("boxes:u8:16x16"));
  return words;
}

/// The order of the contenders.
enum : std::size_t { kHops, kAlone, kNoop, kNoopParts, kNoopBatch, kSim, kSimBatch };

constexpr const char* kNames[] = {"hop: 8 stages, edges, actors",
                                  "source and sink alone",
                                  "noop, one device",
                                  "noop, 4 sub-devices",
                                  "noop, 4 sub-devices, batches of 16",
                                  "simulated, 4 cores",
                                  "simulated, 4 cores, batches of 16"};

BenchRow rate_row(const std::string& name, const std::vector<double>& times) {
  std::vector<double> rates;
  rates.reserve(times.size());
  for (const double time : times) {
    rates.push_back(1e9 / time);
  }
  return row_of(name, rates, "1/s");
}

/// Returns what the device adds to a source and a sink, round by round: CPU time of all threads,
/// since times on the wall overlap.
std::vector<double> added(const Contender& device, const Contender& alone) {
  std::vector<double> cpu = device.cpu();
  std::transform(cpu.begin(), cpu.end(), alone.cpu().begin(), cpu.begin(), std::minus<>());
  return cpu;
}

BenchRow hops_row(const std::string& name,
                  const std::vector<double>& ours,
                  const std::vector<double>& hops,
                  std::optional<double> goal) {
  const MedianInterval ratio = paired_ratio(ours, hops);
  BenchRow row;
  row.name = name + ", ratio, 95% interval";
  row.value = ratio.median;
  row.unit = "hops";
  row.min = ratio.low;
  row.max = ratio.high;
  row.ratio = ratio.median;
  row.against = "hop of this run";
  row.goal = goal;
  if (goal.has_value()) {
    row.met = ratio.low <= *goal;
  }
  return row;
}

/// Counts what the heap gives for a frame on noop, in the steady state.
std::vector<BenchRow> heap_rows(Contender& noop) {
  const HeapCounts before = HeapCounts::now();
  noop.run(kFrames);
  const HeapCounts after = HeapCounts::now();
  constexpr auto kCount = static_cast<double>(kFrames);
  BenchRow large;
  large.name = "noop, allocations of 64 KiB or more";
  large.value = static_cast<double>(after.large_allocations - before.large_allocations) / kCount;
  large.unit = "1/frame";
  large.goal = 0;
  large.met = after.large_allocations == before.large_allocations;
  BenchRow all;
  all.name = "noop, allocations of any size";
  all.value = static_cast<double>(after.allocations - before.allocations) / kCount;
  all.unit = "1/frame";
  return {large, all};
}

std::optional<BenchReport> measure(const BenchWords& words) {
  const SteadyClock clock;
  actors::Workers workers = must(actors::Workers::start(0));
  const ProfileFile profile(kSwift);
  std::vector<std::unique_ptr<Contender>> all;
  all.push_back(std::make_unique<Hops>(workers, clock));
  all.push_back(std::make_unique<Alone>(workers, clock));
  for (const auto& device : {noop_words(),
                             noop_parts_words(),
                             noop_batch_words(),
                             sim_words(profile),
                             sim_batch_words(profile)}) {
    all.push_back(std::make_unique<OnDevice>(device, workers, clock));
  }
  std::vector<std::function<double()>> runs;
  for (const auto& one : all) {
    one->run(kFrames / 10);  // Opens devices and nodes, fills the pools.
    one->forget();
    const bool is_hops = one == all[kHops];
    runs.emplace_back([one = one.get(), is_hops] {
      return one->run(kFrames) / (is_hops ? static_cast<double>(kStages) : 1);
    });
  }
  const auto times = run_rounds(runs, words.rounds);
  BenchReport report;
  report.benchmark = "device";
  report.machine = machine_name();
  for (std::size_t i = 0; i < all.size(); ++i) {
    report.rows.push_back(row_of(kNames[i], times[i], i == kHops ? "ns/stage" : "ns/frame"));
  }
  for (const std::size_t i : {kNoopParts, kNoopBatch, kSim, kSimBatch}) {
    report.rows.push_back(rate_row(std::string(kNames[i]) + ", frames a second", times[i]));
  }
  for (const std::size_t i : {kNoop, kNoopParts, kNoopBatch, kSim, kSimBatch}) {
    const auto goal = i == kNoop ? std::nullopt : std::optional(kGoal);
    report.rows.push_back(hops_row(kNames[i], times[i], times[kHops], goal));
  }
  for (const std::size_t i : {kAlone, kNoop, kNoopParts, kNoopBatch, kSim, kSimBatch}) {
    const bool is_alone = i == kAlone;
    report.rows.push_back(row_of(std::string(kNames[i]) + (is_alone ? ", CPU" : ", CPU it adds"),
                                 is_alone ? all[i]->cpu() : added(*all[i], *all[kAlone]),
                                 "ns/frame"));
  }
  for (BenchRow& row : heap_rows(*all[kNoop])) {
    report.rows.push_back(std::move(row));
  }
  return report;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  return penstock::bench_main(argc, argv, {penstock::kRounds, {}}, penstock::measure);
}
