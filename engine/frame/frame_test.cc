#include "engine/frame/frame.h"

#include <array>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/frame/abandon_scope.h"
#include "engine/frame/frame_pool.h"
#include "engine/memory/buffer_pool.h"

namespace penstock {
namespace {

class FrameTest : public ::testing::Test {
 protected:
  Frame frame(std::uint64_t seq = 0) { return pool_->make({}, seq, {}); }

  StreamLedger::Totals totals() const { return books_->totals(); }

  static Image image_on(Buffer buffer) {
    Image image;
    image.buffer = std::move(buffer);
    return image;
  }

  ManualClock clock_;
  std::shared_ptr<StreamLedger> books_ = std::make_shared<StreamLedger>();
  Ref<FramePool> pool_ = FramePool::create({StreamId{3}, "door", &clock_, books_});
};

TEST_F(FrameTest, CarriesItsEnvelope) {
  Frame one = pool_->make({}, 7, {.pts = Duration(5), .wall_ns = 9});
  EXPECT_EQ(one.id(), (FrameId{StreamId{3}, 7, {}}));
  EXPECT_EQ(one.stream_name(), "door");
  EXPECT_EQ(one.time().pts, Duration(5));
  EXPECT_EQ(one.deadline(), TimePoint::max());
  one.end(Outcome::kDelivered);
}

TEST_F(FrameTest, EndsOnceAndBooksItsOutcomeAndAge) {
  Frame one = frame();
  clock_.advance(Duration(100));
  one.end(Outcome::kDelivered);
  one.end(Outcome::kFailed);
  EXPECT_FALSE(static_cast<bool>(one));
  EXPECT_EQ(totals().delivered, 1U);
  EXPECT_EQ(totals().failed, 0U);
  EXPECT_EQ(books_->latency().max(), 100U);
}

TEST_F(FrameTest, OutlivesTheRunThatItIsOfAndItsClock) {
  auto clock = std::make_unique<ManualClock>();
  auto window = InflightWindow::create(1);
  ASSERT_TRUE(window.has_value());
  Ref<FramePool> pool = FramePool::create({StreamId{3}, "door", clock.get(), books_});
  Frame kept = pool->make(*window->admit(), 7, {.pts = Duration(5), .wall_ns = 9});
  kept.set_image(image_on(Buffer::allocate(8)));
  const LabelTable labels{{"cat"}};
  kept.set_objects(std::array<Object, 1>{}, &labels);
  Frame shared = kept.share();
  clock->advance(Duration(100));
  pool->retire();
  pool.reset();
  clock.reset();
  window = Error{Errc::kUnavailable, "gone"};

  EXPECT_EQ(kept.stream_name(), "door");
  EXPECT_EQ(kept.time().pts, Duration(5));
  EXPECT_EQ(kept.objects().items.size(), 1U);
  shared.set_image(image_on(Buffer::allocate(4)));  // Takes a record of the pool.
  EXPECT_EQ(kept.image().buffer.size(), 8U);
  shared.end(Outcome::kDelivered);
  kept.end(Outcome::kDelivered);
  EXPECT_EQ(totals().delivered, 1U);
  EXPECT_EQ(books_->latency().max(), 100U);  // As old as it was when the run went.
}

TEST_F(FrameTest, UsesTheRecordsOfEndedFramesAgain) {
  Frame first = frame(0);
  Frame second = frame(1);
  const void* const records[] = {&first.time(), &second.time()};
  first.end(Outcome::kDelivered);
  second.end(Outcome::kDelivered);
  for (std::uint64_t seq = 2; seq < 5; ++seq) {
    Frame again = frame(seq);
    const void* const record = &again.time();
    EXPECT_TRUE(record == records[0] || record == records[1]) << "frame " << seq;
    again.end(Outcome::kDelivered);
  }
}

TEST_F(FrameTest, MayEndWhileItsPoolGoes) {
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    Ref<FramePool> pool = FramePool::create({StreamId{3}, "door", &clock_, books_});
    Frame one = pool->make({}, 0, {});
    Frame other = pool->make({}, 1, {});
    std::thread first([&] { one.end(Outcome::kDelivered); });
    std::thread second([&] { other.end(Outcome::kDelivered); });
    pool->retire();
    pool.reset();
    first.join();
    second.join();
  }
  EXPECT_EQ(totals().delivered, std::uint64_t{2 * kRounds});
}

TEST_F(FrameTest, EndsWithTheWorstOfItsHandlesOutcomes) {
  Frame a = frame();
  Frame b = a.share();
  Frame c = a.share();
  a.end(Outcome::kDropped, Reason::kQueueOldest);
  b.end(Outcome::kFailed, Reason::kPoison);
  EXPECT_EQ(totals().failed, 0U);  // Not before the last handle.
  c.end(Outcome::kDelivered);
  EXPECT_EQ(totals().failed, 1U);
  EXPECT_EQ(totals().by_reason[static_cast<std::size_t>(Reason::kPoison)], 1U);
}

TEST_F(FrameTest, IsLostWhenItIsDestroyedUnended) {
  { const Frame forgotten = frame(); }
  EXPECT_EQ(totals().lost, 1U);
}

TEST_F(FrameTest, IsLostWhenItIsAssignedOver) {
  Frame one = frame(0);
  one = frame(1);
  EXPECT_EQ(totals().lost, 1U);
  EXPECT_EQ(one.seq(), 1U);
  one.end(Outcome::kDelivered);
}

TEST_F(FrameTest, EndsAsItsScopeSaysWhenItGoesDownWithItsOwner) {
  AbandonScope scope(AbandonScope::When::kAlways, Outcome::kCancelled, Reason::kShutdown);
  { const Frame kept = frame(4); }
  EXPECT_EQ(totals().cancelled, 1U);
  const auto ended = scope.take_ended();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].seq, 4U);
  EXPECT_TRUE(scope.take_ended().empty());
}

TEST_F(FrameTest, EndsAsItsScopeSaysWhenAnExceptionPasses) {
  const AbandonScope scope(AbandonScope::When::kUnwinding, Outcome::kFailed, Reason::kNodeFailed);
  try {
    const Frame in_hand = frame(0);
    throw std::runtime_error("ouch");
  } catch (const std::exception&) {
  }
  { const Frame forgotten = frame(1); }
  EXPECT_EQ(totals().failed, 1U);
  EXPECT_EQ(totals().lost, 1U);  // No exception, no excuse.
}

TEST_F(FrameTest, IsLostAgainAfterTheScope) {
  { const AbandonScope scope(AbandonScope::When::kAlways, Outcome::kCancelled, Reason::kShutdown); }
  { const Frame forgotten = frame(); }
  EXPECT_EQ(totals().lost, 1U);
}

TEST_F(FrameTest, ChangesASharedPayloadForItselfOnly) {
  Frame a = frame();
  a.set_image(image_on(Buffer::allocate(8)));
  Frame b = a.share();
  EXPECT_EQ(a.image().buffer.data(), b.image().buffer.data());
  b.set_image(image_on(Buffer::allocate(4)));
  EXPECT_EQ(a.image().buffer.size(), 8U);
  EXPECT_EQ(b.image().buffer.size(), 4U);
  EXPECT_EQ(b.id(), a.id());
  a.end(Outcome::kDelivered);
  b.end(Outcome::kDelivered);
  EXPECT_EQ(totals().delivered, 1U);
}

TEST_F(FrameTest, NamesThePayloadsThatItHas) {
  Frame one = frame();
  EXPECT_FALSE(one.payloads().has(Payload::kTensors));
  std::vector<FeatureMap> maps(2);
  one.set_tensors(maps);
  EXPECT_TRUE(one.payloads().has(Payload::kTensors));
  EXPECT_EQ(one.tensors().size(), 2U);
  one.clear_tensors();
  EXPECT_FALSE(one.payloads().has(Payload::kTensors));
  one.set_objects({}, nullptr);
  EXPECT_TRUE(one.payloads().has(Payload::kObjects));  // Nothing was found: a result too.
  one.end(Outcome::kDelivered);
}

TEST_F(FrameTest, KeepsObjectsAndTheirKeypointsInItsArena) {
  Frame one = frame();
  {
    const std::array<Keypoint, 2> points = {Keypoint{{1, 2}, 0.5F}, Keypoint{{3, 4}, 1}};
    std::vector<Object> objects(1);
    objects[0].keypoints = points;
    one.set_objects(objects, nullptr);
  }
  Frame other = one.share();
  other.set_labels({}, nullptr);  // Its own payload from here; the spans are the frame's.
  one.end(Outcome::kDelivered);
  ASSERT_EQ(other.objects().items.size(), 1U);
  EXPECT_EQ(other.objects().items[0].keypoints[1].at.x, 3);
  other.set_objects(other.objects().items, nullptr);  // Also from itself.
  EXPECT_EQ(other.objects().items[0].keypoints[1].at.y, 4);
  other.end(Outcome::kDelivered);
}

TEST_F(FrameTest, CountsFailuresForEachHandle) {
  Frame a = frame();
  Frame b = a.share();
  EXPECT_EQ(a.note_failure(), 1);
  EXPECT_EQ(b.note_failure(), 1);
  EXPECT_EQ(b.note_failure(), 2);
  a.end(Outcome::kDelivered);
  b.end(Outcome::kDelivered);
}

TEST_F(FrameTest, GivesItsBuffersBackBeforeItsPlace) {
  InflightWindow window = std::move(InflightWindow::create(1)).value();
  BufferPool buffers = std::move(BufferPool::create({"b", 1, 64, MemoryKind::kHost})).value();

  struct Context {
    BufferPool* buffers;
    std::size_t in_use = 99;
  } context{&buffers};

  window.set_doorbell({[](void* self) {
                         auto* seen = static_cast<Context*>(self);
                         seen->in_use = seen->buffers->stats().in_use;
                       },
                       &context});
  Frame one = pool_->make(std::move(*window.admit()), 0, {});
  one.set_image(image_on(std::move(*buffers.acquire(8))));
  one.end(Outcome::kDelivered);
  EXPECT_EQ(context.in_use, 0U);
  EXPECT_EQ(window.in_flight(), 0U);
}

TEST_F(FrameTest, KeepsThePlaceUntilTheLastPieceHasEnded) {
  InflightWindow window = std::move(InflightWindow::create(1)).value();
  Frame parent = pool_->make(std::move(*window.admit()), 0, {});
  Frame crop = FramePool::make_child(parent, 4);
  EXPECT_EQ(crop.id().child.depth, 1);
  EXPECT_EQ(crop.id().child.indexes[0], 4);
  parent.end(Outcome::kDelivered);
  EXPECT_EQ(window.in_flight(), 1U);
  crop.end(Outcome::kDropped, Reason::kFiltered);
  EXPECT_EQ(window.in_flight(), 0U);
  EXPECT_EQ(totals().dropped, 1U);
}

TEST_F(FrameTest, OutlivesThePoolsLastReference) {
  Frame one = frame();
  pool_.reset();
  EXPECT_EQ(one.stream_name(), "door");
  one.end(Outcome::kDelivered);
  EXPECT_EQ(totals().delivered, 1U);
}

TEST_F(FrameTest, StartsCleanWhenItsRecordsAreUsedAgain) {
  Frame one = frame(0);
  one.set_image(image_on(Buffer::allocate(8)));
  one.note_failure();
  one.set_deadline(TimePoint());
  one.end(Outcome::kFailed, Reason::kPoison);
  Frame two = frame(1);
  EXPECT_EQ(two.payloads(), PayloadMask());
  EXPECT_EQ(two.deadline(), TimePoint::max());
  EXPECT_EQ(two.note_failure(), 1);
  two.end(Outcome::kDelivered);
  EXPECT_EQ(totals().delivered, 1U);
}

TEST_F(FrameTest, EndsOnManyThreads) {
  constexpr int kFrames = 2'000;
  for (int i = 0; i < kFrames; i += 100) {
    std::vector<Frame> mine;
    std::vector<Frame> theirs;
    for (int k = 0; k < 100; ++k) {
      mine.push_back(frame(static_cast<std::uint64_t>(i + k)));
      theirs.push_back(mine.back().share());
    }
    const auto end_all = [](std::vector<Frame>& frames, Outcome outcome) {
      for (Frame& one : frames) {
        one.set_objects(std::vector<Object>(20), nullptr);
        one.note_failure();
        one.end(outcome, Reason::kFiltered);
      }
    };
    std::thread other(end_all, std::ref(theirs), Outcome::kDropped);
    end_all(mine, Outcome::kDelivered);
    other.join();
  }
  EXPECT_EQ(totals().dropped, static_cast<std::uint64_t>(kFrames));
  EXPECT_EQ(totals().delivered, 0U);
}

}  // namespace
}  // namespace penstock
