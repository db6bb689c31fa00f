/// Measures what frames cost that come at a camera's pace: CPU microseconds per frame of 64 streams
/// with 30 frames/s through four stages that only pass on, and how long a lone frame takes, against
/// an in-tree run queue. `--json` prints one object, `--rounds N` sets the number of rounds.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "tools/bench/bench_graph.h"
#include "tools/bench/bench_main.h"
#include "tools/bench/bench_rows.h"
#include "tools/bench/frame_gate.h"
#include "tools/bench/paired_rounds.h"
#include "tools/bench/run_queue_floor.h"

namespace penstock {
namespace {

constexpr std::size_t kRounds = 9;
constexpr std::size_t kStreams = 64;
constexpr std::size_t kStages = 4;
constexpr std::uint64_t kFramesPerSecond = 30;
/// A round of each contender lasts a second.
constexpr std::uint64_t kTicks = kStreams * kFramesPerSecond;
constexpr std::uint64_t kLoneFrames = 2'000;
constexpr double kGoal = 1.15;

double seconds(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Streams of four stages that a pacing thread feeds.
class PacedStreams {
 public:
  virtual ~PacedStreams() = default;
  /// Lets one more frame of a stream in, by the pacing thread.
  virtual void feed(std::size_t stream) = 0;
  /// Waits until all frames that were fed have come out.
  virtual void settle() = 0;

 protected:
  PacedStreams() = default;
  PacedStreams(const PacedStreams&) = default;
  PacedStreams& operator=(const PacedStreams&) = default;
};

/// The pacing thread's own cost: nothing is handed to anybody.
class PacerOnly final : public PacedStreams {
 public:
  void feed(std::size_t stream) override { fed_ = stream; }

  void settle() override {}

 private:
  std::atomic<std::size_t> fed_{0};
};

class PassNode final : public Node {
 public:
  static Result<std::unique_ptr<Node>> make() {
    return std::unique_ptr<Node>(std::make_unique<PassNode>());
  }

  Status process(Frame& /*frame*/, Emit& /*emit*/) override { return {}; }
};

/// The engine: one graph with a stream a gate. With `fused` the plan makes one segment of the four
/// stages, as it does with any such chain; without, each stands behind an edge.
class EngineStreams final : public PacedStreams {
 public:
  EngineStreams(std::size_t streams, bool fused) : gates_(streams), fed_(streams, 0) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < streams; ++i) {
      names.push_back(std::to_string(i));
    }
    auto workers = actors::Workers::start(0);
    PENSTOCK_CHECK(workers.has_value()) << workers.error().message;
    workers_.emplace(std::move(workers).value());
    const auto queue = fused ? std::nullopt : std::optional<std::uint32_t>(4);
    BenchGraph graph("paced");
    std::size_t last = graph.source("source", names, [this](const std::string& stream) {
      return GatedSource::factory(gates_[std::stoul(stream)]);
    });
    for (std::size_t i = 1; i < kStages; ++i) {
      last = graph.step("pass" + std::to_string(i), last, PassNode::make, queue);
    }
    graph.sink(
        "sink",
        last,
        [this](const std::string& stream) { return GateSink::factory(gates_[std::stoul(stream)]); },
        queue);
    auto started = graph.start(*workers_, clock_);
    PENSTOCK_CHECK(started.has_value()) << started.error().message;
    graph_ = std::move(started).value();
  }

  void feed(std::size_t stream) override {
    ++fed_[stream];
    gates_[stream].allow(1);
  }

  void settle() override {
    for (std::size_t i = 0; i < gates_.size(); ++i) {
      gates_[i].wait_for_delivered(fed_[i]);
    }
  }

 private:
  SteadyClock clock_;
  std::vector<FrameGate> gates_;
  std::vector<std::uint64_t> fed_;
  std::optional<actors::Workers> workers_;
  std::unique_ptr<actors::RunningGraph> graph_;
};

/// The floor: four mailboxes a stream on one worker.
class FloorStreams final : public PacedStreams {
 public:
  explicit FloorStreams(std::size_t streams) {
    for (std::size_t i = 0; i < streams; ++i) {
      stages_.push_back(std::make_unique<Sink>(queue_, *this));
      for (std::size_t stage = 1; stage < kStages; ++stage) {
        stages_.push_back(std::make_unique<FloorPass>(queue_, *stages_.back()));
      }
    }
  }

  void feed(std::size_t stream) override {
    ++fed_;
    stages_[stream * kStages + kStages - 1]->push(this);
  }

  void settle() override {
    std::unique_lock lock(mutex_);
    awaited_.store(fed_);
    reached_.wait(lock, [this] { return out_.load() >= fed_; });
  }

 private:
  class Sink final : public FloorStage {
   public:
    Sink(RunQueueFloor& queue, FloorStreams& streams) : FloorStage(queue), streams_(streams) {}

    void on_item(void* /*item*/) override { streams_.on_out(); }

   private:
    FloorStreams& streams_;
  };

  void on_out() {
    const std::uint64_t out = out_.load(std::memory_order_relaxed) + 1;
    out_.store(out);
    if (out == awaited_.load()) {
      const std::lock_guard lock(mutex_);
      reached_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable reached_;
  std::uint64_t fed_ = 0;
  std::atomic<std::uint64_t> out_{0};
  std::atomic<std::uint64_t> awaited_{0};
  RunQueueFloor queue_;
  std::vector<std::unique_ptr<FloorStage>> stages_;
};

/// Returns the CPU microseconds of all threads per frame over a second of paced frames.
double paced_cpu_us(PacedStreams& streams) {
  const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  timespec due{};
  clock_gettime(CLOCK_MONOTONIC, &due);
  constexpr long kTickNs = 1'000'000'000L / static_cast<long>(kTicks);
  for (std::uint64_t tick = 0; tick < kTicks; ++tick) {
    due.tv_nsec += kTickNs;
    if (due.tv_nsec >= 1'000'000'000L) {
      due.tv_nsec -= 1'000'000'000L;
      ++due.tv_sec;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr) != 0) {
    }
    streams.feed(tick % kStreams);
  }
  streams.settle();
  return (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / static_cast<double>(kTicks);
}

/// Returns the microseconds from a lone frame's entry to the moment at which its sender knows that
/// it came out.
double lone_us(PacedStreams& streams) {
  const double start = seconds(CLOCK_MONOTONIC);
  for (std::uint64_t i = 0; i < kLoneFrames; ++i) {
    streams.feed(0);
    streams.settle();
  }
  return (seconds(CLOCK_MONOTONIC) - start) * 1e6 / static_cast<double>(kLoneFrames);
}

void add_rows(BenchReport& report,
              const std::string& what,
              const std::vector<std::string>& names,
              const std::vector<std::vector<double>>& values) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    report.rows.push_back(row_of(what + ": " + names[i], values[i], "us"));
  }
}

BenchRow floor_row(const std::string& name,
                   const std::vector<double>& ours,
                   const std::vector<double>& floor,
                   std::optional<double> goal = std::nullopt) {
  return ratio_row(
      name + ", ratio, 95% interval", paired_ratio(ours, floor), "run-queue floor", goal);
}

/// Takes the pacing thread's own cost off.
std::vector<double> above(const std::vector<double>& all, const std::vector<double>& pacer) {
  // Below a tenth of a microsecond it is noise, and no ratio may be built on it.
  constexpr double kLeast = 0.1;
  std::vector<double> net;
  for (std::size_t i = 0; i < all.size(); ++i) {
    net.push_back(std::max(all[i] - pacer[i], kLeast));
  }
  return net;
}

void measure_pace(BenchReport& report, std::size_t rounds) {
  PacerOnly pacer;
  FloorStreams floor(kStreams);
  EngineStreams fused(kStreams, true);
  EngineStreams edges(kStreams, false);
  for (PacedStreams* one : std::initializer_list<PacedStreams*>{&floor, &fused, &edges}) {
    paced_cpu_us(*one);  // Opens the nodes, fills the pools.
  }
  const auto all = run_rounds({[&] { return paced_cpu_us(pacer); },
                               [&] { return paced_cpu_us(floor); },
                               [&] { return paced_cpu_us(fused); },
                               [&] { return paced_cpu_us(edges); }},
                              rounds);
  const std::vector<std::vector<double>> net = {
      above(all[1], all[0]), above(all[2], all[0]), above(all[3], all[0])};
  const std::string what = "64 streams x 30 fps x 4 stages, CPU a frame";
  add_rows(report, what, {"pacing thread alone"}, {all[0]});
  add_rows(report,
           what + " above it",
           {"run-queue floor", "engine, as planned (fused)", "engine, over edges"},
           net);
  report.rows.push_back(floor_row("engine", net[1], net[0], kGoal));
  report.rows.push_back(floor_row("engine over edges", net[2], net[0]));
}

void measure_lone(BenchReport& report, std::size_t rounds) {
  FloorStreams floor(1);
  EngineStreams fused(1, true);
  EngineStreams edges(1, false);
  for (PacedStreams* one : std::initializer_list<PacedStreams*>{&floor, &fused, &edges}) {
    lone_us(*one);
  }
  const auto all = run_rounds({[&] { return lone_us(floor); },
                               [&] { return lone_us(fused); },
                               [&] { return lone_us(edges); }},
                              rounds);
  add_rows(report,
           "a lone frame through 4 stages and back",
           {"run-queue floor", "engine, as planned (fused)", "engine, over edges"},
           all);
  report.rows.push_back(floor_row("engine", all[1], all[0], kGoal));
  report.rows.push_back(floor_row("engine over edges", all[2], all[0]));
}

std::optional<BenchReport> measure(const BenchWords& words) {
  BenchReport report;
  report.benchmark = "paced";
  report.machine = machine_name();
  measure_pace(report, words.rounds);
  measure_lone(report, words.rounds);
  return report;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  return penstock::bench_main(argc, argv, {penstock::kRounds, {}}, penstock::measure);
}
