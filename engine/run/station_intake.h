#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/flow/edge_ring.h"
#include "engine/run/input_turns.h"

namespace penstock {

/// What comes to a station, in the order in which the station should take it: as the scheduler
/// behind it would choose, since where there are more streams than slots most frames wait in front
/// of the station. By rank, and within a rank by weight; no stream may hold more than its share.
///
/// Ownership: the edges are the run's. Thread-safety: one thread.
/// Cost: O(inputs) a frame, no allocation.
class StationIntake {
 public:
  struct Input {
    EdgeRing* edge = nullptr;
    std::vector<StreamId> streams;
  };

  /// What one stream is granted.
  struct Share {
    /// Frames that the station holds at once, so that a stream whose frames wait behind the backend
    /// leaves room for the others; 0: no such bound.
    std::uint32_t frames = 0;
    std::uint8_t rank = 0;  ///< Higher ones are taken first.
    double weight = 1;      ///< Among the frames of its rank. Above 0.
  };

  /// `shares` are by stream; what is missing is `Share{}`. An input of several streams, whose
  /// frames come as they come, has the highest rank of them and their weights together.
  StationIntake(std::vector<Input> inputs, const std::vector<Share>& shares);

  /// Takes the next frame or record; a frame is held until `release`. The end of a stream is given
  /// once, when it has come on all its ways. Nothing: the inputs are empty, or at their shares.
  [[nodiscard]] std::optional<EdgeRing::Item> next();

  /// A frame of `stream` is settled.
  void release(StreamId stream) noexcept { streams_[static_cast<std::size_t>(stream)].held -= 1; }

  /// Returns one more than the highest number of a stream that comes.
  [[nodiscard]] std::size_t streams() const noexcept { return streams_.size(); }

  /// Whether all streams have ended.
  [[nodiscard]] bool is_over() const noexcept;

 private:
  struct Stream {
    Share share;
    std::uint32_t held = 0;
  };

  [[nodiscard]] InputTurns make_turns() const;

  [[nodiscard]] const Stream& of(StreamId stream) const {
    return streams_[static_cast<std::size_t>(stream)];
  }

  [[nodiscard]] bool is_at_share(const Input& input) const;
  void hold(const Frame& frame);
  bool is_last_way(Input& input, StreamId stream);

  std::vector<Input> inputs_;
  std::vector<Stream> streams_;
  InputTurns turns_;
};

}  // namespace penstock
