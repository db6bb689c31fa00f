#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

namespace penstock {

class FloorStage;

/// The least that actors with mailboxes can do: one worker, a run queue behind a mutex, and stages
/// that stand in it once however often they were rung. What the engine's hops are measured against.
///
/// Ownership: outlives its stages' work; the destructor ends the worker.
/// Thread-safety: `enqueue` from any thread.
class RunQueueFloor {
 public:
  RunQueueFloor() : worker_([this] { run(); }) {}

  RunQueueFloor(const RunQueueFloor&) = delete;
  RunQueueFloor& operator=(const RunQueueFloor&) = delete;

  ~RunQueueFloor() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      changed_.notify_one();
    }
    worker_.join();
  }

  void enqueue(FloorStage& stage) {
    const std::lock_guard lock(mutex_);
    ready_.push_back(&stage);
    if (sleeping_) {
      changed_.notify_one();
    }
  }

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FloorStage*> ready_;
  bool sleeping_ = false;
  bool ending_ = false;
  std::thread worker_;  // Last: it uses all of the above.
};

/// One stage of the floor, with a ring from its one producer. The producers' window, at most
/// `kRing` items in all, is what keeps it from overflowing.
///
/// Thread-safety: `push` by one thread at a time; `on_item` on the worker.
class FloorStage {
 public:
  static constexpr std::size_t kRing = 64;

  explicit FloorStage(RunQueueFloor& queue) : queue_(queue) {}

  FloorStage(const FloorStage&) = delete;
  FloorStage& operator=(const FloorStage&) = delete;
  virtual ~FloorStage() = default;

  virtual void on_item(void* item) = 0;

  void push(void* item) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    ring_[tail % kRing] = item;
    tail_.store(tail + 1, std::memory_order_seq_cst);
    if (!queued_.exchange(true, std::memory_order_seq_cst)) {
      queue_.enqueue(*this);
    }
  }

  /// The worker's turn: everything that waits.
  void turn() {
    queued_.store(false, std::memory_order_seq_cst);
    while (head_ != tail_.load(std::memory_order_seq_cst)) {
      on_item(ring_[head_++ % kRing]);
    }
  }

 private:
  RunQueueFloor& queue_;
  std::array<void*, kRing> ring_{};
  std::atomic<std::uint64_t> tail_{0};
  std::atomic<bool> queued_{false};
  std::uint64_t head_ = 0;
};

inline void RunQueueFloor::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (ready_.empty()) {
      sleeping_ = true;
      changed_.wait(lock);
      sleeping_ = false;
      continue;
    }
    FloorStage* stage = ready_.front();
    ready_.pop_front();
    lock.unlock();
    stage->turn();
    lock.lock();
  }
}

/// A stage that hands on what it gets.
class FloorPass final : public FloorStage {
 public:
  FloorPass(RunQueueFloor& queue, FloorStage& next) : FloorStage(queue), next_(next) {}

  void on_item(void* item) override { next_.push(item); }

 private:
  FloorStage& next_;
};

}  // namespace penstock
