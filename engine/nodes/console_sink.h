#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/frame/frame.h"
#include "engine/graph/type_registry.h"
#include "engine/node/node.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The actor `console`.
ActorType console_type();

/// Returns one line for people, without its end:
/// "gate #12 0.480 s: 2 objects: person 0.88 track 3 at 10,20 30x40; dog 0.51 at ...". Behind the
/// time stands "(simulated)" where a simulated device had a part in it.
/// Units: pixels of the source picture.
std::string frame_text(const Frame& frame, bool is_simulated = false);

/// Writes `line` and its end to `out`, the standard output, at once.
/// Errors: `kUnsupported` if its reader has gone (`penstock run ... | head`) and SIGPIPE is
/// ignored; `kUnavailable` with the system's words for all else, such as a full disk.
Status print_line(std::string_view line, std::FILE* out);

/// Prints a line for each frame, or for one in so many of each stream. Beyond repair once the
/// reader of what it prints has gone.
class ConsoleSink final : public Node {
 public:
  using Print = std::function<Status(std::string_view line)>;

  /// Prints to the standard output.
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  ConsoleSink(std::uint64_t every, Print print, bool is_simulated = false)
      : every_(every),
        print_(std::move(print)),
        is_simulated_(is_simulated) {}

  /// Errors: those of `print`.
  Status process(Frame& frame, Emit& emit) override;

  [[nodiscard]] bool is_beyond_repair() const override { return is_beyond_repair_; }

 private:
  std::uint64_t every_;
  Print print_;
  bool is_simulated_;
  std::map<StreamId, std::uint64_t> arrived_;
  bool is_beyond_repair_ = false;
};

}  // namespace penstock
