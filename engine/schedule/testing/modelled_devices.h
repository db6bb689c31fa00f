#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/schedule/scheduler.h"
#include "engine/schedule/testing/timeline.h"

namespace penstock::testing {

/// What the model of a device needs to know of a package.
/// A batch of n frames ends `latency` + (n - 1) * `service` after its start, but never sooner than
/// n * `service` after the one before it: a pipeline with a slowest stage.
struct PackageModel {
  Duration service{0};
  Duration latency{0};
  Duration activation{0};
};

/// What devices do wrong.
struct DeviceTroubles {
  std::function<bool(DeviceNumber, PackageNumber)> fails_load;
  std::function<Errc(const RunBatch&)> fails_batch;
  std::function<bool(const RunBatch&)> hangs;
  /// Neither cancelling nor a reset ends it.
  std::function<bool(const RunBatch&)> never_ends;
  bool obeys_cancel = false;  ///< A batch that hangs ends when it is cancelled.
  std::function<bool(DeviceNumber)> fails_reset;
  std::function<double(const RunBatch&)> slower;  ///< By how many times.
  double jitter = 0;                              ///< Of service and activation times, as a share.
};

/// Devices that do in virtual time what a scheduler tells them, and check that it may be done:
/// batches run on resident packages only, within depth; changes of residence come one after the
/// other on a device, find their sub-devices drained and stay within memory and places. As a
/// device's runner does, they refuse a change while another one is under way, and end one that a
/// fault or a reset meets as lost, behind the fault.
///
/// Ownership: the timeline and what the callbacks use outlive it.
/// Thread-safety: one thread.
class ModelledDevices {
 public:
  /// A batch that has come back.
  struct Ended {
    BatchNumber batch;
    Errc code = Errc::kOk;
    Duration frame_service{0};  ///< That a frame of it had, times sub-devices.
  };

  struct Callbacks {
    std::function<void(const SchedulerEvent&)> tell;   ///< Of what the scheduler is to know.
    std::function<void(const Ended&)> on_end;          ///< Before the scheduler is told.
    std::function<void(const std::string&)> violated;  ///< A rule, in words.
    std::function<void()> on_fault;  ///< From here on a wait is not the scheduler's alone.
  };

  /// A change of residence.
  struct Change {
    TimePoint start;
    TimePoint end;
    DeviceNumber device;
    PackageNumber incoming;
    SubDeviceMask sub_devices = 0;
    std::size_t outgoing = 0;
    bool only_out = false;
    Errc code = Errc::kOk;
  };

  ModelledDevices(Timeline& timeline, std::mt19937_64& random, Callbacks callbacks)
      : timeline_(timeline),
        random_(random),
        callbacks_(std::move(callbacks)) {}

  ModelledDevices(const ModelledDevices&) = delete;
  ModelledDevices& operator=(const ModelledDevices&) = delete;

  void add(DeviceNumber device, const DeviceCapacity& capacity);
  void place(const PlacePackage& event);

  void set_model(PackageNumber package, const PackageModel& model) {
    models_[package.value] = model;
  }

  /// Takes a batch in, before its requests are looked at. Returns false if it cannot run, which is
  /// a violation: it comes back as lost.
  bool accept(const RunBatch& run);
  /// Starts an accepted batch of `frames`.
  void start(const RunBatch& run, std::uint32_t frames);
  void carry_out(const ChangeResidence& change);
  void carry_out(const CancelBatch& cancel);
  void carry_out(const AbandonBatch& abandon);
  void carry_out(const Finding& finding);
  void carry_out(const ResetDevice& reset);

  /// The device is lost: what it runs comes back as lost a little later.
  void lose(DeviceNumber device);

  /// Returns `time` with the jitter of the troubles.
  Duration shaken(Duration time);

  [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }

  [[nodiscard]] std::uint32_t resets() const noexcept { return resets_; }

  [[nodiscard]] const std::vector<Finding>& findings() const noexcept { return findings_; }

  /// Ends what was abandoned, long after.
  void end_abandoned();

  DeviceTroubles troubles;  ///< From now on.

 private:
  struct Batch {
    RunBatch run;
    TimePoint start;
    bool never_ends = false;
  };

  struct Resident {
    PackageNumber package;
    SubDeviceMask mask = 0;
    std::uint32_t depth = 1;
    std::uint32_t in_flight = 0;
    std::uint64_t memory = 0;
    std::uint64_t shared = 0;
    TimePoint last_end;
  };

  struct Device {
    DeviceCapacity capacity;
    bool is_up = true;
    std::map<Epoch, Resident> residents;  ///< 0 is not used: always resident ones are not listed.
    std::map<std::uint32_t, Resident> permanent;  ///< By package.
    std::uint64_t life = 0;         ///< Counts losses: answers of an old life do not come.
    std::optional<Epoch> changing;  ///< The change of residence under way.
  };

  /// What a change of residence brings.
  struct Arrival {
    std::size_t index = 0;  ///< Of the change.
    Epoch epoch = 0;
    std::uint64_t life = 0;  ///< That the device had.
    Resident resident;
    Errc code = Errc::kOk;
    Duration took{0};
  };

  Resident* resident_of(const RunBatch& run);
  Resident incoming_of(const ChangeResidence& change);
  void take_out(Device& device, const ChangeResidence& change);
  void check_memory(const Device& device, const Resident& incoming);
  void check_places(const Device& device, const Resident& incoming, const PlacePackage& placed);
  void end_change(const Arrival& arrival);
  void put_down(DeviceNumber where);
  void lose_change(DeviceNumber where, Epoch epoch);
  void end_reset(DeviceNumber where);
  void end_batch(std::uint64_t number, Errc code);

  Timeline& timeline_;
  std::mt19937_64& random_;
  const Callbacks callbacks_;
  std::map<std::uint32_t, PackageModel> models_;
  std::map<std::uint64_t, Batch> batches_;
  std::map<std::uint32_t, Device> devices_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, PlacePackage> places_;
  std::vector<Change> changes_;
  std::uint32_t resets_ = 0;
  std::vector<Finding> findings_;
  std::vector<BatchNumber> abandoned_;
};

}  // namespace penstock::testing
