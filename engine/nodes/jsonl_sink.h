#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/frame_line.h"
#include "engine/nodes/line_file.h"
#include "engine/nodes/node_catalogue.h"
#include "engine/nodes/wall_time.h"

namespace penstock {

/// The actor `jsonl_sink`.
ActorType jsonl_sink_type();

/// Writes one JSON object a line and a frame (`append_frame_line`) to the file that the pattern
/// names for the frame: one for all, one a stream (`$(stream)`), one a day (`%Y-%m-%d`).
///
/// A file is replaced when it is first opened, unless the node is a restarted one, and continued
/// when it is opened again. It is closed when no stream writes to it any more.
class JsonlSink final : public Node {
 public:
  struct Options {
    std::string path;      ///< A pattern, see `expand_path`.
    bool appends = false;  ///< Keep what a file holds when it is first opened.
    LineMarks marks = {};  ///< What to say of the devices that had a part in a frame.
  };

  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  explicit JsonlSink(Options options);
  /// With a given wall time instead of the machine's: for tests.
  JsonlSink(Options options, const WallTime& wall_time);

  Status open(const NodeContext& context) override;
  /// Errors: `kUnavailable` with path and cause if the file cannot be opened or written;
  /// `kInvalidArgument`, beyond repair, if the path is a folder.
  Status process(Frame& frame, Emit& emit) override;

  [[nodiscard]] bool is_beyond_repair() const override { return is_beyond_repair_; }

  Status flush(StreamId stream, Emit& emit) override;
  Status close() override;

 private:
  struct Target {
    std::shared_ptr<LineFile> file;
    std::int64_t second = 0;  // For which the path was made.
  };

  Result<LineFile*> file_for(const Frame& frame, std::int64_t wall_ns);
  Status use(Target& target, const std::string& path);
  Status leave(Target& target);

  Options options_;
  WallTime wall_time_;
  bool is_wall_time_given_ = false;
  bool has_time_words_;
  std::string graph_;
  std::map<StreamId, Target> targets_;
  std::map<std::string, std::shared_ptr<LineFile>> files_;
  std::set<std::string> seen_;
  std::string line_;
  bool is_beyond_repair_ = false;
};

}  // namespace penstock
