#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/sim/device/sim_device_core.h"
#include "drivers/sim/profiles/profile_reader.h"
#include "engine/yaml/source_text.h"

namespace penstock::sim::testing {

inline constexpr const char* kRigHead = R"(profile: tiny
title: simulated tiny one
identity: "tiny-{index}"
sub_devices: {count: 2, max_resident: 1}
memory: [{name: own, size: 1000B, counts: [weights]}]
download: {control: 3ms, rate: 1MB/s, drain: 2ms}
reset: 50ms
)";

inline Profile profile_of(const std::string& more) {
  auto profile = parse_profile(SourceText("p.yaml", kRigHead + more));
  EXPECT_TRUE(profile.has_value()) << profile.error().message;
  return std::move(profile).value();
}

/// A device of two sub-devices whose time is moved by the test; `more` of its profile, and what
/// goes wrong, are the test's.
class Rig {
 public:
  explicit Rig(const std::string& more = "modes: [{name: single}]\n",
               const std::string& faults = "",
               std::uint64_t seed = 1)
      : profile_(profile_of(more)),
        core_(profile_, TimePoint(), options(faults, seed)) {}

  SimDeviceCore& core() { return core_; }

  const std::string& trace() const { return trace_; }

  TimePoint now() const { return now_; }

  /// Adds a model with `service` on all places of `mode`.
  SimDeviceCore::ModelId add(const std::string& mode, Duration service, bool resident = true) {
    CoreModel model;
    model.name = "m";
    model.mode = *profile_.find_mode(mode);
    model.places = profile_.places_of(model.mode);
    model.shapes[0].service = service;
    model.always_resident = resident;
    model.download_bytes = 4000;
    model.memory_bytes = 600;
    return core_.add_model(now_, std::move(model));
  }

  /// Adds a model of several shapes, which take `services`.
  SimDeviceCore::ModelId add_shapes(const std::string& mode, std::vector<Duration> services) {
    CoreModel model;
    model.mode = *profile_.find_mode(mode);
    model.places = profile_.places_of(model.mode);
    model.always_resident = true;
    model.shapes.resize(services.size());
    for (std::size_t i = 0; i < services.size(); ++i) {
      model.shapes[i].service = services[i];
      model.shapes[i].batch = static_cast<int>(i) + 1;
      model.shapes[i].input_bytes = 1000 * (i + 1);
    }
    return core_.add_model(now_, std::move(model));
  }

  void submit(SimDeviceCore::ModelId id,
              std::uint64_t cookie,
              SubDeviceMask place = 1,
              CoreFrame what = {}) {
    const Status status = core_.submit(now_, id, place, cookie, what);
    ASSERT_TRUE(status.has_value()) << status.error().message;
    collect();
  }

  /// Moves on by `time`, remembering when each cookie ended and how.
  void run(Duration time) {
    const TimePoint end = now_ + time;
    for (auto next = core_.next_time(); next.has_value() && *next <= end;
         next = core_.next_time()) {
      now_ = *next;
      core_.advance(now_);
      collect();
    }
    now_ = end;
    core_.advance(now_);
    collect();
  }

  Duration ended(std::uint64_t cookie) const {
    const auto found = ends_.find(cookie);
    return found == ends_.end() ? Duration(-1) : found->second.first.time_since_epoch();
  }

  Errc code(std::uint64_t cookie) const { return ends_.at(cookie).second.code; }

  const CoreOutcome& outcome(std::uint64_t cookie) const { return ends_.at(cookie).second; }

  std::size_t ends() const { return ends_.size(); }

  std::vector<Health> healths;
  bool settled = false;

  void collect() {
    for (const CoreOutcome& outcome : core_.effects().outcomes) {
      EXPECT_TRUE(ends_.emplace(outcome.cookie, std::make_pair(now_, outcome)).second)
          << "twice: " << outcome.cookie;
    }
    for (const HealthEvent& event : core_.effects().health) {
      healths.push_back(event.health);
    }
    settled |= core_.effects().settled;
    core_.effects().clear();
  }

 private:
  SimDeviceCore::Options options(const std::string& faults, std::uint64_t seed) {
    SimDeviceCore::Options options;
    options.seed = seed;
    options.faults = parse_faults(faults, "faults").value();
    options.trace = [this](std::string_view line) { trace_ += std::string(line) + "\n"; };
    return options;
  }

  std::string trace_;
  Profile profile_;
  TimePoint now_;
  SimDeviceCore core_;
  std::map<std::uint64_t, std::pair<TimePoint, CoreOutcome>> ends_;
};

/// Returns a figure of the device, or of sub-device `sub`; a test that asks for one that it has not
/// fails.
inline double metric(SimDeviceCore& core, TimePoint now, const std::string& name, int sub = -1) {
  for (const DeviceMetric& each : core.metrics(now)) {
    if (each.name == name && each.sub_device == sub) {
      return each.value;
    }
  }
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

}  // namespace penstock::sim::testing
