// A station behind the pool whose reader is slow: what `ofmap_queue_size` bounds.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/device/device_pool.h"
#include "engine/device/testing/fake_port.h"
#include "engine/device/testing/number_maps.h"
#include "engine/run/station.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeMachine;
using testing::number_map;
using testing::number_spec;
using testing::VirtualGraph;

/// A node behind the station that needs its time for each frame.
class SlowReader final : public Supervised {
 public:
  SlowReader(EdgeRing& edge, Duration pace) : Supervised("reader"), edge_(edge), pace_(pace) {}

  Step step(TimePoint now) override {
    if (in_hand_.has_value() && now < ready_at_) {
      return Step::kIdle;
    }
    if (in_hand_.has_value()) {
      in_hand_->end(Outcome::kDelivered);
      in_hand_.reset();
      edge_.done();
    }
    while (auto item = edge_.pop()) {
      if (auto* frame = std::get_if<Frame>(&*item); frame != nullptr) {
        seqs.push_back(frame->seq());
        in_hand_ = std::move(*frame);
        ready_at_ = now + pace_;
        return Step::kIdle;
      }
      has_ended_ =
          has_ended_ || std::holds_alternative<EndOfStream>(std::get<ControlRecord>(*item));
    }
    return has_ended_ ? Step::kFinished : Step::kIdle;
  }

  void blocking_step() override {}

  [[nodiscard]] std::optional<TimePoint> wake_at() const override {
    return in_hand_.has_value() ? std::optional(ready_at_) : std::nullopt;
  }

  std::vector<std::uint64_t> seqs;

 private:
  EdgeRing& edge_;
  const Duration pace_;
  std::optional<Frame> in_hand_;
  TimePoint ready_at_;
  bool has_ended_ = false;
};

/// source -> tensor -> station -> slow reader; the model is on a device that takes eight at once.
class PoolOutputs : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kFrames = 60;

  /// Runs all frames; `outputs` is the client's `ofmap_queue_size`.
  void run(std::uint32_t outputs, Duration pace) {
    FakeMachine::Options machine;
    machine.depth = 8;
    machine.answer = [this](const FakeMachine::Job& job) {
      most_ = std::max(most_, job.number + 1 - graph_.ring(read_).stats().pushed);
      return FakeMachine::Answer{.after = milliseconds(job.number % 3 == 0 ? 12 : 10)};
    };
    machine_ = std::make_unique<FakeMachine>(graph_.runner(), graph_.clock(), std::move(machine));
    make_pool();
    wire(words_for(outputs), pace);
    for (Runnable* runnable : pool_->runnables()) {
      graph_.runner().add(*runnable);
    }
    EXPECT_TRUE(graph_.run());
    EXPECT_EQ(reader_->seqs.size(), kFrames);
    EXPECT_TRUE(std::is_sorted(reader_->seqs.begin(), reader_->seqs.end()));
    EXPECT_TRUE(graph_.all_finished());
  }

  ~PoolOutputs() override { graph_.destroy_runner(); }

  VirtualGraph graph_;
  std::size_t read_ = graph_.edge(4);
  std::uint64_t most_ = 0;  // At the device, or done and not on the reader's edge.

 private:
  void make_pool() {
    DevicePool::Options options;
    options.clock = &graph_.clock();
    options.on_note = [](const DevicePool::Note& /*note*/) {};
    pool_ = std::make_unique<DevicePool>(std::move(options));
    DevicePool::DeviceWords device;
    device.name = device.identity = "npu";
    device.sub_devices = {"core 0"};
    device.port = machine_->port();
    device_ = pool_->add_device(std::move(device));
    package_ = pool_->add_package({"model", {}, {}, {number_spec()}, {number_spec()}});
    PlacementFacts facts;
    facts.depth = 8;
    pool_->place({package_, device_, {facts}, true});
  }

  DevicePool::BackendWords words_for(std::uint32_t outputs) {
    ClientKnobs knobs;
    knobs.ofmap_queue_size = outputs;
    DevicePool::BackendWords words;
    words.client = pool_->add_client({"detect", knobs});
    words.package = package_;
    words.devices = {device_};
    words.slots = 16;
    return words;
  }

  void wire(const DevicePool::BackendWords& words, Duration pace) {
    const StreamId stream{0};
    const auto raw = graph_.edge(4);
    const auto in = graph_.edge(4);
    graph_.source(
        {.stream = stream, .script = {.count = kFrames}, .window = 40, .outputs = {{raw}}});
    graph_.segment({.nodes = {testing::processing([](Frame& frame, Emit& /*emit*/) -> Status {
                      FeatureMap map = number_map(static_cast<std::int32_t>(frame.seq()));
                      frame.set_tensors({&map, 1});
                      return {};
                    })},
                    .inputs = {{raw, 0, {stream}}},
                    .outputs = {{in}}});
    Station::Options options;
    options.name = "detect";
    options.make = [this, words](Doorbell bell) -> Result<std::unique_ptr<InferenceBackend>> {
      return pool_->make_backend(words, bell);
    };
    options.clock = &graph_.clock();
    options.max_frames = 40;
    options.inputs = {{&graph_.ring(in), {stream}}};
    options.outputs = {{&graph_.ring(read_), 0, stream}};
    options.node_ledger = std::make_shared<NodeLedger>();
    options.device_ledger = std::make_shared<DeviceLedger>();
    graph_.add(std::make_unique<Station>(std::move(options)), {in}, {read_});
    auto reader = std::make_unique<SlowReader>(graph_.ring(read_), pace);
    reader_ = reader.get();
    graph_.add(std::move(reader), {read_}, {});
  }

  std::unique_ptr<FakeMachine> machine_;
  std::unique_ptr<DevicePool> pool_;
  DeviceNumber device_;
  PackageNumber package_;
  SlowReader* reader_ = nullptr;
};

TEST_F(PoolOutputs, OfASlowReaderAreBounded) {
  run(3, milliseconds(50));
  EXPECT_EQ(most_, 3U);
}

TEST_F(PoolOutputs, MayBeOneAtATime) {
  run(1, milliseconds(50));
  EXPECT_EQ(most_, 1U);
}

TEST_F(PoolOutputs, OfAFastReaderHoldNobodyUp) {
  const TimePoint begin = graph_.clock().now();
  run(12, Duration(0));
  // 60 frames, eight at once, of 12 ms at most.
  EXPECT_LE(graph_.clock().now() - begin, milliseconds(8 * 12 + 20));
}

}  // namespace
}  // namespace penstock
