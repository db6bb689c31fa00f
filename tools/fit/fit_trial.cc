#include "tools/fit/fit_trial.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "drivers/sim/sim_driver.h"
#include "engine/base/log.h"
#include "engine/base/number_text.h"
#include "engine/device/device_pool.h"
#include "engine/run/graph_run.h"
#include "engine/run/virtual_runner.h"
#include "engine/telemetry/device_ledger.h"
#include "engine/telemetry/histogram.h"
#include "tools/compose/model_loader.h"
#include "tools/compose/schedule_terms.h"
#include "tools/compose/simulated_devices.h"
#include "tools/fit/fit_graph.h"
#include "tools/fit/fit_inputs.h"
#include "tools/fit/virtual_host.h"

namespace penstock {
namespace {

constexpr TimePoint kOrigin = TimePoint(std::chrono::seconds(1000));
constexpr Duration kSample = std::chrono::seconds(1);
/// Far more than a second of any graph takes.
constexpr std::uint64_t kMostStepsASample = 50'000'000;

/// Longer than any change of residence takes.
constexpr Duration kMostOfAChange = std::chrono::minutes(1);

/// What the ends of the graph see.
struct Arrivals {
  TimePoint since;  ///< Frames that were there earlier are not measured.
  Histogram latency;
  std::deque<Histogram> by_stream;    ///< Of the graph's streams.
  std::vector<std::size_t> original;  ///< Index there, by the number of a stream.
  bool in_order = true;
};

/// A camera: its frame `n` is there at `phase + n / fps`.
class FitSource final : public Source {
 public:
  FitSource(double fps, Duration phase) : fps_(fps), phase_(phase) {}

  Status start(const SourceContext& context, Doorbell /*doorbell*/) override {
    clock_ = context.clock;
    return {};
  }

  Pull pull(SourceFrame& out) override {
    const Duration pts = pts_of(next_);
    if (clock_->now() < kOrigin + pts) {
      return Pull::kNothing;
    }
    ++next_;
    out.time.pts = pts;
    return Pull::kFrame;
  }

  [[nodiscard]] std::optional<TimePoint> not_before() const override {
    return kOrigin + pts_of(next_);
  }

  [[nodiscard]] Error failure() const override { return {}; }

  void stop() override {}

  [[nodiscard]] bool is_live() const override { return true; }

 private:
  [[nodiscard]] Duration pts_of(std::uint64_t frame) const {
    return phase_ + Duration(std::llround(static_cast<double>(frame) * 1e9 / fps_));
  }

  const double fps_;
  const Duration phase_;
  const Clock* clock_ = nullptr;
  std::uint64_t next_ = 0;
};

/// Puts a model's inputs on the frame; all frames share their memory.
class FeedNode final : public Node {
 public:
  explicit FeedNode(std::vector<FeatureMap> inputs) : inputs_(std::move(inputs)) {}

  Status process(Frame& frame, Emit& /*emit*/) override {
    maps_ = inputs_;
    frame.set_tensors(maps_);
    return {};
  }

 private:
  const std::vector<FeatureMap> inputs_;
  std::vector<FeatureMap> maps_;
};

class EndNode final : public Node {
 public:
  explicit EndNode(Arrivals* arrivals) : arrivals_(arrivals) {}

  Status process(Frame& frame, Emit& emit) override {
    const auto [last, is_first] = last_.try_emplace(frame.stream(), frame.seq());
    arrivals_->in_order = arrivals_->in_order && (is_first || last->second < frame.seq());
    last->second = frame.seq();
    const TimePoint taken = kOrigin + frame.time().pts;
    if (taken >= arrivals_->since) {
      const auto latency = static_cast<std::uint64_t>((emit.now() - taken).count());
      arrivals_->latency.record(latency);
      arrivals_->by_stream[arrivals_->original[static_cast<std::size_t>(frame.stream())]].record(
          latency);
    }
    return {};
  }

 private:
  Arrivals* arrivals_;
  std::map<StreamId, std::uint64_t> last_;
};

/// Keeps the first thing that went wrong.
class FirstFailure final : public RunEvents {
 public:
  void post(RunEvent event) override {
    if (event.kind != RunEvent::Kind::kFailed || error.has_value()) {
      return;
    }
    error = event.error.within("actor '" + event.node + "'");
  }

  std::optional<Error> error;
};

/// One run, from loading the models to its figures.
class Trial final : private NodeMakers {
 public:
  Trial(const FitWords& words, std::uint32_t streams)
      : words_(words),
        streams_(streams),
        clock_(kOrigin),
        host_(std::make_shared<VirtualHost>(clock_, words.reference_driver, log_line)),
        devices_([this](const DriverOptions& options) { return start_driver(options); }) {
    arrivals_.since = kOrigin + kFitWarmUp;
  }

  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  /// A model may be on its way to a device, and is not given back before it has come there.
  ~Trial() {
    runner_.reset();
    host_->run_out(clock_, clock_.now() + kMostOfAChange);
  }

  Result<FitFigures> run() {
    PENSTOCK_RETURN_IF_ERROR(load());
    PENSTOCK_RETURN_IF_ERROR(compose());
    start();
    PENSTOCK_RETURN_IF_ERROR(advance(kOrigin + kFitWarmUp));
    const Books before = read_books();
    for (const GraphRun::DeviceEntry& station : run_->devices()) {
      fed_.push_back({station.ledger->busy_ns.load(), 0});
    }
    for (std::uint32_t second = 1; second <= words_.seconds; ++second) {
      PENSTOCK_RETURN_IF_ERROR(advance(kOrigin + kFitWarmUp + second * kSample));
      sample();
    }
    return figures(before, read_books());
  }

 private:
  /// What has been counted up to some moment.
  struct Books {
    StreamLedger::Totals frames;
    std::vector<StreamLedger::Totals> by_stream;  // Of the graph's streams.
    std::uint64_t swaps = 0;
    std::map<std::string, std::vector<std::uint64_t>> swap_ns;  // By device and sub-device.
    double work_ns = 0;                    // Times of all frames at the devices.
    std::vector<std::uint64_t> frames_of;  // By station.
  };

  /// How long a station had work at the device.
  struct Fed {
    std::uint64_t booked_ns = 0;
    double seconds = 0;
  };

  static void log_line(DriverLogLevel level, std::string_view text) {
    if (level >= DriverLogLevel::kWarning) {
      log_warning("driver", text);
    }
  }

  Result<Driver> start_driver(DriverOptions options) {
    options["compute"] = "none";
    options["time"] = "virtual";
    return Driver::create(sim_driver_api(), host_, options);
  }

  Status load() {
    DevicePool::Options options;
    options.clock = &clock_;
    options.knobs = scheduler_knobs(*words_.spec);
    options.on_note = [](const DevicePool::Note& /*note*/) {};
    swap_share_limit_ = options.knobs.swap_share;
    pool_ = std::make_unique<DevicePool>(std::move(options));
    ModelLoader::Parts parts;
    parts.select = [this](const DeviceSpec& device) { return devices_.select(device); };
    parts.pool = pool_.get();
    parts.runs_host_graphs = false;
    models_.emplace(std::move(parts));
    return models_->load_all(*words_.spec, [](const ModelLoader::Loaded& /*model*/) {});
  }

  Status compose() {
    RequestsOfModel requests;
    for (const ActorSpec& actor : words_.spec->actors) {
      if (actor.model.empty()) {
        continue;
      }
      const ModelLoader::Loaded& loaded = models_->at(actor);
      requests[actor.model] = std::max(requests[actor.model], loaded.requests);
      PENSTOCK_ASSIGN_OR_RETURN(inputs_[actor.name], fit_inputs(*words_.spec, actor, loaded));
    }
    PENSTOCK_ASSIGN_OR_RETURN(graph_, reduce_graph(*words_.spec, requests, streams_));
    PENSTOCK_ASSIGN_OR_RETURN(plan_, plan(graph_.topology));
    for (const Plan::Stream& stream : plan_.streams) {
      arrivals_.original.push_back(graph_.stream_of.at(stream.name));
    }
    for (std::size_t i = 0; i < graph_.streams.size(); ++i) {
      arrivals_.by_stream.emplace_back();
    }
    PENSTOCK_ASSIGN_OR_RETURN(run_, GraphRun::create(graph_.topology, plan_, *this, clock_));
    return {};
  }

  void start() {
    runner_ = std::make_unique<VirtualRunner>(clock_);
    runner_->add(*host_);
    for (Runnable* runnable : pool_->runnables()) {
      runner_->add(*runnable);
    }
    for (const Supervisor::Member& member : run_->members()) {
      member.runnable->set_events(&failure_);
      runner_->add(*member.runnable);
    }
  }

  Status advance(TimePoint until) {
    const bool came_there = runner_->run_until(until, kMostStepsASample);
    if (failure_.error.has_value()) {
      return *failure_.error;
    }
    if (!came_there) {
      return Error{Errc::kUnavailable, "the simulation makes no progress in virtual time"};
    }
    return {};
  }

  static void add(const StreamLedger::Totals& totals, StreamLedger::Totals& sum) {
    sum.offered += totals.offered;
    sum.delivered += totals.delivered;
    sum.dropped += totals.dropped + totals.refused + totals.cancelled + totals.lost;
    sum.failed += totals.failed;
    for (std::size_t i = 0; i < totals.by_reason.size(); ++i) {
      sum.by_reason[i] += totals.by_reason[i];
    }
  }

  [[nodiscard]] Books read_books() const {
    Books books;
    books.by_stream.resize(graph_.streams.size());
    for (const SourcePump* pump : run_->pumps()) {
      const StreamLedger::Totals totals = pump->ledger().totals();
      add(totals, books.frames);
      add(totals, books.by_stream[graph_.stream_of.at(pump->stream_name())]);
    }
    for (const GraphRun::DeviceEntry& station : run_->devices()) {
      books.frames_of.push_back(station.ledger->frames.load());
    }
    const PoolStatus status = pool_->status();
    for (const PoolStatus::Client& client : status.clients) {
      books.work_ns += static_cast<double>(client.done) * static_cast<double>(client.run_p50_ns);
    }
    for (const PoolStatus::Package& package : status.packages) {
      books.swaps += package.swaps;
    }
    for (const PoolStatus::Device& device : status.devices) {
      for (const PoolStatus::SubDevice& sub_device : device.sub_devices) {
        books.swap_ns[device.name].push_back(sub_device.swap_ns);
      }
    }
    return books;
  }

  /// Looks at device and stations at the end of a second: devices tell of the last one only.
  void sample() {
    const PoolStatus status = pool_->status();
    for (const PoolStatus::Device& device : status.devices) {
      std::vector<double>& busy = busy_[device.name];
      busy.resize(device.sub_devices.size());
      for (std::size_t i = 0; i < device.sub_devices.size(); ++i) {
        busy[i] += device.sub_devices[i].utilisation.value_or(0) / words_.seconds;
      }
      note_health(device);
    }
    for (std::size_t i = 0; i < fed_.size(); ++i) {
      const DeviceLedger& ledger = *run_->devices()[i].ledger;
      const std::uint64_t booked_ns = ledger.busy_ns.load();
      // A ledger books a busy time when it ends: nothing new and work there is a second of work.
      const bool is_always_busy = booked_ns == fed_[i].booked_ns && ledger.in_flight.load() > 0;
      const double booked = static_cast<double>(booked_ns - fed_[i].booked_ns) * 1e-9;
      fed_[i].seconds += is_always_busy ? 1 : std::min(1.0, booked);
      fed_[i].booked_ns = booked_ns;
    }
  }

  /// Faults of the device's own only, such as heat: those by script are left out of a fit.
  void note_health(const PoolStatus::Device& device) {
    const bool does_work = device.health == "ok" || device.health == "degraded";
    if (trouble_.empty() && (!does_work || device.state == "given up")) {
      trouble_ = "device '" + device.name + "' does not work (" + device.state +
                 (device.reason.empty() ? ")" : "): " + device.reason);
    }
  }

  static double milliseconds(std::uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) * 1e-6;
  }

  static double drop_rate(const StreamLedger::Totals& before, const StreamLedger::Totals& after) {
    const auto offered = static_cast<double>(after.offered - before.offered);
    const std::uint64_t left_out = after.dropped - before.dropped + after.failed - before.failed;
    return offered > 0 ? static_cast<double>(left_out) / offered : 1;
  }

  [[nodiscard]] FitStreams streams_of(std::size_t index,
                                      const Books& before,
                                      const Books& after) const {
    FitStreams streams;
    streams.name = graph_.streams[index];
    streams.streams = static_cast<std::uint32_t>(
        std::count(arrivals_.original.begin(), arrivals_.original.end(), index));
    const StreamLedger::Totals& then = before.by_stream[index];
    const StreamLedger::Totals& now = after.by_stream[index];
    streams.delivered_fps =
        static_cast<double>(now.delivered - then.delivered) / words_.seconds / streams.streams;
    streams.drop_rate = drop_rate(then, now);
    const Histogram& latency = arrivals_.by_stream[index];
    streams.latency_p50_ms = milliseconds(latency.quantile(0.5));
    streams.latency_p99_ms = milliseconds(latency.quantile(0.99));
    return streams;
  }

  /// Of the sub-device that swaps most: the scheduler's budget is of each of them.
  [[nodiscard]] double swap_share(const Books& before, const Books& after) const {
    std::uint64_t most = 0;
    for (const auto& [device, swap_ns] : after.swap_ns) {
      for (std::size_t i = 0; i < swap_ns.size(); ++i) {
        most = std::max(most, swap_ns[i] - before.swap_ns.at(device)[i]);
      }
    }
    return static_cast<double>(most) * 1e-9 / words_.seconds;
  }

  /// Says what words of the models hold them back, where they act.
  void note_words(const Books& before, const Books& after, FitFigures& figures) const {
    constexpr double kReached = 0.95;
    for (std::size_t i = 0; i < run_->devices().size(); ++i) {
      const ActorSpec& actor = *graph_.nodes[run_->devices()[i].node].actor;
      const ModelSpec& model = *words_.spec->find_model(actor.model);
      const std::string name = "model '" + model.name + "' ";
      const double rate =
          static_cast<double>(after.frames_of[i] - before.frames_of[i]) / words_.seconds;
      const double target = model.knobs.fps_target;
      if (target > 0 && rate >= kReached * target) {
        figures.pace =
            name + "is paced to " + plain_number(target) + " frames a second (fps_target)";
      }
      if (model.knobs.min_frames > 1) {
        figures.gathering = name + "waits until it has " + std::to_string(model.knobs.min_frames) +
                            " frames (min_frames)";
      }
    }
    figures.at_work = (after.work_ns - before.work_ns) * 1e-9 / words_.seconds;
  }

  [[nodiscard]] FitFigures figures(const Books& before, const Books& after) const {
    const double seconds = words_.seconds;
    const auto delivered = static_cast<double>(after.frames.delivered - before.frames.delivered);
    std::map<std::string, std::string> service_times;
    FitFigures figures;
    figures.streams = streams_;
    figures.wanted_fps = words_.fps;
    figures.delivered_fps = delivered / seconds / streams_;
    figures.failed = after.frames.failed - before.frames.failed;
    figures.drop_rate = drop_rate(before.frames, after.frames);
    for (std::size_t i = 0; i < graph_.streams.size(); ++i) {
      figures.by_stream.push_back(streams_of(i, before, after));
    }
    for (std::size_t i = 1; i < after.frames.by_reason.size(); ++i) {
      if (const auto count = after.frames.by_reason[i] - before.frames.by_reason[i]; count > 0) {
        figures.drops.emplace_back(to_string(static_cast<Reason>(i)), count);
      }
    }
    figures.in_order = arrivals_.in_order;
    figures.latency_p50_ms = milliseconds(arrivals_.latency.quantile(0.5));
    figures.latency_p99_ms = milliseconds(arrivals_.latency.quantile(0.99));
    for (const auto& [device, busy] : busy_) {
      figures.utilisation =
          std::max(figures.utilisation, *std::max_element(busy.begin(), busy.end()));
    }
    for (const Fed& fed : fed_) {
      figures.with_work = std::max(figures.with_work, fed.seconds / seconds);
    }
    figures.swaps_per_second = static_cast<double>(after.swaps - before.swaps) / seconds;
    figures.swap_share = swap_share(before, after);
    figures.trouble = trouble_;
    note_words(before, after, figures);
    figures.swap_share_limit = swap_share_limit_;
    for (const ActorSpec& actor : words_.spec->actors) {
      if (!actor.model.empty()) {
        service_times[actor.model] = models_->at(actor).service_time;
      }
    }
    figures.models = static_cast<std::uint32_t>(service_times.size());
    figures.service_times.assign(service_times.begin(), service_times.end());
    return figures;
  }

  NodeFactory node(std::size_t node, const std::string& /*stream*/) override {
    const FitNode& what = graph_.nodes[node];
    if (what.kind == FitNode::Kind::kEnd) {
      return [this]() -> Result<std::unique_ptr<Node>> {
        return std::unique_ptr<Node>(std::make_unique<EndNode>(&arrivals_));
      };
    }
    return [this, actor = what.actor->name]() -> Result<std::unique_ptr<Node>> {
      return std::unique_ptr<Node>(std::make_unique<FeedNode>(inputs_.at(actor)));
    };
  }

  SourceWords source(std::size_t /*node*/, const std::string& /*stream*/) override {
    SourceWords source;
    const Duration phase(std::llround(1e9 / words_.fps * cameras_++ / streams_));
    source.make = [fps = words_.fps, phase]() -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(std::make_unique<FitSource>(fps, phase));
    };
    return source;
  }

  StationWords station(std::size_t node) override {
    ActorSpec actor = *graph_.nodes[node].actor;
    actor.flows = graph_.nodes[node].flows;
    const ModelSpec& model = *words_.spec->find_model(actor.model);
    StationWords station;
    station.make = models_->backend_of(actor, plan_);
    station.batch_size = static_cast<std::uint32_t>(model.batch_size);
    station.batch_wait = model.batch_wait;
    station.shares = models_->shares_of(actor, plan_);
    station.batch_per_stream = static_cast<std::uint32_t>(model.batch_per_stream);
    return station;
  }

  RestartRule restart(std::size_t /*node*/) override { return {}; }

  const FitWords& words_;
  const std::uint32_t streams_;
  ManualClock clock_;
  std::shared_ptr<VirtualHost> host_;
  FirstFailure failure_;
  Arrivals arrivals_;
  SimulatedDevices devices_;
  std::unique_ptr<DevicePool> pool_;
  std::optional<ModelLoader> models_;
  double swap_share_limit_ = 0;
  std::string trouble_;                                    // What kept a device from working first.
  std::map<std::string, std::vector<FeatureMap>> inputs_;  // By actor.
  std::uint32_t cameras_ = 0;                              // Made so far.
  std::vector<Fed> fed_;                                   // By station.
  std::map<std::string, std::vector<double>> busy_;        // By device and sub-device.
  FitGraph graph_;
  Plan plan_;
  std::unique_ptr<GraphRun> run_;
  std::unique_ptr<VirtualRunner> runner_;  // Goes first: it drives all the others.
};

}  // namespace

Result<FitFigures> run_fit_trial(const FitWords& words, std::uint32_t streams) {
  return Trial(words, streams).run();
}

}  // namespace penstock
