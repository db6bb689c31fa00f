#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "engine/base/doorbell.h"
#include "engine/node/node.h"
#include "engine/node/source.h"

namespace penstock {

/// Lets a benchmark say how many frames a source may give, and wait until they have come out.
///
/// Ownership: outlives the source and the sink that use it.
/// Thread-safety: `allow`, `wait_for_delivered` by any thread; `connect`, `take` by the source;
/// `count_delivered` by the sink. Cost: `take` and `count_delivered` are two atomic accesses each.
class FrameGate {
 public:
  /// Lets `frames` more in.
  void allow(std::uint64_t frames) {
    const std::lock_guard lock(mutex_);
    allowed_.store(allowed_.load(std::memory_order_relaxed) + frames, std::memory_order_release);
    source_.ring();
  }

  /// Sets who is rung when more may be taken; after return nobody else is.
  void connect(Doorbell source) {
    const std::lock_guard lock(mutex_);
    source_ = source;
  }

  /// Returns whether one more frame may be given, and counts it.
  bool take() noexcept {
    const std::uint64_t taken = taken_.load(std::memory_order_relaxed);
    if (taken == allowed_.load(std::memory_order_acquire)) {
      return false;
    }
    taken_.store(taken + 1, std::memory_order_relaxed);
    return true;
  }

  [[nodiscard]] std::uint64_t taken() const noexcept {
    return taken_.load(std::memory_order_relaxed);
  }

  void count_delivered() {
    const std::uint64_t delivered = delivered_.load(std::memory_order_relaxed) + 1;
    delivered_.store(delivered, std::memory_order_seq_cst);
    if (delivered == awaited_.load(std::memory_order_seq_cst)) {
      const std::lock_guard lock(mutex_);
      reached_.notify_all();
    }
  }

  /// Waits until `total` frames have come out since the beginning.
  void wait_for_delivered(std::uint64_t total) {
    std::unique_lock lock(mutex_);
    awaited_.store(total, std::memory_order_seq_cst);
    reached_.wait(lock, [&] { return delivered_.load(std::memory_order_seq_cst) >= total; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable reached_;
  Doorbell source_;
  std::atomic<std::uint64_t> allowed_{0};
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> awaited_{0};
};

/// A lossless source that gives what its gate allows; `fill` puts the payload of frame `seq` into
/// it.
class GatedSource final : public Source {
 public:
  using Fill = std::function<void(std::uint64_t seq, SourceFrame& out)>;

  GatedSource(FrameGate& gate, Fill fill) : gate_(gate), fill_(std::move(fill)) {}

  /// Returns a factory of such sources.
  static SourceFactory factory(FrameGate& gate, Fill fill = nullptr) {
    return [&gate, fill = std::move(fill)]() -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(std::make_unique<GatedSource>(gate, fill));
    };
  }

  Status start(const SourceContext& /*context*/, Doorbell doorbell) override {
    gate_.connect(doorbell);
    return {};
  }

  Pull pull(SourceFrame& out) override {
    const std::uint64_t seq = gate_.taken();
    if (!gate_.take()) {
      return Pull::kNothing;
    }
    out.time.pts = Duration(static_cast<Duration::rep>(seq));
    if (fill_) {
      fill_(seq, out);
    }
    return Pull::kFrame;
  }

  [[nodiscard]] Error failure() const override { return {}; }

  void stop() override { gate_.connect({}); }

  [[nodiscard]] bool is_live() const override { return false; }

 private:
  FrameGate& gate_;
  Fill fill_;
};

/// A sink that tells the gate what has come out.
class GateSink final : public Node {
 public:
  explicit GateSink(FrameGate& gate) : gate_(gate) {}

  static NodeFactory factory(FrameGate& gate) {
    return [&gate]() -> Result<std::unique_ptr<Node>> {
      return std::unique_ptr<Node>(std::make_unique<GateSink>(gate));
    };
  }

  Status process(Frame& frame, Emit& /*emit*/) override {
    // Ended before it is counted: whoever waits for the count finds the frame gone.
    frame.end(Outcome::kDelivered);
    gate_.count_delivered();
    return {};
  }

 private:
  FrameGate& gate_;
};

}  // namespace penstock
