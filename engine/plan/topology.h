#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/flow/edge_ring.h"

namespace penstock {

/// What a checked graph says about flow, with every word resolved to a number: the input of `plan`.
///
/// It knows no options, no models and no types: only who feeds whom, what exists once per stream,
/// and what waits.
struct Topology {
  enum class Kind : std::uint8_t {
    kSource,   ///< Makes streams.
    kStep,     ///< Computes and passes on.
    kStation,  ///< Hands frames to a device and waits for them.
    kSink,     ///< Ends frames.
  };

  struct Input {
    std::size_t from = 0;  ///< Index of the producer in `nodes`.
    std::size_t from_port = 0;
    std::size_t to_port = 0;
    std::optional<std::uint32_t> queue;  ///< As written here: such an edge is never fused.
    std::optional<Overflow> overflow;    ///< Likewise.
    std::uint32_t default_queue = 4;     ///< Of an edge that stays one and has no word of its own.
    Overflow default_overflow = Overflow::kBlock;
  };

  struct Node {
    std::string name;
    Kind kind = Kind::kStep;
    bool per_stream = false;
    bool waits = false;           ///< Blocks on something outside (a file, a socket): never fused.
    std::string restart;          ///< Nodes whose restart words differ are not fused.
    std::uint32_t holds = 0;      ///< Frames it keeps beyond its turn.
    std::uint32_t in_flight = 0;  ///< Stations: frames that can be at the device at once.
    std::vector<Input> inputs;
    std::size_t outputs = 1;  ///< Of its type; a step with several is not fused with a consumer.

    // Sources only.
    std::vector<std::string> streams;
    bool live = false;
    std::optional<std::uint32_t> max_in_flight;  ///< As written; nothing for the planned window.
  };

  std::string graph;
  std::vector<Node> nodes;
};

}  // namespace penstock
