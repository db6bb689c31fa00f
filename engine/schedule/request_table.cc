#include "engine/schedule/request_table.h"

#include <algorithm>

#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr std::size_t kFirstIndex = 64;

}  // namespace

RequestTable::RequestTable() : index_(kFirstIndex, kNoRequest) {}

std::size_t RequestTable::home_of(RequestNumber number) const noexcept {
  // Numbers usually rise by one: a multiplication spreads those that do not.
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
  return static_cast<std::size_t>((number.value * kGolden) >> 20U) & (index_.size() - 1);
}

void RequestTable::index(RequestSlot slot) noexcept {
  std::size_t at = home_of(slots_[slot].number);
  while (index_[at] != kNoRequest) {
    at = (at + 1) & (index_.size() - 1);
  }
  index_[at] = slot;
}

void RequestTable::grow_index() {
  std::vector<RequestSlot> old(index_.size() * 2, kNoRequest);
  old.swap(index_);
  for (const RequestSlot slot : old) {
    if (slot != kNoRequest) {
      index(slot);
    }
  }
}

RequestSlot RequestTable::add(RequestNumber number) {
  PENSTOCK_CHECK(find(number) == kNoRequest) << "request " << number.value << " is held already";
  if ((size_ + 1) * 2 > index_.size()) {
    grow_index();
  }
  RequestSlot slot = 0;
  if (free_.empty()) {
    slot = static_cast<RequestSlot>(slots_.size());
    slots_.emplace_back();
    free_.reserve(slots_.capacity());
  } else {
    slot = free_.back();
    free_.pop_back();
    slots_[slot] = RequestState{};
  }
  slots_[slot].number = number;
  index(slot);
  ++size_;
  return slot;
}

void RequestTable::remove(RequestSlot slot) {
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = home_of(slots_[slot].number);
  while (index_[hole] != slot) {
    hole = (hole + 1) & mask;
  }
  // Those behind move up, so that a search never meets a gap before its end.
  for (std::size_t at = (hole + 1) & mask; index_[at] != kNoRequest; at = (at + 1) & mask) {
    const std::size_t home = home_of(slots_[index_[at]].number);
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      index_[hole] = index_[at];
      hole = at;
    }
  }
  index_[hole] = kNoRequest;
  free_.push_back(slot);
  --size_;
}

RequestSlot RequestTable::find(RequestNumber number) const noexcept {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t at = home_of(number); index_[at] != kNoRequest; at = (at + 1) & mask) {
    if (slots_[index_[at]].number == number) {
      return index_[at];
    }
  }
  return kNoRequest;
}

void RequestTable::push(RequestQueue& queue, RequestSlot slot) noexcept {
  RequestState& request = slots_[slot];
  RequestSlot before = queue.tail;
  if (before != kNoRequest && slots_[before].order > request.order) {
    // It runs again: its place is near the head.
    RequestSlot after = queue.head;
    while (slots_[after].order < request.order) {
      after = slots_[after].next;
    }
    before = slots_[after].previous;
  }
  request.previous = before;
  request.next = before == kNoRequest ? queue.head : slots_[before].next;
  (before == kNoRequest ? queue.head : slots_[before].next) = slot;
  (request.next == kNoRequest ? queue.tail : slots_[request.next].previous) = slot;
  ++queue.requests;
  queue.frames += request.frames;
}

void RequestTable::unlink(RequestQueue& queue, RequestSlot slot) noexcept {
  const RequestState& request = slots_[slot];
  (request.previous == kNoRequest ? queue.head : slots_[request.previous].next) = request.next;
  (request.next == kNoRequest ? queue.tail : slots_[request.next].previous) = request.previous;
  --queue.requests;
  queue.frames -= request.frames;
}

}  // namespace penstock
