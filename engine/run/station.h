#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/run/batch_memory.h"
#include "engine/run/batch_shapes.h"
#include "engine/run/inference_backend.h"
#include "engine/run/outlets.h"
#include "engine/run/station_intake.h"
#include "engine/run/stream_order.h"
#include "engine/run/supervised.h"
#include "engine/telemetry/device_ledger.h"
#include "engine/telemetry/node_ledger.h"

namespace penstock {

/// Where frames of any stream wait for one model: admits them in order, makes batches, keeps the
/// device's slots full, and lets the results go on in the order of each stream.
///
/// A frame's tensors are the model's inputs, by position: they leave the frame for the inference,
/// in place, or for a batch as one copy each, and their memory goes back as soon as nobody needs
/// it. The outputs replace them, views into one pooled buffer a port, and keep the map to the
/// source picture of the first input. A batch leaves when it is full, or when its oldest frame has
/// waited for `batch_wait`; of one stream it takes `batch_per_stream` at most, and the station
/// looks twice as far as a batch for frames of others; what is missing of a partial batch is filled
/// with the bytes that lie there, and its results are ignored. Of a model with buckets a batch
/// takes the smallest that holds it, and frames of one size: the others wait for the next.
///
/// A result is the reader's once it lies on its edge: the backend is told (`taken`). Where a frame
/// may start before an earlier one of its stream, in another batch or by another way of a chain,
/// its result is given for taken while it waits for that one: else what is done could keep the one
/// that it waits for from starting.
///
/// How long an inference may take, and what follows when a device is lost, is decided behind the
/// backend, where the device is shared: what comes back as failed has failed.
///
/// States: made -> open (backend made by `blocking_step`) -> finished; -> failed when there is no
/// device any more: frames that are there have failed, those that wait do so for the supervisor's
/// order, and are submitted to a new backend after a restart.
/// Units: times in nanoseconds.
/// Ownership: owns the backend and the frames that wait; the edges are the run's.
class Station final : public Supervised {
 public:
  using Input = StationIntake::Input;
  using Share = StationIntake::Share;

  struct Options {
    std::string name;
    BackendFactory make;
    const Clock* clock = nullptr;
    std::uint32_t batch_size = 1;
    Duration batch_wait = std::chrono::milliseconds(10);
    std::uint32_t batch_per_stream = 0;  ///< Frames of one stream in a batch, at most; 0: all.
    std::vector<Share> shares = {};      ///< By stream.
    std::uint32_t max_frames = 16;       ///< Frames that can hold outputs at once.
    std::vector<Input> inputs;
    std::vector<OutEdge> outputs;
    std::shared_ptr<NodeLedger> node_ledger;
    std::shared_ptr<DeviceLedger> device_ledger;
  };

  explicit Station(Options options);
  ~Station() override;

  Step step(TimePoint now) override;
  void blocking_step() override;
  [[nodiscard]] std::optional<TimePoint> wake_at() const override;

 private:
  enum class State : std::uint8_t { kMade, kOpen, kFailed, kGivenUp, kClosing, kFinished };

  using Ticket = StreamOrder::Ticket;

  /// A frame that is admitted and not at the device.
  struct Waiting {
    Ticket ticket;
    TimePoint since;
  };

  /// One inference at the device; lives in the slot's place.
  struct Job {
    std::uint32_t slot = 0;
    bool busy = false;
    bool abandoned = false;  // Given up: its frames were ended.
    std::uint64_t token = 0;
    TimePoint submitted_at;
    std::vector<Ticket> frames;
    std::vector<Affine> to_source;  // Of these frames' first inputs.
    Ref<JobMaps> maps;
  };

  void obey(Orders orders);
  void collect(TimePoint now);
  void complete(Job& job, InferenceDone& done, TimePoint now);
  void give_results(Job& job);
  void fail_frames(Job& job, Reason reason);
  bool take_some(TimePoint now);
  bool take_next(TimePoint now);
  void admit(Frame frame, TimePoint now);
  void admit(const ControlRecord& record);
  bool has_full_batch();
  bool may_join(StreamId stream);
  bool submit_ready(TimePoint now);
  Status start_job(Job& job, TimePoint now);
  TimePoint take_frames(Job& job);
  Status gather(Job& job);
  void fail_ticket(const Ticket& ticket, Outcome outcome, Reason reason);
  void fail(const Error& error);
  void fail_station(const Error& error);
  void report_frame_failure(const Error& error);
  void give_up();
  void forget_jobs();
  void depart();
  void tell_taken();
  void end_input();
  void note_busy(TimePoint now, int change);
  [[nodiscard]] bool is_over() const;
  Status open_backend();

  Options options_;  // Without inputs and shares.
  StationIntake intake_;
  Outlets out_;
  StreamOrder order_;
  std::unique_ptr<InferenceBackend> backend_;
  std::unique_ptr<InferenceBackend> dying_;  // Destroyed where blocking is allowed.
  BatchMemory memory_;
  std::vector<Job> jobs_;  // One a slot.
  std::vector<std::uint32_t> free_slots_;
  BatchShapes shapes_;
  BatchShapes::Layout layout_;                         // Of the job that is started.
  std::vector<FeatureMap> results_;                    // Of the frame that is given them.
  std::vector<std::size_t> row_bytes_;                 // Of one frame of them, by output.
  std::vector<std::span<const FeatureMap>> gathered_;  // Of its frames.
  std::vector<Waiting> waiting_;       // The batch being made; the first came first.
  std::vector<std::uint32_t> joined_;  // Of these a batch takes, by stream.
  std::uint64_t next_serial_ = 1;
  std::uint32_t in_flight_ = 0;
  std::uint32_t untaken_ = 0;    // Frames done whose results the backend believes to be here,
  bool counts_waiting_ = false;  // from when they leave; else from when they come.
  TimePoint busy_since_;
  State state_ = State::kMade;
  bool failing_row_ = false;
  bool has_ended_input_ = false;  ///< The backend knows that nothing more comes.
  bool is_unproven_ = false;      ///< It has failed, and no inference has succeeded since.
};

}  // namespace penstock
