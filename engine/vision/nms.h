#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/tensor/affine.h"

namespace penstock {

/// One box that a model proposes, before overlapping proposals are thinned out.
/// Units: `box` in any pixels, the same for all; `score` 0..1.
struct Candidate {
  Box box;
  float score = 0;
  std::int32_t label = 0;
  std::uint32_t index =
      0;  ///< Which row of the model's output; of equal scores the lower one wins.
};

struct NmsOptions {
  float iou = 0.45F;  ///< A worse box with more overlap than this goes; 1 keeps every box.
  std::size_t max_candidates = 1000;  ///< Of more candidates only the best take part.
  bool class_agnostic = false;        ///< Boxes of different labels suppress each other too.
};

/// Greedy non-maximum suppression: best box first, each survivor removes what overlaps it too much.
///
/// The result depends on the set of candidates only, never on the order in which they were added:
/// equal scores are ordered by `Candidate::index`, and beyond `max_candidates` the worst are left
/// out, so that a model that fires everywhere costs bounded time.
///
/// States: filling (`clear()`, `add()`) -> run (`run()`) -> filling again by `clear()`.
/// Thread-safety: one thread at a time.
/// Cost: O(n log n + n * survivors), n <= `max_candidates`; no allocation once it has seen its
/// largest n.
class NonMaximumSuppression {
 public:
  static constexpr std::size_t kMaxCandidates = 65536;

  /// Errors: `kInvalidArgument` if `iou` is outside 0..1 or `max_candidates` outside
  /// 1..`kMaxCandidates`.
  static Result<NonMaximumSuppression> create(const NmsOptions& options);

  void clear() noexcept;

  /// Takes a candidate. Leaves it out if its score or box is not finite or its box is empty: a
  /// model in half precision can overflow, which must not hide the good boxes.
  void add(const Candidate& candidate);

  /// Returns the survivors, best first. Valid until `clear()`.
  std::span<const Candidate> run();

  /// Returns what `run()` returned.
  [[nodiscard]] std::span<const Candidate> survivors() const noexcept { return survivors_; }

  /// Returns all candidates that took part, best first. Valid after `run()`, until `clear()`.
  [[nodiscard]] std::span<const Candidate> candidates() const noexcept { return candidates_; }

  /// Returns for each of `candidates()` the position of the survivor that stands for it: its own,
  /// or that of the best survivor that overlaps it. Weighted suppression averages over these
  /// groups.
  [[nodiscard]] std::span<const std::uint32_t> survivor_of() const noexcept { return survivor_of_; }

 private:
  explicit NonMaximumSuppression(const NmsOptions& options);

  [[nodiscard]] bool suppresses(const Candidate& survivor, const Candidate& other) const noexcept;

  NmsOptions options_;
  std::vector<Candidate> candidates_;  // A heap with the worst on top once it is full.
  std::vector<Candidate> survivors_;
  std::vector<std::uint32_t> survivor_of_;
};

}  // namespace penstock
