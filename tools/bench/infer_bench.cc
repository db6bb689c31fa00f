/// Measures how many frames a second go through a graph's model station, against bare asynchronous
/// requests of OpenVINO with the same tensors, hint, number of requests and precision.
/// `--json` prints one object, `--rounds N` sets the number of pairs, `--model FILE` the model.
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>

#include "actors/driver_device_port.h"
#include "actors/running_pool.h"
#include "drivers/api/driver.h"
#include "drivers/api/steady_host.h"
#include "drivers/openvino/openvino_driver.h"
#include "engine/base/check.h"
#include "engine/device/device_pool.h"
#include "engine/memory/buffer_pool.h"
#include "tools/bench/bench_graph.h"
#include "tools/bench/bench_main.h"
#include "tools/bench/bench_rows.h"
#include "tools/bench/frame_gate.h"
#include "tools/bench/paired_rounds.h"

namespace penstock {
namespace {

constexpr std::size_t kRounds = 21;
constexpr std::uint64_t kFramesPerRound = 160;
constexpr std::uint64_t kWarmUp = 32;
constexpr double kGoal = 0.99;

template <class T>
T must(Result<T> result) {
  PENSTOCK_CHECK(result.has_value()) << result.error().message;
  return std::move(result).value();
}

double now_s(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// One side of the comparison: how fast it was, and what it cost.
struct Speed {
  double fps = 0;
  double cpu_ms = 0;  ///< Per frame, of all threads.
};

template <class Run>
Speed timed(std::uint64_t frames, Run&& run) {
  const double start = now_s(CLOCK_MONOTONIC);
  const double cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
  run();
  const auto count = static_cast<double>(frames);
  return {count / (now_s(CLOCK_MONOTONIC) - start),
          (now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3 / count};
}

/// Requests of OpenVINO as its own sample drives them: whoever has ended is started again by the
/// thread that waits.
class BareRequests {
 public:
  BareRequests(const std::string& file, std::uint32_t requests) {
    compiled_ = core_.compile_model(
        file, "CPU", ov::hint::performance_mode(ov::hint::PerformanceMode::THROUGHPUT));
    const std::uint32_t preferred = compiled_.get_property(ov::optimal_number_of_infer_requests);
    count_ = requests == 0 ? preferred : requests;
  }

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

  [[nodiscard]] std::string precision() const {
    return compiled_.get_property(ov::hint::inference_precision).to_string();
  }

  /// Makes the requests, each on one of `maps`, in turn.
  void bind(const std::vector<FeatureMap>& maps) {
    for (std::uint32_t i = 0; i < count_; ++i) {
      ov::InferRequest request = compiled_.create_infer_request();
      const ov::Tensor own = request.get_input_tensor(0);
      const FeatureMap& map = maps[i % maps.size()];
      request.set_input_tensor(
          0,
          ov::Tensor(own.get_element_type(), own.get_shape(), const_cast<std::byte*>(map.data())));
      requests_.push_back(std::move(request));
    }
  }

  Speed run(std::uint64_t frames) {
    return timed(frames, [&] {
      std::uint64_t started = 0;
      ended_ = 0;
      for (std::size_t i = 0; i < requests_.size() && started < frames; ++i, ++started) {
        start(i);
      }
      std::unique_lock lock(mutex_);
      while (ended_ < frames) {
        changed_.wait(lock, [&] { return !idle_.empty(); });
        const std::size_t i = idle_.back();
        idle_.pop_back();
        ++ended_;
        if (started < frames) {
          ++started;
          lock.unlock();
          start(i);
          lock.lock();
        }
      }
    });
  }

 private:
  void start(std::size_t i) {
    requests_[i].wait();  // The callback may have a last line to go.
    requests_[i].set_callback([this, i](const std::exception_ptr& failure) {
      PENSTOCK_CHECK(failure == nullptr) << "an inference of the bare requests failed";
      const std::lock_guard lock(mutex_);
      idle_.push_back(i);
      changed_.notify_one();
    });
    requests_[i].start_async();
  }

  ov::Core core_;
  ov::CompiledModel compiled_;
  std::uint32_t count_ = 0;
  std::vector<ov::InferRequest> requests_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::size_t> idle_;
  std::uint64_t ended_ = 0;
};

/// A graph of a source, a model's station and a sink, on the workers of a program.
class EngineGraph {
 public:
  explicit EngineGraph(const std::string& file) : workers_(must(actors::Workers::start(0))) {
    DevicePool::Options options;
    options.clock = &clock_;
    auto pool = std::make_unique<DevicePool>(std::move(options));
    backend_.package = pool->add_package({"model", {}, {}, {}, {}});
    auto port = must(actors::DriverDevicePort::connect(
        {std::make_shared<Driver>(
             must(Driver::create(openvino_driver_api(), std::make_shared<SteadyHost>()))),
         "cpu:0",
         0,
         nullptr,
         {}}));
    model_ =
        must(port->load(backend_.package, file, {{"hint", "throughput"}, {"precision", "auto"}}));
    pool->describe(backend_.package, {model_->input_spec(0)}, specs_of_outputs());
    DevicePool::DeviceWords device;
    device.name = "cpu";
    device.sub_devices = {"0"};
    device.port = std::move(port);
    backend_.devices = {pool->add_device(std::move(device))};
    PlacementFacts whole;
    whole.depth = requests();
    pool->place({backend_.package, backend_.devices.front(), {whole}, true});
    backend_.client = pool->add_client({"bench", {}});
    backend_.slots = requests();
    pool_ = actors::RunningPool::start(workers_, std::move(pool), &clock_);
  }

  [[nodiscard]] std::uint32_t requests() const { return model_->info().preferred_requests; }

  /// Returns `count` prepared inputs with other contents each.
  std::vector<FeatureMap> make_inputs(std::size_t count) {
    const auto spec = model_->input_spec(0);
    const auto bytes = spec->shape.dense_bytes(spec->type);
    PENSTOCK_CHECK(bytes.has_value() && spec->type == ElementType::kF32)
        << "the model's input is " << spec->to_string() << ", this benchmark fills fixed floats";
    BufferPool::Options options;
    options.name = "inputs";
    options.max_slots = count;
    inputs_pool_ = must(BufferPool::create(std::move(options)));
    std::vector<FeatureMap> maps;
    std::mt19937 random(7);
    std::uniform_real_distribution<float> pixel(-1.0F, 1.0F);
    for (std::size_t i = 0; i < count; ++i) {
      auto buffer = inputs_pool_->acquire(*bytes);
      PENSTOCK_CHECK(buffer.has_value()) << "no memory for the inputs";
      for (std::size_t at = 0; at < *bytes; at += sizeof(float)) {
        const float value = pixel(random);
        std::memcpy(buffer->mutable_data() + at, &value, sizeof(value));
      }
      maps.push_back(must(make_feature_map(spec, spec->shape, std::move(*buffer))));
    }
    return maps;
  }

  void start(const std::vector<FeatureMap>& maps) {
    BenchGraph graph("infer");
    const auto source = graph.source("source", {"s"}, [&](const std::string& /*stream*/) {
      return GatedSource::factory(gate_, [maps](std::uint64_t seq, SourceFrame& out) {
        out.tensors.assign(1, maps[seq % maps.size()]);
      });
    });
    const auto station = graph.station(
        "model",
        source,
        [this](Doorbell doorbell) -> Result<std::unique_ptr<InferenceBackend>> {
          return pool_->pool().make_backend(backend_, doorbell);
        },
        requests());
    graph.sink(
        "sink", station, [&](const std::string& /*stream*/) { return GateSink::factory(gate_); });
    graph_ = must(graph.start(workers_, clock_));
  }

  Speed run(std::uint64_t frames) {
    return timed(frames, [&] {
      total_ += frames;
      gate_.allow(frames);
      gate_.wait_for_delivered(total_);
    });
  }

 private:
  [[nodiscard]] std::vector<std::shared_ptr<const TensorSpec>> specs_of_outputs() const {
    std::vector<std::shared_ptr<const TensorSpec>> specs;
    for (std::size_t i = 0; i < model_->outputs().size(); ++i) {
      specs.push_back(model_->output_spec(i));
    }
    return specs;
  }

  SteadyClock clock_;
  FrameGate gate_;
  std::uint64_t total_ = 0;
  actors::Workers workers_;
  DevicePool::BackendWords backend_;
  std::shared_ptr<LoadedModel> model_;
  std::unique_ptr<actors::RunningPool> pool_;
  std::optional<BufferPool> inputs_pool_;
  std::unique_ptr<actors::RunningGraph> graph_;  // Goes first.
};

std::optional<BenchReport> measure(const BenchWords& words) {
  EngineGraph engine(words.model);
  BareRequests bare(words.model, engine.requests());
  const std::vector<FeatureMap> maps = engine.make_inputs(bare.count());
  bare.bind(maps);
  engine.start(maps);
  bare.run(kWarmUp);
  engine.run(kWarmUp);
  std::vector<double> engine_cpu;
  std::vector<double> bare_cpu;
  const auto fps = run_rounds({[&] {
                                 const Speed speed = engine.run(kFramesPerRound);
                                 engine_cpu.push_back(speed.cpu_ms);
                                 return speed.fps;
                               },
                               [&] {
                                 const Speed speed = bare.run(kFramesPerRound);
                                 bare_cpu.push_back(speed.cpu_ms);
                                 return speed.fps;
                               }},
                              words.rounds);
  const std::string side = ", " + std::to_string(bare.count()) + " requests, " + bare.precision();
  BenchReport report;
  report.benchmark = "infer";
  report.machine = machine_name();
  report.rows = {row_of("engine graph" + side, fps[0], "frames/s"),
                 row_of("bare OpenVINO" + side, fps[1], "frames/s"),
                 row_of("engine graph, CPU of all threads", engine_cpu, "ms/frame"),
                 row_of("bare OpenVINO, CPU of all threads", bare_cpu, "ms/frame")};
  const MedianInterval ratio = paired_ratio(fps[0], fps[1]);
  BenchRow row = ratio_row(
      "ratio, 95% interval of " + std::to_string(words.rounds) + " pairs", ratio, "bare OpenVINO");
  row.goal = kGoal;
  row.met = ratio.high >= kGoal;
  report.rows.push_back(row);
  return report;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  return penstock::bench_main(
      argc, argv, {penstock::kRounds, "models/ssd_mobilenet_v2_oid.tflite"}, penstock::measure);
}
