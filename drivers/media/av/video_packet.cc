#include "drivers/media/av/video_packet.h"

extern "C" {
#include <libavcodec/packet.h>
}

namespace penstock {

bool VideoPacket::is_key() const noexcept {
  return packet_ != nullptr && (packet_->flags & AV_PKT_FLAG_KEY) != 0;
}

std::size_t VideoPacket::bytes() const noexcept {
  return packet_ == nullptr ? 0 : static_cast<std::size_t>(packet_->size);
}

void VideoPacket::Free::operator()(AVPacket* packet) const noexcept {
  av_packet_free(&packet);
}

}  // namespace penstock
