#include "engine/run/supervisor.h"

#include <algorithm>
#include <utility>

#include "engine/base/quoted_list.h"

namespace penstock {
namespace {

bool can_retry(Errc code) {
  return code != Errc::kInvalidArgument && code != Errc::kUnsupported && code != Errc::kNotFound &&
         code != Errc::kCorrupt;
}

std::string seconds(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  const std::string tenths = ms % 1000 == 0 ? "" : "." + std::to_string(ms % 1000 / 100);
  return std::to_string(ms / 1000) + tenths + " s";
}

Duration backoff(const RestartRule& words, std::uint32_t earlier) {
  Duration wait = words.backoff_first;
  for (std::uint32_t i = 0; i < earlier && wait < words.backoff_limit; ++i) {
    wait += std::min(wait, words.backoff_limit - wait);
  }
  return std::min(wait, words.backoff_limit);
}

std::string who(const RunEvent& event) {
  return "node '" + event.node + "'" +
         (event.stream.empty() ? "" : " of stream '" + event.stream + "'");
}

}  // namespace

Supervisor::Supervisor(std::vector<Member> members, Limits limits) : limits_(limits) {
  for (Member& member : members) {
    by_runnable_[member.runnable] = states_.size();
    State state;
    state.member = std::move(member);
    states_.push_back(std::move(state));
  }
  unfinished_ = states_.size();
}

void Supervisor::note(Note::Level level, std::string text) {
  notes_.push_back({level, std::move(text)});
}

void Supervisor::on_event(const RunEvent& event, TimePoint now) {
  const auto found = by_runnable_.find(event.runnable);
  if (found == by_runnable_.end()) {
    return;
  }
  State& state = states_[found->second];
  switch (event.kind) {
    case RunEvent::Kind::kOpened:
      if (state.in_a_row > 0) {
        note(Note::Level::kInfo, who(event) + " works again");
      }
      state.opened_at = now;
      break;
    case RunEvent::Kind::kFrameFailed:
    case RunEvent::Kind::kFlawed:
    case RunEvent::Kind::kSilent:
      note(Note::Level::kWarning, who(event) + ": " + event.error.message);
      break;
    case RunEvent::Kind::kHeard:
      note(Note::Level::kInfo, who(event) + " gives frames again");
      break;
    case RunEvent::Kind::kFailed:
      on_failure(state, event, now);
      break;
    case RunEvent::Kind::kFinished:
      if (!state.finished) {
        state.finished = true;
        state.restart_at.reset();
        --unfinished_;
      }
      break;
  }
}

void Supervisor::on_failure(State& state, const RunEvent& event, TimePoint now) {
  const RestartRule& words = state.member.restart;
  const std::string text = who(event) + ": " + event.error.message;
  if (state.given_up) {
    return;
  }
  if (stopping_) {
    note(Note::Level::kWarning, text + "; the run is ending, it is not restarted");
    // A source was to read no more anyway; anything else takes frames of its streams with it.
    failed_ = failed_ || !state.member.is_source;
    give_up(state);
    return;
  }
  const bool was_open = state.opened_at.has_value();
  if (was_open && now - *state.opened_at >= words.within) {
    state.in_a_row = 0;
  }
  state.opened_at.reset();
  while (!state.failures.empty() && now - state.failures.front() >= words.within) {
    state.failures.pop_front();
  }
  const bool may_restart =
      can_retry(event.error.code) && (words.forever || state.failures.size() < words.max);
  if (may_restart) {
    if (!words.forever) {
      state.failures.push_back(now);
    }
    const Duration wait = backoff(words, state.in_a_row++);
    state.restart_at = now + wait;
    // A source that stays away says so once, not at each attempt.
    if (!words.forever || was_open || state.in_a_row == 1) {
      note(Note::Level::kWarning, text + "; tried again in " + seconds(wait));
    }
    return;
  }
  failed_ = true;
  if (words.then == RestartRule::Then::kStopGraph) {
    note(Note::Level::kError, text + "; the graph is stopped");
    give_up(state);
    stop(now);
    return;
  }
  note(Note::Level::kError,
       text + (state.member.streams.size() > 1 ? "; its streams are stopped"
                                               : "; its stream is stopped"));
  give_up(state);
  stop_sources_of(state.member.streams);
}

void Supervisor::give_up(State& state) {
  state.given_up = true;
  state.restart_at.reset();
  orders_.push_back({state.member.runnable, Supervised::Order::kGiveUp});
}

void Supervisor::stop_sources_of(const std::vector<StreamId>& streams) {
  for (State& state : states_) {
    if (!state.member.is_source || state.finished) {
      continue;
    }
    const StreamId own = state.member.streams.front();
    if (std::find(streams.begin(), streams.end(), own) != streams.end()) {
      state.restart_at.reset();
      state.given_up = true;
      orders_.push_back({state.member.runnable, Supervised::Order::kStop});
    }
  }
}

void Supervisor::stop(TimePoint now) {
  if (stopping_) {
    return;
  }
  stopping_ = true;
  end_by_ = now + limits_.drain;
  for (State& state : states_) {
    if (state.member.is_source && !state.finished) {
      state.restart_at.reset();
      orders_.push_back({state.member.runnable, Supervised::Order::kStop});
    } else if (state.restart_at.has_value()) {
      failed_ = true;
      give_up(state);  // It is down; waiting for its back-off would hold the end up.
    }
  }
}

void Supervisor::on_time(TimePoint now) {
  for (State& state : states_) {
    if (state.restart_at.has_value() && now >= *state.restart_at) {
      state.restart_at.reset();
      orders_.push_back({state.member.runnable, Supervised::Order::kRestart});
    }
  }
  if (!end_by_.has_value() || now < *end_by_ || is_finished()) {
    return;
  }
  if (drained_) {
    left_ = true;
    // The others have not finished because of them.
    std::vector<std::string> hung;
    for (const State& state : states_) {
      if (!state.finished && state.member.runnable->is_in_turn()) {
        hung.push_back(state.member.name);
      }
    }
    note(Note::Level::kError,
         hung.empty() ? "not finished " + seconds(limits_.give_up) +
                            " after they were given up, left there: " + quoted_list(unfinished())
                      : "hangs in a call that does not return, left there: " + quoted_list(hung));
    return;
  }
  drained_ = true;
  failed_ = true;
  cut_off_ = unfinished();
  end_by_ = now + limits_.give_up;
  note(Note::Level::kError,
       "not finished " + seconds(limits_.drain) +
           " after the stop, given up: " + quoted_list(cut_off_));
  for (State& state : states_) {
    if (!state.finished) {
      give_up(state);
    }
  }
}

std::optional<TimePoint> Supervisor::wake_at() const {
  std::optional<TimePoint> earliest;
  const auto consider = [&](const std::optional<TimePoint>& when) {
    if (when.has_value() && (!earliest.has_value() || *when < *earliest)) {
      earliest = when;
    }
  };
  for (const State& state : states_) {
    consider(state.restart_at);
  }
  if (!is_finished()) {
    consider(end_by_);
  }
  return earliest;
}

std::vector<Supervisor::Order> Supervisor::take_orders() {
  return std::exchange(orders_, {});
}

std::vector<Supervisor::Note> Supervisor::take_notes() {
  return std::exchange(notes_, {});
}

std::vector<std::string> Supervisor::unfinished() const {
  std::vector<std::string> names;
  for (const State& state : states_) {
    if (!state.finished) {
      names.push_back(state.member.name);
    }
  }
  return names;
}

}  // namespace penstock
