#include "engine/vision/mot_metrics.h"

#include <algorithm>

namespace penstock {

void MotEvaluator::add_frame(std::span<const MotItem> truth, std::span<const MotItem> tracks) {
  counts_.truths += truth.size();
  counts_.tracked += tracks.size();
  truth_done_.assign(truth.size(), false);
  track_done_.assign(tracks.size(), false);
  for (const MotItem& real : truth) {
    for (const MotItem& track : tracks) {
      if (iou(real.box, track.box) >= kMinIou) {
        ++overlaps_[{real.id, track.id}];
      }
    }
  }
  keep_earlier_pairs(truth, tracks);
  pair_the_rest(truth, tracks);
  const auto paired =
      static_cast<std::size_t>(std::count(truth_done_.begin(), truth_done_.end(), true));
  counts_.misses += truth.size() - paired;
  counts_.false_positives += tracks.size() - paired;
}

void MotEvaluator::keep_earlier_pairs(std::span<const MotItem> truth,
                                      std::span<const MotItem> tracks) {
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto last = last_track_of_.find(truth[i].id);
    if (last == last_track_of_.end()) {
      continue;
    }
    for (std::size_t j = 0; j < tracks.size(); ++j) {
      if (tracks[j].id == last->second && !track_done_[j] &&
          iou(truth[i].box, tracks[j].box) >= kMinIou) {
        truth_done_[i] = true;
        track_done_[j] = true;
        break;
      }
    }
  }
}

void MotEvaluator::pair_the_rest(std::span<const MotItem> truth, std::span<const MotItem> tracks) {
  constexpr float kApart = 1;
  std::vector<float> cost;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    for (std::size_t j = 0; j < tracks.size(); ++j) {
      const float overlap = truth_done_[i] || track_done_[j] ? 0 : iou(truth[i].box, tracks[j].box);
      cost.push_back(overlap >= kMinIou ? 1 - overlap : kApart);
    }
  }
  const auto columns = assignment_.solve(cost, truth.size(), tracks.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto j = static_cast<std::size_t>(columns[i]);
    if (columns[i] == Assignment::kNone || cost[i * tracks.size() + j] >= kApart) {
      continue;
    }
    truth_done_[i] = true;
    track_done_[j] = true;
    const auto [last, is_new] = last_track_of_.try_emplace(truth[i].id, tracks[j].id);
    if (!is_new && last->second != tracks[j].id) {
      ++counts_.switches;
      last->second = tracks[j].id;
    }
  }
}

std::size_t MotEvaluator::identity_matches() const {
  std::map<std::int64_t, std::size_t> row_of;
  std::map<std::int64_t, std::size_t> column_of;
  for (const auto& [ids, count] : overlaps_) {
    row_of.try_emplace(ids.first, row_of.size());
    column_of.try_emplace(ids.second, column_of.size());
  }
  std::vector<float> cost(row_of.size() * column_of.size());
  for (const auto& [ids, count] : overlaps_) {
    cost[row_of.at(ids.first) * column_of.size() + column_of.at(ids.second)] =
        -static_cast<float>(count);
  }
  Assignment assignment;
  const auto columns = assignment.solve(cost, row_of.size(), column_of.size());
  double matches = 0;
  for (std::size_t row = 0; row < columns.size(); ++row) {
    if (columns[row] != Assignment::kNone) {
      const auto column = static_cast<std::size_t>(columns[row]);
      matches -= static_cast<double>(cost[row * column_of.size() + column]);
    }
  }
  return static_cast<std::size_t>(matches);
}

MotFigures MotEvaluator::figures() const {
  MotFigures figures = counts_;
  const auto wrong =
      static_cast<double>(figures.misses + figures.false_positives + figures.switches);
  const auto boxes = static_cast<double>(figures.truths + figures.tracked);
  if (figures.truths > 0) {
    figures.mota = 1 - wrong / static_cast<double>(figures.truths);
  }
  if (boxes > 0) {
    figures.idf1 = 2 * static_cast<double>(identity_matches()) / boxes;
  }
  return figures;
}

}  // namespace penstock
