#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "engine/schedule/testing/schedule_world.h"

namespace penstock::testing {

/// The usual small world of a test: one device with one place, packages that swap on it. 10 ms a
/// frame, 20 ms a swap.
class SmallWorld : public ScheduleWorld {
 public:
  static constexpr Duration kService = std::chrono::milliseconds(10);
  static constexpr Duration kSwap = std::chrono::milliseconds(20);

  explicit SmallWorld(std::uint32_t packages = 2,
                      std::uint32_t devices = 1,
                      const SchedulerKnobs& knobs = {},
                      std::uint32_t depth = 1)
      : ScheduleWorld(knobs) {
    for (std::uint32_t i = 0; i < devices; ++i) {
      add_device(DeviceNumber{i}, {1, 0, 0, 1});
    }
    for (std::uint32_t i = 0; i < packages; ++i) {
      add_package(i, devices, depth);
    }
  }

  void add_package(std::uint32_t number,
                   std::uint32_t devices = 1,
                   std::uint32_t depth = 1,
                   const BatchKnobs& batch = {}) {
    set_model(PackageNumber{number}, {kService, kService, kSwap});
    apply(AddPackage{PackageNumber{number}, batch});
    for (std::uint32_t i = 0; i < devices; ++i) {
      PlacementFacts facts;
      facts.depth = depth;
      facts.activation_estimate = kSwap;
      facts.service_estimate = kService;
      apply(PlacePackage{PackageNumber{number}, DeviceNumber{i}, {facts}, false});
    }
  }

  /// Opens flow `number` of a new client of the same number, whose outputs nobody counts.
  OpenFlow join(std::uint32_t number,
                std::uint32_t package,
                const FlowKnobs& knobs = {},
                const ClientKnobs& client = uncounted()) {
    apply(AddClient{ClientNumber{number}, client});
    OpenFlow event;
    event.flow = FlowNumber{number};
    event.client = ClientNumber{number};
    event.package = PackageNumber{package};
    event.knobs = knobs;
    event.devices = {DeviceNumber{0}};
    open(event, client.ofmap_queue_size == 0);
    return event;
  }

  static ClientKnobs uncounted() {
    ClientKnobs knobs;
    knobs.ofmap_queue_size = 0;
    return knobs;
  }

  void submit_many(std::uint32_t flow, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      (void)submit(FlowNumber{flow});
    }
  }

  /// Returns how many requests of the flow ended for the reason.
  [[nodiscard]] std::size_t count(std::uint32_t flow, FinishReason reason) const {
    return static_cast<std::size_t>(
        std::count_if(ended().begin(), ended().end(), [&](const Ended& one) {
          return one.flow.value == flow && one.reason == reason;
        }));
  }

  /// Returns when the flow's first batch after `since` started; the end of time if none did.
  [[nodiscard]] TimePoint first_start(std::uint32_t flow, TimePoint since = {}) const {
    for (const Started& one : started()) {
      if (one.flow.value == flow && one.time >= since) {
        return one.time;
      }
    }
    return TimePoint::max();
  }
};

}  // namespace penstock::testing
