#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/flow/inflight_window.h"
#include "engine/frame/frame_pool.h"
#include "engine/node/node.h"
#include "engine/telemetry/stream_ledger.h"

namespace penstock::testing {

/// Keeps what a node sent and dropped.
class RecordingEmit final : public Emit {
 public:
  explicit RecordingEmit(const Clock& clock) : clock_(clock) {}

  RecordingEmit(const RecordingEmit&) = delete;
  RecordingEmit& operator=(const RecordingEmit&) = delete;

  virtual ~RecordingEmit() { end_sent(); }

  void send(Frame frame, std::size_t /*port*/) override { sent.push_back(std::move(frame)); }

  void drop(Frame frame, Reason reason) override {
    dropped.push_back(reason);
    frame.end(Outcome::kDropped, reason);
  }

  void close_fan_out(const FrameId& /*parent*/, std::uint32_t /*pieces*/) override {}

  void announce(const Tombstone& tombstone) override { announced.push_back(tombstone); }

  [[nodiscard]] TimePoint now() const noexcept override { return clock_.now(); }

  void end_sent() {
    for (Frame& frame : sent) {
      frame.end(Outcome::kDelivered);
    }
    sent.clear();
  }

  std::vector<Frame> sent;
  std::vector<Reason> dropped;
  std::vector<Tombstone> announced;

 private:
  const Clock& clock_;
};

/// Feeds one node by hand, without a graph: makes frames of two streams and looks at what the node
/// did to them.
///
/// Frames that a test keeps must end before the bench goes.
class NodeBench {
 public:
  explicit NodeBench(std::uint32_t max_frames = 16)
      : max_frames_(max_frames),
        window_(std::move(InflightWindow::create(256)).value()) {}

  /// Returns a frame taken at `pts` in stream 0 ("gate") or 1 ("dock").
  Frame frame(std::uint64_t seq, Duration pts = Duration(0), std::uint32_t stream = 0) {
    return frame_at(seq, FrameTime{pts, 0}, stream);
  }

  Frame frame_at(std::uint64_t seq, const FrameTime& time, std::uint32_t stream = 0) {
    auto place = window_.admit();
    PENSTOCK_CHECK(place.has_value()) << "frames of the test were not ended";
    return (stream == 0 ? gate_ : dock_)->make(std::move(*place), seq, time);
  }

  Status open(Node& node) {
    NodeContext context;
    context.graph = "g";
    context.name = "node";
    context.clock = &clock;
    context.max_frames = max_frames_;
    return node.open(context);
  }

  ManualClock clock{TimePoint(std::chrono::seconds(1000))};
  RecordingEmit emit{clock};

 private:
  std::uint32_t max_frames_;
  InflightWindow window_;
  std::shared_ptr<StreamLedger> books_ = std::make_shared<StreamLedger>();
  Ref<FramePool> gate_ = FramePool::create({StreamId{0}, "gate", &clock, books_});
  Ref<FramePool> dock_ = FramePool::create({StreamId{1}, "dock", &clock, books_});
};

}  // namespace penstock::testing
