#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/frame/results.h"
#include "engine/vision/assignment.h"
#include "engine/vision/axis_filter.h"
#include "engine/vision/frame_steps.h"

namespace penstock {

/// The scores suit a detector whose own threshold is 0.4 (on vtest.avi with the SSD model, every 8
/// of 9 persons from 0.4 on get a number); the rule of the paper is new_track = track_high + 0.1.
struct ByteTrackerOptions {
  float track_high = 0.4F;           ///< Objects from this score on are matched first.
  float track_low = 0.1F;            ///< Objects from this score on may only prolong a track.
  float new_track = 0.5F;            ///< An object needs this score to start a track.
  float match_iou = 0.2F;            ///< Least overlap with the predicted box, first matching.
  float low_match_iou = 0.5F;        ///< The same for objects of low score.
  float tentative_match_iou = 0.3F;  ///< The same for tracks that are not confirmed yet.
  int max_lost = 30;                 ///< Frames that a track survives without its object.
  int min_hits = 2;       ///< Successive frames until a track is confirmed and gets its number.
  bool per_class = true;  ///< Never match objects of different labels.
  std::size_t max_tracks = 512;  ///< While so many are followed, no new one starts.
  std::optional<std::int64_t> frame_interval_ns =
      std::nullopt;  ///< Learned from the time stamps where unknown.
};

/// Follows objects from frame to frame: gives each a number that stays with it.
///
/// BYTE (Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box", ECCV
/// 2022, arXiv 2110.06864, algorithm 1): every track's box is predicted; objects of high score are
/// matched with confirmed and lost tracks by overlap, at the least total cost; objects of low
/// score, mostly half hidden ones, then with the confirmed tracks that remain; what is left of high
/// score confirms young tracks or starts new ones. Prediction is a Kalman filter of constant speed.
///
/// It never removes or changes an object, it only writes `Object::track`: the track's number, or 0
/// where the object belongs to no confirmed track. Numbers start at 1, and none is used twice in
/// the life of the tracker, whatever `reset()` does.
///
/// States of a track: tentative -> confirmed <-> lost; a tentative one ends at its first miss, a
/// lost one after `max_lost` frames.
/// Units: pixels of the source picture; time in frame intervals, so that frames that were dropped
/// on the way count as time.
/// Thread-safety: one thread at a time. One tracker a stream.
/// Cost: O(t^2 d) at worst for t tracks and d objects; no allocation once it has seen its largest
/// frame.
class ByteTracker {
 public:
  /// Errors: `kInvalidArgument` if a score or overlap is outside 0..1, `track_low` is above
  /// `track_high`, `new_track` below it, or a count or interval is not positive (`max_lost` may be
  /// 0).
  static Result<ByteTracker> create(const ByteTrackerOptions& options);

  /// Takes the next frame's objects, shown at `pts_ns`, and writes their tracks. A time stamp that
  /// does not advance (a clip that loops) counts as one frame interval.
  void update(std::span<Object> objects, std::int64_t pts_ns);

  /// The same for a frame `steps` frame intervals after the last one, where nobody knows the time.
  void update_after(std::span<Object> objects, float steps);

  /// Forgets all tracks, as at a cut or a seek; numbers go on.
  void reset() noexcept;

  /// Returns how many tracks are confirmed or lost.
  [[nodiscard]] std::size_t track_count() const noexcept;

 private:
  enum class State : std::uint8_t { kTentative, kConfirmed, kLost };

  struct Track {
    std::int64_t id = 0;
    State state = State::kTentative;
    std::int32_t label = 0;
    int hits = 0;
    float since_seen = 0;                 // Frame intervals.
    std::array<AxisFilter, 4> filters{};  // Centre x, centre y, width, height.
    bool is_matched = false;              // In the present frame.
  };

  explicit ByteTracker(const ByteTrackerOptions& options);

  static Box box_of(const Track& track) noexcept;
  void predict(Track& track, float steps) const noexcept;
  void split_by_score(std::span<const Object> objects);
  template <class Predicate>
  void match(std::span<Object> objects,
             std::vector<std::size_t>& candidates,
             float min_iou,
             Predicate takes_part);
  void pair(Track& track, Object& object) noexcept;
  void start_track(Object& object);
  void end_frame();

  ByteTrackerOptions options_;
  FrameSteps clock_;
  std::int64_t next_id_ = 1;
  std::vector<Track> tracks_;
  // Working memory of one frame: positions in `objects` and in `tracks_`.
  std::vector<std::size_t> high_;
  std::vector<std::size_t> low_;
  std::vector<std::size_t> pool_;
  std::vector<float> cost_;
  Assignment assignment_;
};

}  // namespace penstock
