#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/sim/device/sim_random.h"
#include "drivers/sim/profiles/profile.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// What a script lets happen to a device.
enum class FaultKind {
  kLost,  ///< In flight: DEVICE_LOST; health fault, until a reset (after its end, if it has one).
  kHang,  ///< Nothing completes until a reset.
  kSlow,  ///< Service takes `factor` times as long.
  kProbeWrong,  ///< Results are wrong, and the property `self_test` says so.
  kFailedLoad,  ///< The next `count` downloads fail.
  kClaimRace,   ///< The next `count` claims find that another process was faster.
  kThrottle,    ///< The clock is held at `mhz`, or its lowest step.
  kLinkErrors,  ///< Transfers are repeated, or fail with `fails`.
};

/// Returns the word of the script ("lost").
const char* to_string(FaultKind kind) noexcept;

/// One line of a fault script. Of `at`, `after` and `probability` one is given; none: from the
/// start. A fault that a frame's chance starts and that has no end is over with that frame; one of
/// loads or claims is in force from the start, and chance says of each whether it is hit. A fault
/// whose `until` is over before it starts never starts.
struct FaultRule {
  FaultKind kind = FaultKind::kLost;
  std::optional<Duration> at;         ///< Since the device was made.
  std::optional<std::int64_t> after;  ///< Frames that were submitted; it starts with the next.
  std::optional<double> probability;  ///< By frame, load or claim.
  std::optional<Duration> lasts;
  std::optional<Duration> until;  ///< As `at`.
  double factor = 2;
  std::optional<std::int64_t> count;  ///< Not given: 1, and as many as chance hits.
  double mhz = 0;                     ///< 0: the lowest step.
  bool fails = false;
};

/// Reads a script: a YAML list, one line of it or a whole text.
/// `[{kind: lost, at: 5s, for: 2s}, {kind: slow, factor: 3, after: 100}]`
/// Errors: `kInvalidArgument` with every mistake, its line and column; a word that the kind of a
/// fault does not take is one.
Result<std::vector<FaultRule>> parse_faults(const std::string& text, const std::string& name);

/// Checks what only the device knows. Errors: `kInvalidArgument` for a throttle at a clock that is
/// not within its steps, or of a device without clocks.
Status check_faults(const std::vector<FaultRule>& rules, const ClockSetting& clock);

/// Which faults of a script are in force: pure state, moved by time, frames, loads and claims.
/// Thread-safety: none.
class FaultPlan {
 public:
  FaultPlan(std::vector<FaultRule> rules, TimePoint start, std::uint64_t seed);

  /// Adds rules whose times and frames count from now on.
  void add(const std::vector<FaultRule>& rules, TimePoint now);

  /// What a fault does to one frame.
  struct FrameFaults {
    double slow = 1;
    bool wrong = false;
    int repeats = 0;  ///< Of its transfers.
    bool fails = false;
  };

  /// Counts a frame that is submitted: faults may start, and say what happens to it.
  FrameFaults on_frame(TimePoint now);

  /// Returns whether this download or claim fails.
  bool fails_load(TimePoint now) { return takes_count(FaultKind::kFailedLoad, now); }

  bool loses_claim(TimePoint now) { return takes_count(FaultKind::kClaimRace, now); }

  /// Returns when a fault starts or ends by time.
  [[nodiscard]] std::optional<TimePoint> next_time() const;
  /// Starts and ends what is due.
  void advance(TimePoint now);
  /// A reset ends lost and hang that have no end of their own.
  void on_reset();

  /// Changes whenever a fault starts or ends.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

  [[nodiscard]] bool is_active(FaultKind kind) const;
  /// Returns the clock that a throttle holds; 0 = the lowest. Pre: it is active.
  [[nodiscard]] double throttle_mhz() const;

 private:
  struct State {
    FaultRule rule;
    TimePoint zero;
    std::int64_t first_frame = 0;
    bool active = false;
    bool over = false;
    std::optional<TimePoint> end;
    // Of loads and claims, which have no times of their own to be told.
    std::optional<TimePoint> begun;
    std::optional<std::int64_t> left;  ///< Nothing: no limit.
  };

  void start(State& state, TimePoint now);
  bool takes_count(FaultKind kind, TimePoint now);
  static void add_to(FrameFaults& faults, const FaultRule& rule);

  std::vector<State> states_;
  std::int64_t frames_ = 0;
  std::uint64_t version_ = 0;
  SimRandom random_;
};

}  // namespace penstock::sim
