#pragma once

#include <memory>
#include <optional>
#include <string>

#include "drivers/media/av/video_reader.h"
#include "engine/base/result.h"
#include "engine/base/waiting_bell.h"
#include "engine/memory/buffer_pool.h"
#include "engine/tensor/image.h"

namespace penstock {

/// The pictures of a clip, one after the other, for tools that may wait.
///
/// Thread-safety: one thread.
class ClipFrames {
 public:
  /// Errors: as `BufferPool::create`.
  static Result<ClipFrames> open(const std::string& uri);

  /// Returns the next picture, or nothing at the end. Hold one picture at a time. Blocks.
  /// Errors: as `VideoReader::decode_next`; `kDeadlineExceeded` if none comes for a minute.
  Result<std::optional<Image>> next();

 private:
  ClipFrames(const std::string& uri, BufferPool pool);

  std::unique_ptr<WaitingBell> bell_;  // Outlives the reader.
  BufferPool pool_;
  std::unique_ptr<VideoReader> reader_;
};

}  // namespace penstock
