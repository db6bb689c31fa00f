/// Measures what it costs to pass a frame on: nanoseconds per frame and stage through eight stages,
/// over edges and fused, against oneTBB's flow graph, an in-tree run queue and plain virtual calls.
/// `--json` prints one object, `--rounds N` sets the number of rounds.
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/run/virtual_runner.h"
#include "tools/bench/bench_graph.h"
#include "tools/bench/bench_main.h"
#include "tools/bench/bench_rows.h"
#include "tools/bench/frame_gate.h"
#include "tools/bench/hop_peers.h"
#include "tools/bench/paired_rounds.h"

namespace penstock {
namespace {

constexpr std::size_t kRounds = 21;
constexpr std::size_t kStages = 8;
constexpr std::uint32_t kQueue = 16;
constexpr std::uint64_t kFrames = 50'000;
constexpr double kEdgeGoal = 0.9;

class PassNode final : public Node {
 public:
  static Result<std::unique_ptr<Node>> make() {
    return std::unique_ptr<Node>(std::make_unique<PassNode>());
  }

  Status process(Frame& /*frame*/, Emit& /*emit*/) override { return {}; }
};

/// Returns a source, `stages` stages and between them edges, or nothing but what is fused.
BenchGraph make_graph(FrameGate& gate, std::size_t stages, bool fused) {
  const auto queue = fused ? std::nullopt : std::optional<std::uint32_t>(kQueue);
  BenchGraph graph("hop");
  std::size_t last = graph.source("source", {"s"}, [&gate](const std::string& /*stream*/) {
    return GatedSource::factory(gate);
  });
  for (std::size_t i = 1; i < stages; ++i) {
    last = graph.step("pass" + std::to_string(i), last, PassNode::make, queue);
  }
  graph.sink(
      "sink",
      last,
      [&gate](const std::string& /*stream*/) { return GateSink::factory(gate); },
      queue);
  return graph;
}

/// The graph on the workers of a program.
class ActorChain final : public HopChain {
 public:
  ActorChain(std::uint32_t workers, std::size_t stages, bool fused)
      : workers_(must(actors::Workers::start(workers))),
        graph_(must(make_graph(gate_, stages, fused).start(workers_, clock_))) {}

  void run(std::uint64_t frames) override {
    total_ += frames;
    gate_.allow(frames);
    gate_.wait_for_delivered(total_);
  }

 private:
  template <class T>
  static T must(Result<T> result) {
    PENSTOCK_CHECK(result.has_value()) << result.error().message;
    return std::move(result).value();
  }

  SteadyClock clock_;
  FrameGate gate_;
  std::uint64_t total_ = 0;
  actors::Workers workers_;
  std::unique_ptr<actors::RunningGraph> graph_;
};

/// The graph without actors: its members in turn on this thread, under a clock that costs nothing.
/// What is left is the engine's own.
class BareChain final : public HopChain {
 public:
  BareChain(std::size_t stages, bool fused) : runner_(std::make_unique<VirtualRunner>(clock_)) {
    auto made = make_graph(gate_, stages, fused).make_run(clock_);
    PENSTOCK_CHECK(made.has_value()) << made.error().message;
    run_ = std::move(made).value();
    for (const Supervisor::Member& member : run_->members()) {
      runner_->add(*member.runnable);
    }
  }

  BareChain(const BareChain&) = delete;
  BareChain& operator=(const BareChain&) = delete;

  ~BareChain() override { runner_.reset(); }

  void run(std::uint64_t frames) override {
    total_ += frames;
    gate_.allow(frames);
    PENSTOCK_CHECK(runner_->run()) << "the graph did not come to rest";
    gate_.wait_for_delivered(total_);
  }

 private:
  ManualClock clock_{TimePoint(std::chrono::seconds(1))};
  FrameGate gate_;
  std::uint64_t total_ = 0;
  std::unique_ptr<GraphRun> run_;
  std::unique_ptr<VirtualRunner> runner_;
};

double now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct Contender {
  std::string name;
  std::unique_ptr<HopChain> chain;
  std::uint64_t frames = kFrames;
};

/// The order of the contenders; the rows refer to it.
enum : std::size_t {
  kEdges,
  kEdgesOneWorker,
  kEdgesBare,
  kFused,
  kFusedBare,
  kTbb,
  kFloor,
  kInline
};

std::vector<Contender> make_contenders() {
  std::vector<Contender> all;
  all.push_back({"edges, actors on all cores", std::make_unique<ActorChain>(0, kStages, false)});
  all.push_back({"edges, actors on one worker", std::make_unique<ActorChain>(1, kStages, false)});
  all.push_back({"edges, no actors, one thread", std::make_unique<BareChain>(kStages, false)});
  all.push_back({"fused, actors on all cores", std::make_unique<ActorChain>(0, kStages, true)});
  all.push_back({"fused, no actors, one thread", std::make_unique<BareChain>(kStages, true)});
  all.push_back({"oneTBB flow graph, lightweight", make_tbb_chain(kStages)});
  all.push_back({"run-queue floor, one worker", make_floor_chain(kStages)});
  all.push_back({"inline virtual call", make_inline_chain(kStages), 20 * kFrames});
  return all;
}

std::optional<BenchReport> measure(const BenchWords& words) {
  std::vector<Contender> all = make_contenders();
  std::vector<std::function<double()>> runs;
  for (Contender& one : all) {
    one.chain->run(kFrames / 10);  // Opens the nodes, fills the pools.
    runs.emplace_back([&one] {
      const double start = now_ns();
      one.chain->run(one.frames);
      return (now_ns() - start) / static_cast<double>(one.frames * kStages);
    });
  }
  const auto times = run_rounds(runs, words.rounds);
  BenchReport report;
  report.benchmark = "hop";
  report.machine = machine_name();
  std::vector<double> medians;
  for (std::size_t i = 0; i < all.size(); ++i) {
    report.rows.push_back(row_of(all[i].name, times[i], "ns/stage"));
    medians.push_back(report.rows.back().value);
  }
  // Bound by what a virtual call costs here, now.
  report.rows[kFused].against = "2 x inline + 10 ns";
  report.rows[kFused].goal = 2 * medians[kInline] + 10;
  report.rows[kFused].met = medians[kFused] <= 2 * medians[kInline] + 10;
  const auto compare = [&](std::size_t ours, std::size_t peer) {
    return paired_ratio(times[ours], times[peer]);
  };
  report.rows.push_back(
      ratio_row("edges, ratio, 95% interval", compare(kEdges, kTbb), all[kTbb].name, kEdgeGoal));
  report.rows.push_back(ratio_row(
      "edges, no actors, ratio, 95% interval", compare(kEdgesBare, kTbb), all[kTbb].name));
  report.rows.push_back(
      ratio_row("edges, ratio, 95% interval", compare(kEdges, kFloor), all[kFloor].name));
  return report;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  return penstock::bench_main(argc, argv, {penstock::kRounds, {}}, penstock::measure);
}
