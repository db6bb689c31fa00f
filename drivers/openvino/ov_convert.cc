#include "drivers/openvino/ov_convert.h"

#include <array>
#include <utility>
#include <vector>

#include <openvino/core/except.hpp>
#include <openvino/core/layout.hpp>
#include <openvino/runtime/exception.hpp>

namespace penstock::openvino {
namespace {

using Types = std::pair<ElementType, ov::element::Type_t>;

constexpr std::array<Types, 15> kTypes = {{
    {ElementType::kF32, ov::element::Type_t::f32},
    {ElementType::kF16, ov::element::Type_t::f16},
    {ElementType::kBf16, ov::element::Type_t::bf16},
    {ElementType::kF64, ov::element::Type_t::f64},
    {ElementType::kU8, ov::element::Type_t::u8},
    {ElementType::kI8, ov::element::Type_t::i8},
    {ElementType::kU16, ov::element::Type_t::u16},
    {ElementType::kI16, ov::element::Type_t::i16},
    {ElementType::kU32, ov::element::Type_t::u32},
    {ElementType::kI32, ov::element::Type_t::i32},
    {ElementType::kU64, ov::element::Type_t::u64},
    {ElementType::kI64, ov::element::Type_t::i64},
    {ElementType::kBool, ov::element::Type_t::boolean},
    {ElementType::kU4, ov::element::Type_t::u4},
    {ElementType::kI4, ov::element::Type_t::i4},
}};

bool may_be_channels(std::int64_t extent) {
  return extent == 1 || extent == 3 || extent == 4;
}

/// Returns "NHWC" or "NCHW" where the extents of a picture leave no doubt.
std::string guessed_layout(const Shape& shape) {
  if (shape.rank() != 4 || may_be_channels(shape[1]) == may_be_channels(shape[3])) {
    return "";
  }
  return may_be_channels(shape[3]) ? "NHWC" : "NCHW";
}

/// Returns the layout that the model names, in our letters: "[N,C,H,W]" becomes "NCHW".
std::string named_layout(const ov::Output<const ov::Node>& port) {
  const ov::Layout layout = ov::layout::get_layout(port);
  std::string letters;
  for (const char c : layout.to_string()) {
    if (c == '?' || c == '.') {
      return "";
    }
    if (c >= 'A' && c <= 'Z') {
      letters.push_back(c);
    }
  }
  return letters;
}

}  // namespace

std::optional<ElementType> element_type_from(const ov::element::Type& type) noexcept {
  for (const auto& [ours, theirs] : kTypes) {
    if (type == theirs) {
      return ours;
    }
  }
  return std::nullopt;
}

ov::element::Type to_ov(ElementType type) noexcept {
  for (const auto& [ours, theirs] : kTypes) {
    if (type == ours) {
      return theirs;
    }
  }
  return ov::element::dynamic;
}

std::optional<Shape> shape_from(const ov::PartialShape& shape) {
  if (shape.rank().is_dynamic() || shape.size() > Shape::kMaxRank) {
    return std::nullopt;
  }
  std::vector<std::int64_t> extents;
  for (const ov::Dimension& dimension : shape) {
    extents.push_back(dimension.is_dynamic() ? Shape::kDynamic : dimension.get_length());
  }
  return Shape(extents);
}

ov::PartialShape to_ov(const Shape& shape) {
  std::vector<ov::Dimension> dimensions;
  for (const std::int64_t extent : shape.extents()) {
    dimensions.push_back(extent == Shape::kDynamic ? ov::Dimension::dynamic()
                                                   : ov::Dimension(extent));
  }
  return ov::PartialShape(dimensions);
}

std::string name_of(const ov::Output<const ov::Node>& port) {
  return port.get_names().empty() ? std::string() : port.get_any_name();
}

Result<TensorSpec> spec_of(const ov::Output<const ov::Node>& port, bool is_input) {
  TensorSpec spec;
  spec.name = name_of(port);
  const std::string role = is_input ? "input" : "output";
  const auto type = element_type_from(port.get_element_type());
  if (!type.has_value()) {
    return Error{Errc::kUnsupported,
                 role + " '" + spec.name + "': element type " +
                     port.get_element_type().to_string() + " cannot be passed to a driver"};
  }
  const auto shape = shape_from(port.get_partial_shape());
  if (!shape.has_value()) {
    return Error{Errc::kUnsupported,
                 role + " '" + spec.name + "': shape " + port.get_partial_shape().to_string() +
                     ", must have a known rank of at most " + std::to_string(Shape::kMaxRank)};
  }
  spec.type = *type;
  spec.shape = *shape;
  spec.layout = named_layout(port);
  if (spec.layout.size() != shape->rank()) {
    spec.layout = is_input ? guessed_layout(*shape) : "";
  }
  return spec;
}

std::string last_line(const std::string& text) {
  const std::string blank = " \t\r\n";
  const auto end = text.find_last_not_of(blank);
  if (end == std::string::npos) {
    return "no reason given";
  }
  const auto newline = text.find_last_of('\n', end);
  const auto begin = newline == std::string::npos ? 0 : text.find_first_not_of(blank, newline);
  const std::string line = text.substr(begin, end - begin + 1);
  return line.compare(0, 3, "-- ") == 0 ? line.substr(3) : line;  // An item of a list.
}

Error error_from(const std::exception& exception, Errc otherwise) {
  Errc code = otherwise;
  if (dynamic_cast<const ov::Cancelled*>(&exception) != nullptr) {
    code = Errc::kCancelled;
  } else if (dynamic_cast<const ov::Busy*>(&exception) != nullptr) {
    code = Errc::kUnavailable;
  } else if (dynamic_cast<const ov::NotImplemented*>(&exception) != nullptr) {
    code = Errc::kUnsupported;
  }
  return {code, last_line(exception.what())};
}

}  // namespace penstock::openvino
