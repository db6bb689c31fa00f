#include "drivers/api/option_reader.h"

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(OptionReader, ReadsEachKindOfOption) {
  const DriverOptions options = {{"name", "left"},
                                 {"hint", "latency"},
                                 {"streams", "4"},
                                 {"pinning", "true"},
                                 {"wait", "1.5ms"},
                                 {"mean", "1, 2.5,-3"},
                                 {"shape.0", "1x3"},
                                 {"shape.2", "4"}};
  OptionReader reader(options);
  EXPECT_EQ(reader.text("name"), "left");
  EXPECT_EQ(reader.word("hint", {"throughput", "latency"}), "latency");
  EXPECT_EQ(reader.integer("streams", 0, 0, 8), 4);
  EXPECT_TRUE(reader.flag("pinning", false));
  EXPECT_EQ(reader.duration("wait", Duration::zero()), std::chrono::microseconds(1500));
  EXPECT_EQ(reader.numbers("mean"), std::vector<double>({1, 2.5, -3}));
  EXPECT_EQ(reader.group("shape."), (DriverOptions{{"0", "1x3"}, {"2", "4"}}));
  EXPECT_TRUE(reader.finish().has_value());
}

TEST(OptionReader, GivesDefaultsForWhatIsNotThere) {
  const DriverOptions none;
  OptionReader reader(none);
  EXPECT_EQ(reader.text("name", "x"), "x");
  EXPECT_EQ(reader.word("hint", {"throughput", "latency"}), "throughput");
  EXPECT_EQ(reader.integer("streams", 3, 0, 8), 3);
  EXPECT_FALSE(reader.flag("pinning", false));
  EXPECT_EQ(reader.duration("wait", std::chrono::seconds(2)), std::chrono::seconds(2));
  EXPECT_TRUE(reader.numbers("mean").empty());
  EXPECT_TRUE(reader.finish().has_value());
}

TEST(OptionReader, CollectsEveryComplaint) {
  const DriverOptions options = {{"hint", "fast"},
                                 {"streams", "9"},
                                 {"threads", "2x"},
                                 {"pinning", "yes"},
                                 {"wait", "15"},
                                 {"mean", "1,,2"}};
  OptionReader reader(options);
  reader.word("hint", {"throughput", "latency"});
  reader.integer("streams", 0, 0, 8);
  reader.integer("threads", 0, 0, 8);
  reader.flag("pinning", false);
  reader.duration("wait", Duration::zero());
  reader.numbers("mean");
  const Status status = reader.finish();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kInvalidArgument);
  for (const char* part :
       {"'hint' is 'fast': must be one of throughput, latency",
        "'streams' is '9': must be a whole number from 0 to 8",
        "'threads' is '2x'",
        "'pinning' is 'yes': must be true or false",
        "'wait' is '15'",
        "'mean' is '1,,2': must be finite numbers with commas between them; number 2 is "
        "''"}) {
    EXPECT_NE(status.error().message.find(part), std::string::npos) << status.error().message;
  }
}

TEST(OptionReader, TakesFiniteNumbersOnly) {
  for (const char* wrong : {"nan", "-nan", "inf", "-inf", "1e999", "none"}) {
    const DriverOptions options = {{"mean", "1, " + std::string(wrong)}};
    OptionReader reader(options);
    EXPECT_TRUE(reader.numbers("mean").empty());
    EXPECT_EQ(reader.finish().error().message,
              "option 'mean' is '1, " + std::string(wrong) +
                  "': must be finite numbers with commas between them; number 2 is '" + wrong +
                  "'");
  }
}

TEST(OptionReader, ReadsPlacesOfAListThatHoldNothing) {
  const DriverOptions options = {{"mean", "none,2"}, {"deviation", "none,nan"}};
  OptionReader reader(options);
  const std::vector<double> mean = reader.numbers("mean", "none");
  ASSERT_EQ(mean.size(), 2U);
  EXPECT_TRUE(std::isnan(mean[0]));
  EXPECT_EQ(mean[1], 2);
  EXPECT_TRUE(reader.numbers("deviation", "none").empty());
  EXPECT_FALSE(reader.finish().has_value()) << "nan is no word for nothing";
}

TEST(OptionReader, NamesAnUnknownOptionAndTheKnownOnes) {
  const DriverOptions options = {{"stream", "2"}};
  OptionReader reader(options);
  reader.integer("streams", 0, 0, 8);
  reader.group("shape.");
  const Status status = reader.finish();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().message, "unknown option 'stream'; known are shape.N, streams");
}

TEST(OptionReader, SaysThatThereAreNoOptions) {
  const DriverOptions options = {{"cards", "2"}};
  EXPECT_EQ(OptionReader(options).finish().error().message,
            "unknown option 'cards'; it takes none");
}

TEST(ParseShape, ReadsExtentsWithOpenOnes) {
  EXPECT_EQ(parse_shape("1x3x480x640"), Shape({1, 3, 480, 640}));
  EXPECT_EQ(parse_shape("?x3"), Shape({Shape::kDynamic, 3}));
  EXPECT_EQ(parse_shape("7"), Shape({7}));
  for (const char* wrong : {"", "x", "1x", "1xa", "-2x3", "1,3", "1x1x1x1x1x1x1x1x1"}) {
    EXPECT_FALSE(parse_shape(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace penstock
