#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/clock.h"

namespace penstock::sim {

/// Something that happens to a frame or a place at a time. `index` is theirs.
struct Event {
  enum class Kind : std::uint8_t { kLoaded, kStart, kComputed, kOut, kChanged };

  TimePoint time;
  std::uint64_t order = 0;  ///< Of asking: equal times come in this order.
  Kind kind = Kind::kLoaded;
  std::uint32_t index = 0;
};

/// The events to come, earliest first. Cost: O(log n); memory is kept.
class EventHeap {
 public:
  void push(TimePoint time, Event::Kind kind, std::uint32_t index) {
    heap_.push_back({time, ++order_, kind, index});
    std::push_heap(heap_.begin(), heap_.end(), &is_later);
  }

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }

  /// Pre: not empty.
  [[nodiscard]] const Event& top() const noexcept { return heap_.front(); }

  Event pop() {
    std::pop_heap(heap_.begin(), heap_.end(), &is_later);
    const Event event = heap_.back();
    heap_.pop_back();
    return event;
  }

  void clear() { heap_.clear(); }

  /// Takes out the events of kind and index. Cost: linear; for what is rare.
  void erase(Event::Kind kind, std::uint32_t index) {
    heap_.erase(std::remove_if(
                    heap_.begin(),
                    heap_.end(),
                    [&](const Event& event) { return event.kind == kind && event.index == index; }),
                heap_.end());
    std::make_heap(heap_.begin(), heap_.end(), &is_later);
  }

 private:
  static bool is_later(const Event& a, const Event& b) {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  }

  std::vector<Event> heap_;
  std::uint64_t order_ = 0;
};

}  // namespace penstock::sim
