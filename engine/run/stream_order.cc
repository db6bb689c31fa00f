#include "engine/run/stream_order.h"

#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr std::size_t kFirstRing = 16;

}  // namespace

std::uint64_t StreamOrder::Lane::add(std::variant<Frame, ControlRecord> item, bool settled) {
  if (next - first == ring.size()) {
    std::vector<Entry> larger(ring.empty() ? kFirstRing : 2 * ring.size());
    for (std::uint64_t number = first; number != next; ++number) {
      larger[number & (larger.size() - 1)] = std::move(of(number));
    }
    ring = std::move(larger);
  }
  of(next) = {std::move(item), settled};
  return next++;
}

StreamOrder::Lane& StreamOrder::lane_of(StreamId stream) {
  const auto index = static_cast<std::size_t>(stream);
  if (index >= lanes_.size()) {
    lanes_.resize(index + 1);
  }
  return lanes_[index];
}

StreamOrder::Ticket StreamOrder::admit(Frame frame) {
  const StreamId stream = frame.stream();
  ++size_;
  return {stream, lane_of(stream).add(std::move(frame), false)};
}

void StreamOrder::admit(const ControlRecord& record, StreamId stream) {
  Lane& lane = lane_of(stream);
  ++size_;
  note_settled(stream, lane, lane.add(record, true));
}

StreamOrder::Entry& StreamOrder::entry(const Ticket& ticket) {
  Lane& lane = lane_of(ticket.stream);
  PENSTOCK_CHECK(ticket.number >= lane.first && ticket.number < lane.next)
      << "no place " << ticket.number << " in stream " << static_cast<std::uint32_t>(ticket.stream);
  return lane.of(ticket.number);
}

Frame& StreamOrder::at(const Ticket& ticket) {
  return std::get<Frame>(entry(ticket).item);
}

/// Only at the head of its stream something becomes ripe; behind it, it leaves with the head.
void StreamOrder::note_settled(StreamId stream, const Lane& lane, std::uint64_t number) {
  if (number == lane.first) {
    ripe_.push_back(stream);
  }
}

void StreamOrder::settle(const Ticket& ticket) {
  entry(ticket).settled = true;
  note_settled(ticket.stream, lane_of(ticket.stream), ticket.number);
}

void StreamOrder::settle(const Ticket& ticket, const Tombstone& tombstone) {
  Entry& one = entry(ticket);
  one.item.emplace<1>(tombstone);
  one.settled = true;
  note_settled(ticket.stream, lane_of(ticket.stream), ticket.number);
}

void StreamOrder::abandon(Outcome outcome, Reason reason) {
  for (Lane& lane : lanes_) {
    for (; lane.first != lane.next; ++lane.first) {
      if (auto* held = std::get_if<Frame>(&lane.of(lane.first).item); held != nullptr) {
        held->end(outcome, reason);
      }
    }
  }
  ripe_.clear();
  size_ = 0;
}

}  // namespace penstock
