/// Measures what one decision of the scheduler costs: a batch ends, the next is chosen and sent,
/// its request's successor is admitted. `--json` prints one object, `--rounds N` sets the number of
/// rounds.
#include <chrono>
#include <cstdint>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/check.h"
#include "engine/schedule/scheduler.h"
#include "tools/bench/bench_main.h"
#include "tools/bench/bench_rows.h"
#include "tools/bench/paired_rounds.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kPackages = 2;
constexpr std::uint32_t kDepth = 4;
constexpr std::uint32_t kQueued = 4;
constexpr std::size_t kCycles = 20'000;
constexpr double kGoalNs = 1000;

struct Setting {
  std::uint32_t busy = 1;
  std::uint32_t devices = 1;
  std::uint32_t idle = 0;

  [[nodiscard]] std::string name() const {
    return std::to_string(busy) + " clients x " + std::to_string(devices) + " devices" +
           (idle == 0 ? "" : ", " + std::to_string(idle) + " idle");
  }
};

/// A scheduler in its steady state: every busy client always has requests queued.
class Load {
 public:
  explicit Load(const Setting& setting) : setting_(setting) {
    for (std::uint32_t i = 0; i < setting.devices; ++i) {
      scheduler_.apply(AddDevice{DeviceNumber{i}, {4, 100, 0, 0}}, now_);
    }
    for (std::uint32_t i = 0; i < kPackages; ++i) {
      scheduler_.apply(AddPackage{PackageNumber{i}, {}}, now_);
      for (std::uint32_t device = 0; device < setting.devices; ++device) {
        PlacementFacts facts;
        facts.sub_devices = 0xF;
        facts.depth = kDepth;
        facts.memory_bytes = 50;
        facts.activation_estimate = 10ms;
        facts.service_estimate = 1ms;
        scheduler_.apply(PlacePackage{PackageNumber{i}, DeviceNumber{device}, {facts}, false},
                         now_);
      }
    }
    // The idle have been active once, as real ones have.
    for (std::uint32_t i = 0; i < setting.busy + setting.idle; ++i) {
      add_client(i);
    }
    for (std::uint32_t i = 0; i < setting.busy; ++i) {
      for (std::uint32_t k = 0; k < kQueued; ++k) {
        submit(FlowNumber{i});
      }
    }
    decide();
    for (int i = 0; i < 5000; ++i) {
      cycle();
    }
  }

  /// The end of a batch, and all that follows from it.
  void cycle() {
    PENSTOCK_CHECK(!running_.empty());
    now_ += 1ms / setting_.devices;
    const Running done = running_.front();
    running_.pop_front();
    scheduler_.apply(BatchDone{done.batch, Errc::kOk, 1ms}, now_);
    submit(done.flow);
    decide();
  }

 private:
  struct Running {
    BatchNumber batch;
    FlowNumber flow;
  };

  void add_client(std::uint32_t number) {
    AddClient add;
    add.client = ClientNumber{number};
    add.knobs.ofmap_queue_size = 0;
    add.knobs.weight = 1 + number % 3;
    scheduler_.apply(add, now_);
    OpenFlow open;
    open.flow = FlowNumber{number};
    open.client = add.client;
    // Devices and packages get their clients evenly.
    open.package = PackageNumber{(number / setting_.devices) % kPackages};
    open.devices = {DeviceNumber{number % setting_.devices}};
    scheduler_.apply(open, now_);
  }

  void submit(FlowNumber flow) {
    SubmitRequest request;
    request.request = RequestNumber{++last_request_};
    request.flow = flow;
    PENSTOCK_CHECK(scheduler_.admit(request, now_).verdict == Admission::Verdict::kAccepted);
    flow_of_[request.request.value % flow_of_.size()] = flow;
  }

  void decide() {
    actions_.clear();
    (void)scheduler_.decide(now_, actions_);
    for (const SchedulerAction& action : actions_.all()) {
      if (const auto* run = std::get_if<RunBatch>(&action)) {
        running_.push_back({run->batch, flow_of_[run->requests[0].value % flow_of_.size()]});
      } else if (const auto* change = std::get_if<ChangeResidence>(&action)) {
        changes_.push_back({change->device, change->epoch, Errc::kOk, 10ms});
      }
    }
    while (!changes_.empty()) {
      const ResidenceChanged changed = changes_.back();
      changes_.pop_back();
      scheduler_.apply(changed, now_);
      decide();
    }
  }

  Setting setting_;
  Scheduler scheduler_;
  SchedulerActions actions_;
  TimePoint now_{std::chrono::hours(1)};
  std::uint64_t last_request_ = 0;
  std::vector<FlowNumber> flow_of_ = std::vector<FlowNumber>(std::size_t{1} << 16U);
  std::deque<Running> running_;
  std::vector<ResidenceChanged> changes_;
};

/// Returns the CPU time of this thread: a neighbour that takes the core away is not our cost.
double thread_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double nanoseconds_per_cycle(Load& load) {
  const double start = thread_nanoseconds();
  for (std::size_t i = 0; i < kCycles; ++i) {
    load.cycle();
  }
  return (thread_nanoseconds() - start) / static_cast<double>(kCycles);
}

std::optional<BenchReport> measure(const BenchWords& words) {
  const std::vector<Setting> settings = {{1, 1},
                                         {10, 1},
                                         {10, 4},
                                         {100, 1},
                                         {100, 4},
                                         {100, 16},
                                         {1000, 1},
                                         {1000, 4},
                                         {1000, 16},
                                         {10, 4, 10'000}};
  constexpr std::size_t kGoalRow = 4;
  constexpr std::size_t kFewRow = 2;
  std::vector<std::unique_ptr<Load>> loads;
  std::vector<std::function<double()>> contenders;
  for (const Setting& setting : settings) {
    loads.push_back(std::make_unique<Load>(setting));
    contenders.emplace_back([load = loads.back().get()] { return nanoseconds_per_cycle(*load); });
  }
  const auto times = run_rounds(contenders, words.rounds);
  BenchReport report;
  report.benchmark = "decide";
  report.machine = machine_name();
  for (std::size_t i = 0; i < settings.size(); ++i) {
    BenchRow row = row_of(settings[i].name(), times[i], "ns");
    if (i == kGoalRow) {
      row.goal = kGoalNs;
      row.met = row.value <= kGoalNs;
    }
    report.rows.push_back(row);
  }
  // A goal of our own for "flat": idle clients are allowed the noise of a cache that they share.
  constexpr double kFlat = 1.25;
  const MedianInterval flat = paired_ratio(times.back(), times[kFewRow]);
  BenchRow row =
      ratio_row("10000 idle clients beside 10, 95% interval", flat, settings[kFewRow].name());
  row.goal = kFlat;
  row.met = flat.low <= kFlat;
  report.rows.push_back(row);
  return report;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  penstock::BenchWords words;
  words.rounds = 15;
  return penstock::bench_main(argc, argv, words, penstock::measure);
}
