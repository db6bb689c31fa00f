#include "engine/flow/edge_ring.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace penstock {

Result<std::unique_ptr<EdgeRing>> EdgeRing::create(Options options) {
  if (options.capacity == 0 || options.capacity > kMaxCapacity) {
    return Error{Errc::kInvalidArgument,
                 "edge '" + options.name + "': queue " + std::to_string(options.capacity) +
                     ", allowed are 1 to " + std::to_string(kMaxCapacity)};
  }
  return std::unique_ptr<EdgeRing>(new EdgeRing(std::move(options)));
}

EdgeRing::EdgeRing(Options options)
    : options_(std::move(options)),
      // One slot more than the capacity: under the drop policies the frame in the consumer's hands
      // is not counted, yet its slot may still be being read.
      mask_(std::bit_ceil(std::uint64_t{options_.capacity} + 1) - 1),
      slots_(mask_ + 1) {}

EdgeRing::~EdgeRing() {
  while (tail_.load(std::memory_order_relaxed) != head_.load(std::memory_order_relaxed)) {
    std::uint64_t index = 0;
    take_head(index).end(Outcome::kCancelled, Reason::kShutdown);
  }
}

void EdgeRing::connect(Doorbell producer, Doorbell consumer) noexcept {
  producer_ = producer;
  consumer_ = consumer;
}

std::uint64_t EdgeRing::counted() const noexcept {
  // The subtrahend first: it only grows, so the difference is never below the truth seen later.
  const std::uint64_t gone = options_.overflow == Overflow::kBlock
                                 ? released_.load(std::memory_order_seq_cst)
                                 : head_.load(std::memory_order_seq_cst);
  return tail_.load(std::memory_order_relaxed) - gone;
}

bool EdgeRing::has_room() noexcept {
  if (options_.overflow != Overflow::kBlock || counted() < options_.capacity) {
    return true;
  }
  producer_waits_.store(true, std::memory_order_seq_cst);
  // The consumer may have released the last frame between the look and the note.
  if (counted() < options_.capacity) {
    producer_waits_.store(false, std::memory_order_relaxed);
    return true;
  }
  return false;
}

void EdgeRing::store(Frame& frame) noexcept {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  slots_[tail & mask_].store(frame.release(), std::memory_order_relaxed);
  tail_.store(tail + 1, std::memory_order_seq_cst);
  const std::uint64_t waiting =
      tail + 1 - std::min(tail + 1, head_.load(std::memory_order_seq_cst));
  if (waiting > high_water_.load(std::memory_order_relaxed)) {
    high_water_.store(waiting, std::memory_order_relaxed);
  }
  if (waiting <= 1) {
    consumer_.ring();
  }
}

EdgeRing::PushResult EdgeRing::push(Frame& frame) {
  if (options_.overflow == Overflow::kBlock) {
    if (!has_room()) {
      full_.fetch_add(1, std::memory_order_relaxed);
      return PushResult::kFull;
    }
    store(frame);
    return PushResult::kPushed;
  }
  PushResult result = PushResult::kPushed;
  if (counted() >= options_.capacity) {
    full_.fetch_add(1, std::memory_order_relaxed);
    if (options_.overflow == Overflow::kDropNewest) {
      drop_newest(std::move(frame));
      return PushResult::kDropped;
    }
    if (drop_oldest()) {
      result = PushResult::kDropped;
    }
  }
  store(frame);
  return result;
}

void EdgeRing::drop_newest(Frame frame) {
  const FrameId id = frame.id();
  frame.end(Outcome::kDropped, Reason::kQueueNewest);
  dropped_.fetch_add(1, std::memory_order_relaxed);
  push_control(Tombstone{id.stream, id.seq, id.seq, id.child, Reason::kQueueNewest});
}

bool EdgeRing::merge(const Tombstone& tombstone, std::size_t end, std::uint64_t from) {
  // Backwards over the tombstones that stand side by side: streams that share the edge interleave.
  for (std::size_t i = end; i > 0 && controls_[i - 1].before >= from; --i) {
    auto* last = std::get_if<Tombstone>(&controls_[i - 1].record);
    if (last == nullptr) {
      return false;
    }
    if (last->stream == tombstone.stream && last->reason == tombstone.reason &&
        last->child == tombstone.child && tombstone.first_seq == last->last_seq + 1) {
      last->last_seq = tombstone.last_seq;
      return true;
    }
  }
  return false;
}

bool EdgeRing::drop_oldest() {
  Frame oldest;
  bool was_empty = false;
  {
    const std::lock_guard lock(controls_mutex_);
    was_empty = controls_.empty();
    // Announced first: a consumer that finds the frame gone then waits here for its tombstone, and
    // takes nothing that stood behind the frame before it; the end of the stream may.
    controls_waiting_.store(controls_.size() + 1, std::memory_order_seq_cst);
    std::uint64_t index = 0;
    // The consumer may take the last waiting frame first: then there is room without a drop.
    oldest = take_head(index);
    if (oldest) {
      const FrameId id = oldest.id();
      const Tombstone tombstone{id.stream, id.seq, id.seq, id.child, Reason::kQueueOldest};
      std::size_t place = controls_.size();
      while (place > 0 && controls_[place - 1].before > index) {
        --place;
      }
      // No frame waits before this place any more, so all records before it are neighbours.
      if (!merge(tombstone, place, 0)) {
        controls_.insert(controls_.begin() + static_cast<std::ptrdiff_t>(place),
                         {index, tombstone});
      }
    }
    controls_waiting_.store(controls_.size(), std::memory_order_seq_cst);
  }
  if (!oldest) {
    return false;
  }
  oldest.end(Outcome::kDropped, Reason::kQueueOldest);
  dropped_.fetch_add(1, std::memory_order_relaxed);
  if (was_empty) {
    consumer_.ring();
  }
  return true;
}

void EdgeRing::push_control(const ControlRecord& record) {
  bool was_empty = false;
  {
    const std::lock_guard lock(controls_mutex_);
    const std::uint64_t before = tail_.load(std::memory_order_relaxed);
    if (const auto* tombstone = std::get_if<Tombstone>(&record);
        tombstone != nullptr && merge(*tombstone, controls_.size(), before)) {
      return;
    }
    was_empty = controls_.empty();
    controls_.push_back({before, record});
    controls_waiting_.store(controls_.size(), std::memory_order_seq_cst);
  }
  if (was_empty) {
    consumer_.ring();
  }
}

Frame EdgeRing::take_head(std::uint64_t& head) noexcept {
  head = head_.load(std::memory_order_seq_cst);
  while (head != tail_.load(std::memory_order_seq_cst)) {
    // The slot cannot be written again before head has moved on, so what is read here belongs to
    // whoever moves it.
    detail::FrameBody* body = slots_[head & mask_].load(std::memory_order_relaxed);
    if (head_.compare_exchange_weak(head, head + 1, std::memory_order_seq_cst)) {
      return Frame::adopt(body);
    }
  }
  return {};
}

std::optional<ControlRecord> EdgeRing::pop_control(std::uint64_t head) {
  const std::lock_guard lock(controls_mutex_);
  if (controls_.empty() || controls_.front().before > head) {
    return std::nullopt;
  }
  ControlRecord record = controls_.front().record;
  controls_.pop_front();
  controls_waiting_.store(controls_.size(), std::memory_order_seq_cst);
  return record;
}

std::optional<EdgeRing::Item> EdgeRing::pop() {
  while (true) {
    // The tail first: a record that was pushed before the frame seen here is then seen as well, and
    // the frame cannot overtake it.
    const std::uint64_t tail = tail_.load(std::memory_order_seq_cst);
    std::uint64_t head = head_.load(std::memory_order_seq_cst);
    if (controls_waiting_.load(std::memory_order_seq_cst) != 0) {
      if (auto record = pop_control(head); record.has_value()) {
        return Item(std::in_place_index<1>, std::move(*record));
      }
    }
    if (head == tail) {
      if (is_really_empty(head)) {
        return std::nullopt;
      }
    } else if (head < tail) {
      detail::FrameBody* body = slots_[head & mask_].load(std::memory_order_relaxed);
      if (move_head(head)) {
        return Item(std::in_place_index<0>, Frame::adopt(body));
      }
    }
    // The producer has dropped that frame: records may stand before the next one.
  }
}

bool EdgeRing::move_head(std::uint64_t head) noexcept {
  if (options_.overflow == Overflow::kDropOldest) {
    return head_.compare_exchange_strong(head, head + 1, std::memory_order_seq_cst);
  }
  // Nobody else moves it. That the producer may see it late is made good where it would matter.
  head_.store(head + 1, std::memory_order_release);
  return true;
}

bool EdgeRing::is_really_empty(std::uint64_t head) noexcept {
  if (options_.overflow == Overflow::kDropOldest) {
    return true;
  }
  // A producer that has not seen the last move of the head takes the ring for fuller than it is and
  // does not wake us. This puts that move in order with its look: either it sees the ring empty, or
  // its frame is seen here.
  head_.fetch_add(0, std::memory_order_seq_cst);
  return tail_.load(std::memory_order_seq_cst) == head;
}

void EdgeRing::done() noexcept {
  if (options_.overflow != Overflow::kBlock) {
    return;
  }
  released_.fetch_add(1, std::memory_order_seq_cst);
  ring_producer_if_waiting();
}

void EdgeRing::ring_producer_if_waiting() noexcept {
  if (!producer_waits_.load(std::memory_order_seq_cst)) {
    return;
  }
  const std::uint64_t free =
      options_.capacity - std::min<std::uint64_t>(counted(), options_.capacity);
  if (2 * free >= options_.capacity && producer_waits_.exchange(false, std::memory_order_seq_cst)) {
    producer_.ring();
  }
}

bool EdgeRing::is_empty() const noexcept {
  return controls_waiting_.load(std::memory_order_seq_cst) == 0 &&
         head_.load(std::memory_order_seq_cst) == tail_.load(std::memory_order_seq_cst);
}

EdgeRing::Stats EdgeRing::stats() const noexcept {
  Stats stats;
  stats.capacity = options_.capacity;
  stats.dropped = dropped_.load(std::memory_order_relaxed);
  const std::uint64_t head = head_.load(std::memory_order_acquire);
  stats.pushed = tail_.load(std::memory_order_acquire);
  stats.waiting = stats.pushed - std::min(stats.pushed, head);
  stats.popped = head - (options_.overflow == Overflow::kDropOldest ? stats.dropped : 0);
  stats.full = full_.load(std::memory_order_relaxed);
  stats.high_water = high_water_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace penstock
