#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/job_bucket.h"
#include "drivers/noop/noop_state.h"

namespace penstock {

class NoopModel;

/// Room for one inference: submit() starts it; its timer, a cancel or a reset completes it.
class NoopRequest final : public RequestBase, private NoopPart {
 public:
  explicit NoopRequest(NoopModel& model);
  ~NoopRequest() override;

  Status submit(Job job) override;
  void cancel() noexcept override;

 private:
  void lose() noexcept override;
  void finish() noexcept;
  void end(Errc code, std::string_view reason) noexcept;
  std::optional<Job> take(std::uint64_t* ticket) noexcept;
  void perform(const Job& job, Errc outcome) const noexcept;
  void write_output(const Job& job, std::size_t index) const noexcept;

  NoopModel& model_;  // Unloaded only after its requests are destroyed.
  NoopState& device_;
  std::mutex mutex_;
  std::optional<Job> job_;
  JobBucket bucket_;      // Of the job.
  bool is_held_ = false;  // Nothing but the destructor ends the job.
  Errc outcome_ = Errc::kOk;
  std::int64_t device_ns_ = 0;
  std::uint64_t ticket_ = 0;
};

}  // namespace penstock
