#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/sim/link_model.h"
#include "drivers/sim/profiles/profile.h"
#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"

namespace penstock::sim {

/// How the values of one port become the device's integers.
struct PortScale {
  bool is_given = false;
  bool is_dynamic = false;  ///< From the least and greatest value of each tensor.
  float scale = 1;
  std::int32_t zero_point = 0;
};

/// What every scale has to be, for messages.
inline constexpr const char* kScaleRule = "a normal f32 above 0";

/// Returns whether `value` can be a scale: the device computes with floats, so that what is 0,
/// infinite or subnormal as one is none.
bool is_scale(double value);

/// Brings the values of one port through the form that the device stores: quantised (int8, half to
/// even and clipped) or shortened (bf16, rounded to nearest), channels last, channels padded with
/// the zero point. What a wrong scale, layout or type does to results is done by this.
///
/// Tensors of the model that are no f32 (integers, indexes) keep their values; they are laid out
/// and padded only.
/// Shapes: of the model's port, which must be fixed. Maps of four axes are NHWC on the device where
/// its profile says so.
/// Thread-safety: immutable.
class PortCodec {
 public:
  /// What the caller binds: the model's own tensors, or the device's (int8 with scale and zero
  /// point on an integer device, channels last).
  enum class Ports { kHost, kDevice };

  /// Errors: `kInvalidArgument` for a given scale that is none, and a zero point beyond int8;
  /// `kUnsupported` for open extents, packed half bytes, or device ports without a fixed scale.
  static Result<PortCodec> create(const TensorSpec& model,
                                  const NumberFormat& format,
                                  const PortScale& scale,
                                  Ports ports);

  /// Returns what the caller binds. `padding` counts what the device adds by itself.
  [[nodiscard]] const TensorSpec& port() const noexcept { return port_; }

  [[nodiscard]] const TensorSpec& model() const noexcept { return model_; }

  [[nodiscard]] std::size_t model_bytes() const noexcept;

  /// Returns the size of what the device stores.
  [[nodiscard]] std::size_t image_bytes() const noexcept;

  /// Returns one element of the caller's form that stands for `value`.
  /// Errors: `kInvalidArgument` for a value that the element type cannot hold.
  [[nodiscard]] Result<std::vector<std::byte>> padding(double value) const;

  /// Returns what counts on the link.
  [[nodiscard]] LinkPort link_port() const noexcept;

  /// Brings the caller's tensor into the model's form. `image` is working memory, used again.
  void to_model(const std::byte* caller, std::byte* model, std::vector<std::byte>& image) const;
  /// Brings the model's tensor into the caller's form.
  void to_caller(const std::byte* model, std::byte* caller, std::vector<std::byte>& image) const;

  /// Writes the form that the device stores; for tests and those who look at it.
  void encode(const std::byte* from,
              bool from_caller,
              PortScale scale,
              std::vector<std::byte>& image) const;

 private:
  PortCodec() = default;

  /// Calls `move(index outside, index on the device)` for each element.
  template <class Move>
  void for_each_element(bool channels_first, Move move) const;
  [[nodiscard]] PortScale scale_for(const std::byte* values) const;
  void decode(const std::vector<std::byte>& image,
              bool to_caller,
              PortScale scale,
              std::byte* to) const;

  TensorSpec model_;
  TensorSpec port_;
  NumberFormat format_;
  PortScale scale_;
  bool is_float_ = true;               ///< f32 in the model: quantised or shortened.
  bool model_channels_first_ = false;  ///< Differs from the device's layout.
  bool port_channels_first_ = false;
  std::size_t outer_ = 1;
  std::size_t plane_ = 1;
  std::size_t channels_ = 1;
  std::size_t padded_ = 1;
  std::size_t element_bytes_ = 4;  ///< On the device.
};

/// Returns whether `spec` is a map of four axes with channels before height and width: its layout
/// says so, or, where nobody knows, the second axis looks like channels and the last does not.
bool is_channels_first(const TensorSpec& spec);

}  // namespace penstock::sim
