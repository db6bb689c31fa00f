#include "actors/local_turns.h"

#include <utility>

#include "actors/runnable_driver.h"

namespace penstock::actors {
namespace {

/// A worker's thread serves one system of actors for all its life.
thread_local LocalTurns* row_of_thread = nullptr;

}  // namespace

void LocalTurns::run(RunnableDriver& first) {
  clock_ = first.clock();
  begin_ = 0;
  count_ = 1;
  row_[0].store(&first, std::memory_order_release);
  const TimePoint begin = clock_->now();
  TimePoint now = begin;
  while (count_ > 0) {
    RunnableDriver* next = row_[begin_].exchange(nullptr, std::memory_order_acq_rel);
    begin_ = (begin_ + 1) % kRoom;
    --count_;
    if (next == nullptr) {
      continue;
    }
    if (goes_on(now - begin)) {
      takes_ = next->is_light();
      turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      now = next->turn(now);
    } else {
      takes_ = false;
      next->post();
    }
  }
  takes_ = false;
}

bool LocalTurns::take(RunnableDriver& next) noexcept {
  if (!takes_ || count_ == kRoom || next.clock() != clock_ || !next.is_light()) {
    return false;
  }
  row_[(begin_ + count_) % kRoom].store(&next, std::memory_order_release);
  ++count_;
  return true;
}

bool LocalTurns::goes_on(Duration worked) const noexcept {
  return worked < kShare || (worked < kLongShare && !book_.has_posted());
}

void LocalTurns::rescue() {
  // A worker at rest has nothing in its row.
  const std::uint64_t turns = turns_.load(std::memory_order_relaxed);
  if (std::exchange(turns_seen_, turns) != turns) {
    return;
  }
  for (auto& place : row_) {
    RunnableDriver* waiting = place.exchange(nullptr, std::memory_order_acq_rel);
    if (waiting != nullptr) {
      waiting->post();
    }
  }
}

LocalTurns& LocalTurnsBook::of_this_worker() {
  if (row_of_thread == nullptr) {
    auto row = std::make_unique<LocalTurns>(*this);
    row_of_thread = row.get();
    const std::lock_guard lock(mutex_);
    rows_.push_back(std::move(row));
  }
  return *row_of_thread;
}

LocalTurns* LocalTurnsBook::of_this_thread() noexcept {
  return row_of_thread;
}

void LocalTurnsBook::rescue() {
  const std::lock_guard lock(mutex_);
  for (const auto& row : rows_) {
    row->rescue();
  }
}

}  // namespace penstock::actors
