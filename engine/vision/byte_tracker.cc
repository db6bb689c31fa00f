#include "engine/vision/byte_tracker.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace penstock {
namespace {

// Noise relative to the box, a frame: the weights of the family (SORT, DeepSORT, ByteTrack).
constexpr float kPositionWeight = 1.0F / 20;
constexpr float kVelocityWeight = 1.0F / 160;
// A new track's place is half as sure, its speed ten times less than one that has been followed.
constexpr float kFirstPosition = 2;
constexpr float kFirstVelocity = 10;

bool is_trackable(const Object& object) noexcept {
  const Box& box = object.box;
  return std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.w) &&
         std::isfinite(box.h) && box.w > 0 && box.h > 0;
}

// What the noise of each coordinate is measured by: the centre by the mean side, a side by itself.
std::array<float, 4> sizes_of(float width, float height) noexcept {
  const float mean = (width + height) / 2;
  return {mean, mean, width, height};
}

std::array<float, 4> coordinates_of(const Box& box) noexcept {
  return {box.x + box.w / 2, box.y + box.h / 2, box.w, box.h};
}

Error refused(const std::string& option, const std::string& value, const std::string& rule) {
  return Error{Errc::kInvalidArgument, option + ": " + value + ", must be " + rule};
}

Status check_fractions(const ByteTrackerOptions& options) {
  struct Named {
    const char* name;
    float value;
  };

  const std::array<Named, 6> fractions = {{{"track_high", options.track_high},
                                           {"track_low", options.track_low},
                                           {"new_track", options.new_track},
                                           {"match_iou", options.match_iou},
                                           {"low_match_iou", options.low_match_iou},
                                           {"tentative_match_iou", options.tentative_match_iou}}};
  for (const Named& fraction : fractions) {
    if (!(fraction.value >= 0 && fraction.value <= 1)) {
      return refused(fraction.name, std::to_string(fraction.value), "between 0 and 1");
    }
  }
  return {};
}

}  // namespace

Result<ByteTracker> ByteTracker::create(const ByteTrackerOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(check_fractions(options));
  if (options.track_low > options.track_high) {
    return refused("track_low", std::to_string(options.track_low), "at most track_high");
  }
  if (options.new_track < options.track_high) {
    return refused("new_track", std::to_string(options.new_track), "at least track_high");
  }
  if (options.max_lost < 0) {
    return refused("max_lost", std::to_string(options.max_lost), "0 or more frames");
  }
  if (options.min_hits < 1) {
    return refused("min_hits", std::to_string(options.min_hits), "at least 1 frame");
  }
  if (options.max_tracks == 0) {
    return refused("max_tracks", "0", "at least 1");
  }
  if (options.frame_interval_ns.has_value() && *options.frame_interval_ns <= 0) {
    return refused(
        "frame_interval", std::to_string(*options.frame_interval_ns) + " ns", "positive");
  }
  return ByteTracker(options);
}

ByteTracker::ByteTracker(const ByteTrackerOptions& options)
    : options_(options),
      clock_(options.frame_interval_ns) {}

void ByteTracker::reset() noexcept {
  tracks_.clear();
  clock_.reset();
}

std::size_t ByteTracker::track_count() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      tracks_.begin(), tracks_.end(), [](const Track& t) { return t.state != State::kTentative; }));
}

void ByteTracker::update(std::span<Object> objects, std::int64_t pts_ns) {
  update_after(objects, clock_.advance(pts_ns));
}

void ByteTracker::update_after(std::span<Object> objects, float steps) {
  for (Track& track : tracks_) {
    predict(track, steps);
  }
  // Half a frame of slack, because steps are computed from time stamps.
  const float limit = static_cast<float>(options_.max_lost) + 1.5F;
  std::erase_if(tracks_, [&](const Track& track) { return !(track.since_seen <= limit); });
  for (Object& object : objects) {
    object.track = 0;
  }
  split_by_score(objects);
  match(objects, high_, options_.match_iou, [](const Track& track) {
    return track.state != State::kTentative;
  });
  // A lost track does not come back on weak evidence.
  match(objects, low_, options_.low_match_iou, [](const Track& track) {
    return track.state == State::kConfirmed && !track.is_matched;
  });
  match(objects, high_, options_.tentative_match_iou, [](const Track& track) {
    return track.state == State::kTentative;
  });
  end_frame();
  for (const std::size_t i : high_) {
    start_track(objects[i]);
  }
}

Box ByteTracker::box_of(const Track& track) noexcept {
  const float width = track.filters[2].position;
  const float height = track.filters[3].position;
  return {
      track.filters[0].position - width / 2, track.filters[1].position - height / 2, width, height};
}

void ByteTracker::predict(Track& track, float steps) const noexcept {
  if (track.state == State::kLost) {
    // Unseen, a trend of the size would run away within a second.
    track.filters[2].velocity = 0;
    track.filters[3].velocity = 0;
  }
  const auto sizes = sizes_of(track.filters[2].position, track.filters[3].position);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    track.filters[i].predict(steps, kPositionWeight * sizes[i], kVelocityWeight * sizes[i]);
  }
  track.since_seen += steps;
  track.is_matched = false;
}

void ByteTracker::split_by_score(std::span<const Object> objects) {
  high_.clear();
  low_.clear();
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!is_trackable(objects[i])) {
      continue;
    }
    if (objects[i].score >= options_.track_high) {
      high_.push_back(i);
    } else if (objects[i].score >= options_.track_low) {
      low_.push_back(i);
    }
  }
}

// Pairs the tracks that take part with `candidates`, and leaves in these what found no track.
template <class Predicate>
void ByteTracker::match(std::span<Object> objects,
                        std::vector<std::size_t>& candidates,
                        float min_iou,
                        Predicate takes_part) {
  pool_.clear();
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    if (takes_part(tracks_[i])) {
      pool_.push_back(i);
    }
  }
  if (pool_.empty() || candidates.empty()) {
    return;
  }
  const float alone = 1 - min_iou;
  cost_.clear();
  for (const std::size_t t : pool_) {
    const Box predicted = box_of(tracks_[t]);
    for (const std::size_t c : candidates) {
      const bool may_pair = !options_.per_class || tracks_[t].label == objects[c].label;
      const float overlap = may_pair ? iou(predicted, objects[c].box) : 0;
      // Written so that a prediction that overflowed pairs with nothing.
      cost_.push_back(overlap > min_iou ? std::max(0.0F, 1 - overlap) : alone);
    }
  }
  const auto columns = assignment_.solve(cost_, pool_.size(), candidates.size());
  constexpr std::size_t kTaken = SIZE_MAX;
  const std::size_t width = candidates.size();
  for (std::size_t row = 0; row < pool_.size(); ++row) {
    const auto column = static_cast<std::size_t>(columns[row]);
    if (columns[row] == Assignment::kNone || !(cost_[row * width + column] < alone)) {
      continue;
    }
    pair(tracks_[pool_[row]], objects[candidates[column]]);
    candidates[column] = kTaken;
  }
  std::erase(candidates, kTaken);
}

void ByteTracker::pair(Track& track, Object& object) noexcept {
  const auto measured = coordinates_of(object.box);
  const auto sizes = sizes_of(object.box.w, object.box.h);
  for (std::size_t i = 0; i < measured.size(); ++i) {
    track.filters[i].correct(measured[i], kPositionWeight * sizes[i]);
  }
  track.label = object.label;
  track.since_seen = 0;
  track.is_matched = true;
  ++track.hits;
  if (track.state != State::kTentative || track.hits >= options_.min_hits) {
    track.state = State::kConfirmed;
    if (track.id == 0) {
      track.id = next_id_++;
    }
  }
  object.track = track.id;
}

void ByteTracker::start_track(Object& object) {
  if (!(object.score >= options_.new_track) || tracks_.size() >= options_.max_tracks) {
    return;
  }
  Track& track = tracks_.emplace_back();
  const auto measured = coordinates_of(object.box);
  const auto sizes = sizes_of(object.box.w, object.box.h);
  for (std::size_t i = 0; i < measured.size(); ++i) {
    track.filters[i] = AxisFilter::at(measured[i],
                                      kFirstPosition * kPositionWeight * sizes[i],
                                      kFirstVelocity * kVelocityWeight * sizes[i]);
  }
  track.label = object.label;
  track.hits = 1;
  if (track.hits >= options_.min_hits) {
    track.state = State::kConfirmed;
    track.id = next_id_++;
    object.track = track.id;
  }
}

void ByteTracker::end_frame() {
  std::erase_if(tracks_, [](const Track& track) {
    return track.state == State::kTentative && !track.is_matched;
  });
  for (Track& track : tracks_) {
    if (!track.is_matched) {
      track.state = State::kLost;
    }
  }
}

}  // namespace penstock
