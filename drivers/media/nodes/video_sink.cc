#include "drivers/media/nodes/video_sink.h"

#include <chrono>
#include <optional>

#include "engine/nodes/path_pattern.h"

namespace penstock {

Status VideoSink::open(const NodeContext& context) {
  graph_ = context.graph;
  return {};
}

Status VideoSink::process(Frame& frame, Emit& /*emit*/) {
  if (writer_ == nullptr) {
    const FrameTime& time = frame.time();
    options_.path =
        expand_path(options_.path, {graph_, frame.stream_name(), std::nullopt, time.wall_ns});
    if (time.wall_ns != 0) {
      options_.creation_time = std::chrono::system_clock::time_point(
          std::chrono::duration_cast<std::chrono::system_clock::duration>(
              std::chrono::nanoseconds(time.wall_ns)));
    }
    PENSTOCK_ASSIGN_OR_RETURN(writer_, VideoWriter::create(options_));
  }
  return writer_->write(frame.image(), frame.time().pts.count());
}

Status VideoSink::close() {
  if (writer_ == nullptr) {
    return {};
  }
  const Status finished = writer_->finish();
  const Status synced = writer_->sync();
  return finished.has_value() ? synced : finished;
}

}  // namespace penstock
