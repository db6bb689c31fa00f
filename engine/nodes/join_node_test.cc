#include "engine/nodes/join_node.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/frame/frame_pool.h"
#include "engine/nodes/label_tables.h"
#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/type_options.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using testing::NodeBench;
using testing::options_of;

class JoinNodeTest : public ::testing::Test {
 protected:
  void start(const std::string& yaml,
             bool is_live = false,
             const std::vector<PayloadSet>& brings = {},
             const LabelTables& tables = {}) {
    const OptionValues options = options_of(join_type(), yaml);
    NodeArgs args;
    args.options = &options;
    args.inputs = brings.empty() ? 2 : brings.size();
    args.brings = brings;
    args.label_tables = tables;
    args.is_live = is_live;
    auto made = JoinNode::make(args);
    ASSERT_TRUE(made.has_value());
    node_ = std::move(made).value();
    ASSERT_TRUE(bench_.open(*node_).has_value());
  }

  Status enter(std::size_t port, Frame& frame) {
    return node_->process_from(port, frame, bench_.emit);
  }

  void closing(const FrameId& parent, std::uint32_t pieces) {
    EXPECT_TRUE(node_->note_from(1, ClosingRecord{parent, pieces}, bench_.emit).has_value());
  }

  static std::vector<Object> objects(std::initializer_list<float> scores) {
    std::vector<Object> all;
    for (const float score : scores) {
      all.push_back({{0, 0, 10, 10}, score, 1, 0, {}});
    }
    return all;
  }

  static std::vector<float> scores(const Frame& frame) {
    std::vector<float> all;
    for (const Object& object : frame.objects().items) {
      all.push_back(object.score);
    }
    return all;
  }

  NodeBench bench_;
  std::unique_ptr<Node> node_;
  LabelTable people_{{"background", "person"}};
};

TEST_F(JoinNodeTest, GivesTheBaseTheResultsThatItLacks) {
  start("{}");
  Frame base = bench_.frame(0);
  Frame other = base.share();
  base.set_labels(std::vector<Label>{{7, 0.5F}}, nullptr);
  other.set_objects(objects({0.9F}), &people_);
  other.set_labels(std::vector<Label>{{8, 0.5F}}, nullptr);
  EXPECT_TRUE(enter(0, base).has_value());
  EXPECT_TRUE(bench_.emit.sent.empty());
  EXPECT_TRUE(enter(1, other).has_value());
  ASSERT_EQ(bench_.emit.sent.size(), 1U);
  const Frame& joined = bench_.emit.sent.front();
  EXPECT_EQ(scores(joined), std::vector<float>({0.9F}));
  EXPECT_EQ(joined.objects().labels, &people_);
  EXPECT_EQ(joined.labels().items.front().id, 7);
}

TEST_F(JoinNodeTest, PutsTogetherWhatThePiecesBringInTheirOrder) {
  start("{}");
  Frame base = bench_.frame(0);
  const FrameId id = base.id();
  Frame first = FramePool::make_child(base, 0);
  Frame second = FramePool::make_child(base, 1);
  first.set_objects(objects({0.1F, 0.2F}), &people_);
  second.set_objects(objects({0.3F}), &people_);
  EXPECT_TRUE(enter(0, base).has_value());
  EXPECT_TRUE(enter(1, second).has_value());
  EXPECT_TRUE(enter(1, first).has_value());
  EXPECT_TRUE(bench_.emit.sent.empty());
  closing(id, 2);
  ASSERT_EQ(bench_.emit.sent.size(), 1U);
  EXPECT_EQ(scores(bench_.emit.sent.front()), std::vector<float>({0.1F, 0.2F, 0.3F}));
}

TEST_F(JoinNodeTest, KeepsTheNamesOfResultsWhoseTablesDiffer) {
  start("{}");
  const LabelTable faces{{"face", "person"}};
  for (int round = 0; round < 2; ++round) {
    Frame base = bench_.frame(static_cast<std::uint64_t>(round));
    const FrameId id = base.id();
    Frame first = FramePool::make_child(base, 0);
    Frame second = FramePool::make_child(base, 1);
    Frame third = FramePool::make_child(base, 2);
    first.set_objects(objects({0.1F}), &people_);
    first.set_labels(std::vector<Label>{{0, 0.5F}}, &people_);
    second.set_objects(objects({0.2F}), &faces);
    second.set_labels(std::vector<Label>{{0, 0.25F}}, &faces);
    third.set_objects(objects({0.3F}), nullptr);
    bench_.emit.sent.clear();
    EXPECT_TRUE(enter(0, base).has_value());
    EXPECT_TRUE(enter(1, first).has_value());
    EXPECT_TRUE(enter(1, second).has_value());
    EXPECT_TRUE(enter(1, third).has_value());
    closing(id, 3);
    ASSERT_EQ(bench_.emit.sent.size(), 1U);
    const Frame& joined = bench_.emit.sent.front();
    ASSERT_EQ(scores(joined), std::vector<float>({0.1F, 0.2F, 0.3F}));
    std::vector<std::string> names;
    for (const Object& object : joined.objects().items) {
      names.push_back(joined.objects().labels->name_of(object.label));
    }
    EXPECT_EQ(names, std::vector<std::string>({"person", "person", "1"}));
    ASSERT_EQ(joined.labels().items.size(), 2U);
    EXPECT_EQ(joined.labels().labels->name_of(joined.labels().items[0].id), "background");
    EXPECT_EQ(joined.labels().labels->name_of(joined.labels().items[1].id), "face");
  }
}

TEST_F(JoinNodeTest, GivesANameOneIdFromTheFirstFrameOnWhereTheTablesAreKnown) {
  start("{}",
        false,
        {},
        {{payload::kObjects, {{"background", "person"}, {"face"}}},
         {payload::kLabels, {{"young", "old"}, {"sad"}}}});
  const LabelTable* const faces = intern_labels({"face"});
  const LabelTable* const moods = intern_labels({"sad"});
  Frame base = bench_.frame(0);
  Frame other = base.share();
  other.set_objects(std::vector<Object>{{{0, 0, 10, 10}, 0.5F, 0, 0, {}}}, faces);
  other.set_labels(std::vector<Label>{{0, 0.5F}}, moods);
  EXPECT_TRUE(enter(0, base).has_value());
  EXPECT_TRUE(enter(1, other).has_value());
  ASSERT_EQ(bench_.emit.sent.size(), 1U);
  const Frame& joined = bench_.emit.sent.front();
  EXPECT_EQ(joined.objects().items[0].label, 2) << "behind the two of the other table";
  EXPECT_EQ(joined.objects().labels, intern_labels({"background", "person", "face"}));
  EXPECT_EQ(joined.labels().items[0].id, 2);
  EXPECT_EQ(joined.labels().labels, intern_labels({"young", "old", "sad"}));
}

TEST_F(JoinNodeTest, KeepsTheOnlyTableThatIsKnown) {
  start("{}", false, {}, {{payload::kObjects, {{"background", "person"}}}});
  const LabelTable* const people = intern_labels({"background", "person"});
  Frame base = bench_.frame(0);
  Frame other = base.share();
  other.set_objects(objects({0.5F}), people);
  EXPECT_TRUE(enter(0, base).has_value());
  EXPECT_TRUE(enter(1, other).has_value());
  ASSERT_EQ(bench_.emit.sent.size(), 1U);
  EXPECT_EQ(bench_.emit.sent.front().objects().labels, people);
}

TEST_F(JoinNodeTest, TakesTheObjectsOfSeveralActorsAndThoseOfOneOnce) {
  const PayloadSet found = {payload::kObjects};
  start("{}", false, {found, found, {}, found});
  const LabelTable faces{{"face"}};
  Frame base = bench_.frame(0);
  Frame second = base.share();
  Frame third = base.share();
  Frame fourth = base.share();
  base.set_objects(objects({0.1F}), &people_);
  second.set_objects(std::vector<Object>{{{0, 0, 10, 10}, 0.2F, 0, 0, {}}}, &faces);
  third.set_objects(objects({0.1F, 0.05F}), &people_);  // Those of the base, with more of them.
  fourth.set_objects(objects({0.3F}), &people_);
  EXPECT_TRUE(enter(0, base).has_value());
  EXPECT_TRUE(enter(1, second).has_value());
  EXPECT_TRUE(enter(2, third).has_value());
  EXPECT_TRUE(enter(3, fourth).has_value());
  ASSERT_EQ(bench_.emit.sent.size(), 1U);
  const Frame& joined = bench_.emit.sent.front();
  EXPECT_EQ(scores(joined), std::vector<float>({0.1F, 0.2F, 0.3F}));
  EXPECT_EQ(joined.objects().labels->name_of(joined.objects().items[1].label), "face");
  EXPECT_EQ(joined.objects().labels->name_of(joined.objects().items[2].label), "person");
}

TEST_F(JoinNodeTest, TakesTheObjectsOfTheNextBranchWhereTheFirstIsMissing) {
  const PayloadSet found = {payload::kObjects};
  start("{}", false, {{}, found, {}});
  Frame base = bench_.frame(0);
  Frame third = base.share();
  third.set_objects(objects({0.4F}), &people_);
  EXPECT_TRUE(enter(0, base).has_value());
  EXPECT_TRUE(enter(2, third).has_value());
  const Tombstone gone{StreamId{0}, 0, 0, {}, Reason::kFiltered};
  EXPECT_TRUE(node_->note_from(1, gone, bench_.emit).has_value());
  ASSERT_EQ(bench_.emit.sent.size(), 1U);
  EXPECT_EQ(scores(bench_.emit.sent.front()), std::vector<float>({0.4F}));
}

TEST_F(JoinNodeTest, PassesABaseOnWhoseOtherPartEnded) {
  start("{}");
  Frame base = bench_.frame(0);
  EXPECT_TRUE(enter(0, base).has_value());
  const Tombstone gone{StreamId{0}, 0, 0, {}, Reason::kFiltered};
  EXPECT_TRUE(node_->note_from(1, gone, bench_.emit).has_value());
  EXPECT_EQ(bench_.emit.sent.size(), 1U);
  EXPECT_TRUE(bench_.emit.announced.empty());
}

TEST_F(JoinNodeTest, AnnouncesTheEndOfAFrameWhoseBaseEnded) {
  start("{}");
  Frame part = bench_.frame(0);
  EXPECT_TRUE(enter(1, part).has_value());
  const Tombstone gone{StreamId{0}, 0, 0, {}, Reason::kFiltered};
  EXPECT_TRUE(node_->note_from(0, gone, bench_.emit).has_value());
  EXPECT_TRUE(bench_.emit.sent.empty());
  EXPECT_EQ(bench_.emit.announced, std::vector<Tombstone>({gone}));
}

TEST_F(JoinNodeTest, WaitsForEverWhereAllSourcesAreLossless) {
  start("{}");
  Frame base = bench_.frame(0);
  EXPECT_TRUE(enter(0, base).has_value());
  EXPECT_EQ(node_->wake_at(), std::nullopt);
  EXPECT_TRUE(node_->flush(StreamId{0}, bench_.emit).has_value());
  EXPECT_EQ(bench_.emit.sent.size(), 1U);
}

TEST_F(JoinNodeTest, Waits200MillisecondsWhereASourceIsLive) {
  start("{}", /*is_live=*/true);
  Frame base = bench_.frame(0);
  EXPECT_TRUE(enter(0, base).has_value());
  EXPECT_EQ(node_->wake_at(), bench_.clock.now() + milliseconds(200));
  bench_.clock.advance(milliseconds(200));
  EXPECT_TRUE(node_->on_time(bench_.emit).has_value());
  EXPECT_EQ(bench_.emit.sent.size(), 1U);
  EXPECT_EQ(node_->wake_at(), std::nullopt);
}

TEST_F(JoinNodeTest, DropsWhatIsLateWhereToldSo) {
  start("{timeout: 50ms, late: drop}");
  Frame base = bench_.frame(0);
  EXPECT_TRUE(enter(0, base).has_value());
  bench_.clock.advance(milliseconds(50));
  EXPECT_TRUE(node_->on_time(bench_.emit).has_value());
  EXPECT_TRUE(bench_.emit.sent.empty());
  ASSERT_EQ(bench_.emit.announced.size(), 1U);
  EXPECT_EQ(bench_.emit.announced.front().reason, Reason::kTimeout);
}

TEST_F(JoinNodeTest, HasNoTimeoutWhereNoneIsWritten) {
  start("{timeout: none}", /*is_live=*/true);
  Frame base = bench_.frame(0);
  EXPECT_TRUE(enter(0, base).has_value());
  EXPECT_EQ(node_->wake_at(), std::nullopt);
  EXPECT_TRUE(node_->flush(StreamId{0}, bench_.emit).has_value());
}

TEST_F(JoinNodeTest, RefusesPiecesOnItsFirstInput) {
  start("{}");
  Frame parent = bench_.frame(0);
  Frame piece = FramePool::make_child(parent, 0);
  EXPECT_TRUE(enter(1, parent).has_value());
  EXPECT_EQ(enter(0, piece).error().code, Errc::kUnsupported);
  piece.end(Outcome::kFailed, Reason::kNodeFailed);
  ASSERT_EQ(bench_.emit.announced.size(), 1U);  // And its other part has been given back.
}

TEST_F(JoinNodeTest, RefusesToBeMadeWithOneInput) {
  const OptionValues options = options_of(join_type());
  NodeArgs args;
  args.options = &options;
  EXPECT_EQ(JoinNode::make(args).error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace penstock
