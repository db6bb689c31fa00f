#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/schedule/schedule_ids.h"
#include "engine/schedule/scheduler_action.h"

namespace penstock {

struct FlowState;

/// Where a request lies in its table; used again when it has left.
using RequestSlot = std::uint32_t;

inline constexpr RequestSlot kNoRequest = 0xFFFFFFFF;

/// One accepted request.
struct RequestState {
  static constexpr TimePoint kNoDeadline = TimePoint::max();

  RequestNumber number;
  std::uint64_t order = 0;  ///< Of admission.
  FlowState* flow = nullptr;
  RequestSlot previous = kNoRequest;  ///< In its flow's queue.
  RequestSlot next = kNoRequest;
  TimePoint admitted_at;
  TimePoint deadline = kNoDeadline;
  std::uint32_t frames = 1;
  std::uint32_t batch_key = 0;
  double charged = 0;     ///< Service charged in advance, until the batch ends.
  Duration swap_wait{0};  ///< Of its wait, spent on a change of residence for its package.
  std::uint8_t losses = 0;
  std::uint8_t failures = 0;
  bool is_running = false;
  bool is_ending = false;  ///< Ends with `end_reason` when its batch does.
  FinishReason end_reason = FinishReason::kCancelled;
};

/// The queue of one flow: a list through the table, in order of admission.
struct RequestQueue {
  RequestSlot head = kNoRequest;
  RequestSlot tail = kNoRequest;
  std::uint32_t requests = 0;
  std::uint32_t frames = 0;

  [[nodiscard]] bool empty() const noexcept { return head == kNoRequest; }
};

/// Holds all accepted requests and finds them by number.
///
/// Cost: O(1) each; no allocation once as many have been held.
class RequestTable {
 public:
  RequestTable();

  /// Returns the slot of a new request. Pre: `number` is not held.
  RequestSlot add(RequestNumber number);
  void remove(RequestSlot slot);

  [[nodiscard]] RequestState& at(RequestSlot slot) noexcept { return slots_[slot]; }

  [[nodiscard]] const RequestState& at(RequestSlot slot) const noexcept { return slots_[slot]; }

  /// Returns `kNoRequest` if it is not held.
  [[nodiscard]] RequestSlot find(RequestNumber number) const noexcept;

  /// Queues a request by its order of admission: O(1) at the end, and at the head for one that
  /// runs again.
  void push(RequestQueue& queue, RequestSlot slot) noexcept;
  /// Takes a request out of the middle or the head.
  void unlink(RequestQueue& queue, RequestSlot slot) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  [[nodiscard]] std::size_t home_of(RequestNumber number) const noexcept;
  void grow_index();
  void index(RequestSlot slot) noexcept;

  std::vector<RequestState> slots_;
  std::vector<RequestSlot> free_;
  std::vector<RequestSlot> index_;  // Open addressing, at most half full.
  std::size_t size_ = 0;
};

}  // namespace penstock
