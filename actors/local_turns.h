#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/base/clock.h"

namespace penstock::actors {

class LocalTurnsBook;
class RunnableDriver;

/// The turns that one worker makes in a row: what a turn rings runs next on the same worker,
/// instead of being posted to another, as long as all of it is light.
///
/// To wake a worker costs several microseconds, to run what a short turn has rung often less than
/// one, with everything that it needs still in the worker's cache. So a turn stays here when it and
/// the turn that rang it are light (`Runnable::is_light`); whatever is heavier, or finds `kRoom`
/// others waiting, is posted at once, for any worker that is free. A row ends after `kShare`, what
/// is left is posted: after `kLongShare` if nobody else waits for a worker meanwhile. A turn that
/// is suddenly long keeps nobody: `rescue`.
///
/// Thread-safety: as each function says.
class LocalTurns {
 public:
  static constexpr Duration kShare = std::chrono::microseconds(100);
  static constexpr Duration kLongShare = std::chrono::milliseconds(2);

  explicit LocalTurns(const LocalTurnsBook& book) : book_(book) {}

  LocalTurns(const LocalTurns&) = delete;
  LocalTurns& operator=(const LocalTurns&) = delete;
  ~LocalTurns() = default;

  /// Makes the turn that `first` owes, and those that follow from it here. By the worker.
  void run(RunnableDriver& first);

  /// Takes the turn that `next` owes, if it should be made here. Returns whether it will be. By the
  /// worker.
  [[nodiscard]] bool take(RunnableDriver& next) noexcept;

  /// Posts what waits behind a turn that was under way at the last call already. One thread at a
  /// time, any.
  void rescue();

 private:
  static constexpr std::size_t kRoom = 16;

  [[nodiscard]] bool goes_on(Duration worked) const noexcept;

  const LocalTurnsBook& book_;
  const Clock* clock_ = nullptr;  // Null: not at work.
  bool takes_ = false;            // The turn under way is usually light.
  std::size_t begin_ = 0;
  std::size_t count_ = 0;
  std::array<std::atomic<RunnableDriver*>, kRoom> row_{};  // From `begin_`; null: rescued.
  std::atomic<std::uint64_t> turns_{0};                    // Begun so far.
  std::uint64_t turns_seen_ = 0;                           // By `rescue`.
};

/// The rows of all workers of a process.
///
/// Ownership: outlives the workers' threads.
/// Thread-safety: any thread.
class LocalTurnsBook {
 public:
  /// Returns the row of the calling worker, which is made at its first call.
  [[nodiscard]] LocalTurns& of_this_worker();

  /// Returns the row of the calling thread; null on threads that make no turns.
  [[nodiscard]] static LocalTurns* of_this_thread() noexcept;

  /// Say that a turn was posted, and that a worker has begun with it.
  void note_post() noexcept { posted_.fetch_add(1, std::memory_order_relaxed); }

  void note_begin() noexcept { posted_.fetch_sub(1, std::memory_order_relaxed); }

  /// Whether a turn waits for a worker.
  [[nodiscard]] bool has_posted() const noexcept {
    return posted_.load(std::memory_order_relaxed) > 0;
  }

  /// As the rows' own. To be called every `kRescuePeriod`, so that a turn that waits behind one
  /// that is suddenly long, or hangs, does so for two of them at most.
  void rescue();

  static constexpr std::chrono::milliseconds kRescuePeriod{50};

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<LocalTurns>> rows_;
  std::atomic<std::int64_t> posted_{0};
};

}  // namespace penstock::actors
