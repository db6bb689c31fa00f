#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/run/inference_backend.h"
#include "engine/run/virtual_runner.h"

namespace penstock::testing {

/// A device in virtual time whose every answer is the test's: a station's `BackendFactory` and the
/// memory of all its backends.
///
/// Its model has one input and one output of `batch` numbers (i32); the output is the input plus
/// `kAdded`.
/// Ownership: outlives the backends that it made; the runner outlives it.
/// Thread-safety: one thread.
class FakeDevice {
 public:
  static constexpr std::int32_t kAdded = 1'000'000;

  /// What happens to one job.
  struct Answer {
    Duration after = std::chrono::milliseconds(10);
    Errc code = Errc::kOk;
    bool hangs = false;                     ///< Never answers by itself.
    bool obeys_cancel = true;               ///< Answers `kCancelled` a millisecond after `cancel`.
    bool rings = true;                      ///< Else its ring is merged with the next one.
    std::optional<Reason> dropped_by = {};  ///< It never ran: its outputs are as they were.
    std::optional<Error> refused_by = {};   ///< `submit` says this, and nothing starts.
  };

  struct Job {
    std::uint64_t number = 0;  ///< Over all backends, refused ones included.
    int opening = 0;           ///< Which backend, from 1.
    TimePoint at;
    std::vector<std::int32_t> values;  ///< The whole batch, padding included.
    std::vector<StreamFrames> streams = {};
  };

  struct Options {
    std::uint32_t slots = 2;
    std::int64_t batch = 1;
    std::vector<std::int64_t> smaller_batches = {};  ///< With `batch` they are its buckets.
    std::function<Answer(const Job&)> answer = {};   ///< Nothing: all default.
    bool keeps_maps = false;                         ///< As a device that was given up may.
    bool has_own_maps = false;                       ///< Results do not lie where the job says.
    /// May refuse the opening with this number.
    std::function<std::optional<Error>(int opening)> on_open = {};
  };

  FakeDevice(VirtualRunner& runner, const Clock& clock, Options options);

  FakeDevice(const FakeDevice&) = delete;
  FakeDevice& operator=(const FakeDevice&) = delete;
  ~FakeDevice();

  [[nodiscard]] BackendFactory factory();

  [[nodiscard]] const std::shared_ptr<const TensorSpec>& spec() const noexcept { return specs_[0]; }

  [[nodiscard]] const std::vector<Job>& jobs() const noexcept { return jobs_; }

  [[nodiscard]] int openings() const noexcept { return openings_; }

  [[nodiscard]] int alive() const noexcept { return alive_; }

  [[nodiscard]] std::uint32_t most_in_flight() const noexcept { return most_in_flight_; }

  [[nodiscard]] const std::vector<Ref<JobMaps>>& kept_maps() const noexcept { return kept_maps_; }

  [[nodiscard]] int cancels() const noexcept { return cancels_; }

  /// Returns how many frames' results it was told that their reader has.
  [[nodiscard]] std::uint32_t taken() const noexcept { return taken_; }

  [[nodiscard]] std::uint32_t input_ends() const noexcept { return input_ends_; }

 private:
  class Backend;

  VirtualRunner& runner_;
  const Clock& clock_;
  Options options_;
  std::vector<std::shared_ptr<const TensorSpec>> specs_;
  std::vector<ShapeBucket> buckets_;
  std::vector<Job> jobs_;
  std::vector<Ref<JobMaps>> kept_maps_;
  int openings_ = 0;
  int alive_ = 0;
  int cancels_ = 0;
  std::uint32_t taken_ = 0;
  std::uint32_t input_ends_ = 0;
  std::uint32_t most_in_flight_ = 0;
};

}  // namespace penstock::testing
