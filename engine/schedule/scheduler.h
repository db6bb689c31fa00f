#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "engine/base/clock.h"
#include "engine/schedule/knobs.h"
#include "engine/schedule/schedule_ids.h"
#include "engine/schedule/scheduler_action.h"
#include "engine/schedule/scheduler_event.h"
#include "engine/schedule/scheduler_snapshot.h"

namespace penstock {

struct ScheduleState;

/// Decides which package is resident where, whose request runs next, and when a swap is worth its
/// price. It has no thread and no clock: its owner tells it what happened (`admit`, `apply`), asks
/// what to do (`decide`) after each, carries that out, and tells how it ended.
///
/// Every accepted request gets exactly one `FinishRequest`, whatever happens to its client, package
/// or device; for one that runs, it comes after its `BatchDone`. Requests of a flow start in the
/// order of their admission; those that were lost with a device start again before the later ones.
///
/// Units: memory in bytes; a request counts its `frames` in every bound.
/// Ownership: holds numbers only.
/// Thread-safety: one thread; `now` never goes back.
/// Cost: by what waits and runs, never by idle clients or flows; no allocation once as many
/// requests, clients and flows have been held as will be at once.
///
/// @code
///   const Admission admission = scheduler.admit({request, flow}, now);
///   actions.clear();
///   const auto again = scheduler.decide(now, actions);  // carry out actions.all(); ask at `again`
/// @endcode
class Scheduler {
 public:
  explicit Scheduler(const SchedulerKnobs& knobs = {});
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  Scheduler(Scheduler&& other) noexcept;
  Scheduler& operator=(Scheduler&& other) noexcept;
  ~Scheduler();

  /// Takes the request in, or says why not. What it pushes out is finished by the next `decide`.
  Admission admit(const SubmitRequest& request, TimePoint now);

  /// Notes what happened. An event about what does not exist (any more) changes nothing: a client
  /// may be removed by two reapers. Pre: a number that is added is free.
  void apply(const SchedulerEvent& event, TimePoint now);

  /// Appends what is to be done now. Returns when to ask again if nothing happens before; nothing
  /// if only an event can change anything, as always when no work exists.
  std::optional<TimePoint> decide(TimePoint now, SchedulerActions& out);

  /// Returns how long the head of the flow's queue can wait for its start while the device works
  /// and the client takes its outputs: `max_wait` + longest batch + swap + turns of equals. Nothing
  /// for an unknown flow or one without `max_wait`.
  [[nodiscard]] std::optional<Duration> published_wait_bound(FlowNumber flow) const;

  /// Returns the whole state and the kept decisions. Cost: by all there is; allocates.
  [[nodiscard]] SchedulerSnapshot snapshot(TimePoint now) const;

  /// Returns requests accepted and not finished; 0 when all is given back.
  [[nodiscard]] std::size_t requests_held() const noexcept;

 private:
  std::unique_ptr<ScheduleState> state_;
};

}  // namespace penstock
