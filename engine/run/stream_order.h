#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/check.h"
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
/// Cost: O(1) a frame, independent of the streams that nothing leaves from.
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
  [[nodiscard]] Frame& at(const Ticket& ticket) {
    auto* held = std::get_if<Frame>(&entry(ticket).item);
    PENSTOCK_CHECK(held != nullptr) << "no frame at place " << ticket.number;
    return *held;
  }

  /// Says that the frame at `ticket` may leave.
  void settle(const Ticket& ticket);
  /// Replaces the frame at `ticket`, which was ended by the caller, by a tombstone.
  void settle(const Ticket& ticket, const Tombstone& tombstone);

  /// Hands out everything that may leave, in order, stream by stream: `on_frame(Frame)`,
  /// `on_record(const ControlRecord&, StreamId)`. Neither calls back.
  template <class OnFrame, class OnRecord>
  void depart(const OnFrame& on_frame, const OnRecord& on_record) {
    for (const StreamId stream : ripe_) {
      Lane& lane = lanes_[static_cast<std::size_t>(stream)];
      while (lane.is_ripe()) {
        Entry& head = lane.of(lane.first);
        if (auto* held = std::get_if<Frame>(&head.item); held != nullptr) {
          on_frame(std::move(*held));
        } else {
          on_record(std::get<ControlRecord>(head.item), stream);
        }
        ++lane.first;
        --size_;
      }
    }
    ripe_.clear();
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Ends every frame that is still here.
  void abandon(Outcome outcome, Reason reason);

 private:
  struct Entry {
    std::variant<Frame, ControlRecord> item;
    bool settled = false;
  };

  /// One stream's places, in a ring that grows until it holds as many as there are at once.
  struct Lane {
    [[nodiscard]] bool is_ripe() noexcept { return first != next && of(first).settled; }

    /// Pre: from `first` to before `next`.
    [[nodiscard]] Entry& of(std::uint64_t number) noexcept {
      return ring[number & (ring.size() - 1)];
    }

    /// Makes a place, whose number is `next - 1`.
    Entry& add(bool settled);

    std::vector<Entry> ring;  // A power of two.
    std::uint64_t first = 0;
    std::uint64_t next = 0;
  };

  Lane& lane_of(StreamId stream);

  [[nodiscard]] Entry& entry(const Ticket& ticket) {
    Lane& lane = lanes_[static_cast<std::size_t>(ticket.stream)];
    PENSTOCK_CHECK(ticket.number - lane.first < lane.next - lane.first)
        << "no place " << ticket.number << " in stream "
        << static_cast<std::uint32_t>(ticket.stream);
    return lane.of(ticket.number);
  }

  void note_settled(StreamId stream, std::uint64_t number);

  std::vector<Lane> lanes_;     // By stream: few, numbered from 0.
  std::vector<StreamId> ripe_;  // Those whose head is settled, each once.
  std::size_t size_ = 0;
};

}  // namespace penstock
