#include "engine/schedule/residence_change.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

namespace penstock {

ChangeState& new_change(DeviceState& device) {
  auto made = device.spare_changes.empty() ? std::make_unique<ChangeState>()
                                           : std::move(device.spare_changes.back());
  if (!device.spare_changes.empty()) {
    device.spare_changes.pop_back();
  }
  ChangeState fresh;
  fresh.victims.swap(made->victims);
  fresh.paused.swap(made->paused);
  *made = std::move(fresh);
  made->victims.clear();
  made->paused.clear();
  made->epoch = ++device.epoch;
  device.changes.push_back(std::move(made));
  return *device.changes.back();
}

void drop_change(DeviceState& device, const ChangeState& change) {
  const auto at = std::find_if(device.changes.begin(), device.changes.end(), [&](const auto& one) {
    return one.get() == &change;
  });
  device.spare_changes.push_back(std::move(*at));
  device.changes.erase(at);
}

void pause_others(DeviceState& device, ChangeState& change) {
  for (ResidenceState* victim : change.victims) {
    ++victim->drains;
    change.locked |= victim->mask;
  }
  for (const auto& one : device.residences) {
    const bool leaves =
        std::find(change.victims.begin(), change.victims.end(), one.get()) != change.victims.end();
    if (!leaves && (one->mask & change.mask) != 0) {
      ++one->drains;
      change.paused.push_back(one.get());
    }
  }
}

void resume_paused(ChangeState& change) {
  for (ResidenceState* one : change.paused) {
    --one->drains;
  }
  change.paused.clear();
}

Decision decision_of(DecisionKind kind, const LaneState& lane, TimePoint now) {
  Decision decision;
  decision.kind = kind;
  decision.time = now;
  decision.device = lane.device->number;
  decision.package = lane.package->number;
  return decision;
}

Decision decision_of(DecisionKind kind, const ChangeState& change, TimePoint now) {
  const LaneState& lane = *change.lane;
  Decision decision = decision_of(kind, lane, now);
  decision.number = change.epoch;
  decision.reason = change.reason;
  decision.count = static_cast<std::uint32_t>(change.victims.size());
  decision.other =
      change.victims.empty() ? lane.package->number : change.victims.front()->lane->package->number;
  return decision;
}

void earlier(std::optional<TimePoint>& wake, std::optional<TimePoint> at, TimePoint now) {
  if (at.has_value() && *at > now && (!wake.has_value() || *at < *wake)) {
    wake = at;
  }
}

}  // namespace penstock
