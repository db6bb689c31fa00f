#include "drivers/conformance/onnx_tensor.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock::testing {
namespace {

Result<OnnxTensor> read(const std::string& bytes) {
  const std::string path = ::testing::TempDir() + "/tensor.pb";
  std::ofstream(path, std::ios::binary) << bytes;
  return read_onnx_tensor(path);
}

std::string text(const char* bytes, std::size_t length) {
  return {bytes, length};
}

TEST(OnnxTensor, ReadsRawData) {
  // dims 2, dims 1, data_type FLOAT, raw_data of 8 bytes: 1.0 and 2.0.
  const auto tensor =
      read(text("\x08\x02\x08\x01\x10\x01\x4A\x08\x00\x00\x80\x3F\x00\x00\x00\x40", 16));
  ASSERT_TRUE(tensor.has_value()) << tensor.error().message;
  EXPECT_EQ(tensor->type, ElementType::kF32);
  EXPECT_EQ(tensor->shape, Shape({2, 1}));
  EXPECT_EQ(to_numbers(tensor->type, tensor->bytes.data(), 2), std::vector<double>({1, 2}));
}

TEST(OnnxTensor, ReadsPackedNegativeIntegersOfANarrowType) {
  // packed dims {2}, data_type INT8, packed int32_data {-1, 5}.
  const auto tensor =
      read(text("\x0A\x01\x02\x10\x03\x2A\x0B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x05", 18));
  ASSERT_TRUE(tensor.has_value()) << tensor.error().message;
  EXPECT_EQ(tensor->type, ElementType::kI8);
  EXPECT_EQ(to_numbers(tensor->type, tensor->bytes.data(), 2), std::vector<double>({-1, 5}));
}

TEST(OnnxTensor, TellsDamagedFilesFromThoseItCannotHold) {
  EXPECT_EQ(read("\x4A\x7F"
                 "abc")
                .error()
                .code,
            Errc::kCorrupt);
  EXPECT_EQ(read(text("\x08\x01\x10\x08\x32\x01\x61", 7)).error().code, Errc::kUnsupported);
  EXPECT_EQ(read_onnx_tensor("/no/such/file.pb").error().code, Errc::kNotFound);
}

TEST(OnnxTensor, ReadsHalfPrecision) {
  const std::vector<std::uint16_t> halves = {0x3C00, 0xC000, 0x0001, 0x7C00};
  std::vector<std::byte> bytes(8);
  std::memcpy(bytes.data(), halves.data(), 8);
  const auto numbers = to_numbers(ElementType::kF16, bytes.data(), 4);
  EXPECT_EQ(numbers[0], 1);
  EXPECT_EQ(numbers[1], -2);
  EXPECT_EQ(numbers[2], std::ldexp(1, -24));
  EXPECT_TRUE(std::isinf(numbers[3]));
  const std::uint16_t one = 0x3F80;
  std::memcpy(bytes.data(), &one, 2);
  EXPECT_EQ(to_numbers(ElementType::kBf16, bytes.data(), 1)[0], 1);
}

TEST(CompareNumbers, AllowsTheToleranceAndNoMore) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(compare_numbers({100, kNan, kInfinity}, {100.09, kNan, kInfinity}, 1e-3, 0), "");
  EXPECT_NE(compare_numbers({100}, {100.11}, 1e-3, 0), "");
  EXPECT_EQ(compare_numbers({0}, {9e-6}, 1e-3, 1e-5), "");
  EXPECT_NE(compare_numbers({1}, {kNan}, 1e-3, 1e-5), "");
  EXPECT_NE(compare_numbers({kNan}, {1}, 1e-3, 1e-5), "");
  EXPECT_NE(compare_numbers({1}, {kInfinity}, 1e-3, 1e-5), "");
}

}  // namespace
}  // namespace penstock::testing
