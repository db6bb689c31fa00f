#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/schedule/schedule_ids.h"
#include "engine/schedule/scheduler_action.h"

namespace penstock {

struct ClientShare;
struct FlowState;

/// Where a request lies in its table; used again when it has left.
using RequestSlot = std::uint32_t;
/// Where what a request has of one flow lies.
using PartSlot = std::uint32_t;

inline constexpr RequestSlot kNoRequest = 0xFFFFFFFF;
inline constexpr PartSlot kNoPart = 0xFFFFFFFF;

/// What of a request belongs to one flow.
struct RequestPart {
  FlowState* flow = nullptr;
  RequestSlot request = kNoRequest;
  PartSlot sibling = kNoPart;   ///< The next one of the same request.
  PartSlot previous = kNoPart;  ///< In its flow's queue.
  PartSlot next = kNoPart;
  std::uint32_t frames = 1;
  double charged = 0;  ///< Service charged in advance, until the batch ends.
  bool is_queued = false;
  bool was_head = false;  ///< Of its queue, when it left that last.
};

/// One accepted request.
struct RequestState {
  static constexpr TimePoint kNoDeadline = TimePoint::max();

  RequestNumber number;
  std::uint64_t order = 0;       ///< Of admission.
  ClientShare* share = nullptr;  ///< That of all its flows.
  PartSlot first_part = kNoPart;
  PartSlot last_part = kNoPart;
  std::uint32_t queued_parts = 0;
  std::uint32_t parts_at_head = 0;  ///< Of these: those that are the first of their queues.
  TimePoint admitted_at;
  TimePoint deadline = kNoDeadline;
  std::uint32_t frames = 0;  ///< Of all flows.
  std::uint32_t batch_key = 0;
  Duration swap_wait{0};  ///< Of its wait, spent on a change of residence for its package.
  std::uint8_t losses = 0;
  std::uint8_t failures = 0;
  bool is_running = false;
  bool is_ending = false;  ///< Ends with `end_reason` when its batch does.
  FinishReason end_reason = FinishReason::kCancelled;
};

/// The queue of one flow: a list through the table, in order of admission.
struct RequestQueue {
  PartSlot head = kNoPart;
  PartSlot tail = kNoPart;
  std::uint32_t frames = 0;  ///< Of the flow.
  /// Of its requests, with those of other flows: what is freed if all of them go.
  std::uint32_t request_frames = 0;

  [[nodiscard]] bool empty() const noexcept { return head == kNoPart; }
};

/// The parts of one request, to walk over. Valid until a part is added to the table.
template <class Part>
class PartRange {
 public:
  class Iterator {
   public:
    Iterator(Part* parts, PartSlot at) noexcept : parts_(parts), at_(at) {}

    Part& operator*() const noexcept { return parts_[at_]; }

    Iterator& operator++() noexcept {
      at_ = parts_[at_].sibling;
      return *this;
    }

    friend bool operator!=(const Iterator& a, const Iterator& b) noexcept { return a.at_ != b.at_; }

   private:
    Part* parts_;
    PartSlot at_;
  };

  PartRange(Part* parts, PartSlot first) noexcept : parts_(parts), first_(first) {}

  [[nodiscard]] Iterator begin() const noexcept { return {parts_, first_}; }

  [[nodiscard]] Iterator end() const noexcept { return {parts_, kNoPart}; }

 private:
  Part* parts_;
  PartSlot first_;
};

/// Holds all accepted requests and finds them by number; keeps their order in the queues of their
/// flows, and which of them are the oldest of all their flows.
///
/// Cost: O(1) each; no allocation once as many requests and parts have been held.
class RequestTable {
 public:
  RequestTable();

  /// Returns the slot of a new request, without parts. Pre: `number` is not held.
  RequestSlot add(RequestNumber number);
  /// Says that `frames` frames of the request are of `flow`.
  void add_part(RequestSlot slot, FlowState* flow, std::uint32_t frames);
  /// Pre: it is in no queue.
  void remove(RequestSlot slot);

  [[nodiscard]] RequestState& at(RequestSlot slot) noexcept { return slots_[slot]; }

  [[nodiscard]] const RequestState& at(RequestSlot slot) const noexcept { return slots_[slot]; }

  [[nodiscard]] PartRange<RequestPart> parts(RequestSlot slot) noexcept {
    return {parts_.data(), slots_[slot].first_part};
  }

  [[nodiscard]] PartRange<const RequestPart> parts(RequestSlot slot) const noexcept {
    return {parts_.data(), slots_[slot].first_part};
  }

  /// Returns `kNoRequest` if it is not held.
  [[nodiscard]] RequestSlot find(RequestNumber number) const noexcept;

  /// Queues a part by its request's order of admission: O(1) at the end, and at the head for one
  /// that runs again.
  void push(RequestQueue& queue, RequestPart& part) noexcept;
  /// Takes a part out of the middle or the head.
  void unlink(RequestQueue& queue, RequestPart& part) noexcept;

  /// Returns the oldest request of a queue, or `kNoRequest`.
  [[nodiscard]] RequestSlot head_of(const RequestQueue& queue) const noexcept {
    return queue.empty() ? kNoRequest : parts_[queue.head].request;
  }

  /// Returns the request behind a part that is queued, or `kNoRequest`.
  [[nodiscard]] RequestSlot behind(const RequestPart& part) const noexcept {
    return part.next == kNoPart ? kNoRequest : parts_[part.next].request;
  }

  /// Returns whether a queued request is the oldest of all flows where it is queued.
  [[nodiscard]] bool is_first(RequestSlot slot) const noexcept {
    return slots_[slot].parts_at_head == slots_[slot].queued_parts;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  [[nodiscard]] std::size_t home_of(RequestNumber number) const noexcept;
  void grow_index();
  void index(RequestSlot slot) noexcept;

  [[nodiscard]] RequestState& owner(PartSlot part) noexcept { return slots_[parts_[part].request]; }

  std::vector<RequestState> slots_;
  std::vector<RequestSlot> free_;
  std::vector<RequestPart> parts_;
  std::vector<PartSlot> free_parts_;
  std::vector<RequestSlot> index_;  // Open addressing, at most half full.
  std::size_t size_ = 0;
};

}  // namespace penstock
