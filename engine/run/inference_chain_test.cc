#include "engine/run/inference_chain.h"

#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/run/testing/port_specs.h"

namespace penstock {
namespace {

std::shared_ptr<const TensorSpec> number(const std::string& name, const Shape& shape = {1}) {
  return testing::port_spec(name, ElementType::kI32, shape);
}

std::int32_t value_of(const FeatureMap& map) {
  std::int32_t value = 0;
  std::memcpy(&value, map.data(), sizeof(value));
  return value;
}

FeatureMap map_of(const std::shared_ptr<const TensorSpec>& spec, std::int32_t value) {
  FeatureMap map = testing::port_map(spec, spec->shape);
  std::memcpy(map.mutable_data(), &value, sizeof(value));
  return map;
}

/// A model that answers when the test says so: output k is the sum of the inputs, plus 10^k.
class AskedLink final : public InferenceBackend {
 public:
  struct Job {
    InferenceJob words;
    std::vector<FeatureMap> inputs;
    std::vector<FeatureMap> outputs;
    std::uint32_t frames = 0;
    std::vector<StreamFrames> streams = {};
  };

  /// What the test keeps of it.
  struct Desk {
    std::deque<Job> jobs;
    std::deque<InferenceDone> done;
    std::vector<std::uint32_t> cancelled;
    std::optional<Error> refuses;
    std::uint32_t taken = 0;

    /// Answers the job at `index`, the others stay.
    void answer(std::size_t index = 0, Errc code = Errc::kOk) {
      Job job = std::move(jobs.at(index));
      jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(index));
      std::int32_t step = 1;
      for (FeatureMap& output : job.outputs) {
        std::int32_t sum = step;
        for (const FeatureMap& input : job.inputs) {
          sum += value_of(input);
        }
        std::memcpy(output.mutable_data(), &sum, sizeof(sum));
        step *= 10;
      }
      InferenceDone end;
      end.token = job.words.token;
      end.code = code;
      end.message = code == Errc::kOk ? "" : "as the test says";
      end.device_time = std::chrono::milliseconds(5);
      done.push_back(end);
    }
  };

  AskedLink(Desk& desk,
            std::vector<std::shared_ptr<const TensorSpec>> inputs,
            std::vector<std::shared_ptr<const TensorSpec>> outputs)
      : desk_(desk),
        inputs_(std::move(inputs)),
        outputs_(std::move(outputs)) {}

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> inputs() const override {
    return inputs_;
  }

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> outputs() const override {
    return outputs_;
  }

  [[nodiscard]] std::uint32_t slots() const override { return 4; }

  Status submit(const InferenceJob& job) override {
    if (desk_.refuses.has_value()) {
      return *desk_.refuses;
    }
    desk_.jobs.push_back(
        {job, job.maps->inputs, job.maps->outputs, job.maps->frames, job.maps->streams});
    desk_.jobs.back().words.maps.reset();
    return {};
  }

  [[nodiscard]] std::optional<InferenceDone> pop() override {
    if (desk_.done.empty()) {
      return std::nullopt;
    }
    InferenceDone done = desk_.done.front();
    desk_.done.pop_front();
    return done;
  }

  void taken(std::uint32_t frames) noexcept override { desk_.taken += frames; }

  void cancel(std::uint32_t slot) noexcept override { desk_.cancelled.push_back(slot); }

 private:
  Desk& desk_;
  std::vector<std::shared_ptr<const TensorSpec>> inputs_;
  std::vector<std::shared_ptr<const TensorSpec>> outputs_;
};

/// picture -> [pre: a, b] -> b [core: c] -> c [post: boxes], with four slots.
class InferenceChainTest : public ::testing::Test {
 protected:
  InferenceChainTest() {
    std::vector<InferenceChain::Link> links(3);
    links[0].name = "graph 'pre.onnx'";
    links[0].backend = link(pre_, {number("picture")}, {number("a"), number("b")});
    links[1].backend = link(core_, {number("b")}, {number("c")});
    links[1].takes = {1};
    links[2].name = "graph 'post.onnx'";
    links[2].backend = link(post_, {number("c")}, {number("boxes")});
    links[2].takes = {0};
    chain_ = InferenceChain::create(std::move(links), 4).value();
  }

  static std::unique_ptr<InferenceBackend> link(
      AskedLink::Desk& desk,
      std::vector<std::shared_ptr<const TensorSpec>> inputs,
      std::vector<std::shared_ptr<const TensorSpec>> outputs) {
    return std::make_unique<AskedLink>(desk, std::move(inputs), std::move(outputs));
  }

  /// Submits `value` in `slot`, with a token that is the slot's and nobody else's.
  Status submit(std::uint32_t slot, std::int32_t value) {
    results_[slot] = map_of(chain_->outputs()[0], 0);
    InferenceJob job;
    job.slot = slot;
    job.token = 700 + slot;
    job.maps = JobMaps::create({map_of(chain_->inputs()[0], value)}, {results_[slot]});
    job.stream = StreamId{3};
    job.maps->frames = 2;
    job.maps->streams = {{StreamId{3}, 1}, {StreamId{4}, 1}};
    job.deadline = TimePoint(std::chrono::seconds(9));
    return chain_->submit(job);
  }

  /// Takes frame after frame through all links.
  InferenceDone run(std::uint32_t slot, std::int32_t value) {
    EXPECT_TRUE(submit(slot, value).has_value());
    for (AskedLink::Desk* desk : {&pre_, &core_, &post_}) {
      desk->answer();
      if (desk != &post_) {
        EXPECT_FALSE(chain_->pop().has_value());
      }
    }
    return chain_->pop().value();
  }

  AskedLink::Desk pre_;
  AskedLink::Desk core_;
  AskedLink::Desk post_;
  std::unique_ptr<InferenceChain> chain_;
  std::array<FeatureMap, 4> results_;
};

TEST_F(InferenceChainTest, TakesAFrameThroughAllLinks) {
  EXPECT_EQ(chain_->inputs()[0]->name, "picture");
  EXPECT_EQ(chain_->outputs()[0]->name, "boxes");
  EXPECT_EQ(chain_->slots(), 4U);
  const InferenceDone done = run(2, 1000);
  EXPECT_EQ(done.code, Errc::kOk) << done.message;
  EXPECT_EQ(done.token, 702U);
  EXPECT_EQ(done.frames, 2U);
  EXPECT_EQ(done.device_time, std::chrono::milliseconds(15));
  EXPECT_EQ(value_of(results_[2]), 1000 + 10 + 1 + 1);  // pre's second output, core's, post's.
}

TEST_F(InferenceChainTest, TellsEachLinkWhoseFrameItIs) {
  ASSERT_TRUE(submit(1, 0).has_value());
  pre_.answer();
  EXPECT_FALSE(chain_->pop().has_value());
  const InferenceJob& job = core_.jobs.at(0).words;
  EXPECT_EQ(job.slot, 1U);
  EXPECT_EQ(job.stream, StreamId{3});
  EXPECT_EQ(core_.jobs.at(0).frames, 2U);
  EXPECT_EQ(core_.jobs.at(0).streams,
            (std::vector<StreamFrames>{{StreamId{3}, 1}, {StreamId{4}, 1}}));
  EXPECT_EQ(job.deadline, TimePoint(std::chrono::seconds(9)));
}

TEST_F(InferenceChainTest, KeepsFramesInSeveralLinksAtOnce) {
  for (std::uint32_t slot = 0; slot < 4; ++slot) {
    ASSERT_TRUE(submit(slot, static_cast<std::int32_t>(slot) * 1000).has_value());
  }
  pre_.answer(1);  // In any order.
  pre_.answer(2);
  EXPECT_FALSE(chain_->pop().has_value());
  core_.answer(1);
  EXPECT_FALSE(chain_->pop().has_value());
  EXPECT_EQ(pre_.jobs.size(), 2U);
  EXPECT_EQ(core_.jobs.size(), 1U);
  EXPECT_EQ(post_.jobs.size(), 1U);
  post_.answer();
  EXPECT_EQ(chain_->pop().value().token, 703U);
  EXPECT_EQ(value_of(results_[3]), 3012);
}

TEST_F(InferenceChainTest, EndsAFrameWhereItFailsAndNamesTheLink) {
  ASSERT_TRUE(submit(0, 0).has_value());
  ASSERT_TRUE(submit(1, 0).has_value());
  pre_.answer(0, Errc::kInternal);
  pre_.answer(0);
  const InferenceDone done = chain_->pop().value();
  EXPECT_EQ(done.token, 700U);
  EXPECT_EQ(done.code, Errc::kInternal);
  EXPECT_EQ(done.message, "graph 'pre.onnx': as the test says");
  EXPECT_FALSE(chain_->pop().has_value());
  EXPECT_EQ(core_.jobs.size(), 1U) << "the other frame goes on";
  EXPECT_EQ(run(0, 5).code, Errc::kOk) << "the slot is free again";
}

TEST_F(InferenceChainTest, AddsNoNameWhereALinkHasNone) {
  ASSERT_TRUE(submit(0, 0).has_value());
  pre_.answer();
  EXPECT_FALSE(chain_->pop().has_value());
  core_.answer(0, Errc::kDeviceLost);
  const InferenceDone done = chain_->pop().value();
  EXPECT_EQ(done.code, Errc::kDeviceLost);
  EXPECT_EQ(done.message, "as the test says");
}

TEST_F(InferenceChainTest, EndsAFrameThatTheNextLinkRefuses) {
  ASSERT_TRUE(submit(0, 0).has_value());
  post_.refuses = Error{Errc::kUnavailable, "closed"};
  pre_.answer();
  EXPECT_FALSE(chain_->pop().has_value());
  core_.answer();
  const InferenceDone done = chain_->pop().value();
  EXPECT_EQ(done.code, Errc::kUnavailable);
  EXPECT_EQ(done.message, "graph 'post.onnx': closed");
}

TEST_F(InferenceChainTest, StartsNothingWhereTheFirstLinkRefuses) {
  pre_.refuses = Error{Errc::kInvalidArgument, "no picture"};
  EXPECT_EQ(submit(0, 0).error().message, "graph 'pre.onnx': no picture");
  pre_.refuses.reset();
  EXPECT_EQ(run(0, 5).code, Errc::kOk);
}

TEST_F(InferenceChainTest, PassesOnThatAFrameWasDropped) {
  ASSERT_TRUE(submit(0, 0).has_value());
  pre_.answer();
  EXPECT_FALSE(chain_->pop().has_value());
  core_.answer();
  core_.done.back().dropped_by = Reason::kDeadline;
  const InferenceDone done = chain_->pop().value();
  EXPECT_EQ(done.dropped_by, Reason::kDeadline);
  EXPECT_TRUE(post_.jobs.empty());
}

TEST_F(InferenceChainTest, TakesResultsThatLieInOtherMapsThanTheJobs) {
  // As a link gives them whose device was given up, and may still write into the job's.
  ASSERT_TRUE(submit(0, 0).has_value());
  pre_.answer();
  EXPECT_FALSE(chain_->pop().has_value());
  core_.answer();
  core_.done.back().maps = JobMaps::create({}, {map_of(number("c"), 41)});
  EXPECT_FALSE(chain_->pop().has_value());
  EXPECT_EQ(value_of(post_.jobs.at(0).inputs.at(0)), 41) << "not what lies in the job's maps";
  post_.answer();
  post_.done.back().maps = JobMaps::create({}, {map_of(number("boxes"), 77)});
  const InferenceDone done = chain_->pop().value();
  ASSERT_EQ(done.code, Errc::kOk) << done.message;
  ASSERT_TRUE(done.maps) << "passed on to the station";
  EXPECT_EQ(value_of(done.maps->outputs.at(0)), 77);
  // The slot's next frame lies in maps of its own again.
  EXPECT_EQ(run(0, 1000).code, Errc::kOk);
  EXPECT_EQ(value_of(results_[0]), 1000 + 10 + 1 + 1);
}

TEST_F(InferenceChainTest, CountsResultsOfAllLinksUntilTheLastIsTaken) {
  EXPECT_EQ(run(0, 0).code, Errc::kOk);
  EXPECT_EQ(pre_.taken + core_.taken + post_.taken, 0U);
  chain_->taken(2);
  EXPECT_EQ(pre_.taken, 2U);
  EXPECT_EQ(core_.taken, 2U);
  EXPECT_EQ(post_.taken, 2U);
}

TEST_F(InferenceChainTest, LetsGoOfResultsOfAFrameThatFails) {
  ASSERT_TRUE(submit(0, 0).has_value());
  pre_.answer();
  EXPECT_FALSE(chain_->pop().has_value());
  core_.answer(0, Errc::kInternal);
  EXPECT_EQ(chain_->pop().value().code, Errc::kInternal);
  EXPECT_EQ(pre_.taken, 2U) << "nobody will say it else";
  EXPECT_EQ(core_.taken, 0U) << "it gave none";
}

TEST_F(InferenceChainTest, CancelsAFrameInTheLinkWhereItIs) {
  ASSERT_TRUE(submit(3, 0).has_value());
  pre_.answer();
  EXPECT_FALSE(chain_->pop().has_value());
  chain_->cancel(3);
  EXPECT_TRUE(pre_.cancelled.empty());
  EXPECT_EQ(core_.cancelled, std::vector<std::uint32_t>{3});
  core_.answer();  // It was too late to end it there.
  EXPECT_EQ(chain_->pop().value().code, Errc::kCancelled);
  EXPECT_TRUE(post_.jobs.empty());
}

TEST_F(InferenceChainTest, WritesBetweenLinksIntoTheSameMemoryAgain) {
  std::set<const std::byte*> seen;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(submit(0, i).has_value());
    for (const FeatureMap& map : pre_.jobs.at(0).outputs) {
      seen.insert(map.data());
    }
    pre_.answer();
    EXPECT_FALSE(chain_->pop().has_value());
    seen.insert(core_.jobs.at(0).outputs[0].data());
    core_.answer();
    EXPECT_FALSE(chain_->pop().has_value());
    post_.answer();
    EXPECT_EQ(chain_->pop().value().code, Errc::kOk);
  }
  EXPECT_EQ(seen.size(), 3U);  // Two outputs of the first link, one of the second.
}

TEST(InferenceChain, RefusesWhatDoesNotFitTogether) {
  AskedLink::Desk desk;
  const auto chain_of = [&](Shape between, std::vector<std::size_t> takes) {
    std::vector<InferenceChain::Link> links(2);
    links[0].name = "first";
    links[0].backend = std::make_unique<AskedLink>(
        desk,
        std::vector<std::shared_ptr<const TensorSpec>>{number("a")},
        std::vector<std::shared_ptr<const TensorSpec>>{number("b", between)});
    links[1].name = "second";
    links[1].backend =
        std::make_unique<AskedLink>(desk,
                                    std::vector<std::shared_ptr<const TensorSpec>>{number("b")},
                                    std::vector<std::shared_ptr<const TensorSpec>>{number("c")});
    links[1].takes = std::move(takes);
    return InferenceChain::create(std::move(links), 1);
  };
  EXPECT_TRUE(chain_of({1}, {0}).has_value());
  EXPECT_EQ(chain_of({1}, {}).error().message, "second: takes 0 of 1 tensors for 1 inputs");
  EXPECT_EQ(chain_of({1}, {1}).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(chain_of({Shape::kDynamic}, {0}).error().message,
            "first: output 'b' has the open shape ?; what comes next wants a fixed one");
}

}  // namespace
}  // namespace penstock
