#pragma once

#include <cstdint>

#include "drivers/media/image/pixel_color.h"

namespace penstock {

/// Returns a bright colour for `id`, always the same; neighbouring ids look different, because hues
/// advance by the golden ratio.
Rgb palette_color(std::uint64_t id) noexcept;

/// Returns black or white, whichever reads better on `background`.
Rgb text_color_on(Rgb background) noexcept;

}  // namespace penstock
