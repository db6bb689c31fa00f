#include "drivers/sim/port_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "drivers/api/padded_copy.h"

namespace penstock::sim {
namespace {

/// Rounds half to even, which is what the devices do. Adding and taking away 1.5 * 2^23 leaves no
/// room for a fraction; std::nearbyint would be a call for each element.
float rounded(float value) {
  constexpr float kNoFraction = 12582912.0F;
  return (value + kNoFraction) - kNoFraction;
}

std::int8_t quantised(float value, const PortScale& scale) {
  const float wanted = value / scale.scale + static_cast<float>(scale.zero_point);
  // What is no number comes out as the least one.
  const float near = std::min(256.0F, std::max(-256.0F, wanted));
  return static_cast<std::int8_t>(std::min(127.0F, std::max(-128.0F, rounded(near))));
}

float real_of(std::int8_t stored, const PortScale& scale) {
  return static_cast<float>(stored - scale.zero_point) * scale.scale;
}

std::uint16_t shortened(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return static_cast<std::uint16_t>(std::isnan(value) ? 0x7FC0U : (bits + 0x8000U) >> 16U);
}

float lengthened(std::uint16_t stored) {
  const std::uint32_t bits = std::uint32_t{stored} << 16U;
  float value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

template <class T>
T load(const std::byte* from, std::size_t index) {
  T value;
  std::memcpy(&value, from + index * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void store(std::byte* to, std::size_t index, T value) {
  std::memcpy(to + index * sizeof(T), &value, sizeof(T));
}

bool looks_like_channels(std::int64_t extent) {
  return extent == 1 || extent == 3 || extent == 4;
}

}  // namespace

bool is_channels_first(const TensorSpec& spec) {
  if (spec.shape.rank() != 4) {
    return false;
  }
  if (!spec.layout.empty()) {
    return spec.layout == "NCHW";
  }
  return looks_like_channels(spec.shape[1]) && !looks_like_channels(spec.shape[3]);
}

bool is_scale(double value) {
  using Limits = std::numeric_limits<float>;
  return value >= Limits::min() && value <= Limits::max();
}

Result<PortCodec> PortCodec::create(const TensorSpec& model,
                                    const NumberFormat& format,
                                    const PortScale& scale,
                                    Ports ports) {
  const std::string what = "port '" + model.name + "' (" + model.to_string() + ")";
  if (!model.shape.is_static()) {
    return Error{
        Errc::kUnsupported,
        what +
            " has open extents; a simulated device runs fixed shapes: give them by 'shapes' (load "
            "option shape.NAME)"};
  }
  const std::size_t bits = bits_of(model.type);
  if (bits < 8) {
    return Error{Errc::kUnsupported, what + ": packed half bytes cannot be passed"};
  }
  if (scale.is_given && !is_scale(scale.scale)) {
    return Error{Errc::kInvalidArgument,
                 what + ": scale " + std::to_string(scale.scale) + " must be " + kScaleRule};
  }
  if (scale.is_given && (scale.zero_point < -128 || scale.zero_point > 127)) {
    return Error{
        Errc::kInvalidArgument,
        what + ": zero point " + std::to_string(scale.zero_point) + " must be from -128 to 127"};
  }
  PortCodec codec;
  codec.model_ = codec.port_ = model;
  codec.format_ = format;
  codec.scale_ = scale;
  codec.is_float_ = model.type == ElementType::kF32;
  codec.model_channels_first_ = format.channels_last && is_channels_first(model);
  const std::size_t rank = model.shape.rank();
  const auto extent = [&](std::size_t axis) { return static_cast<std::size_t>(model.shape[axis]); };
  const std::size_t channel_axis = codec.model_channels_first_ ? 1 : (rank == 0 ? 0 : rank - 1);
  codec.channels_ = rank == 0 ? 1 : extent(channel_axis);
  codec.outer_ = rank == 4 ? extent(0) : 1;
  const auto count = static_cast<std::size_t>(model.shape.element_count().value_or(0));
  const std::size_t rest = codec.outer_ * codec.channels_;
  codec.plane_ = rest == 0 ? 0 : count / rest;
  // What is not a map has no channels to pad.
  const auto multiple = static_cast<std::size_t>(rank == 4 ? format.pad_channels : 1);
  codec.padded_ = (codec.channels_ + multiple - 1) / multiple * multiple;
  const bool is_int8 = format.kind == NumberFormat::Kind::kInt8;
  codec.element_bytes_ = !codec.is_float_ ? bits / 8 : is_int8 ? 1 : 2;
  codec.port_channels_first_ = codec.model_channels_first_;
  if (ports == Ports::kDevice) {
    if (codec.is_float_ && is_int8) {
      if (!scale.is_given || scale.is_dynamic) {
        return Error{Errc::kUnsupported, what + ": device ports want a scale that is given"};
      }
      codec.port_.type = ElementType::kI8;
      codec.port_.quantization.scale = scale.scale;
      codec.port_.quantization.zero_point = scale.zero_point;
    }
    if (codec.model_channels_first_) {
      codec.port_.shape = Shape{model.shape[0], model.shape[2], model.shape[3], model.shape[1]};
      codec.port_channels_first_ = false;
    }
    if (rank == 4) {
      codec.port_.layout = format.channels_last ? "NHWC" : model.layout;
      codec.port_.padding =
          Shape{0, 0, 0, static_cast<std::int64_t>(codec.padded_ - codec.channels_)};
    }
  }
  return codec;
}

std::size_t PortCodec::model_bytes() const noexcept {
  return model_.shape.dense_bytes(model_.type).value_or(0);
}

std::size_t PortCodec::image_bytes() const noexcept {
  return outer_ * plane_ * padded_ * element_bytes_;
}

Result<std::vector<std::byte>> PortCodec::padding(double value) const {
  if (port_.type == ElementType::kI8 && is_float_) {
    return std::vector<std::byte>{
        static_cast<std::byte>(quantised(static_cast<float>(value), scale_))};
  }
  return element_bytes(value, port_.type);
}

LinkPort PortCodec::link_port() const noexcept {
  LinkPort port;
  port.values = static_cast<double>(outer_ * plane_ * channels_);
  port.channels = model_.shape.rank() == 4 ? static_cast<int>(channels_) : 0;
  port.own_bits = is_float_ ? 0 : static_cast<double>(element_bytes_) * 8;
  return port;
}

PortScale PortCodec::scale_for(const std::byte* values) const {
  if (!scale_.is_dynamic || !is_float_ || format_.kind != NumberFormat::Kind::kInt8) {
    return scale_;
  }
  float least = 0;  // 0 is always among the values: padding is exact.
  float greatest = 0;
  const std::size_t count = outer_ * plane_ * channels_;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = load<float>(values, i);
    if (std::isfinite(value)) {
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    }
  }
  PortScale scale = scale_;
  scale.scale = greatest > least ? (greatest - least) / 255.0F : 1.0F;
  scale.zero_point = static_cast<std::int32_t>(std::nearbyint(-128.0F - least / scale.scale));
  return scale;
}

template <class Move>
void PortCodec::for_each_element(bool channels_first, Move move) const {
  const std::size_t step = channels_first ? plane_ : 1;
  for (std::size_t row = 0; row < outer_ * plane_; ++row) {
    const std::size_t first =
        channels_first ? row / plane_ * plane_ * channels_ + row % plane_ : row * channels_;
    for (std::size_t c = 0; c < channels_; ++c) {
      move(first + c * step, row * padded_ + c);
    }
  }
}

void PortCodec::encode(const std::byte* from,
                       bool from_caller,
                       PortScale scale,
                       std::vector<std::byte>& image) const {
  const bool channels_first = from_caller ? port_channels_first_ : model_channels_first_;
  const bool is_stored = from_caller && port_.type == ElementType::kI8 && is_float_;
  const bool is_int8 = is_float_ && format_.kind == NumberFormat::Kind::kInt8;
  image.resize(image_bytes());
  std::byte* to = image.data();
  if (padded_ > channels_) {
    std::memset(to, is_int8 ? scale.zero_point : 0, image.size());
  }
  if (is_stored || !is_float_) {
    const std::size_t size = element_bytes_;
    for_each_element(channels_first, [=](std::size_t outside, std::size_t inside) {
      std::memcpy(to + inside * size, from + outside * size, size);
    });
  } else if (is_int8) {
    for_each_element(channels_first, [=](std::size_t outside, std::size_t inside) {
      store(to, inside, quantised(load<float>(from, outside), scale));
    });
  } else {
    for_each_element(channels_first, [=](std::size_t outside, std::size_t inside) {
      store(to, inside, shortened(load<float>(from, outside)));
    });
  }
}

void PortCodec::decode(const std::vector<std::byte>& image,
                       bool to_caller,
                       PortScale scale,
                       std::byte* to) const {
  const bool channels_first = to_caller ? port_channels_first_ : model_channels_first_;
  const bool is_stored = to_caller && port_.type == ElementType::kI8 && is_float_;
  const std::byte* from = image.data();
  if (is_stored || !is_float_) {
    const std::size_t size = element_bytes_;
    for_each_element(channels_first, [=](std::size_t outside, std::size_t inside) {
      std::memcpy(to + outside * size, from + inside * size, size);
    });
  } else if (format_.kind == NumberFormat::Kind::kInt8) {
    for_each_element(channels_first, [=](std::size_t outside, std::size_t inside) {
      store(to, outside, real_of(load<std::int8_t>(from, inside), scale));
    });
  } else {
    for_each_element(channels_first, [=](std::size_t outside, std::size_t inside) {
      store(to, outside, lengthened(load<std::uint16_t>(from, inside)));
    });
  }
}

void PortCodec::to_model(const std::byte* caller,
                         std::byte* model,
                         std::vector<std::byte>& image) const {
  const PortScale scale = scale_for(caller);
  encode(caller, true, scale, image);
  decode(image, false, scale, model);
}

void PortCodec::to_caller(const std::byte* model,
                          std::byte* caller,
                          std::vector<std::byte>& image) const {
  const PortScale scale = scale_for(model);
  encode(model, false, scale, image);
  decode(image, true, scale, caller);
}

}  // namespace penstock::sim
