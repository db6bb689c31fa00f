/// Counts what a running graph asks of the heap: allocations of frame size per frame in the steady
/// state, and live bytes after many frames against those after few. `--json` prints one object.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/check.h"
#include "engine/memory/buffer_pool.h"
#include "tools/bench/bench_graph.h"
#include "tools/bench/bench_main.h"
#include "tools/bench/counted_heap.h"
#include "tools/bench/frame_gate.h"

namespace penstock {
namespace {

constexpr std::uint64_t kFew = 1'000;
constexpr std::uint64_t kMany = 100'000;
constexpr int kWidth = 640;
constexpr int kHeight = 360;

/// Gives each frame a picture from a pool of its own, as a scaler or converter does.
class PictureStep final : public Node {
 public:
  Status open(const NodeContext& context) override {
    BufferPool::Options options;
    options.name = context.name;
    options.max_slots = context.max_frames;
    PENSTOCK_ASSIGN_OR_RETURN(pool_, BufferPool::create(std::move(options)));
    return {};
  }

  Status process(Frame& frame, Emit& emit) override {
    const ImageLayout layout = layout_of(PixelFormat::kRgb, kWidth, kHeight, 64);
    auto buffer = pool_->acquire(layout.bytes);
    if (!buffer.has_value()) {
      return Error{Errc::kUnavailable, "the pool has no slot left: its bound is wrong"};
    }
    // One line, so that the memory is really touched and the run short.
    std::memset(
        buffer->mutable_data(), static_cast<int>(frame.seq() & 0xFFU), std::size_t{kWidth} * 3);
    Image image;
    image.format = PixelFormat::kRgb;
    image.width = kWidth;
    image.height = kHeight;
    image.planes = layout.planes;
    image.buffer = std::move(*buffer);
    frame.set_image(std::move(image));
    Object object;
    object.box = {0.0F, 0.0F, 1.0F, 1.0F};
    frame.set_objects({&object, 1}, nullptr);
    emit.send(std::move(frame));
    return {};
  }

 private:
  std::optional<BufferPool> pool_;
};

/// Returns the counts with the least live bytes of a while: a timer's message that comes and goes
/// is not the graph's. Pre: `running` runs on.
HeapCounts quiet_counts(actors::RunningGraph& running) {
  constexpr int kLooks = 100;
  HeapCounts least = HeapCounts::now();
  for (int i = 0; i < kLooks; ++i) {
    // A graph that has ended holds nothing: its counts would say that all is well.
    PENSTOCK_CHECK(!running.wait_for(std::chrono::milliseconds(2))) << "the graph has ended";
    const HeapCounts counts = HeapCounts::now();
    if (counts.live_bytes < least.live_bytes) {
      least = counts;
    }
  }
  return least;
}

BenchRow row_of(const std::string& name, double value, const char* unit) {
  BenchRow row;
  row.name = name;
  row.value = value;
  row.unit = unit;
  return row;
}

std::optional<BenchReport> measure(const BenchWords& /*words*/) {
  const HeapCounts start = HeapCounts::now();
  const SteadyClock clock;
  FrameGate left;
  FrameGate right;
  auto workers = actors::Workers::start(0);
  PENSTOCK_CHECK(workers.has_value()) << workers.error().message;
  BenchGraph graph("memory");
  const auto source = graph.source(
      "source", {"s"}, [&](const std::string& /*stream*/) { return GatedSource::factory(left); });
  const auto step = graph.step("picture", source, []() -> Result<std::unique_ptr<Node>> {
    return std::unique_ptr<Node>(std::make_unique<PictureStep>());
  });
  for (FrameGate* gate : {&left, &right}) {
    graph.sink(gate == &left ? "left" : "right", step, [gate](const std::string& /*stream*/) {
      return GateSink::factory(*gate);
    });
  }
  auto running = graph.start(*workers, clock);
  PENSTOCK_CHECK(running.has_value()) << running.error().message;
  const auto deliver = [&](std::uint64_t frames, std::uint64_t total) {
    left.allow(frames);
    left.wait_for_delivered(total);
    right.wait_for_delivered(total);
  };
  deliver(kFew, kFew);
  const HeapCounts few = quiet_counts(**running);
  const HeapCounts before = HeapCounts::now();
  deliver(kMany - kFew, kMany);
  const HeapCounts after = HeapCounts::now();
  const HeapCounts many = quiet_counts(**running);

  constexpr double kFrames = kMany - kFew;
  BenchReport report;
  report.benchmark = "memory";
  report.machine = machine_name();
  BenchRow large =
      row_of("allocations of 64 KiB or more, per frame",
             static_cast<double>(after.large_allocations - before.large_allocations) / kFrames,
             "1/frame");
  large.goal = 0;
  large.met = after.large_allocations == before.large_allocations;
  BenchRow growth = row_of("live heap after 100 000 frames, above that after 1 000",
                           static_cast<double>(many.live_bytes - few.live_bytes),
                           "bytes");
  growth.goal = 0;
  growth.met = many.live_bytes <= few.live_bytes;
  report.rows = {
      large,
      growth,
      // The counter's own proof: the pool made its slots in this time.
      row_of("allocations of 64 KiB or more, before the steady state",
             static_cast<double>(before.large_allocations - start.large_allocations),
             ""),
      row_of("live heap after 1 000 frames", static_cast<double>(few.live_bytes), "bytes"),
      row_of("live heap after 100 000 frames", static_cast<double>(many.live_bytes), "bytes"),
      row_of("allocations of any size, per frame",
             static_cast<double>(after.allocations - before.allocations) / kFrames,
             "1/frame")};
  return report;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  return penstock::bench_main(argc, argv, {1, {}}, penstock::measure);
}
