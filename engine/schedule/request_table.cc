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

void RequestTable::add_part(RequestSlot slot, FlowState* flow, std::uint32_t frames) {
  PartSlot made = 0;
  if (free_parts_.empty()) {
    made = static_cast<PartSlot>(parts_.size());
    parts_.emplace_back();
    free_parts_.reserve(parts_.capacity());
  } else {
    made = free_parts_.back();
    free_parts_.pop_back();
    parts_[made] = RequestPart{};
  }
  RequestPart& part = parts_[made];
  part.flow = flow;
  part.request = slot;
  part.frames = frames;
  RequestState& request = slots_[slot];
  (request.last_part == kNoPart ? request.first_part : parts_[request.last_part].sibling) = made;
  request.last_part = made;
  request.frames += frames;
}

void RequestTable::remove(RequestSlot slot) {
  for (PartSlot part = slots_[slot].first_part; part != kNoPart; part = parts_[part].sibling) {
    free_parts_.push_back(part);
  }
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

void RequestTable::push(RequestQueue& queue, RequestPart& part) noexcept {
  const auto slot = static_cast<PartSlot>(&part - parts_.data());
  RequestState& request = slots_[part.request];
  PartSlot before = queue.tail;
  if (before != kNoPart && owner(before).order > request.order) {
    // It runs again: its place is near the head.
    PartSlot after = queue.head;
    while (owner(after).order < request.order) {
      after = parts_[after].next;
    }
    before = parts_[after].previous;
  }
  part.previous = before;
  part.next = before == kNoPart ? queue.head : parts_[before].next;
  if (before == kNoPart && part.next != kNoPart) {
    --owner(part.next).parts_at_head;
  }
  (before == kNoPart ? queue.head : parts_[before].next) = slot;
  (part.next == kNoPart ? queue.tail : parts_[part.next].previous) = slot;
  part.is_queued = true;
  ++request.queued_parts;
  request.parts_at_head += before == kNoPart ? 1 : 0;
  queue.frames += part.frames;
  queue.request_frames += request.frames;
}

void RequestTable::unlink(RequestQueue& queue, RequestPart& part) noexcept {
  RequestState& request = slots_[part.request];
  part.was_head = part.previous == kNoPart;
  if (part.was_head && part.next != kNoPart) {
    ++owner(part.next).parts_at_head;
  }
  (part.previous == kNoPart ? queue.head : parts_[part.previous].next) = part.next;
  (part.next == kNoPart ? queue.tail : parts_[part.next].previous) = part.previous;
  part.is_queued = false;
  --request.queued_parts;
  request.parts_at_head -= part.was_head ? 1 : 0;
  queue.frames -= part.frames;
  queue.request_frames -= request.frames;
}

}  // namespace penstock
