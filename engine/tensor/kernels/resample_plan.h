#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/result.h"
#include "engine/tensor/image.h"
#include "engine/tensor/kernels/row_kernels.h"
#include "engine/tensor/kernels/tap_table.h"

namespace penstock {

/// What a `ResamplePlan` turns into what.
///
/// Shapes: the source is `src_w` x `src_h`; its whole area fills the inset, the rest of `dst_w` x
/// `dst_h` is padding. Channel values are on the scale 0..255, indexed as the output's channels
/// lie.
struct ResampleSpec {
  enum class Element : std::uint8_t { kF32 = 0, kU8 = 1 };
  enum class Layout : std::uint8_t { kNchw = 0, kNhwc = 1 };
  enum class Order : std::uint8_t { kRgb = 0, kBgr = 1 };

  PixelFormat format = PixelFormat::kI420;
  ColorMatrix matrix = ColorMatrix::kBt601;  ///< Of I420 and NV12.
  ColorRange range = ColorRange::kLimited;   ///< Of I420 and NV12.
  int src_w = 0;
  int src_h = 0;

  Element element = Element::kF32;
  Layout layout = Layout::kNchw;
  Order order = Order::kRgb;
  int dst_w = 0;
  int dst_h = 0;
  int inset_x = 0;
  int inset_y = 0;
  int inset_w = 0;
  int inset_h = 0;

  std::array<float, 3> pad{114, 114, 114};
  std::array<float, 3> mean{0, 0, 0};  ///< For `kF32`: the output is `(value - mean) / deviation`.
  std::array<float, 3> deviation{1, 1, 1};
};

/// The rows of a source picture; `kI420` has three planes, `kNv12` two, the others one.
struct PictureRows {
  std::array<const std::uint8_t*, 3> planes{};
  std::array<std::ptrdiff_t, 3> stride_bytes{};
};

/// Whether the padding around the inset has to be written.
enum class Border : std::uint8_t {
  kWrite = 0,
  kAlreadyWritten =
      1,  ///< The buffer had been written by an equal plan before: only the inset is new.
};

/// Scales, converts, normalises and pads pictures of one size and format in a single pass.
///
/// Each output row is made of the few source rows it needs: they are scaled as they are (in YUV),
/// converted when small, and written once. Samples are bilinear with pixel centres aligned
/// (`bilinear_taps`), chroma being taken as centred between its luma samples; nothing is rounded
/// before the output element. YUV to RGB as in ITU-R BT.601-7 (2.5) and BT.709-6 (3, 4), results
/// held within 0..255.
///
/// Units: sizes in pixels, strides in bytes.
/// Ownership: own tables; pictures and destinations are the caller's.
/// Thread-safety: never changes after `create()`; any number of threads may run it at once.
/// Cost: no allocation after `create()`, 12 KB of stack. 1920x1080 I420 to 640x360 float: see
/// `tools/bench:preprocess`.
///
/// @code
///   PENSTOCK_ASSIGN_OR_RETURN(const ResamplePlan plan, ResamplePlan::create(spec));
///   plan.run(rows, tensor, Border::kWrite);            // a buffer's first use
///   plan.run(rows, tensor, Border::kAlreadyWritten);   // the same buffer, back from its pool
/// @endcode
class ResamplePlan {
 public:
  static constexpr int kMaxSide = 32768;

  /// Returns a plan that runs on the best instruction set of this CPU, at most `limit`. Pictures
  /// too narrow for a vector go to a poorer one.
  /// Errors: `kInvalidArgument` for a size outside 1..`kMaxSide`, an inset outside the destination,
  /// a deviation that is not above 0, or a mean or deviation given for `kU8`.
  static Result<ResamplePlan> create(const ResampleSpec& spec,
                                     KernelLevel limit = KernelLevel::kAvx512);

  /// Writes the picture to `destination`, `bytes()` bytes; a float destination is aligned as
  /// floats. Pre: each plane that the format has is given, and its rows may be read in full.
  void run(const PictureRows& picture, void* destination, Border border) const;

  /// Returns the size of the destination in bytes.
  [[nodiscard]] std::size_t bytes() const noexcept;

  [[nodiscard]] const ResampleSpec& spec() const noexcept { return spec_; }

  [[nodiscard]] KernelLevel level() const noexcept { return kernels_->level; }

 private:
  /// One colour component: where its bytes lie and how its rows and columns are sampled.
  struct Component {
    std::size_t plane = 0;
    std::size_t first_byte = 0;
    bool is_chroma = false;
  };

  explicit ResamplePlan(const ResampleSpec& spec) : spec_(spec) {}

  void lay_out_components();
  void build_tables(KernelLevel limit);
  void run_row(const PictureRows& picture, void* destination, int y) const;
  [[nodiscard]] RowPair source_rows(const PictureRows& picture,
                                    const Component& component,
                                    int y) const noexcept;
  [[nodiscard]] OutputRow output_row(void* destination, int x, int y, int count) const noexcept;
  void write_border(void* destination) const;
  void fill(void* destination, int x, int y, int count) const;

  ResampleSpec spec_;
  const RowKernels* kernels_ = nullptr;
  std::array<Component, 3> components_{};
  std::size_t component_count_ = 3;  ///< 1 for gray: the three channels share it.
  AxisTaps luma_rows_;
  AxisTaps chroma_rows_;
  TapTable luma_columns_;
  TapTable chroma_columns_;
  ColorTransform color_;
  std::array<float, 3> pad_{};  ///< As written.
};

}  // namespace penstock
