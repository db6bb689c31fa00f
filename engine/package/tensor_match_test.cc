#include "engine/package/tensor_match.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TensorSpec tensor(const std::string& name, Shape shape, ElementType type = ElementType::kF32) {
  TensorSpec spec;
  spec.name = name;
  spec.type = type;
  spec.shape = shape;
  return spec;
}

Result<std::vector<std::size_t>> match(const std::vector<TensorSpec>& given,
                                       const std::vector<TensorSpec>& wanted) {
  return match_tensors({"'core.onnx'", given}, {"graph 'post.onnx'", wanted});
}

TEST(MatchTensors, FindsOutputsByName) {
  const auto takes = match({tensor("a", {1}), tensor("b", {2}), tensor("c", {3})},
                           {tensor("c", {3}), tensor("a", {1})});
  ASSERT_TRUE(takes.has_value()) << takes.error().message;
  EXPECT_EQ(*takes, (std::vector<std::size_t>{2, 0}));
}

TEST(MatchTensors, TakesTheOnlyTensorWhateverItsName) {
  EXPECT_EQ(match({tensor("Identity", {1, 8})}, {tensor("x", {1, 8})}).value(),
            std::vector<std::size_t>{0});
}

TEST(MatchTensors, LetsOpenExtentsFitAny) {
  EXPECT_TRUE(match({tensor("a", {Shape::kDynamic, 8})}, {tensor("a", {1, 8})}).has_value());
  EXPECT_TRUE(match({tensor("a", {1, 8})}, {tensor("a", {Shape::kDynamic, 8})}).has_value());
}

TEST(MatchTensors, NamesWhatDoesNotFit) {
  EXPECT_EQ(match({tensor("a", {1}), tensor("b", {2})}, {tensor("x", {1})}).error(),
            (Error{Errc::kCorrupt,
                   "input 'x' of graph 'post.onnx': 'core.onnx' gives no tensor of this name; it "
                   "gives 'a', 'b'"}));
  EXPECT_EQ(match({tensor("a", {1, 4})}, {tensor("a", {1, 5})}).error().message,
            "input 'a' of graph 'post.onnx' is f32 1x5, output 'a' of 'core.onnx' is f32 1x4");
  EXPECT_FALSE(match({tensor("a", {1, 4})}, {tensor("a", {4})}).has_value());
  EXPECT_EQ(match({tensor("a", {1}, ElementType::kI8)}, {tensor("a", {1})}).error().message,
            "input 'a' of graph 'post.onnx' is f32 1, output 'a' of 'core.onnx' is i8 1");
}

}  // namespace
}  // namespace penstock
