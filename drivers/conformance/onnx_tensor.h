#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"

namespace penstock::testing {

/// A tensor of ONNX's own test data: dense little-endian elements.
struct OnnxTensor {
  ElementType type = ElementType::kUndefined;
  Shape shape;
  std::vector<std::byte> bytes;
};

/// Reads a file that holds one TensorProto of ONNX.
/// Errors: `kUnsupported` for what is no tensor (a sequence, an optional) or has elements that no
/// feature map has (strings, complex numbers) or a rank above `Shape::kMaxRank`; `kCorrupt` for
/// bytes that are no protocol buffer; `kNotFound`.
Result<OnnxTensor> read_onnx_tensor(const std::filesystem::path& path);

/// Returns the elements as numbers. Pre: `bytes` holds `count` elements of `type`.
std::vector<double> to_numbers(ElementType type, const std::byte* bytes, std::size_t count);

/// Returns the worst place where `given` is further from `expected` than `absolute + relative *
/// |expected|` allows, as text; "" if there is none. NaN equals NaN.
std::string compare_numbers(const std::vector<double>& expected,
                            const std::vector<double>& given,
                            double relative,
                            double absolute);

}  // namespace penstock::testing
