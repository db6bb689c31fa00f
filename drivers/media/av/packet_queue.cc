#include "drivers/media/av/packet_queue.h"

#include <utility>

namespace penstock {

PacketQueue::PacketQueue(Options options, Doorbell doorbell)
    : options_(options),
      doorbell_(doorbell) {}

bool PacketQueue::push(VideoPacket packet, WhenFull when_full) {
  bool was_empty = false;
  {
    std::unique_lock lock(mutex_);
    if (when_full == WhenFull::kWait) {
      room_.wait(lock, [&] { return is_closed_ || !is_full(packet); });
    }
    if (is_closed_) {
      return false;
    }
    if (when_full == WhenFull::kDropToKeyFrame && (waits_for_key_ || is_full(packet))) {
      give_up_for(packet);
      if (waits_for_key_) {
        ++stats_.dropped;
        return true;
      }
    }
    was_empty = packets_.empty();
    ++stats_.pushed;
    stats_.bytes += packet.bytes();
    packets_.push_back(std::move(packet));
  }
  if (was_empty) {
    doorbell_.ring();
  }
  return true;
}

PacketQueue::Pop PacketQueue::try_pop() {
  Pop pop;
  {
    const std::lock_guard lock(mutex_);
    if (packets_.empty()) {
      pop.code = is_closed_ ? PopCode::kDrained : PopCode::kEmpty;
      return pop;
    }
    pop.code = PopCode::kPacket;
    pop.packet = std::move(packets_.front());
    packets_.pop_front();
    stats_.bytes -= pop.packet.bytes();
  }
  room_.notify_one();
  return pop;
}

void PacketQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  room_.notify_all();
  doorbell_.ring();
}

void PacketQueue::cancel() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    packets_.clear();
    stats_.bytes = 0;
  }
  room_.notify_all();
  doorbell_.ring();
}

PacketQueue::Stats PacketQueue::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats = stats_;
  stats.packets = packets_.size();
  return stats;
}

bool PacketQueue::is_full(const VideoPacket& next) const {
  return !packets_.empty() && (packets_.size() >= options_.max_packets ||
                               stats_.bytes + next.bytes() > options_.max_bytes);
}

/// Makes room, or starts (or ends) the wait for the next key frame.
void PacketQueue::give_up_for(const VideoPacket& next) {
  if (!waits_for_key_) {
    ++stats_.gaps;
  }
  if (next.is_key()) {
    drop_first(packets_.size());
    waits_for_key_ = false;
    return;
  }
  if (waits_for_key_) {
    return;
  }
  for (std::size_t index = packets_.size() - 1; index > 0; --index) {
    if (packets_[index].is_key()) {
      drop_first(index);
      waits_for_key_ = is_full(next);
      return;
    }
  }
  waits_for_key_ = true;
}

void PacketQueue::drop_first(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    stats_.bytes -= packets_.front().bytes();
    packets_.pop_front();
  }
  stats_.dropped += count;
}

}  // namespace penstock
