#include "engine/nodes/filter_node.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/type_options.h"

namespace penstock {
namespace {

using testing::NodeBench;
using testing::options_of;

class FilterNodeTest : public ::testing::Test {
 protected:
  void start(const std::string& yaml) {
    const OptionValues options = options_of(filter_type(), yaml);
    NodeArgs args;
    args.options = &options;
    auto made = FilterNode::make(args);
    ASSERT_TRUE(made.has_value());
    node_ = std::move(made).value();
  }

  /// Returns the labels of what is left of a person of score 0.9 and 40x80 pixels, a dog (0.5,
  /// 20x20) and a second person (0.3, 10x100); "dropped" if the frame was.
  std::string left(const LabelTable* table) {
    Frame frame = bench_.frame(0);
    frame.set_objects(std::vector<Object>{{{0, 0, 40, 80}, 0.9F, 1, 0, {}},
                                          {{0, 0, 20, 20}, 0.5F, 2, 0, {}},
                                          {{0, 0, 10, 100}, 0.3F, 1, 0, {}}},
                      table);
    EXPECT_TRUE(node_->process(frame, bench_.emit).has_value());
    if (!frame) {
      return "dropped";
    }
    std::string text;
    for (const Object& object : frame.objects().items) {
      text += std::to_string(object.label);
    }
    EXPECT_EQ(frame.objects().labels, table);
    frame.end(Outcome::kDelivered);
    return text;
  }

  std::string left() { return left(&labels_); }

  NodeBench bench_;
  std::unique_ptr<Node> node_;
  const LabelTable labels_{{"background", "person", "dog"}};
};

TEST_F(FilterNodeTest, KeepsAllWithoutRules) {
  start("{}");
  EXPECT_EQ(left(), "121");
}

TEST_F(FilterNodeTest, KeepsTheLabelsItIsTold) {
  start("{labels: dog}");
  EXPECT_EQ(left(), "2");
  start("{labels: [dog, person]}");
  EXPECT_EQ(left(), "121");
  start("{labels: [cat]}");
  EXPECT_EQ(left(), "");
}

TEST_F(FilterNodeTest, LooksLabelsUpInTheTableOfEachFrame) {
  start("{labels: [dog]}");
  const LabelTable other{{"cat", "dog", "person"}};
  EXPECT_EQ(left(), "2");
  EXPECT_EQ(left(&other), "11");
  EXPECT_EQ(left(), "2");
}

TEST_F(FilterNodeTest, TakesNumbersWhereLabelsHaveNoNames) {
  start("{labels: ['2', x]}");
  EXPECT_EQ(left(nullptr), "2");
}

TEST_F(FilterNodeTest, TakesScoresAndSizesAsReached) {
  start("{score: 0.5}");
  EXPECT_EQ(left(), "12");
  start("{min_size: [20, 20]}");
  EXPECT_EQ(left(), "12");
  start("{min_size: [21, 20]}");
  EXPECT_EQ(left(), "1");
}

TEST_F(FilterNodeTest, PassesEmptyFramesUnlessToldToDropThem) {
  start("{score: 1}");
  EXPECT_EQ(left(), "");
  start("{score: 1, drop_empty: true}");
  EXPECT_EQ(left(), "dropped");
  EXPECT_EQ(bench_.emit.dropped, (std::vector<Reason>{Reason::kFiltered}));
}

TEST(FilterType, MayDropFramesOnlyWhereToldSo) {
  const ActorType type = filter_type();
  EXPECT_TRUE(type.does_drop(options_of(type, "{drop_empty: true}")));
  EXPECT_FALSE(type.does_drop(options_of(type, "{labels: [car]}")));
}

}  // namespace
}  // namespace penstock
