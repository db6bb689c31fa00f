#pragma once

#include <memory>
#include <string>
#include <utility>

#include "drivers/media/av/video_writer.h"
#include "drivers/media/av/video_writer_options.h"
#include "engine/node/node.h"

namespace penstock {

/// Writes the pictures of one stream into a video file, which is made when the first one comes.
class VideoSink final : public Node {
 public:
  /// `options.path` is a pattern, see `expand_path`; its words are filled in for the first frame.
  explicit VideoSink(VideoWriterOptions options) : options_(std::move(options)) {}

  Status open(const NodeContext& context) override;
  Status process(Frame& frame, Emit& emit) override;
  Status close() override;

 private:
  VideoWriterOptions options_;
  std::string graph_;
  std::unique_ptr<VideoWriter> writer_;
};

}  // namespace penstock
