#include "engine/run/stall_watch.h"

#include <utility>

namespace penstock {

StallWatch::StallWatch(std::vector<Watched> edges, Duration limit) : limit_(limit) {
  for (Watched& edge : edges) {
    State state;
    state.watched = std::move(edge);
    states_.push_back(std::move(state));
  }
}

std::vector<StallWatch::Report> StallWatch::sample(TimePoint now) {
  std::vector<Report> reports;
  for (State& state : states_) {
    const EdgeRing::Stats stats = state.watched.edge->stats();
    const bool moves = stats.waiting == 0 || stats.popped != state.popped || !state.started;
    if (moves) {
      if (state.reported) {
        reports.push_back({state.watched.edge->name(),
                           state.watched.consumer,
                           stats.waiting,
                           now - state.since,
                           true});
      }
      state.popped = stats.popped;
      state.since = now;
      state.started = true;
      state.reported = false;
    } else if (!state.reported && now - state.since >= limit_) {
      state.reported = true;
      reports.push_back({state.watched.edge->name(),
                         state.watched.consumer,
                         stats.waiting,
                         now - state.since,
                         false});
    }
  }
  return reports;
}

}  // namespace penstock
