#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/device/device_port.h"
#include "engine/device/inbox.h"
#include "engine/run/job_maps.h"
#include "engine/run/runnable.h"
#include "engine/schedule/schedule_ids.h"

namespace penstock {

/// The end of one batch on its sub-device.
struct JobEnd {
  BatchNumber batch{};
  Errc code = Errc::kOk;
  std::string message;
  Duration device_time{0};
};

/// Whom a sub-device tells. Thread-safety: any thread.
class SubDeviceReports {
 public:
  virtual void job_ended(JobEnd end) = 0;
  /// What `drop_slots` asked for is done: nothing of the old slots is left.
  virtual void slots_dropped() = 0;

 protected:
  ~SubDeviceReports() = default;
};

/// One core, chip or queue of a device: starts the batches that the scheduler sends here in the
/// slots of their lanes, and reports their ends, each exactly once.
///
/// It decides nothing: which batch runs here, how long it may take and what its failure means is
/// the scheduler's. Batches beyond the slots of their lane wait in order.
///
/// States: without slots (batches end as `kDeviceLost`) <-> with slots. Slots are destroyed in
/// `blocking_step`, since that waits for the device; what was in flight ends as `kDeviceLost`.
/// Thread-safety: `run`, `cancel`, `abandon`, `use_slots` and `drop_slots` from any thread.
class SubDeviceRunner final : public Runnable {
 public:
  struct Job {
    BatchNumber batch{};
    Lane lane;
    Ref<JobMaps> maps;
  };

  /// `reports` outlives the runner.
  SubDeviceRunner(std::string name, SubDeviceReports& reports)
      : Runnable(std::move(name)),
        reports_(reports) {}

  void run(Job job);
  void cancel(BatchNumber batch);
  /// Nobody waits for the batch any more: it is not started, if it was not. One that runs keeps its
  /// maps, which the device may use, until it ends.
  void abandon(BatchNumber batch);
  /// Pre: no slots, or `drop_slots` was reported as done.
  void use_slots(std::unique_ptr<ExecutionSlots> slots);
  void drop_slots();

  Step step(TimePoint now) override;
  void blocking_step() override;

 private:
  struct CancelJob {
    BatchNumber batch{};
    bool only_waiting = false;
  };

  struct DropSlots {};

  using Message = std::variant<Job, CancelJob, std::unique_ptr<ExecutionSlots>, DropSlots>;

  /// One slot of a lane and what runs in it.
  struct Place {
    bool busy = false;
    BatchNumber batch{};
    Ref<JobMaps> maps;
  };

  struct LaneBook {
    Lane lane;
    std::vector<Place> places;
  };

  void obey(Message& message);
  void pop_ends();
  void start_waiting();
  /// Returns whether `job` needs to wait no longer: it was started, or has failed.
  bool start(Job& job);
  void cancel_now(const CancelJob& cancelled);
  void end(BatchNumber batch, Errc code, std::string text, Duration device_time);
  LaneBook& book_of(const Lane& lane);
  void post(Message message);

  SubDeviceReports& reports_;
  Inbox<Message> inbox_;
  std::vector<Message> messages_;
  std::unique_ptr<ExecutionSlots> slots_;
  std::vector<LaneBook> lanes_;  // Few; found by looking.
  std::deque<Job> waiting_;
  bool dropping_ = false;
};

}  // namespace penstock
