#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "engine/tensor/affine.h"
#include "engine/vision/assignment.h"

namespace penstock {

/// A box with the identity that the truth, or a tracker, gives it.
struct MotItem {
  std::int64_t id = 0;
  Box box;
};

/// How well tracks agree with the truth. Counts are boxes over all frames.
struct MotFigures {
  std::size_t truths = 0;
  std::size_t tracked = 0;  ///< Boxes that the tracker gave.
  std::size_t misses = 0;
  std::size_t false_positives = 0;
  std::size_t switches = 0;  ///< A true object goes on under another number than before.
  double mota = 0;           ///< 1 - (misses + false positives + switches) / truths.
  double idf1 = 0;           ///< Share of boxes under the one number that fits their object best.
};

/// Compares tracks with the truth, frame by frame.
///
/// MOTA and switches: Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance:
/// The CLEAR MOT Metrics", 2008. IDF1: Ristani et al., "Performance Measures and a Data Set for
/// Multi-Target, Multi-Camera Tracking", 2016. A pair counts from an overlap of 0.5 on.
/// Thread-safety: one thread at a time. Cost: for tests and benchmarks; it allocates.
class MotEvaluator {
 public:
  static constexpr float kMinIou = 0.5F;

  void add_frame(std::span<const MotItem> truth, std::span<const MotItem> tracks);
  [[nodiscard]] MotFigures figures() const;

 private:
  void keep_earlier_pairs(std::span<const MotItem> truth, std::span<const MotItem> tracks);
  void pair_the_rest(std::span<const MotItem> truth, std::span<const MotItem> tracks);
  [[nodiscard]] std::size_t identity_matches() const;

  MotFigures counts_;
  std::map<std::int64_t, std::int64_t> last_track_of_;  // By true identity.
  std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> overlaps_;
  std::vector<bool> truth_done_;
  std::vector<bool> track_done_;
  Assignment assignment_;
};

}  // namespace penstock
