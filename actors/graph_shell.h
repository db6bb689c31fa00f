#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor_config.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/messages/run_messages.h"
#include "engine/base/clock.h"
#include "engine/run/stall_watch.h"
#include "engine/run/supervisor.h"

namespace penstock::actors {

/// Supervises one running graph: carries events to the supervisor's core and its orders back, and
/// looks for stalled edges once a second.
///
/// Supervisor: whoever started the run; its death would be a bug of ours.
class GraphShell final : public GraphActor::base {
 public:
  struct Wiring {
    Supervisor supervisor;
    StallWatch stalls;
    const Clock* clock = nullptr;
    std::function<void(const Supervisor::Note&)> on_note;
    std::function<void(const Supervisor&)> on_finished;  ///< Called once.
  };

  GraphShell(caf::actor_config& config, Wiring* wiring);

  behavior_type make_behavior() override;

 private:
  static constexpr std::chrono::seconds kStallPeriod{1};

  void carry_on();
  void sample_stalls(TimePoint now);
  void set_timer();

  Wiring* wiring_;
  std::optional<TimePoint> timer_;
  TimePoint next_sample_;
  std::uint64_t timer_number_ = 0;
  bool finished_ = false;
};

}  // namespace penstock::actors
