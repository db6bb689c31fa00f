#include "engine/vision/tensor_reader.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "engine/base/check.h"

namespace penstock {
namespace {

struct F16 {
  std::uint16_t bits;
};

struct Bf16 {
  std::uint16_t bits;
};

float to_float(F16 half) noexcept {
  const std::uint32_t sign = (half.bits & 0x8000U) << 16U;
  const std::uint32_t magnitude = half.bits & 0x7fffU;
  if (magnitude >= 0x7c00U) {  // Infinity or NaN: the payload moves up, the exponent is all ones.
    return std::bit_cast<float>(sign | 0x7f800000U | ((magnitude & 0x3ffU) << 13U));
  }
  // Subnormals need no case of their own: the product of 2^112 and the shifted bits is exact.
  const float scaled = std::bit_cast<float>(magnitude << 13U) * 0x1p112F;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(scaled) | sign);
}

float to_float(Bf16 brain) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(brain.bits) << 16U);
}

float to_float(float value) noexcept {
  return value;
}

float to_float(double value) noexcept {
  return static_cast<float>(value);
}

// Where one item lies among the elements of its map.
struct Slice {
  std::size_t first = 0;
  std::size_t count = 0;
};

template <class T>
T load(const std::byte* bytes, std::size_t index) noexcept {
  T value{};
  std::memcpy(&value, bytes + index * sizeof(T), sizeof(T));  // The offset may be unaligned.
  return value;
}

template <class T>
void convert_floats(const FeatureMap& map, Slice slice, float* to) noexcept {
  for (std::size_t i = 0; i < slice.count; ++i) {
    to[i] = to_float(load<T>(map.data(), slice.first + i));
  }
}

template <class T>
float dequantized(T stored, float scale, std::int32_t zero_point) noexcept {
  if constexpr (sizeof(T) < sizeof(std::int32_t)) {
    return static_cast<float>(static_cast<std::int32_t>(stored) - zero_point) * scale;
  } else {
    return static_cast<float>((static_cast<double>(stored) - zero_point) * scale);
  }
}

template <class T>
void convert_integers(const FeatureMap& map, Slice slice, float* to) noexcept {
  const Quantization& quantization = map.spec->quantization;
  if (quantization.channel_scales.empty()) {
    for (std::size_t i = 0; i < slice.count; ++i) {
      to[i] = dequantized(
          load<T>(map.data(), slice.first + i), quantization.scale, quantization.zero_point);
    }
    return;
  }
  std::size_t inner = 1;
  for (std::size_t axis = static_cast<std::size_t>(quantization.axis) + 1; axis < map.shape.rank();
       ++axis) {
    inner *= static_cast<std::size_t>(map.shape[axis]);
  }
  const std::vector<float>& scales = quantization.channel_scales;
  for (std::size_t i = 0; i < slice.count; ++i) {
    const std::size_t element = slice.first + i;
    to[i] = dequantized(load<T>(map.data(), element),
                        scales[element / inner % scales.size()],
                        quantization.zero_point);
  }
}

void convert(const FeatureMap& map, Slice slice, float* to) noexcept {
  switch (map.spec->type) {
    case ElementType::kF32:
      return convert_floats<float>(map, slice, to);
    case ElementType::kF16:
      return convert_floats<F16>(map, slice, to);
    case ElementType::kBf16:
      return convert_floats<Bf16>(map, slice, to);
    case ElementType::kF64:
      return convert_floats<double>(map, slice, to);
    case ElementType::kU8:
    case ElementType::kBool:
      return convert_integers<std::uint8_t>(map, slice, to);
    case ElementType::kI8:
      return convert_integers<std::int8_t>(map, slice, to);
    case ElementType::kU16:
      return convert_integers<std::uint16_t>(map, slice, to);
    case ElementType::kI16:
      return convert_integers<std::int16_t>(map, slice, to);
    case ElementType::kU32:
      return convert_integers<std::uint32_t>(map, slice, to);
    case ElementType::kI32:
      return convert_integers<std::int32_t>(map, slice, to);
    case ElementType::kU64:
      return convert_integers<std::uint64_t>(map, slice, to);
    case ElementType::kI64:
      return convert_integers<std::int64_t>(map, slice, to);
    case ElementType::kUndefined:
    case ElementType::kU4:
    case ElementType::kI4:
      return;  // Refused by `check_readable`.
  }
}

bool has_channel_scales_for(const FeatureMap& map) noexcept {
  const Quantization& quantization = map.spec->quantization;
  return quantization.axis >= 0 && static_cast<std::size_t>(quantization.axis) < map.shape.rank() &&
         map.shape[static_cast<std::size_t>(quantization.axis)] ==
             static_cast<std::int64_t>(quantization.channel_scales.size());
}

std::string describe(const FeatureMap& map) {
  return "tensor '" + map.spec->name + "' (" + to_string(map.spec->type) + " " +
         map.shape.to_string() + ")";
}

Status check_readable(const FeatureMap& map) {
  if (!TensorReader::reads(map.spec->type)) {
    return Error{Errc::kUnsupported, describe(map) + ": decoders cannot read this element type"};
  }
  if (!map.is_dense()) {
    return Error{Errc::kUnsupported,
                 describe(map) + ": decoders read dense maps, this one has strides"};
  }
  if (map.buffer.kind() == MemoryKind::kDevice) {
    return Error{Errc::kUnsupported,
                 describe(map) + ": lies in device memory, decoders read host memory"};
  }
  const auto bytes = map.shape.dense_bytes(map.spec->type);
  if (!bytes.has_value() || map.offset > map.buffer.size() ||
      *bytes > map.buffer.size() - map.offset) {
    return Error{Errc::kInvalidArgument,
                 describe(map) + ": at offset " + std::to_string(map.offset) + " of a buffer of " +
                     std::to_string(map.buffer.size()) + " bytes, which is too short"};
  }
  if (!map.spec->quantization.channel_scales.empty() && !has_channel_scales_for(map)) {
    return Error{Errc::kInvalidArgument,
                 describe(map) + ": has " +
                     std::to_string(map.spec->quantization.channel_scales.size()) +
                     " channel scales for axis " + std::to_string(map.spec->quantization.axis) +
                     ", must be one a channel"};
  }
  return {};
}

}  // namespace

bool TensorReader::reads(ElementType type) noexcept {
  return bits_of(type) >= 8;
}

Result<std::span<const float>> TensorReader::item(const FeatureMap& map, std::size_t batch_index) {
  PENSTOCK_CHECK(map.spec != nullptr);
  PENSTOCK_RETURN_IF_ERROR(check_readable(map));
  const auto items = map.shape.rank() == 0 ? 0U : static_cast<std::size_t>(map.shape[0]);
  if (batch_index >= items) {
    return Error{
        Errc::kInvalidArgument,
        describe(map) + ": has no item " + std::to_string(batch_index) + " along its first axis"};
  }
  Slice slice;
  slice.count = static_cast<std::size_t>(*map.shape.element_count()) / items;
  slice.first = batch_index * slice.count;
  const std::byte* start = map.data() + slice.first * sizeof(float);
  if (map.spec->type == ElementType::kF32 &&
      reinterpret_cast<std::uintptr_t>(start) % alignof(float) == 0) {
    return std::span<const float>(reinterpret_cast<const float*>(start), slice.count);
  }
  converted_.resize(slice.count);
  convert(map, slice, converted_.data());
  return std::span<const float>(converted_);
}

}  // namespace penstock
