#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "drivers/api/model_info.h"
#include "drivers/api/option_reader.h"
#include "engine/base/clock.h"

namespace penstock {

/// What the load options of a noop model say.
struct NoopSpec {
  enum class Write { kZeros, kCopy, kNothing };

  ModelInfo info;
  Duration latency{};
  Duration activation{};
  Write write = Write::kZeros;
  std::int64_t fail_every = 0;
  std::int64_t fault_after = 0;
  std::int64_t hold_after = 0;
  /// With buckets: what fills inputs that are smaller, one element an input.
  std::vector<std::vector<std::byte>> padding;
};

/// Reads the options of a load for a device with `sub_devices` parts; what is wrong with them is in
/// `reader`. Used by explain() and by load(), so that they cannot disagree.
NoopSpec read_noop_spec(OptionReader& reader, std::uint32_t sub_devices);

}  // namespace penstock
