#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/frame/frame.h"
#include "engine/plan/topology.h"

namespace penstock {

/// What will run: streams with their windows, segments of fused nodes, and the edges between them.
///
/// Indexes refer to the vectors here; `nodes` to those of the topology. A per-stream node appears
/// in one segment for each of its streams.
struct Plan {
  static constexpr std::uint32_t kDefaultQueue = 4;
  static constexpr std::uint32_t kDefaultLiveWindow = 2;
  static constexpr std::uint32_t kMaxPlannedWindow = 64;

  struct Stream {
    std::string name;
    std::size_t source = 0;  ///< Node.
    bool live = false;
    std::uint32_t window = 0;
  };

  struct Segment {
    std::string name;  ///< "detect.post+track[gate]".
    Topology::Kind kind = Topology::Kind::kStep;
    std::vector<std::size_t> nodes;  ///< In the order in which a frame meets them.
    std::optional<StreamId> stream;  ///< Whose segment it is; nothing if it serves several.
    std::vector<StreamId> streams;   ///< All that pass through it.
    std::uint32_t max_frames = 0;    ///< Frames that passed it and can be alive at once.
  };

  struct Edge {
    std::string name;  ///< "detect.post -> overlay".
    std::size_t from = 0;
    std::size_t from_port = 0;
    std::size_t to = 0;
    std::size_t to_port = 0;
    std::optional<StreamId>
        only;  ///< The one stream that takes this edge, if its producer has several.
    std::vector<StreamId> streams;  ///< All that do.
    std::uint32_t queue = kDefaultQueue;
    Overflow overflow = Overflow::kBlock;
  };

  std::vector<Stream> streams;
  std::vector<Segment> segments;
  std::vector<Edge> edges;
};

/// Plans `topology`. Pure: the same topology gives the same plan.
///
/// A node and its consumer are fused into one segment when each is the other's only neighbour on
/// that side, both exist equally often, have the same restart words, no queue or drop policy is
/// written between them, and neither waits.
/// The window of a lossless stream is what its way through the graph can use: one frame for each
/// segment, those at devices, those held back, and one that waits; at most `kMaxPlannedWindow`.
/// Errors: `kInvalidArgument` for a cycle, an index out of range, or a source without streams: a
/// checked graph has none of them.
Result<Plan> plan(const Topology& topology);

}  // namespace penstock
