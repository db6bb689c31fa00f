#include "engine/run/outlets.h"

#include <algorithm>

namespace penstock {

void Outlets::place(std::size_t index, Frame frame) {
  auto& waiting = waiting_[index];
  if (waiting.empty() && edges_[index].edge->push(frame) != EdgeRing::PushResult::kFull) {
    return;
  }
  if (waiting.empty()) {
    ++blocked_;
  }
  waiting.emplace_back(std::in_place_index<0>, std::move(frame));
}

void Outlets::send(Frame frame, std::size_t port) {
  const StreamId stream = frame.stream();
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    if (!wants(edges_[i], port, stream)) {
      continue;
    }
    if (last.has_value()) {
      place(*last, frame.share());
    }
    last = i;
  }
  if (last.has_value()) {
    place(*last, std::move(frame));
  } else {
    frame.end(Outcome::kDelivered);
  }
}

void Outlets::send_control(const ControlRecord& record, StreamId stream, std::uint64_t except) {
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    const bool is_excepted = except != 0 && (except >> edges_[i].port & 1U) != 0;
    if (is_excepted || (edges_[i].only.has_value() && *edges_[i].only != stream)) {
      continue;
    }
    if (waiting_[i].empty()) {
      edges_[i].edge->push_control(record);
    } else {
      waiting_[i].emplace_back(std::in_place_index<1>, record);
    }
  }
}

bool Outlets::place_waiting() {
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    auto& waiting = waiting_[i];
    if (waiting.empty()) {
      continue;
    }
    while (!waiting.empty()) {
      if (auto* frame = std::get_if<Frame>(&waiting.front()); frame != nullptr) {
        if (edges_[i].edge->push(*frame) == EdgeRing::PushResult::kFull) {
          break;
        }
      } else {
        edges_[i].edge->push_control(std::get<ControlRecord>(waiting.front()));
      }
      waiting.pop_front();
    }
    if (waiting.empty()) {
      --blocked_;
    }
  }
  return blocked_ == 0;
}

std::uint32_t Outlets::waiting_frames() const {
  if (blocked_ == 0) {
    return 0;
  }
  std::ptrdiff_t of_streams = 0;
  std::ptrdiff_t of_all = 0;  // Every frame goes along each of these, in order.
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    const auto frames =
        std::count_if(waiting_[i].begin(), waiting_[i].end(), [](const Waiting& one) {
          return std::holds_alternative<Frame>(one);
        });
    if (edges_[i].only.has_value()) {
      of_streams += frames;
    } else {
      of_all = std::max(of_all, frames);
    }
  }
  return static_cast<std::uint32_t>(of_streams + of_all);
}

void Outlets::abandon(Outcome outcome, Reason reason) {
  for (auto& waiting : waiting_) {
    for (auto& one : waiting) {
      if (auto* frame = std::get_if<Frame>(&one); frame != nullptr) {
        frame->end(outcome, reason);
      }
    }
    waiting.clear();
  }
  blocked_ = 0;
}

}  // namespace penstock
