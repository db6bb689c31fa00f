#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/tensor/element_type.h"
#include "engine/tensor/shape.h"

/// For drivers that pad inputs to a larger shape.
namespace penstock {

/// Returns the bytes of one element of `type` with the value `value`.
/// Errors: `kUnsupported` for a packed half-byte type; `kInvalidArgument` for a value that the type
/// cannot hold.
Result<std::vector<std::byte>> element_bytes(double value, ElementType type);

/// Copies a dense tensor of `shape` to the beginning of each axis of a dense one of `room`, and
/// fills the rest with `element`. Pre: both static, same rank, no extent of `shape` larger;
/// `element` is not empty; the memory does not overlap.
/// Cost: one pass over `to`, no allocation.
void copy_padded(const std::byte* from,
                 const Shape& shape,
                 std::byte* to,
                 const Shape& room,
                 std::span<const std::byte> element) noexcept;

}  // namespace penstock
