#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/sim/cost_model.h"
#include "drivers/sim/model_work.h"
#include "drivers/sim/profiles/profile.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// What a frame of one shape takes.
struct CoreShape {
  ModelWork work;
  std::optional<Duration> service;  ///< Given (calibrated or by option), at the reference clock.
  /// Frames of the caller in each frame of the device, which computes a fixed batch as one: work,
  /// times and bytes are of all of them. Rates count them one by one.
  int batch = 1;
  std::uint64_t input_bytes = 0;  ///< Over the link.
  std::uint64_t output_bytes = 0;
};

/// What the device model knows of a loaded model: amounts only.
struct CoreModel {
  std::string name;  ///< For traces and messages.
  ProfileMode mode;
  std::vector<SubDeviceMask> places;
  std::vector<CoreShape> shapes = std::vector<CoreShape>(1);  ///< One, or one a bucket.
  std::uint64_t download_bytes = 0;                           ///< By one place.
  std::uint64_t memory_bytes = 0;  ///< On each sub-device of a place, while resident.
  std::uint64_t shared_bytes = 0;  ///< Of the device's memory, while resident.
  /// On all its places from the start and after each reset, at no cost and outside of the limits:
  /// for hosts that do not schedule.
  bool always_resident = false;
};

/// What a frame has of its model.
struct CoreFrame {
  std::uint32_t shape = 0;  ///< Its place in `CoreModel::shapes`.
  int batch = 0;            ///< Frames of the caller in it, for rates; 0: as many as its shape has.
};

/// The end of a frame or of a change of residence; `cookie` is the caller's.
struct CoreOutcome {
  std::uint64_t cookie = 0;
  bool is_change = false;
  bool is_wrong = false;  ///< A fault makes the results wrong.
  Errc code = Errc::kOk;
  Duration device_time{0};
  std::string message;
};

/// What a step of the device model brought about, for the shell to pass on.
struct CoreEffects {
  std::vector<CoreOutcome> outcomes;
  std::vector<HealthEvent> health;
  bool settled = false;  ///< A pending property took force.

  void clear() {
    outcomes.clear();
    health.clear();
    settled = false;
  }
};

/// Takes a line of the trace, without line end. Same seed and calls: same lines.
using TraceSink = std::function<void(std::string_view line)>;

}  // namespace penstock::sim
