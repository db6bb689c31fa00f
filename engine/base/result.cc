#include "engine/base/result.h"

namespace penstock {

const char* to_string(Errc code) noexcept {
  switch (code) {
    case Errc::kOk:
      return "ok";
    case Errc::kInvalidArgument:
      return "invalid_argument";
    case Errc::kUnsupported:
      return "unsupported";
    case Errc::kUnavailable:
      return "unavailable";
    case Errc::kDeadlineExceeded:
      return "deadline_exceeded";
    case Errc::kCancelled:
      return "cancelled";
    case Errc::kDeviceLost:
      return "device_lost";
    case Errc::kPeerGone:
      return "peer_gone";
    case Errc::kCorrupt:
      return "corrupt";
    case Errc::kInternal:
      return "internal";
    case Errc::kNotFound:
      return "not_found";
  }
  return "unknown";
}

}  // namespace penstock
