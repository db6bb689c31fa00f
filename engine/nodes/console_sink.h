#pragma once

#include <cstdint>
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
/// "gate #12 0.480 s: 2 objects: person 0.88 track 3 at 10,20 30x40; dog 0.51 at ...".
/// Units: pixels of the source picture.
std::string frame_text(const Frame& frame);

/// Prints a line for each frame, or for one in so many of each stream.
class ConsoleSink final : public Node {
 public:
  using Print = std::function<void(std::string_view line)>;

  /// Prints to the standard output.
  static Result<std::unique_ptr<Node>> make(const NodeArgs& args);

  ConsoleSink(std::uint64_t every, Print print) : every_(every), print_(std::move(print)) {}

  Status process(Frame& frame, Emit& emit) override;

 private:
  std::uint64_t every_;
  Print print_;
  std::map<StreamId, std::uint64_t> arrived_;
};

}  // namespace penstock
