#include "drivers/sim/device/fault_plan.h"

#include <algorithm>
#include <utility>

namespace penstock::sim {
namespace {

bool needs_reset(FaultKind kind) {
  return kind == FaultKind::kLost || kind == FaultKind::kHang;
}

bool is_counted(FaultKind kind) {
  return kind == FaultKind::kFailedLoad || kind == FaultKind::kClaimRace;
}

bool is_before_until(const FaultRule& rule, TimePoint zero, TimePoint now) {
  return !rule.until.has_value() || now < zero + *rule.until;
}

}  // namespace

const char* to_string(FaultKind kind) noexcept {
  switch (kind) {
    case FaultKind::kLost:
      return "lost";
    case FaultKind::kHang:
      return "hang";
    case FaultKind::kSlow:
      return "slow";
    case FaultKind::kProbeWrong:
      return "probe_wrong";
    case FaultKind::kFailedLoad:
      return "failed_load";
    case FaultKind::kClaimRace:
      return "claim_race";
    case FaultKind::kThrottle:
      return "throttle";
    case FaultKind::kLinkErrors:
      return "link_errors";
  }
  return "unknown";
}

FaultPlan::FaultPlan(std::vector<FaultRule> rules, TimePoint start, std::uint64_t seed)
    : random_(seed) {
  add(rules, start);
}

void FaultPlan::add(const std::vector<FaultRule>& rules, TimePoint now) {
  for (const FaultRule& rule : rules) {
    State state;
    state.rule = rule;
    state.zero = now;
    state.first_frame = frames_;
    state.left = rule.count;
    if (!rule.count.has_value() && !rule.probability.has_value()) {
      state.left = 1;
    }
    if (rule.after.value_or(0) == 0) {
      state.begun = now + rule.at.value_or(Duration(0));
    }
    states_.push_back(std::move(state));
  }
  advance(now);
}

void FaultPlan::start(State& state, TimePoint now) {
  state.active = true;
  ++version_;
  if (state.rule.lasts.has_value()) {
    state.end = now + *state.rule.lasts;
  } else if (state.rule.until.has_value()) {
    state.end = state.zero + *state.rule.until;
  }
}

void FaultPlan::add_to(FrameFaults& faults, const FaultRule& rule) {
  switch (rule.kind) {
    case FaultKind::kSlow:
      faults.slow *= rule.factor;
      break;
    case FaultKind::kProbeWrong:
      faults.wrong = true;
      break;
    case FaultKind::kLinkErrors:
      faults.repeats += 1;
      faults.fails |= rule.fails;
      break;
    default:
      break;
  }
}

FaultPlan::FrameFaults FaultPlan::on_frame(TimePoint now) {
  ++frames_;
  FrameFaults faults;
  for (State& state : states_) {
    const FaultRule& rule = state.rule;
    const std::int64_t frames = frames_ - state.first_frame;
    if (is_counted(rule.kind) && !state.begun.has_value() && frames >= *rule.after) {
      state.begun = now;
    }
    if (state.over || is_counted(rule.kind)) {
      continue;
    }
    const bool may_start = !state.active && is_before_until(rule, state.zero, now);
    if (may_start && rule.after.has_value() && frames > *rule.after) {
      start(state, now);
    } else if (may_start && rule.probability.has_value() && random_.uniform() < *rule.probability) {
      if (needs_reset(rule.kind) || rule.kind == FaultKind::kThrottle || rule.lasts.has_value()) {
        start(state, now);
      } else {
        add_to(faults, rule);
      }
    }
    if (state.active) {
      add_to(faults, rule);
    }
  }
  return faults;
}

bool FaultPlan::takes_count(FaultKind kind, TimePoint now) {
  for (State& state : states_) {
    const FaultRule& rule = state.rule;
    const bool is_due = rule.kind == kind && state.begun.has_value() && now >= *state.begun &&
                        (!rule.lasts.has_value() || now < *state.begun + *rule.lasts) &&
                        is_before_until(rule, state.zero, now) && state.left != 0;
    if (is_due && (!rule.probability.has_value() || random_.uniform() < *rule.probability)) {
      if (state.left.has_value()) {
        --*state.left;
      }
      return true;
    }
  }
  return false;
}

std::optional<TimePoint> FaultPlan::next_time() const {
  std::optional<TimePoint> next;
  const auto consider = [&](TimePoint when) {
    next = next.has_value() ? std::min(*next, when) : when;
  };
  for (const State& state : states_) {
    const bool starts_by_frame = state.rule.after.has_value() || state.rule.probability.has_value();
    if (state.over || is_counted(state.rule.kind)) {
      continue;
    }
    if (!state.active && !starts_by_frame) {
      consider(state.zero + state.rule.at.value_or(Duration(0)));
    } else if (state.active && state.end.has_value()) {
      consider(*state.end);
    }
  }
  return next;
}

void FaultPlan::advance(TimePoint now) {
  for (State& state : states_) {
    const FaultRule& rule = state.rule;
    const bool starts_by_frame = rule.after.has_value() || rule.probability.has_value();
    const TimePoint first = state.zero + rule.at.value_or(Duration(0));
    if (!state.over && !state.active && !is_counted(rule.kind) && !starts_by_frame &&
        now >= first) {
      start(state, first);
    }
    if (state.active && state.end.has_value() && now >= *state.end) {
      state.active = false;
      ++version_;
      state.over = !rule.probability.has_value();
      state.end.reset();
    }
  }
}

void FaultPlan::on_reset() {
  for (State& state : states_) {
    if (state.active && needs_reset(state.rule.kind) && !state.end.has_value()) {
      state.active = false;
      ++version_;
      state.over = !state.rule.probability.has_value();
    }
  }
}

bool FaultPlan::is_active(FaultKind kind) const {
  return std::any_of(states_.begin(), states_.end(), [&](const State& state) {
    return state.active && state.rule.kind == kind;
  });
}

double FaultPlan::throttle_mhz() const {
  for (const State& state : states_) {
    if (state.active && state.rule.kind == FaultKind::kThrottle) {
      return state.rule.mhz;
    }
  }
  return 0;
}

}  // namespace penstock::sim
