#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace penstock::testing {

/// Writes small ONNX models of f32 tensors, so that a test can state its model in itself.
///
/// @code
///   OnnxWriter model;
///   model.input("x", {1, 4}).constant("two", {1}, {2}).node("Mul", {"x", "two"}, {"y"});
///   model.output("y", {1, 4}).write(scratch_folder() / "double.onnx");
/// @endcode
class OnnxWriter {
 public:
  using Names = std::vector<std::string>;
  using Ints = std::vector<std::int64_t>;

  OnnxWriter& input(const std::string& name, const Ints& shape);
  OnnxWriter& output(const std::string& name, const Ints& shape);
  OnnxWriter& constant(const std::string& name,
                       const Ints& shape,
                       const std::vector<float>& values);
  /// Adds an operation of opset 13; attributes are lists of whole numbers.
  OnnxWriter& node(const std::string& operation,
                   const Names& inputs,
                   const Names& outputs,
                   const std::map<std::string, Ints>& attributes = {});

  void write(const std::filesystem::path& file) const;

 private:
  std::string inputs_;  // Encoded, as fields of the graph; so are the others.
  std::string outputs_;
  std::string constants_;
  std::string nodes_;
};

}  // namespace penstock::testing
