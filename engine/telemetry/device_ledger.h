#pragma once

#include <atomic>
#include <cstdint>

#include "engine/telemetry/histogram.h"

namespace penstock {

/// What status says of one model on its device. Thread-safety: written by the model's station, read
/// by anybody.
struct DeviceLedger {
  std::atomic<std::uint64_t> inferences{0};
  std::atomic<std::uint64_t> frames{0};  ///< More than `inferences` where frames are batched.
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> busy_ns{0};  ///< Time with an inference that waits or runs.
  std::atomic<std::uint32_t> in_flight{0};
  Histogram latency;  ///< Nanoseconds from submission to completion.
};

}  // namespace penstock
