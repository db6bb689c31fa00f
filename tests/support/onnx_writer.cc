#include "tests/support/onnx_writer.h"

#include <cstring>
#include <fstream>

#include "engine/base/check.h"

namespace penstock::testing {
namespace {

// The wire format of protocol buffers, with the field numbers of onnx.proto.
constexpr unsigned kVarint = 0;
constexpr unsigned kBytes = 2;
constexpr std::uint64_t kFloat = 1;     // TensorProto.DataType
constexpr std::uint64_t kIntsType = 7;  // AttributeProto.AttributeType
constexpr std::uint64_t kIrVersion = 8;
constexpr std::uint64_t kOpset = 13;

std::string varint(std::uint64_t value) {
  constexpr unsigned kBits = 7;
  constexpr std::uint64_t kMore = 0x80;
  std::string bytes;
  while (value >= kMore) {
    bytes.push_back(static_cast<char>(value | kMore));
    value >>= kBits;
  }
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string number(unsigned field, std::uint64_t value) {
  return varint(field << 3U | kVarint) + varint(value);
}

std::string bytes(unsigned field, const std::string& value) {
  return varint(field << 3U | kBytes) + varint(value.size()) + value;
}

/// A ValueInfoProto.
std::string value_info(const std::string& name, const OnnxWriter::Ints& shape) {
  std::string dimensions;
  for (const std::int64_t extent : shape) {
    dimensions += bytes(1, number(1, static_cast<std::uint64_t>(extent)));
  }
  const std::string tensor = number(1, kFloat) + bytes(2, dimensions);
  return bytes(1, name) + bytes(2, bytes(1, tensor));
}

}  // namespace

OnnxWriter& OnnxWriter::input(const std::string& name, const Ints& shape) {
  inputs_ += bytes(11, value_info(name, shape));
  return *this;
}

OnnxWriter& OnnxWriter::output(const std::string& name, const Ints& shape) {
  outputs_ += bytes(12, value_info(name, shape));
  return *this;
}

OnnxWriter& OnnxWriter::constant(const std::string& name,
                                 const Ints& shape,
                                 const std::vector<float>& values) {
  std::string tensor;
  for (const std::int64_t extent : shape) {
    tensor += number(1, static_cast<std::uint64_t>(extent));
  }
  std::string raw(values.size() * sizeof(float), '\0');
  std::memcpy(raw.data(), values.data(), raw.size());
  tensor += number(2, kFloat) + bytes(8, name) + bytes(9, raw);
  constants_ += bytes(5, tensor);
  return *this;
}

OnnxWriter& OnnxWriter::node(const std::string& operation,
                             const Names& inputs,
                             const Names& outputs,
                             const std::map<std::string, Ints>& attributes) {
  std::string node;
  for (const std::string& name : inputs) {
    node += bytes(1, name);
  }
  for (const std::string& name : outputs) {
    node += bytes(2, name);
  }
  node += bytes(4, operation);
  for (const auto& [name, values] : attributes) {
    std::string attribute = bytes(1, name) + number(20, kIntsType);
    for (const std::int64_t value : values) {
      attribute += number(8, static_cast<std::uint64_t>(value));
    }
    node += bytes(5, attribute);
  }
  nodes_ += bytes(1, node);
  return *this;
}

void OnnxWriter::write(const std::filesystem::path& file) const {
  const std::string graph = nodes_ + bytes(2, "generated") + constants_ + inputs_ + outputs_;
  const std::string opset = bytes(1, "") + number(2, kOpset);
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << number(1, kIrVersion) << bytes(7, graph) << bytes(8, opset);
  out.close();
  PENSTOCK_CHECK(out.good()) << "cannot write " << file.string();
}

}  // namespace penstock::testing
