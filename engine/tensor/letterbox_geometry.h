#pragma once

#include "engine/tensor/affine.h"

namespace penstock {

/// Where a picture lies inside a larger one of another shape: scaled as a whole, centred, the rest
/// is padding.
///
/// The one place that decides this, so that the kernel that scales, the decoder that maps boxes
/// back and the overlay that draws them agree to the pixel. Units: `x`, `y`, `w`, `h` in whole
/// pixels of the destination; `scale` in destination pixels per source pixel before `w` and `h`
/// were rounded.
struct LetterboxGeometry {
  int x =
      0;  ///< Padding on the left; where the padding is odd, the right side has the extra pixel.
  int y = 0;  ///< Padding at the top; likewise.
  int w = 0;  ///< Never 0, however thin the picture is.
  int h = 0;
  double scale = 1;
  int src_w = 0;
  int src_h = 0;

  /// Returns the map from destination to source pixels, in the corner convention of `Affine`: pixel
  /// `i` covers `[i, i + 1)`, so a centre maps to a centre and the inset's corners to the
  /// picture's. It uses the rounded `w` and `h`, as the resampling does, not `scale`.
  [[nodiscard]] Affine to_source() const noexcept;
};

/// Returns where a picture of `src_w` x `src_h` lies in one of `dst_w` x `dst_h`; it is scaled up
/// as well as down. Pre: all sizes are positive.
LetterboxGeometry letterbox_geometry(int src_w, int src_h, int dst_w, int dst_h);

}  // namespace penstock
