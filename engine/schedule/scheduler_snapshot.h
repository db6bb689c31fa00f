#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/clock.h"
#include "engine/schedule/decision_ring.h"
#include "engine/schedule/duration_histogram.h"
#include "engine/schedule/schedule_ids.h"
#include "engine/schedule/scheduler_action.h"

namespace penstock {

/// What a scheduler looks like at one moment, for status. Numbers only.
struct SchedulerSnapshot {
  enum class DeviceState : std::uint8_t { kUp, kFault, kResetting, kGivenUp };
  enum class ResidenceState : std::uint8_t { kReady, kDraining, kComingIn };

  struct Residence {
    PackageNumber package;
    SubDeviceMask sub_devices = 0;
    std::uint32_t in_flight = 0;
    std::uint32_t depth = 0;
    std::uint64_t turn_frames = 0;
    Duration turn_time{0};
    ResidenceState state = ResidenceState::kReady;
  };

  struct Device {
    DeviceNumber device;
    DeviceState state = DeviceState::kUp;
    std::vector<Residence> residences;
    std::uint64_t batches = 0;
    std::uint64_t swaps = 0;  ///< Changes that sent a package out.
    Duration swap_time{0};
    Duration busy_time{0};
    std::uint64_t faults = 0;
  };

  /// A package on a device.
  struct Lane {
    PackageNumber package;
    DeviceNumber device;
    std::uint64_t queued_frames = 0;
    Duration swap_cost{0};  ///< As measured, else as estimated.
    std::uint32_t failed_loads = 0;
    bool given_up = false;
  };

  struct Flow {
    FlowNumber flow;
    ClientNumber client;
    PackageNumber package;
    std::uint64_t stream = 0;
    std::uint32_t queued = 0;   ///< Frames.
    std::uint32_t running = 0;  ///< Frames.
    Duration oldest_age{0};
    Duration wait_bound{0};
  };

  struct Client {
    ClientNumber client;
    std::uint32_t outputs_held = 0;                        ///< Frames.
    std::array<std::uint64_t, kFinishReasons> finished{};  ///< Requests by `FinishReason`.
  };

  /// Times of a flow's frames on a device: of those that came back well.
  struct Times {
    FlowNumber flow;
    DeviceNumber device;
    DurationHistogram queue;  ///< Admission to start.
    DurationHistogram swap;   ///< Of that, while the device changed residence for the package.
    DurationHistogram run;
    DurationHistogram total;
  };

  std::vector<Device> devices;
  std::vector<Lane> lanes;
  std::vector<Flow> flows;
  std::vector<Client> clients;
  std::vector<Times> times;
  std::array<std::uint64_t, kFinishReasons> finished{};
  std::uint64_t requests_held = 0;  ///< Accepted and not finished.
  std::uint64_t batches_out = 0;
  std::uint64_t stale = 0;
  std::vector<Decision> decisions;
  std::uint64_t decision_count = 0;  ///< All that were ever taken.
};

}  // namespace penstock
