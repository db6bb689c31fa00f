#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "drivers/api/driver.h"
#include "engine/base/waiting_bell.h"
#include "engine/tensor/feature_map.h"

/// What the suite's files share; not for drivers.
namespace penstock::testing {

/// Returns a dense map with memory of its own in which each byte is `fill`.
FeatureMap filled_map(const std::shared_ptr<const TensorSpec>& spec, std::uint8_t fill);

/// Returns the bytes that the heap has given out.
std::size_t heap_in_use();

/// Opens a device that the test relies on: ends the run if that fails.
Device open_named(Driver& driver, const std::string& identity, Doorbell changed = {});

/// A map in the middle of a larger buffer, with a pattern on both sides.
class FencedMap {
 public:
  FencedMap(const std::shared_ptr<const TensorSpec>& spec, std::uint8_t fill)
      : bytes_(spec->shape.dense_bytes(spec->type).value()) {
    Buffer buffer = Buffer::allocate(bytes_ + 2 * kFence);
    std::memset(buffer.mutable_data(), kPattern, buffer.size());
    std::memset(buffer.mutable_data() + kFence, fill, bytes_);
    map_ = make_feature_map(spec, spec->shape, std::move(buffer), kFence).value();
  }

  [[nodiscard]] const FeatureMap& map() const { return map_; }

  [[nodiscard]] bool fences_stand() const {
    const auto intact = [](const std::byte* begin) {
      return std::all_of(
          begin, begin + kFence, [](std::byte b) { return b == std::byte{kPattern}; });
    };
    return intact(map_.buffer.data()) && intact(map_.data() + bytes_);
  }

  [[nodiscard]] bool is_filled_with(std::uint8_t fill) const {
    return std::all_of(
        map_.data(), map_.data() + bytes_, [&](std::byte b) { return b == std::byte{fill}; });
  }

 private:
  static constexpr std::size_t kFence = 4096 - 4;  // Not aligned to more than 4 bytes.
  static constexpr std::uint8_t kPattern = 0xC3;
  std::size_t bytes_;
  FeatureMap map_;
};

/// Waits, with a limit, for a device to ring and show what is waited for.
class Bell {
 public:
  Doorbell doorbell() { return bell_.doorbell(); }

  /// Returns whether `is_true()` was true, at first or after a ring, within the limit.
  template <class Condition>
  bool wait_until(Condition is_true) {
    return bell_.wait_until(is_true, kLimit);
  }

  /// Takes the device's events until it is in `health`.
  bool wait_for(Device& device, Health health) {
    return wait_until([&] {
      while (const auto event = device.poll_event()) {
        if (event->health == health) {
          return true;
        }
      }
      return false;
    });
  }

 private:
  static constexpr std::chrono::seconds kLimit{30};

  WaitingBell bell_;
};

}  // namespace penstock::testing
