#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "engine/base/clock.h"

namespace penstock {

/// What to read, and how.
struct VideoSourceOptions {
  enum class Transport { kTcp, kUdp };

  /// A file, an image, a pattern of images (`shots/*.png`, `shot-%04d.jpg`), a device
  /// (`/dev/video0`), or an address (`rtsp://`, `http://`, ...).
  std::string uri;
  Transport transport = Transport::kTcp;              ///< Of RTSP.
  Duration open_timeout = std::chrono::seconds(10);   ///< Until the stream's form is known.
  Duration stall_timeout = std::chrono::seconds(10);  ///< Between two packets.
  bool loop = false;                                  ///< Start again at the end.
  bool key_frames_only = false;                       ///< `skip: nonkey`.
  double image_rate_hz = 25;                          ///< Of a pattern of images.
  /// Unset: by the address. A live source never waits for a slow reader: it drops.
  std::optional<bool> is_live = std::nullopt;
  std::size_t max_packets = 0;  ///< Bound of the packet queue; 0 = 32, for live sources 512.
};

}  // namespace penstock
