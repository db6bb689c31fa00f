#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drivers/media/image/overlay.h"
#include "engine/memory/buffer_pool.h"
#include "engine/node/node.h"

namespace penstock {

/// Draws a frame's objects on its picture.
///
/// The picture is copied once, into a pooled buffer: other branches of the graph, and the decoder,
/// still look at the original.
class OverlayNode final : public Node {
 public:
  struct Options {
    OverlayStyle style;
    bool show_score = true;
    bool show_track = true;
    std::size_t trail = 0;  ///< Places of a track that are drawn; 0 draws no trails.
  };

  explicit OverlayNode(Options options) : options_(options) {}

  Status open(const NodeContext& context) override;
  /// Errors: `kInvalidArgument` if all pictures of the pool are held by nodes behind this one, and
  /// as `draw_overlay`: both end this frame only.
  Status process(Frame& frame, Emit& emit) override;
  Status flush(StreamId stream, Emit& emit) override;

 private:
  struct Trail {
    std::vector<Point> points;
    std::uint64_t last_seq = 0;
  };

  void follow(const Frame& frame);

  const Options options_;
  std::optional<BufferPool> pool_;
  std::vector<OverlayBox> boxes_;
  std::vector<std::string> texts_;
  std::map<std::int64_t, Trail> trails_;  // By track.
};

}  // namespace penstock
