#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/device/device_port.h"
#include "engine/device/inbox.h"
#include "engine/device/sub_device_runner.h"
#include "engine/run/runnable.h"

namespace penstock {

/// The end of a change of residence: how it ended, and what it took.
struct ResidenceEnd {
  std::uint64_t epoch = 0;
  Errc code = Errc::kOk;
  std::string message;
  Duration took{0};
};

/// Whom a device tells. Thread-safety: any thread.
class DeviceReports {
 public:
  /// With `kDeviceLost` nothing is known of what lies on the device. Unless that was a refusal, the
  /// device's fault was told before, so that the end is not taken for the package's failure.
  virtual void residence_changed(ResidenceEnd end) = 0;
  /// The device answers, and nothing is resident on it but what always is.
  virtual void device_ready() = 0;
  virtual void device_faulted(std::string reason) = 0;
  /// News for a person: a change of health that is neither of these.
  virtual void health_changed(HealthChange change) = 0;

 protected:
  ~DeviceReports() = default;
};

/// One device: opens it, changes what is resident, resets it, and reports how it is.
///
/// A device whose driver cannot reset it is closed and opened anew: its sub-devices drop their
/// slots first, since these are the driver's objects. What to change, and when to reset, is the
/// scheduler's decision; this only carries it out, each order to exactly one report.
///
/// It carries out one change of residence at a time: one that comes while another is under way, or
/// while the device is not ready, is refused (`kDeviceLost`). A reset ends with the first health
/// that is told behind "resetting": ready if that is ok or degraded, which a warm device is.
///
/// A device that can test itself is asked before it is ready, opened or reset, and then once per
/// `test_interval` in which it has worked: one that computes wrongly has faulted, since nothing
/// else would tell.
///
/// States: opening -> ready <-> changing; -> faulted -> resetting -> testing -> ready or faulted
/// again.
/// Units: `reset_limit` and `Change::limit` bound how long a device may take; beyond it it has
/// faulted. The first holds for its sub-devices too, which wait for what is in flight.
/// Ownership: owns the port; sub-devices and reports outlive it.
/// Thread-safety: `change` and `reset` from any thread.
class DeviceRunner final : public Runnable, private SubDeviceReports {
 public:
  struct Options {
    std::string name;
    std::unique_ptr<DevicePort> port;
    std::vector<std::string> sub_devices;  ///< Names, at least one.
    Duration reset_limit = std::chrono::seconds(30);
    Duration test_interval = std::chrono::seconds(1);
  };

  /// One change of residence: what goes, then what comes.
  struct Change {
    std::uint64_t epoch = 0;
    std::vector<Lane> out;
    std::optional<Lane> in;
    Duration limit = std::chrono::seconds(60);
  };

  /// `ends` hears of the batches of its sub-devices.
  class Reports : public DeviceReports {
   public:
    virtual void job_ended(JobEnd end) = 0;

   protected:
    ~Reports() = default;
  };

  DeviceRunner(Options options, Reports& reports);
  ~DeviceRunner() override;

  [[nodiscard]] const std::vector<std::unique_ptr<SubDeviceRunner>>& sub_devices() const noexcept {
    return sub_devices_;
  }

  [[nodiscard]] std::vector<DeviceFigure> figures() const { return port_->figures(); }

  void change(Change change);
  void reset();

  Step step(TimePoint now) override;
  void blocking_step() override;
  [[nodiscard]] std::optional<TimePoint> wake_at() const override;

 private:
  enum class State : std::uint8_t { kOpening, kReady, kFaulted, kResetting, kTesting, kDropping };

  struct Reset {};

  struct Dropped {};

  using Message = std::variant<Change, Reset, Dropped>;

  /// What was lost is told behind the fault that has lost it: else its batches would be sent to the
  /// lost device again, and fail there at once, until their tries are used up.
  void job_ended(JobEnd end) override;
  void tell_lost();

  void slots_dropped() override;
  void obey(Message& message, TimePoint now);
  void obey_reset(TimePoint now);
  void poll_health();
  void note_health(HealthChange change);
  void end_reset(HealthChange change);
  void go_on_changing(TimePoint now);
  /// Returns whether the step under way has ended well.
  bool take_step_end(TimePoint now);
  void start_step(TimePoint now);
  void fail_change(Errc code, std::string text, TimePoint now);
  void end_change(Errc code, std::string text, TimePoint now);
  [[nodiscard]] std::string overdue_text(TimePoint now) const;
  void lose_change(const std::string& text);
  void fault(std::string reason);
  void judge_test(TimePoint now);
  void become_ready();
  void post(Message message);

  Reports& reports_;
  std::unique_ptr<DevicePort> port_;
  const Duration reset_limit_;
  const Duration test_interval_;
  std::vector<std::unique_ptr<SubDeviceRunner>> sub_devices_;
  Inbox<Message> inbox_;
  std::vector<Message> messages_;
  Inbox<JobEnd> lost_;
  std::vector<JobEnd> lost_now_;
  State state_ = State::kOpening;
  std::size_t to_drop_ = 0;   // Sub-devices that have slots to destroy, whatever the state.
  bool reset_began_ = false;  // The driver has told of the reset under way.
  std::optional<Change> change_;
  bool change_in_flight_ = false;
  std::uint64_t next_token_ = 1;
  TimePoint change_began_;
  std::optional<TimePoint> limit_;  // Of the change or reset under way.
  std::optional<Error> open_error_;
  bool opened_ = false;
  std::atomic<bool> worked_{false};  // Since it was tested.
  bool has_test_ = false;
  std::optional<SelfTest> found_;       // By a test that is not judged yet.
  std::optional<HealthChange> back_;    // How the device is after its reset.
  std::optional<TimePoint> tested_at_;  // When it is to be tested.
};

}  // namespace penstock
