#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/memory/buffer_pool.h"
#include "engine/tensor/affine.h"
#include "engine/tensor/image.h"
#include "engine/tensor/kernels/resample_plan.h"

namespace penstock {

/// What a `PictureResampler` makes. Channel values are on the scale 0..255, in output order.
struct PictureTarget {
  ResampleSpec::Element element = ResampleSpec::Element::kF32;
  ResampleSpec::Layout layout = ResampleSpec::Layout::kNchw;
  ResampleSpec::Order order = ResampleSpec::Order::kRgb;
  int width = 0;  ///< 0 with `height` 0: the size of each picture.
  int height = 0;
  bool keeps_shape = true;  ///< Letterbox; else each picture is stretched to the whole target.
  std::array<float, 3> pad{114, 114, 114};
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> deviation{1, 1, 1};
};

/// Turns pictures of any size and format into pooled buffers of one form.
///
/// Plans are made when a size or format is first seen and kept, for several streams of different
/// cameras in turn. Padding is written once for each pooled buffer.
/// Thread-safety: one thread at a time; buffers return from any.
/// Cost: one pass over the picture; no allocation once all its buffers and sizes are known.
class PictureResampler {
 public:
  struct Made {
    Buffer buffer;
    int width = 0;
    int height = 0;
    Affine to_source;  ///< From pixels of the target to those of the source picture.
  };

  /// Errors: `kInvalidArgument` as `ResamplePlan::create`, for the target; as `BufferPool::create`.
  static Result<PictureResampler> create(const PictureTarget& target, BufferPool::Options pool);

  /// Errors: `kInvalidArgument` for a picture without pixels or too large; `kInternal` if every
  /// buffer of the pool is held: somebody keeps frames beyond what it declared.
  Result<Made> run(const Image& picture);

 private:
  struct Kind {
    PixelFormat format = PixelFormat::kI420;
    ColorMatrix matrix = ColorMatrix::kBt601;
    ColorRange range = ColorRange::kLimited;
    int width = 0;
    int height = 0;
    friend bool operator==(const Kind&, const Kind&) = default;
  };

  struct Known {
    Kind kind;
    std::uint64_t id = 0;
    ResamplePlan plan;
    Affine to_picture;
  };

  using Slot = std::pair<std::uint64_t, std::uint64_t>;  // Segment and offset of a buffer.

  PictureResampler(const PictureTarget& target, BufferPool pool);

  Result<const Known*> plan_for(const Kind& kind);

  PictureTarget target_;
  BufferPool pool_;
  std::vector<Known> plans_;
  std::uint64_t next_id_ = 1;
  std::map<Slot, std::uint64_t> written_by_;  // Whose padding a buffer has.
};

}  // namespace penstock
