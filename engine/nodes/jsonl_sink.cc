#include "engine/nodes/jsonl_sink.h"

#include <utility>

#include "engine/nodes/path_pattern.h"

namespace penstock {

ActorType jsonl_sink_type() {
  ActorType type(
      "jsonl_sink",
      "writes one JSON object a line and a frame; `time` is the start of the stream plus `pts_ns`");
  type.in("in", {}).sink();
  type.option(Option::path_out("path", "the file; $(stream), $(graph) and %Y-%m-%d make several")
                  .required());
  type.option(Option::boolean("append", "go on with a file that exists instead of replacing it")
                  .fallback("false"));
  return type;
}

Result<std::unique_ptr<Node>> JsonlSink::make(const NodeArgs& args) {
  Options options;
  options.path = args.options->get_text("path");
  options.appends = args.options->get_bool("append") || args.attempt > 0;
  options.marks = {args.is_simulated, args.is_calibrated};
  return std::unique_ptr<Node>(std::make_unique<JsonlSink>(std::move(options)));
}

JsonlSink::JsonlSink(Options options)
    : options_(std::move(options)),
      has_time_words_(penstock::has_time_words(options_.path)) {}

JsonlSink::JsonlSink(Options options, const WallTime& wall_time) : JsonlSink(std::move(options)) {
  wall_time_ = wall_time;
  is_wall_time_given_ = true;
}

Status JsonlSink::open(const NodeContext& context) {
  graph_ = context.graph;
  if (!is_wall_time_given_) {
    wall_time_ = WallTime::read(*context.clock);
  }
  return {};
}

Status JsonlSink::use(Target& target, const std::string& path) {
  if (target.file != nullptr && target.file->path() == path) {
    return {};
  }
  PENSTOCK_RETURN_IF_ERROR(leave(target));
  std::shared_ptr<LineFile>& file = files_[path];
  if (file == nullptr) {
    const bool appends = options_.appends || seen_.count(path) > 0;
    auto opened =
        LineFile::open(path, appends ? LineFile::Mode::kAppend : LineFile::Mode::kReplace);
    if (!opened.has_value()) {
      files_.erase(path);
      is_beyond_repair_ = opened.error().code == Errc::kInvalidArgument;
      return opened.error();
    }
    file = std::move(opened).value();
    seen_.insert(path);
  }
  target.file = file;
  return {};
}

Status JsonlSink::leave(Target& target) {
  constexpr int kOursAndTheTable = 2;
  const std::shared_ptr<LineFile> file = std::exchange(target.file, nullptr);
  if (file == nullptr || file.use_count() > kOursAndTheTable) {
    return {};
  }
  files_.erase(file->path());
  return file->close();
}

Result<LineFile*> JsonlSink::file_for(const Frame& frame, std::int64_t wall_ns) {
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  Target& target = targets_[frame.stream()];
  const std::int64_t second = wall_ns / kSecondNs;
  const bool is_settled = target.file != nullptr && (!has_time_words_ || target.second == second);
  if (!is_settled) {
    const PathWords words{graph_, frame.stream_name(), std::nullopt, wall_ns};
    PENSTOCK_RETURN_IF_ERROR(use(target, expand_path(options_.path, words)));
    target.second = second;
  }
  return target.file.get();
}

Status JsonlSink::process(Frame& frame, Emit& emit) {
  const std::int64_t wall_ns = wall_time_.of(frame);
  PENSTOCK_ASSIGN_OR_RETURN(LineFile * file, file_for(frame, wall_ns));
  line_.clear();
  append_frame_line(graph_, frame, wall_ns, options_.marks, line_);
  line_ += '\n';
  return file->write(line_, emit.now());
}

Status JsonlSink::flush(StreamId stream, Emit& /*emit*/) {
  const auto found = targets_.find(stream);
  if (found == targets_.end()) {
    return {};
  }
  Target target = std::move(found->second);
  targets_.erase(found);
  PENSTOCK_RETURN_IF_ERROR(target.file != nullptr ? target.file->flush() : Status());
  return leave(target);
}

Status JsonlSink::close() {
  targets_.clear();
  Status status;
  for (const auto& [path, file] : files_) {
    Status closed = file->close();
    if (status.has_value()) {
      status = std::move(closed);
    }
  }
  files_.clear();
  return status;
}

}  // namespace penstock
