#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "engine/frame/results.h"
#include "engine/vision/mot_metrics.h"

namespace penstock::testing {

/// One who walks through a scene: seen in frames `first` to `last`, straight on at a steady speed,
/// but not while hidden.
struct Walker {
  int first = 0;
  int last = 0;
  Box box = {};      ///< In frame `first`.
  float step_x = 0;  ///< Pixels a frame.
  float step_y = 0;
  std::int32_t label = 1;
  int hidden_from = -1;  ///< Frames behind a pillar, both included.
  int hidden_to = -1;
};

/// What the detector of a scene gets wrong.
struct DetectorFaults {
  float jitter = 0;           ///< Largest error of each side, as a fraction of the size.
  float miss_rate = 0;        ///< Share of boxes that it does not see.
  float false_per_frame = 0;  ///< Mean number of boxes where nobody is (at most 1).
  float faint_from = 1.1F;    ///< Covered to this fraction by one before it: scores only 0.2.
  float unseen_from = 1.1F;   ///< Covered to this fraction: not seen at all.
};

/// A scene with its truth and what a faulty detector makes of it. Equal seeds give equal scenes.
/// Units: pixels. Walkers later in the list stand before earlier ones.
class SyntheticScene {
 public:
  static constexpr float kFaint = 0.2F;

  SyntheticScene(std::vector<Walker> walkers, const DetectorFaults& faults, std::uint32_t seed)
      : walkers_(std::move(walkers)),
        faults_(faults),
        random_(seed) {}

  /// Computes frame `index`. Frames are asked for once each, in order.
  void render(int index);

  /// Returns who is there and not hidden; identities count from 1.
  [[nodiscard]] const std::vector<MotItem>& truth() const noexcept { return truth_; }

  /// Returns what the detector says, in an order that changes from frame to frame.
  [[nodiscard]] std::vector<Object>& objects() noexcept { return objects_; }

 private:
  // Not the distributions of <random>: their numbers differ between standard libraries.
  float uniform() { return static_cast<float>(random_() >> 8U) * 0x1p-24F; }

  [[nodiscard]] float covered(std::size_t walker, int index) const;
  void detect(std::size_t walker, int index);

  std::vector<Walker> walkers_;
  DetectorFaults faults_;
  std::mt19937 random_;
  std::vector<MotItem> truth_;
  std::vector<Object> objects_;
};

/// Returns `count` walkers who cross a 768x576 picture in all directions in `frames` frames.
std::vector<Walker> make_crowd(int count, int frames, std::uint32_t seed);

}  // namespace penstock::testing
