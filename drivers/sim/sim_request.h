#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/driver.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/api/job_bucket.h"
#include "drivers/sim/device/core_types.h"
#include "drivers/sim/load_plan.h"
#include "drivers/sim/reference_run.h"
#include "drivers/sim/sim_state.h"

namespace penstock::sim {

/// What the requests of a loaded model share.
struct SimLoaded {
  std::shared_ptr<SimState> device;
  LoadPlan plan;
  std::vector<std::shared_ptr<LoadedModel>> references;  ///< One a shape; none: nothing computes.
  bool waits_for_host = false;  ///< Virtual time: the host's result is waited for in place.
  SimDeviceCore::ModelId id = 0;
  std::atomic<std::uint32_t> requests{0};

  SimLoaded() = default;
  SimLoaded(const SimLoaded&) = delete;
  SimLoaded& operator=(const SimLoaded&) = delete;
  /// Takes the model off the device.
  ~SimLoaded();
};

/// One frame in flight on a simulated device.
///
/// With buckets it runs in the first that its inputs fit into: in its shape, with its time, on its
/// own part of the host. What is smaller is padded; rows that a batch lacks are cut from outputs.
///
/// Two things run side by side: the device model, which says when the frame ends, and the inference
/// on the host, which says with what. The later of the two delivers. In virtual time the host's
/// clock stands still while it computes, so the end on the device waits for it in place: results
/// and order depend on simulated time alone.
///
/// Thread-safety: as `RequestBase`.
/// Cost: memory of the inputs and outputs of every shape where the host computes; memory for a
/// padded input when it is needed first, then kept.
class SimRequest final : public RequestBase, private FrameSink {
 public:
  static Result<std::unique_ptr<RequestBase>> create(std::shared_ptr<SimLoaded> model);
  explicit SimRequest(std::shared_ptr<SimLoaded> model);
  ~SimRequest() override;

  Status submit(Job job) override;
  void cancel() noexcept override;

 private:
  void on_device_done(const CoreOutcome& outcome) noexcept override;
  void on_reset() noexcept override;
  void on_host_done() noexcept;

  /// Chooses the shape that `job` runs in. Errors: `kInvalidArgument` for what fits none.
  Status choose_shape(const Job& job);
  void fill_inputs();
  void start_host(std::unique_lock<std::mutex> lock);
  void end(std::unique_lock<std::mutex> lock, Errc code, const std::string& message) noexcept;
  void write_outputs(const Job& job) noexcept;

  [[nodiscard]] bool computes() const noexcept { return !runs_.empty(); }

  std::shared_ptr<SimLoaded> model_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Job> job_;
  JobBucket bucket_;  ///< Of the job.
  CoreFrame what_;    ///< Likewise.
  bool device_done_ = false;
  bool is_wrong_ = false;
  Duration device_time_{0};
  bool host_running_ = false;  ///< Perhaps for a frame that was given up.
  bool host_wanted_ = false;   ///< Starts when the one that runs has ended.
  bool host_done_ = false;     ///< For this frame.
  std::string host_failure_;   ///< Of this frame.
  int calls_ = 0;              ///< Under way without the lock, to start a run or to end a frame.
  std::vector<std::byte> image_;
  std::vector<std::byte> padded_;
  std::vector<std::unique_ptr<ReferenceRun>> runs_;  ///< One a shape.
  ReferenceRun* running_ = nullptr;                  ///< The one that `host_running_` is about.
  int running_frames_ = 0;                           ///< Of the caller, in it.
};

}  // namespace penstock::sim
