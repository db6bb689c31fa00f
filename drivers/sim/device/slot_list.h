#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace penstock::sim {

inline constexpr std::uint32_t kNoSlot = std::numeric_limits<std::uint32_t>::max();

/// The links of all lists: a slot is in at most one of them.
struct SlotLinks {
  std::vector<std::uint32_t> next;
};

/// A first-in, first-out list of slots that lie elsewhere; no memory of its own.
struct SlotList {
  std::uint32_t head = kNoSlot;
  std::uint32_t tail = kNoSlot;
  std::uint32_t count = 0;

  void push(SlotLinks& links, std::uint32_t slot) {
    links.next[slot] = kNoSlot;
    (count == 0 ? head : links.next[tail]) = slot;
    tail = slot;
    ++count;
  }

  /// Pre: not empty.
  std::uint32_t pop(const SlotLinks& links) {
    const std::uint32_t slot = head;
    head = links.next[slot];
    tail = --count == 0 ? kNoSlot : tail;
    return slot;
  }

  /// Takes `slot` out, if it is in. Cost: linear.
  void remove(SlotLinks& links, std::uint32_t slot) {
    std::uint32_t before = kNoSlot;
    for (std::uint32_t at = head; at != kNoSlot; before = at, at = links.next[at]) {
      if (at != slot) {
        continue;
      }
      (before == kNoSlot ? head : links.next[before]) = links.next[at];
      tail = tail == slot ? before : tail;
      --count;
      return;
    }
  }
};

}  // namespace penstock::sim
