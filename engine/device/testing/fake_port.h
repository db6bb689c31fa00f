#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/device/device_port.h"
#include "engine/run/virtual_runner.h"

namespace penstock::testing {

/// A device in virtual time whose every answer is the test's, and the memory of all its openings.
///
/// A job's output is its input plus `kAdded` (i32, one number).
/// Ownership: outlives the ports that it made. Thread-safety: one thread.
class FakeMachine {
 public:
  static constexpr std::int32_t kAdded = 1'000'000;

  struct Answer {
    Duration after = std::chrono::milliseconds(10);
    Errc code = Errc::kOk;
    bool hangs = false;       ///< Nothing but a reset, or the end of its slots, ends it.
    bool never_ends = false;  ///< Nor does a reset: only `end_left`.
  };

  struct Job {
    std::uint64_t number = 0;
    Lane lane;
    TimePoint at;
    std::int32_t value = 0;
    std::uint32_t frames = 0;
  };

  struct Options {
    std::uint32_t depth = 2;
    Duration change_time = std::chrono::milliseconds(50);
    Duration reset_time = std::chrono::milliseconds(200);
    bool can_reset = true;
    HealthChange reset_ends = {};
    std::function<Answer(const Job&)> answer = {};
    /// How a change ends; with `kDeadlineExceeded` it never does.
    std::function<Errc(int number, const Lane& lane, bool resident)> on_change = {};
    std::function<std::optional<Error>(int opening)> on_open = {};
    std::function<std::optional<SelfTest>()> self_test = {};
  };

  FakeMachine(VirtualRunner& runner, const Clock& clock, Options options)
      : runner_(runner),
        clock_(clock),
        options_(std::move(options)) {}

  FakeMachine(const FakeMachine&) = delete;
  FakeMachine& operator=(const FakeMachine&) = delete;
  ~FakeMachine() = default;

  [[nodiscard]] std::unique_ptr<DevicePort> port();

  /// Ends all that is in flight as lost and reports a fault; a reset or a new opening cures it.
  void lose(const std::string& reason);

  /// Ends what no reset has ended.
  void end_left();

  /// Reports a change of health.
  void tell(HealthChange change);

  std::vector<Job> jobs;
  std::vector<Lane> resident;
  std::vector<DeviceFigure> figures;
  std::vector<std::string> trace;  ///< "open", "in 0:1", "out 0:1", "reset", in order.
  int openings = 0;
  int changes = 0;
  int cancels = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t most_in_flight = 0;

 private:
  class Port;
  class Slots;

  VirtualRunner& runner_;
  const Clock& clock_;
  Options options_;
  Port* live_ = nullptr;
  std::vector<Slots*> slots_;
  bool lost_ = false;
};

}  // namespace penstock::testing
