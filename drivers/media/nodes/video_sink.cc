#include "drivers/media/nodes/video_sink.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>

#include "drivers/media/av/encoder_choice.h"
#include "engine/nodes/path_pattern.h"

namespace penstock {
namespace {

/// Returns `path`, or, for a sink that was made anew, a name beside the file that its predecessor
/// wrote: opening it again would empty it.
std::string path_of_attempt(const std::string& path, std::uint64_t attempt) {
  std::error_code missing;
  if (attempt == 0 || std::filesystem::file_size(path, missing) == 0 || missing) {
    return path;
  }
  const std::filesystem::path whole(path);
  const std::string name =
      whole.stem().string() + "-" + std::to_string(attempt) + whole.extension().string();
  return (whole.parent_path() / name).string();
}

/// A writer that failed is closed, so later frames would all fail with it. This code has the sink
/// made anew, and its stream stopped if that does not help; others would end single frames only.
Error sink_failure(const Error& error) {
  return {Errc::kUnavailable, error.message};
}

}  // namespace

Status VideoSink::open(const NodeContext& context) {
  graph_ = context.graph;
  const auto choice = choose_encoder(options_);
  return choice.has_value() ? Status() : Status(choice.error());
}

Status VideoSink::begin(const Frame& first) {
  const FrameTime& time = first.time();
  VideoWriterOptions options = options_;
  options.path = path_of_attempt(
      expand_path(options_.path, {graph_, first.stream_name(), std::nullopt, time.wall_ns}),
      attempt_);
  if (time.wall_ns != 0) {
    options.creation_time = std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::nanoseconds(time.wall_ns)));
  }
  if (std::error_code absent; std::filesystem::is_directory(options.path, absent)) {
    is_beyond_repair_ = true;
    return Error{Errc::kInvalidArgument,
                 "`path` '" + options.path + "' is a folder; it must name a file"};
  }
  auto writer = VideoWriter::create(std::move(options));
  if (!writer.has_value()) {
    return sink_failure(writer.error());
  }
  writer_ = std::move(*writer);
  syncer_ = std::make_unique<FileSyncer>([writer = writer_.get()] { return writer->sync(); });
  synced_at_ = time.pts;
  return {};
}

Status VideoSink::process(Frame& frame, Emit& /*emit*/) {
  if (writer_ == nullptr) {
    PENSTOCK_RETURN_IF_ERROR(begin(frame));
  }
  const Status written = writer_->write(frame.image(), frame.time().pts.count());
  if (!written.has_value()) {
    return failure_of_write(written.error());
  }
  return sync_now_and_then(frame.time().pts);
}

/// A first picture that the encoder cannot have is followed by others like it.
Error VideoSink::failure_of_write(const Error& error) {
  is_beyond_repair_ = writer_->stats().frames == 0 &&
                      (error.code == Errc::kInvalidArgument || error.code == Errc::kUnsupported);
  return is_beyond_repair_ ? error : sink_failure(error);
}

Status VideoSink::sync_now_and_then(Duration pts) {
  if (pts - synced_at_ < kSyncEvery) {
    return {};
  }
  synced_at_ = pts;
  syncer_->request();
  const Status synced = syncer_->outcome();
  return synced.has_value() ? synced : sink_failure(synced.error());
}

Status VideoSink::close() {
  if (writer_ == nullptr) {
    return {};
  }
  syncer_.reset();
  const Status finished = writer_->finish();
  const Status synced = writer_->sync();
  return finished.has_value() ? synced : finished;
}

}  // namespace penstock
