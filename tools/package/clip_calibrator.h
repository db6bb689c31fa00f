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

/// The model files of a variant that are run for it.
struct CalibratedFiles {
  std::filesystem::path before;  ///< What the host runs before the network; empty: nothing.
  std::filesystem::path network;
};

/// Runs a network on `device`, in f32, over pictures of the clip, and writes scales and zero points
/// into the tensors of `variant`: of the outputs from the magnitudes that were seen; of the input
/// from all values that preprocessing can give, or, behind a graph of the host, as of the outputs.
/// Returns how many pictures were used. Blocks for as long as that takes.
/// Pre: `variant` describes the tensors of the network, which meet those of the graph before it.
/// Errors: `kUnsupported` for a model without exactly one picture input, or with tensors that are
/// not f32 of known size; of reading the clip (`kCorrupt` if it has no picture), loading and
/// running.
Result<std::uint32_t> calibrate(Device& device,
                                const CalibratedFiles& files,
                                const CalibrationOptions& options,
                                PackageVariant& variant);

}  // namespace penstock
