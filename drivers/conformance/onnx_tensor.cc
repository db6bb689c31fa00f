#include "drivers/conformance/onnx_tensor.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace penstock::testing {
namespace {

/// Reads the wire format of protocol buffers: a field is a varint key (number * 8 + wire type) and
/// a value.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) {
        return value;
      }
    }
    return std::nullopt;
  }

  std::optional<std::string_view> bytes(std::size_t count) {
    if (count > rest_.size()) {
      return std::nullopt;
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view rest_;
};

/// One field, whatever its number: either `number` or `bytes` says what it holds.
struct Field {
  std::uint64_t id = 0;
  bool is_number = false;
  std::uint64_t number = 0;
  std::string_view bytes;
};

std::optional<Field> next_field(WireReader& reader) {
  const auto key = reader.varint();
  if (!key.has_value()) {
    return std::nullopt;
  }
  Field field;
  field.id = *key >> 3U;
  std::optional<std::string_view> bytes;
  switch (*key & 7U) {
    case 0: {
      const auto number = reader.varint();
      field.is_number = true;
      field.number = number.value_or(0);
      return number.has_value() ? std::optional<Field>(field) : std::nullopt;
    }
    case 1:
      bytes = reader.bytes(8);
      break;
    case 2: {
      const auto length = reader.varint();
      bytes = length.has_value() ? reader.bytes(*length) : std::nullopt;
      break;
    }
    case 5:
      bytes = reader.bytes(4);
      break;
    default:
      break;
  }
  field.bytes = bytes.value_or(std::string_view());
  return bytes.has_value() ? std::optional<Field>(field) : std::nullopt;
}

/// Returns the type of TensorProto.DataType `number`.
ElementType type_from(std::uint64_t number) {
  constexpr std::array<ElementType, 17> kTypes = {ElementType::kUndefined,
                                                  ElementType::kF32,
                                                  ElementType::kU8,
                                                  ElementType::kI8,
                                                  ElementType::kU16,
                                                  ElementType::kI16,
                                                  ElementType::kI32,
                                                  ElementType::kI64,
                                                  ElementType::kUndefined,
                                                  ElementType::kBool,
                                                  ElementType::kF16,
                                                  ElementType::kF64,
                                                  ElementType::kU32,
                                                  ElementType::kU64,
                                                  ElementType::kUndefined,
                                                  ElementType::kUndefined,
                                                  ElementType::kBf16};
  return number < kTypes.size() ? kTypes[number] : ElementType::kUndefined;
}

/// What a TensorProto holds, before it is put together. Numbers of the packed integer fields keep
/// 64 bits and are cut to the type's width at the end.
struct Parts {
  std::vector<std::int64_t> dims;
  std::uint64_t type = 0;
  std::vector<std::uint64_t> integers;
  std::string raw;
  bool is_tensor = true;
};

bool add_integers(const Field& field, std::vector<std::uint64_t>* integers) {
  if (field.is_number) {
    integers->push_back(field.number);
    return true;
  }
  WireReader packed(field.bytes);
  while (!packed.at_end()) {
    const auto number = packed.varint();
    if (!number.has_value()) {
      return false;
    }
    integers->push_back(*number);
  }
  return true;
}

bool add_field(const Field& field, Parts* parts) {
  switch (field.id) {
    case 1: {  // dims
      std::vector<std::uint64_t> dims;
      const bool is_whole = add_integers(field, &dims);
      for (const std::uint64_t dim : dims) {
        parts->dims.push_back(static_cast<std::int64_t>(dim));
      }
      return is_whole;
    }
    case 2:  // data_type
      parts->type = field.number;
      return true;
    case 3:  // segment, which nobody writes: here it is the value of a sequence or an optional.
      parts->is_tensor = false;
      return true;
    case 5:   // int32_data
    case 7:   // int64_data
    case 11:  // uint64_data
      return add_integers(field, &parts->integers);
    case 4:   // float_data
    case 9:   // raw_data
    case 10:  // double_data
      parts->raw.append(field.bytes);
      return true;
    default:
      return true;
  }
}

template <class T>
T read_as(const std::byte* bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes + index * sizeof(T), sizeof(T));
  return value;
}

double half_to_double(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int fraction = bits & 0x3FF;
  double value = 0;
  if (exponent == 0x1F) {
    value = fraction == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 0x400, exponent - 25);
  }
  return (bits & 0x8000) == 0 ? value : -value;
}

double number_at(ElementType type, const std::byte* bytes, std::size_t i) {
  switch (type) {
    case ElementType::kF32:
      return read_as<float>(bytes, i);
    case ElementType::kF64:
      return read_as<double>(bytes, i);
    case ElementType::kF16:
      return half_to_double(read_as<std::uint16_t>(bytes, i));
    case ElementType::kBf16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(read_as<std::uint16_t>(bytes, i))
                                  << 16U);
    case ElementType::kU8:
      return read_as<std::uint8_t>(bytes, i);
    case ElementType::kBool:
      return read_as<std::uint8_t>(bytes, i) == 0 ? 0 : 1;
    case ElementType::kI8:
      return read_as<std::int8_t>(bytes, i);
    case ElementType::kU16:
      return read_as<std::uint16_t>(bytes, i);
    case ElementType::kI16:
      return read_as<std::int16_t>(bytes, i);
    case ElementType::kU32:
      return read_as<std::uint32_t>(bytes, i);
    case ElementType::kI32:
      return read_as<std::int32_t>(bytes, i);
    case ElementType::kU64:
      return static_cast<double>(read_as<std::uint64_t>(bytes, i));
    case ElementType::kI64:
      return static_cast<double>(read_as<std::int64_t>(bytes, i));
    case ElementType::kUndefined:
    case ElementType::kU4:
    case ElementType::kI4:
      return 0;
  }
  return 0;
}

}  // namespace

Result<OnnxTensor> read_onnx_tensor(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{Errc::kNotFound, path.string() + ": no such file"};
  }
  const std::string content((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
  Parts parts;
  WireReader reader(content);
  while (!reader.at_end()) {
    const auto field = next_field(reader);
    if (!field.has_value() || !add_field(*field, &parts)) {
      return Error{Errc::kCorrupt, path.string() + ": not a protocol buffer"};
    }
  }
  OnnxTensor tensor;
  tensor.type = type_from(parts.type);
  if (!parts.is_tensor || tensor.type == ElementType::kUndefined ||
      parts.dims.size() > Shape::kMaxRank) {
    return Error{Errc::kUnsupported, path.string() + ": not a tensor of numbers"};
  }
  tensor.shape = Shape(std::span<const std::int64_t>(parts.dims));
  const std::size_t width = bits_of(tensor.type) / 8;
  for (const std::uint64_t integer : parts.integers) {
    parts.raw.append(reinterpret_cast<const char*>(&integer), width);  // Little-endian.
  }
  if (tensor.shape.dense_bytes(tensor.type) != parts.raw.size()) {
    return Error{Errc::kUnsupported, path.string() + ": has not the bytes of its shape"};
  }
  const auto* begin = reinterpret_cast<const std::byte*>(parts.raw.data());
  tensor.bytes.assign(begin, begin + parts.raw.size());
  return tensor;
}

std::vector<double> to_numbers(ElementType type, const std::byte* bytes, std::size_t count) {
  std::vector<double> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    numbers[i] = number_at(type, bytes, i);
  }
  return numbers;
}

std::string compare_numbers(const std::vector<double>& expected,
                            const std::vector<double>& given,
                            double relative,
                            double absolute) {
  std::string worst;
  double worst_excess = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == given[i] || (std::isnan(expected[i]) && std::isnan(given[i]))) {
      continue;
    }
    const double excess =
        std::abs(expected[i] - given[i]) - (absolute + relative * std::abs(expected[i]));
    // Written so that a NaN or an infinity on one side counts as wrong.
    if (!(excess <= worst_excess)) {
      worst_excess = excess;
      worst = "element " + std::to_string(i) + " is " + std::to_string(given[i]) + ", expected " +
              std::to_string(expected[i]);
    }
  }
  return worst;
}

}  // namespace penstock::testing
