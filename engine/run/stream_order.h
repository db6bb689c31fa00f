#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "engine/flow/edge_ring.h"

namespace penstock {

/// Keeps the order of each stream through work that completes in any order.
///
/// A frame's place is reserved when it is admitted; whatever happens to it (completed, failed,
/// dropped), the place is settled, and everything at the head of its stream that is settled leaves.
/// In-band records keep their place in the same way.
///
/// Ownership: holds frames between admission and departure.
/// Thread-safety: one thread.
/// Cost: O(1) a frame.
class StreamOrder {
 public:
  /// Names a reserved place; valid until it has left.
  struct Ticket {
    StreamId stream{};
    std::uint64_t number = 0;
  };

  /// Reserves the next place of the frame's stream and keeps the frame there.
  Ticket admit(Frame frame);
  /// Reserves a place for a record that is settled at once.
  void admit(const ControlRecord& record, StreamId stream);

  /// Returns the frame that waits at `ticket`. Pre: admitted, not settled.
  [[nodiscard]] Frame& at(const Ticket& ticket);
  /// Says that the frame at `ticket` may leave.
  void settle(const Ticket& ticket);
  /// Replaces the frame at `ticket`, which was ended by the caller, by a tombstone.
  void settle(const Ticket& ticket, const Tombstone& tombstone);

  /// Hands out everything that may leave, in order, stream by stream.
  void depart(const std::function<void(Frame)>& frame,
              const std::function<void(const ControlRecord&, StreamId)>& record);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Ends every frame that is still here.
  void abandon(Outcome outcome, Reason reason);

 private:
  struct Entry {
    std::variant<Frame, ControlRecord> item;
    bool settled = false;
  };

  struct Lane {
    std::deque<Entry> entries;
    std::uint64_t first = 0;  // Number of entries.front().
  };

  [[nodiscard]] Entry& entry(const Ticket& ticket);

  std::map<StreamId, Lane> lanes_;
  std::size_t size_ = 0;
};

}  // namespace penstock
