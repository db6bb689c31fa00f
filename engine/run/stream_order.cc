#include "engine/run/stream_order.h"

namespace penstock {
namespace {

constexpr std::size_t kFirstRing = 16;

}  // namespace

StreamOrder::Entry& StreamOrder::Lane::add(bool settled) {
  if (next - first == ring.size()) {
    std::vector<Entry> larger(ring.empty() ? kFirstRing : 2 * ring.size());
    for (std::uint64_t number = first; number != next; ++number) {
      larger[number & (larger.size() - 1)] = std::move(of(number));
    }
    ring = std::move(larger);
  }
  Entry& made = of(next++);
  made.settled = settled;
  return made;
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
  Lane& lane = lane_of(stream);
  lane.add(false).item.emplace<0>(std::move(frame));
  ++size_;
  return {stream, lane.next - 1};
}

void StreamOrder::admit(const ControlRecord& record, StreamId stream) {
  Lane& lane = lane_of(stream);
  lane.add(true).item.emplace<1>(record);
  ++size_;
  note_settled(stream, lane.next - 1);
}

/// Only at the head of its stream something becomes ripe; behind it, it leaves with the head.
void StreamOrder::note_settled(StreamId stream, std::uint64_t number) {
  if (number == lanes_[static_cast<std::size_t>(stream)].first) {
    ripe_.push_back(stream);
  }
}

void StreamOrder::settle(const Ticket& ticket) {
  entry(ticket).settled = true;
  note_settled(ticket.stream, ticket.number);
}

void StreamOrder::settle(const Ticket& ticket, const Tombstone& tombstone) {
  Entry& one = entry(ticket);
  one.item.emplace<1>(tombstone);
  one.settled = true;
  note_settled(ticket.stream, ticket.number);
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
