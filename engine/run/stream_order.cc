#include "engine/run/stream_order.h"

#include "engine/base/check.h"

namespace penstock {

StreamOrder::Ticket StreamOrder::admit(Frame frame) {
  const StreamId stream = frame.stream();
  Lane& lane = lanes_[stream];
  lane.entries.push_back(
      {std::variant<Frame, ControlRecord>(std::in_place_index<0>, std::move(frame)), false});
  ++size_;
  return {stream, lane.first + lane.entries.size() - 1};
}

void StreamOrder::admit(const ControlRecord& record, StreamId stream) {
  Lane& lane = lanes_[stream];
  lane.entries.push_back(
      {std::variant<Frame, ControlRecord>(std::in_place_index<1>, record), true});
  ++size_;
}

StreamOrder::Entry& StreamOrder::entry(const Ticket& ticket) {
  const auto lane = lanes_.find(ticket.stream);
  PENSTOCK_CHECK(lane != lanes_.end() && ticket.number >= lane->second.first &&
                 ticket.number - lane->second.first < lane->second.entries.size())
      << "no place " << ticket.number << " in stream " << static_cast<std::uint32_t>(ticket.stream);
  return lane->second.entries[ticket.number - lane->second.first];
}

Frame& StreamOrder::at(const Ticket& ticket) {
  return std::get<Frame>(entry(ticket).item);
}

void StreamOrder::settle(const Ticket& ticket) {
  entry(ticket).settled = true;
}

void StreamOrder::settle(const Ticket& ticket, const Tombstone& tombstone) {
  Entry& one = entry(ticket);
  one.item.emplace<1>(tombstone);
  one.settled = true;
}

void StreamOrder::depart(const std::function<void(Frame)>& frame,
                         const std::function<void(const ControlRecord&, StreamId)>& record) {
  for (auto& [stream, lane] : lanes_) {
    while (!lane.entries.empty() && lane.entries.front().settled) {
      Entry entry = std::move(lane.entries.front());
      lane.entries.pop_front();
      ++lane.first;
      --size_;
      if (auto* held = std::get_if<Frame>(&entry.item); held != nullptr) {
        frame(std::move(*held));
      } else {
        record(std::get<ControlRecord>(entry.item), stream);
      }
    }
  }
}

void StreamOrder::abandon(Outcome outcome, Reason reason) {
  for (auto& [stream, lane] : lanes_) {
    for (Entry& one : lane.entries) {
      if (auto* held = std::get_if<Frame>(&one.item); held != nullptr) {
        held->end(outcome, reason);
      }
    }
    lane.first += lane.entries.size();
    lane.entries.clear();
  }
  size_ = 0;
}

}  // namespace penstock
