#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "drivers/media/av/video_writer.h"
#include "drivers/media/av/video_writer_options.h"
#include "drivers/media/nodes/file_syncer.h"
#include "engine/node/node.h"

namespace penstock {

/// Writes the pictures of one stream into a video file, which is made when the first one comes: a
/// stream without pictures leaves no file.
///
/// A sink that was made anew after a failure (`attempt` > 0) leaves what its predecessor wrote as
/// it is and goes on in a file beside it: "gate.mp4" is followed by "gate-1.mp4".
///
/// What was handed to the system is synced to the disk each `kSyncEvery` of stream time, on a
/// thread of the sink's own; a power cut costs that much beside the open piece of the file.
class VideoSink final : public Node {
 public:
  static constexpr Duration kSyncEvery = std::chrono::seconds(5);

  /// `options.path` is a pattern, see `expand_path`; its words are filled in for the first frame.
  explicit VideoSink(VideoWriterOptions options, std::uint64_t attempt = 0)
      : options_(std::move(options)),
        attempt_(attempt) {}

  /// Errors: as `choose_encoder`.
  Status open(const NodeContext& context) override;
  /// Errors: `kUnavailable` with the path if the file cannot be made, written or encoded; a sync
  /// that failed is told with a later frame. `kInvalidArgument` or `kUnsupported`, beyond repair,
  /// if the path is a folder or the first picture cannot be encoded as the options say.
  Status process(Frame& frame, Emit& emit) override;

  [[nodiscard]] bool is_beyond_repair() const override { return is_beyond_repair_; }

  /// Errors: as `VideoWriter::finish` and `sync`.
  Status close() override;

 private:
  Status begin(const Frame& first);
  Error failure_of_write(const Error& error);
  Status sync_now_and_then(Duration pts);

  const VideoWriterOptions options_;
  const std::uint64_t attempt_;
  std::string graph_;
  std::unique_ptr<VideoWriter> writer_;
  std::unique_ptr<FileSyncer> syncer_;  // After the writer, which it uses.
  Duration synced_at_{0};
  bool is_beyond_repair_ = false;
};

}  // namespace penstock
