#pragma once

#include <array>
#include <cstdint>

#include "engine/tensor/image.h"

namespace penstock {

/// A colour, 0..255.
struct Rgb {
  std::uint8_t r = 0;
  std::uint8_t g = 0;
  std::uint8_t b = 0;
  friend bool operator==(const Rgb&, const Rgb&) = default;
};

/// Returns the components of `color` in the order in which `like`'s format has them: Y, U, V; R, G,
/// B; B, G, R; or gray alone.
std::array<std::uint8_t, 3> components_of(Rgb color, const Image& like) noexcept;

/// Returns how bright `color` looks, 0..255 (BT.601 luma).
int luma_of(Rgb color) noexcept;

}  // namespace penstock
