#include "tools/package/clip_frames.h"

#include <chrono>
#include <memory>
#include <utility>

namespace penstock {
namespace {

// Pictures that a decoder keeps for those to come, the one that is held, and one being made.
constexpr std::size_t kBuffers = 24;
constexpr std::chrono::minutes kLimit{1};

}  // namespace

ClipFrames::ClipFrames(const std::string& uri, BufferPool pool)
    : bell_(std::make_unique<WaitingBell>()),
      pool_(std::move(pool)) {
  VideoSourceOptions options;
  options.uri = uri;
  options.is_live = false;
  reader_ = std::make_unique<VideoReader>(std::move(options), "auto", bell_->doorbell());
}

Result<ClipFrames> ClipFrames::open(const std::string& uri) {
  BufferPool::Options options;
  options.name = "clip";
  options.max_slots = kBuffers;
  PENSTOCK_ASSIGN_OR_RETURN(BufferPool pool, BufferPool::create(std::move(options)));
  return ClipFrames(uri, std::move(pool));
}

Result<std::optional<Image>> ClipFrames::next() {
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(VideoReader::Step step, reader_->decode_next(pool_));
    switch (step.code) {
      case VideoReader::Code::kFrame:
        return std::optional<Image>(std::move(step.frame.image));
      case VideoReader::Code::kEnd:
        return std::optional<Image>();
      case VideoReader::Code::kNoBuffer:
        return Error{Errc::kInternal, "somebody holds more pictures of the clip than one"};
      case VideoReader::Code::kNeedPacket:
        PENSTOCK_RETURN_IF_ERROR(bell_->wait("the next picture of the clip", kLimit));
        break;
    }
  }
}

}  // namespace penstock
