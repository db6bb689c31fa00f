#include "drivers/media/av/av_error.h"

#include <array>
#include <cerrno>

extern "C" {
#include <libavutil/error.h>
#include <libavutil/log.h>
}

namespace penstock {
namespace {

Errc errc_of(int code) noexcept {
  switch (code) {
    case AVERROR(ENOENT):
    case AVERROR_HTTP_NOT_FOUND:
    case AVERROR_STREAM_NOT_FOUND:
      return Errc::kNotFound;
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
      return Errc::kCorrupt;
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_MUXER_NOT_FOUND:
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
    case AVERROR(ENOSYS):
      return Errc::kUnsupported;
    case AVERROR(EACCES):
    case AVERROR(EPERM):
    case AVERROR(EINVAL):
    case AVERROR(EISDIR):
    case AVERROR(ENOTDIR):
    case AVERROR(EROFS):
    case AVERROR_OPTION_NOT_FOUND:
    case AVERROR_HTTP_BAD_REQUEST:
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
      return Errc::kInvalidArgument;
    case AVERROR_EXIT:
      return Errc::kCancelled;
    case AVERROR_BUG:
    case AVERROR_BUG2:
    case AVERROR_UNKNOWN:
      return Errc::kInternal;
    default:
      return Errc::kUnavailable;  // What is left is the system's: connections, devices, disks.
  }
}

}  // namespace

Error av_failure(int code, const std::string& what) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return {errc_of(code), what + ": " + text.data()};
}

void quiet_libav() {
  av_log_set_level(AV_LOG_QUIET);
}

}  // namespace penstock
