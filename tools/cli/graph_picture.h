#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/graph/graph_spec.h"
#include "engine/plan/plan.h"
#include "engine/plan/topology.h"

namespace penstock {

/// What a drawing of a planned graph shows, without any place on paper: a box for each node, round
/// them a frame for each segment, and arrows.
///
/// The copies of a segment that exist once a stream are drawn once, and say how many they are.
struct GraphPicture {
  struct Box {
    std::string name;
    std::vector<std::string> lines;  ///< Type, model, streams: below the name.
    Topology::Kind kind = Topology::Kind::kStep;
    std::size_t frame = 0;
  };

  struct Frame {
    std::string title;  ///< "shared by 2", "per stream, x2"; empty if there is one stream.
    std::vector<std::size_t> boxes;  ///< In the order in which a frame of video meets them.
  };

  /// `label` is empty inside a frame, where nothing queues; else it names what differs from the
  /// plain case: ports, and always the queue ("queue 4, drop oldest").
  struct Arrow {
    std::size_t from = 0;
    std::size_t to = 0;
    std::string label;
  };

  std::string title;
  std::vector<Box> boxes;
  std::vector<Frame> frames;
  std::vector<Arrow> arrows;
};

/// Returns what a node is in a word, which is also its class in a style sheet.
const char* word_of(Topology::Kind kind);

/// Pre: `topology` is that of `spec`, and `plan` that of `topology`.
GraphPicture make_picture(const GraphSpec& spec, const Topology& topology, const Plan& plan);

}  // namespace penstock
