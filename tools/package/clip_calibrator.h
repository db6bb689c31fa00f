#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "drivers/api/driver.h"
#include "engine/base/result.h"
#include "engine/nodes/picture_resampler.h"
#include "engine/package/package_info.h"

namespace penstock {

/// How scales are worked out from a clip.
struct CalibrationOptions {
  std::string clip;           ///< Whatever `video_source` reads.
  std::uint32_t frames = 32;  ///< Taken at most.
  std::uint32_t every = 10;   ///< One of so many.
  double percentile = 0;      ///< Of outputs' magnitudes; 0: `robust_limit` chooses.
  PictureTarget target;       ///< How pictures become inputs; size 0: as the model says.
};

/// Runs `model` on `device`, in f32, over pictures of the clip, and writes scales and zero points
/// into the tensors of `variant`: of the input from all values that preprocessing can give, of the
/// outputs from the magnitudes that were seen. Returns how many pictures were used.
/// Blocks for as long as that takes.
/// Pre: `variant` describes the tensors of `model`.
/// Errors: `kUnsupported` for a model without exactly one picture input, or with outputs that are
/// not f32 of known size; of reading the clip (`kCorrupt` if it has no picture), loading and
/// running.
Result<std::uint32_t> calibrate(Device& device,
                                const std::filesystem::path& model,
                                const CalibrationOptions& options,
                                PackageVariant& variant);

}  // namespace penstock
