#pragma once

#include <cstdint>
#include <initializer_list>

namespace penstock {

/// The closed set of things that a frame can carry, beside user-defined types.
enum class Payload : std::uint8_t {
  kImage = 0,
  kTensors = 1,
  kObjects = 2,
  kLabels = 3,
  kKeypoints = 4,
  kMasks = 5,
  kText = 6,
  kEmbeddings = 7,
};

/// Returns the word of YAML and messages ("image").
constexpr const char* to_string(Payload payload) noexcept {
  constexpr const char* kWords[] = {
      "image", "tensors", "objects", "labels", "keypoints", "masks", "text", "embeddings"};
  return kWords[static_cast<std::uint8_t>(payload)];
}

/// A set of payloads.
struct PayloadMask {
  std::uint32_t bits = 0;

  constexpr PayloadMask() = default;

  constexpr PayloadMask(std::initializer_list<Payload> payloads) {
    for (const Payload payload : payloads) {
      add(payload);
    }
  }

  constexpr void add(Payload payload) noexcept { bits |= 1U << static_cast<std::uint8_t>(payload); }

  constexpr void remove(Payload payload) noexcept {
    bits &= ~(1U << static_cast<std::uint8_t>(payload));
  }

  [[nodiscard]] constexpr bool has(Payload payload) const noexcept {
    return (bits >> static_cast<std::uint8_t>(payload) & 1U) != 0;
  }

  friend bool operator==(const PayloadMask&, const PayloadMask&) = default;
};

}  // namespace penstock
