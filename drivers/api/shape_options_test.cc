#include "drivers/api/shape_options.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

ShapeOptions read(const DriverOptions& options) {
  OptionReader reader(options);
  ShapeOptions read = read_shape_options(reader);
  const Status status = reader.finish();
  EXPECT_TRUE(status.has_value()) << status.error().message;
  return read;
}

std::string complaint(const DriverOptions& options) {
  OptionReader reader(options);
  read_shape_options(reader);
  const Status status = reader.finish();
  return status.has_value() ? "" : status.error().message;
}

TEST(ShapeOptions, ChangeNothingWhereNothingIsGiven) {
  const ShapeOptions options = read({});
  ASSERT_EQ(options.choices.size(), 1U);
  EXPECT_TRUE(options.choices[0].shapes.empty());
  EXPECT_EQ(options.choices[0].batch, 0);
  EXPECT_FALSE(options.has_buckets());
}

TEST(ShapeOptions, MakeABucketOfEachShapeAndBatch) {
  const ShapeOptions options = read({{"shape.images", "1x3x320x320, 1x3x640x640"},
                                     {"batch", "4"},
                                     {"batch.buckets", "1,2"},
                                     {"pad", "114"}});
  ASSERT_EQ(options.choices.size(), 6U);
  EXPECT_EQ(options.choices[1].shapes.at("images"), Shape({1, 3, 320, 320}));
  EXPECT_EQ(options.choices[1].batch, 2);
  EXPECT_EQ(options.choices[5].shapes.at("images"), Shape({1, 3, 640, 640}));
  EXPECT_EQ(options.choices[5].batch, 4);
  EXPECT_EQ(options.pad, 114);
}

TEST(ShapeOptions, LetTheShapesOfSeveralInputsGoTogether) {
  const ShapeOptions options =
      read({{"shape.ids", "1x64,1x128"}, {"shape.mask", "1x64,1x128"}, {"shape.mode", "1"}});
  ASSERT_EQ(options.choices.size(), 2U);
  EXPECT_EQ(options.choices[1].shapes.at("ids"), Shape({1, 128}));
  EXPECT_EQ(options.choices[1].shapes.at("mask"), Shape({1, 128}));
  EXPECT_EQ(options.choices[1].shapes.at("mode"), Shape({1}));
}

TEST(ShapeOptions, RefuseWhatIsNoListOfShapes) {
  EXPECT_NE(complaint({{"shape.0", "1x3xfour"}}).find("1x3x480x640"), std::string::npos);
  EXPECT_NE(complaint({{"shape.0", "1x3x?x?"}}).find("'shape.0' is '1x3x?x?'"), std::string::npos);
  EXPECT_NE(complaint({{"shape.0", "1x0"}}).find("'shape.0'"), std::string::npos);
  EXPECT_NE(complaint({{"shape.0", "1x64,1x32"}}).find("1x32 is smaller than the one before"),
            std::string::npos);
  EXPECT_NE(complaint({{"shape.0", "1x64,1x64"}}).find("1x64 is given twice"), std::string::npos);
  EXPECT_NE(complaint({{"shape.a", "1,2,3"}, {"shape.b", "1,2"}}).find("go together by place"),
            std::string::npos);
}

TEST(ShapeOptions, RefuseBatchesThatDoNotAscendTowardsTheFullOne) {
  for (const char* wrong : {"2,1", "1,1", "4", "0", "1.5", "9"}) {
    EXPECT_NE(complaint({{"batch", "4"}, {"batch.buckets", wrong}}).find("ascend"),
              std::string::npos)
        << wrong;
  }
  EXPECT_NE(complaint({{"batch.buckets", "1"}}).find("which is 0"), std::string::npos);
}

TEST(ShapeOptions, RefuseMoreBucketsThanAreMade) {
  const std::string shapes = "1,2,3,4,5,6,7,8,9";
  EXPECT_NE(complaint({{"shape.0", shapes}, {"batch", "8"}, {"batch.buckets", "1,2,4"}})
                .find("makes 36 buckets; at most 32"),
            std::string::npos);
}

TEST(ShapeOptions, FindAnInputByNameThenByNumber) {
  EXPECT_EQ(input_of("mask", {"ids", "mask"}).value(), 1U);
  EXPECT_EQ(input_of("1", {"ids", "mask"}).value(), 1U);
  EXPECT_EQ(input_of("0", {"1", "0"}).value(), 1U);
  EXPECT_EQ(input_of("2", {"ids", "mask"}).error().message,
            "option 'shape.2': the model has the inputs 'ids', 'mask', counted from 0");
}

}  // namespace
}  // namespace penstock
