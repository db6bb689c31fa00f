#pragma once

#include <exception>
#include <optional>
#include <string>

#include <openvino/core/node_output.hpp>
#include <openvino/core/partial_shape.hpp>
#include <openvino/core/type/element_type.hpp>

#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"

/// Between OpenVINO's types and ours.
namespace penstock::openvino {

/// Returns our type, or nothing for one that drivers cannot pass (strings, 1-bit...).
std::optional<ElementType> element_type_from(const ov::element::Type& type) noexcept;

/// Returns OpenVINO's type. Pre: not `kUndefined`.
ov::element::Type to_ov(ElementType type) noexcept;

/// Returns the shape with open extents as `Shape::kDynamic`; nothing for an open rank, or one above
/// `Shape::kMaxRank`.
std::optional<Shape> shape_from(const ov::PartialShape& shape);

ov::PartialShape to_ov(const Shape& shape);

/// Describes a port. `is_input` allows the layout to be guessed from the extents where the model
/// names none: 1, 3 or 4 channels at one end only.
/// Errors: `kUnsupported` for a type or rank that cannot be passed, naming the port.
Result<TensorSpec> spec_of(const ov::Output<const ov::Node>& port, bool is_input);

/// Returns the port's first name, or "" where it has none: ONNX allows that.
std::string name_of(const ov::Output<const ov::Node>& port);

/// Returns the last line of OpenVINO's text that says anything: the ones before it are places in
/// its source.
std::string last_line(const std::string& text);

/// Returns an exception of OpenVINO as an error: `kCancelled`, `kUnavailable` (busy), or
/// `otherwise`, with its last line.
Error error_from(const std::exception& exception, Errc otherwise);

}  // namespace penstock::openvino
