#include "engine/run/station.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/memory/buffer_pool.h"
#include "engine/run/testing/fake_device.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

using testing::FakeDevice;
using testing::scripted;
using testing::VirtualGraph;
using Answer = FakeDevice::Answer;
using Job = FakeDevice::Job;
using Kind = RunEvent::Kind;
using Order = Supervised::Order;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// What the tests put into a frame's only tensor.
std::int32_t number_of(StreamId stream, std::uint64_t seq) {
  return (static_cast<std::int32_t>(stream) * 1000) + static_cast<std::int32_t>(seq);
}

/// For each stream: source -> a node that makes the tensor -> the station -> a sink.
class StationWorld {
 public:
  struct Setup {
    std::uint32_t streams = 1;
    std::uint64_t frames = 8;
    std::uint32_t window = 4;
    std::optional<Duration> period = {};  ///< Of a live source; nothing: a file.
    std::optional<Duration> deadline = {};
    std::uint32_t out_queue = 4;
    std::uint32_t batch = 1;
    Duration batch_wait = milliseconds(10);
    std::uint32_t frames_per_stream = 0;
    std::uint64_t seed = 0;
    /// The frames that come without a tensor.
    std::function<bool(StreamId, std::uint64_t)> bare = {};
  };

  StationWorld(Setup setup, FakeDevice::Options device)
      : setup_(std::move(setup)),
        graph_(setup_.seed) {
    device.batch = setup_.batch;
    device_ = std::make_unique<FakeDevice>(graph_.runner(), graph_.clock(), std::move(device));
    pool_ = std::make_unique<BufferPool>(
        std::move(BufferPool::create({"tensors", 4096, 64, MemoryKind::kHost})).value());
    one_ = std::make_shared<TensorSpec>(*device_->spec());
    one_->shape.set(0, 1);
    outputs_.resize(setup_.streams);
    tombstones_.resize(setup_.streams);
    build();
  }

  /// Answers each failure of the station after a second: `times` restarts, then gives up.
  void supervise(int times) {
    graph_.events().on_event = [this, times, done = 0](const RunEvent& event) mutable {
      if (event.kind == Kind::kFailed) {
        auto* failed = static_cast<Supervised*>(event.runnable);
        const Order order = done++ < times ? Order::kRestart : Order::kGiveUp;
        graph_.runner().at(graph_.clock().now() + seconds(1),
                           [failed, order] { failed->order(order); });
      }
    };
  }

  /// All ended, in order, with the right values, and everything came back.
  void expect_finished() {
    EXPECT_TRUE(graph_.all_finished());
    EXPECT_EQ(device_->alive(), 0);
    EXPECT_EQ(device_books_->in_flight.load(), 0U);
    EXPECT_EQ(pool_->stats().in_use, 0U);
    for (std::uint32_t s = 0; s < setup_.streams; ++s) {
      EXPECT_EQ(testing::imbalance(totals(s)), "") << "stream " << s;
      EXPECT_EQ(graph_.pump(s).in_flight(), 0U) << "stream " << s;
      EXPECT_EQ(totals(s).delivered, outputs_[s].size()) << "stream " << s;
    }
    expect_order();
  }

  void expect_order() {
    for (std::uint32_t s = 0; s < setup_.streams; ++s) {
      EXPECT_TRUE(std::is_sorted(outputs_[s].begin(), outputs_[s].end())) << "stream " << s;
      EXPECT_TRUE(std::adjacent_find(outputs_[s].begin(), outputs_[s].end()) == outputs_[s].end())
          << "stream " << s << " has a frame twice";
    }
    EXPECT_EQ(wrong_values_, 0);
  }

  bool run() { return graph_.run(); }

  VirtualGraph& graph() { return graph_; }

  FakeDevice& device() { return *device_; }

  Station& station() { return *station_; }

  DeviceLedger& device_books() { return *device_books_; }

  NodeLedger& node_books() { return *node_books_; }

  StreamLedger::Totals totals(std::uint32_t stream = 0) { return graph_.books(stream).totals(); }

  std::uint64_t ended_by(Reason reason, std::uint32_t stream = 0) {
    return totals(stream).by_reason[static_cast<std::size_t>(reason)];
  }

  /// The numbers of the frames that the sink of `stream` was given.
  const std::vector<std::uint64_t>& outputs(std::uint32_t stream = 0) { return outputs_[stream]; }

  const std::vector<Tombstone>& tombstones(std::uint32_t stream = 0) { return tombstones_[stream]; }

  [[nodiscard]] std::size_t buffers_in_use() const { return pool_->stats().in_use; }

 private:
  void build() {
    Station::Options options;
    std::vector<std::size_t> ins;
    std::vector<std::size_t> outs;
    for (std::uint32_t s = 0; s < setup_.streams; ++s) {
      const StreamId stream{s};
      const auto raw = graph_.edge(4);
      ins.push_back(graph_.edge(4));
      outs.push_back(graph_.edge(setup_.out_queue));
      graph_.source({.stream = stream,
                     .script = {.count = setup_.frames,
                                .period = setup_.period.value_or(milliseconds(40)),
                                .live = setup_.period.has_value()},
                     .window = setup_.window,
                     .deadline = setup_.deadline,
                     .outputs = {{raw}}});
      graph_.segment(
          {.nodes = {tensor_maker()}, .inputs = {{raw, 0, {stream}}}, .outputs = {{ins.back()}}});
      graph_.segment({.nodes = {sink(s)}, .inputs = {{outs.back(), 0, {stream}}}});
      options.inputs.push_back({&graph_.ring(ins.back()), {stream}});
      options.outputs.push_back({&graph_.ring(outs.back()), 0, stream});
    }
    options.name = "detect";
    options.make = device_->factory();
    options.clock = &graph_.clock();
    options.batch_size = setup_.batch;
    options.batch_wait = setup_.batch_wait;
    options.frames_per_stream = setup_.frames_per_stream;
    options.max_frames = setup_.streams * setup_.window;
    options.node_ledger = node_books_;
    options.device_ledger = device_books_;
    auto station = std::make_unique<Station>(std::move(options));
    station_ = station.get();
    graph_.add(std::move(station), ins, outs);
  }

  NodeFactory tensor_maker() {
    return testing::processing([this](Frame& frame, Emit& /*emit*/) -> Status {
      if (setup_.bare && setup_.bare(frame.stream(), frame.seq())) {
        return {};
      }
      auto buffer = pool_->acquire(sizeof(std::int32_t));
      const std::int32_t number = number_of(frame.stream(), frame.seq());
      std::memcpy(buffer->mutable_data(), &number, sizeof number);
      PENSTOCK_ASSIGN_OR_RETURN(FeatureMap map,
                                make_feature_map(one_, one_->shape, std::move(*buffer)));
      map.to_source = Affine{2, 0, 3, 0, 2, static_cast<float>(frame.seq())};
      frame.set_tensors({&map, 1});
      return {};
    });
  }

  NodeFactory sink(std::uint32_t stream) {
    return scripted({.process = [this, stream](std::size_t, Frame& frame, Emit&) -> Status {
                       outputs_[stream].push_back(frame.seq());
                       check(frame);
                       return {};
                     },
                     .note = [this, stream](const ControlRecord& record, Emit&) -> Status {
                       if (const auto* t = std::get_if<Tombstone>(&record)) {
                         tombstones_[stream].push_back(*t);
                       }
                       return {};
                     }});
  }

  void check(const Frame& frame) {
    const auto maps = frame.tensors();
    if (maps.size() != 1 || maps[0].shape != Shape{1, 1} ||
        maps[0].as<std::int32_t>()[0] !=
            number_of(frame.stream(), frame.seq()) + FakeDevice::kAdded ||
        maps[0].to_source != Affine{2, 0, 3, 0, 2, static_cast<float>(frame.seq())}) {
      ++wrong_values_;
    }
  }

  Setup setup_;
  std::unique_ptr<BufferPool> pool_;
  std::shared_ptr<NodeLedger> node_books_ = std::make_shared<NodeLedger>();
  std::shared_ptr<DeviceLedger> device_books_ = std::make_shared<DeviceLedger>();
  std::shared_ptr<TensorSpec> one_;
  std::unique_ptr<FakeDevice> device_;  // The station's backends go before it.
  VirtualGraph graph_;
  Station* station_ = nullptr;
  std::vector<std::vector<std::uint64_t>> outputs_;
  std::vector<std::vector<Tombstone>> tombstones_;
  int wrong_values_ = 0;
};

std::vector<std::uint64_t> upto(std::uint64_t count) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < count; ++i) {
    numbers.push_back(i);
  }
  return numbers;
}

TEST(Station, ReplacesTheTensorsByTheModelsOutputs) {
  StationWorld world({}, {});
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.outputs(), upto(8));
  world.expect_finished();
  EXPECT_EQ(world.device_books().inferences.load(), 8U);
  EXPECT_EQ(world.node_books().processed.load(), 8U);
  EXPECT_EQ(world.graph().events().count(Kind::kOpened), 4U);
}

TEST(Station, KeepsEverySlotOfTheDeviceBusyAndNoMore) {
  StationWorld world({.frames = 20, .window = 8}, {.slots = 3});
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.device().most_in_flight(), 3U);
  // 20 jobs of 10 ms on 3 slots: 7 rounds, during which the device is always busy.
  EXPECT_EQ(world.device_books().busy_ns.load(), 70'000'000U);
}

TEST(Station, KeepsTheOrderOfAStreamWhateverTheDeviceFinishesFirst) {
  StationWorld world({.frames = 12, .window = 6},
                     {.slots = 4, .answer = [](const Job& job) {
                        return Answer{.after = milliseconds(50 - job.number % 4 * 10)};
                      }});
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.outputs(), upto(12));
  world.expect_finished();
}

TEST(Station, LetsOneStreamPassAnotherWhoseJobIsSlow) {
  StationWorld world({.streams = 2, .frames = 4},
                     {.slots = 2, .answer = [](const Job& job) {
                        return Answer{.after = milliseconds(job.values[0] == 0 ? 500 : 10)};
                      }});
  EXPECT_TRUE(world.graph().run_until(milliseconds(400)));
  EXPECT_EQ(world.outputs(0).size(), 0U);
  EXPECT_EQ(world.outputs(1), upto(4));
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.outputs(0), upto(4));
  world.expect_finished();
}

TEST(Station, LeavesRoomForAStreamBesideOneWhoseFramesWaitBehindTheBackend) {
  // As a scheduler does that serves stream 1 only: without a bound stream 0 would take all slots.
  StationWorld world(
      {.streams = 2, .frames = 6, .frames_per_stream = 2},
      {.slots = 4, .answer = [](const Job& job) {
         return Answer{.after = job.values[0] < 1000 ? seconds(10) : Duration(milliseconds(10))};
       }});
  EXPECT_TRUE(world.graph().run_until(seconds(9)));
  EXPECT_EQ(world.outputs(0).size(), 0U);
  EXPECT_EQ(world.outputs(1), upto(6));
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(0), upto(6));
}

TEST(Station, FillsABatchFromSeveralStreams) {
  StationWorld world({.streams = 4, .frames = 6, .batch = 4}, {.slots = 1});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.device_books().inferences.load(), 6U);
  EXPECT_EQ(world.device_books().frames.load(), 24U);
}

TEST(Station, TakesTheStreamsInTurn) {
  StationWorld world({.streams = 3, .frames = 10, .window = 8}, {.slots = 1});
  EXPECT_TRUE(world.run());
  std::vector<std::int32_t> of_stream(3);
  for (std::size_t i = 0; i < 15; ++i) {  // While all three have something.
    ++of_stream[static_cast<std::size_t>(world.device().jobs()[i].values[0] / 1000)];
  }
  EXPECT_NEAR(of_stream[0], 5, 1);
  EXPECT_NEAR(of_stream[1], 5, 1);
  EXPECT_NEAR(of_stream[2], 5, 1);
}

TEST(Station, SendsAPartialBatchWhenItsOldestFrameHasWaited) {
  // A frame every 40 ms, batches of 4, a wait of 100 ms: the frames at 0, 40 and 80 go at 100.
  StationWorld world({.frames = 6,
                      .window = 4,
                      .period = milliseconds(40),
                      .batch = 4,
                      .batch_wait = milliseconds(100)},
                     {});
  const TimePoint start = world.graph().clock().now();
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), upto(6));
  ASSERT_EQ(world.device().jobs().size(), 2U);
  EXPECT_EQ(world.device().jobs()[0].at - start, milliseconds(100));
  EXPECT_EQ(world.device().jobs()[1].at - start, milliseconds(220));
}

TEST(Station, GivesAPartialBatchTheSmallestBucketThatHoldsIt) {
  // As above: three frames go together, then three more; the last of the stream goes alone.
  StationWorld world({.frames = 7,
                      .window = 4,
                      .period = milliseconds(40),
                      .batch = 8,
                      .batch_wait = milliseconds(100)},
                     {.smaller_batches = {1, 2, 4}});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), upto(7));
  ASSERT_EQ(world.device().jobs().size(), 3U);
  EXPECT_EQ(world.device().jobs()[0].values.size(), 4U);
  EXPECT_EQ(world.device().jobs()[1].values.size(), 4U);
  EXPECT_EQ(world.device().jobs()[2].values.size(), 1U);
}

TEST(Station, WaitsForASlotWithoutTurningWhileAPartialBatchIsDue) {
  // One slot, busy for a second; the next, partial batch is due after 10 ms of it.
  StationWorld world({.frames = 5, .window = 8, .batch = 4}, {.slots = 1, .answer = [](const Job&) {
                                                                return Answer{.after = seconds(1)};
                                                              }});
  EXPECT_TRUE(world.graph().run());
  EXPECT_LT(world.graph().runner().steps(), 200U);
  world.expect_finished();
  EXPECT_EQ(world.outputs(), upto(5));
}

TEST(Station, SendsWhatWaitsAtTheEndOfTheStreams) {
  StationWorld world({.frames = 3, .window = 4, .batch = 2, .batch_wait = seconds(5)}, {});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), upto(3));
}

TEST(Station, EndsTheFramesOfAFailedJobAndGoesOn) {
  StationWorld world({.frames = 6}, {.answer = [](const Job& job) {
                       return Answer{.code = job.values[0] == 2 ? Errc::kInternal : Errc::kOk};
                     }});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), (std::vector<std::uint64_t>{0, 1, 3, 4, 5}));
  EXPECT_EQ(world.ended_by(Reason::kDeviceFailed), 1U);
  ASSERT_EQ(world.tombstones().size(), 1U);
  EXPECT_EQ(world.tombstones()[0].first_seq, 2U);
  EXPECT_EQ(world.tombstones()[0].reason, Reason::kDeviceFailed);
}

TEST(Station, ReportsTheFirstOfARowOfFailures) {
  StationWorld world({.frames = 10}, {.slots = 1, .answer = [](const Job& job) {
                                        const bool fails =
                                            job.values[0] % 5 == 1 || job.values[0] % 5 == 2;
                                        return Answer{.code = fails ? Errc::kInternal : Errc::kOk};
                                      }});
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.totals().failed, 4U);
  EXPECT_EQ(world.graph().events().count(Kind::kFrameFailed), 2U);
}

TEST(Station, EndsAFrameThatTheDeviceRefuses) {
  StationWorld world({.frames = 4}, {.answer = [](const Job& job) {
                       Answer answer;
                       if (job.values[0] == 1) {
                         answer.refused_by = Error{Errc::kInvalidArgument, "port 0: no"};
                       }
                       return answer;
                     }});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), (std::vector<std::uint64_t>{0, 2, 3}));
}

TEST(Station, EndsAFrameWithoutTensorsAndSaysHowManyTheModelHas) {
  StationWorld world({.frames = 3, .bare = [](StreamId, std::uint64_t seq) { return seq == 1; }},
                     {});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), (std::vector<std::uint64_t>{0, 2}));
  for (const RunEvent& event : world.graph().events().events) {
    if (event.kind == Kind::kFrameFailed) {
      EXPECT_EQ(event.error.message, "the frame carries 0 tensors, the model has 1 inputs");
    }
  }
}

TEST(Station, FailsOnlyTheBadFrameOfABatch) {
  StationWorld world(
      {.frames = 4, .batch = 4, .bare = [](StreamId, std::uint64_t seq) { return seq == 1; }}, {});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), (std::vector<std::uint64_t>{0, 2, 3}));
}

TEST(Station, DropsAFrameThatComesAfterItsDeadline) {
  // One slot of 100 ms, deadlines of 150 ms: what has waited longer is not worth its inference.
  StationWorld world(
      {.frames = 8, .window = 8, .deadline = milliseconds(150)},
      {.slots = 1, .answer = [](const Job&) { return Answer{.after = milliseconds(100)}; }});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_GT(world.ended_by(Reason::kDeadline), 0U);
  EXPECT_LT(world.device().jobs().size(), 8U);
}

TEST(Station, FailsTheFramesAtADeviceThatIsGoneAndSubmitsTheOthersToANewOne) {
  StationWorld world(
      {.frames = 8, .window = 6},
      {.slots = 3, .answer = [](const Job& job) {
         return Answer{.code = job.opening == 1 && job.number == 4 ? Errc::kDeviceLost : Errc::kOk};
       }});
  world.supervise(1);
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.ended_by(Reason::kDeviceFailed) + world.outputs().size(), 8U);
  EXPECT_GE(world.ended_by(Reason::kDeviceFailed), 1U);
  EXPECT_LE(world.ended_by(Reason::kDeviceFailed), 3U);  // No more than its slots.
  EXPECT_EQ(world.device().openings(), 2);
  EXPECT_EQ(world.node_books().restarts.load(), 1U);
}

TEST(Station, FailsWhenASubmissionMeetsADeviceThatIsGone) {
  StationWorld world({.frames = 4}, {.answer = [](const Job& job) {
                       Answer answer;
                       if (job.number == 2) {
                         answer.refused_by = Error{Errc::kDeviceLost, "gone"};
                       }
                       return answer;
                     }});
  world.supervise(1);
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.graph().events().count(Kind::kFailed), 1U);
  EXPECT_GE(world.outputs().size(), 2U);
}

TEST(Station, CountsAFrameThatTheDeviceCouldNotFinishInTimeAsSuch) {
  StationWorld world({.frames = 3}, {.answer = [](const Job& job) {
                       return Answer{.code = job.number == 1 ? Errc::kDeadlineExceeded : Errc::kOk};
                     }});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.ended_by(Reason::kTimeout), 1U);
  EXPECT_EQ(world.outputs().size(), 2U);
}

TEST(Station, SendsOnWhatIsDoneWhileItWaitsForItsRestart) {
  // One ring says that frame 0 is done and that frame 1 met a lost device.
  StationWorld world({.frames = 2}, {.slots = 2, .answer = [](const Job& job) {
                                       return job.number == 0 ? Answer{.rings = false}
                                                              : Answer{.code = Errc::kDeviceLost};
                                     }});
  EXPECT_TRUE(world.graph().run_until(milliseconds(100)));
  EXPECT_EQ(world.graph().events().count(Kind::kFailed), 1U);
  EXPECT_EQ(world.outputs(), upto(1));
}

TEST(Station, EndsAllFramesAsFailedOnceGivenUp) {
  StationWorld world({.streams = 2, .frames = 5}, {.answer = [](const Job& job) {
                       return Answer{.code = job.number == 2 ? Errc::kDeviceLost : Errc::kOk};
                     }});
  world.supervise(0);
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_GT(world.ended_by(Reason::kStreamStopped, 0), 0U);
  EXPECT_GT(world.ended_by(Reason::kStreamStopped, 1), 0U);
}

TEST(Station, IsGivenUpInTheMidstOfWorkWithJobsAtTheDevice) {
  StationWorld world({.frames = 20, .window = 6}, {.slots = 3});
  EXPECT_TRUE(world.graph().run_until(milliseconds(15)));
  world.station().order(Order::kGiveUp);
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), upto(3));
  EXPECT_EQ(world.ended_by(Reason::kStreamStopped), 17U);
}

TEST(Station, IsGivenUpBeforeItHasOpened) {
  StationWorld world({.frames = 3}, {});
  world.station().order(Order::kGiveUp);
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.device().openings(), 0);
  EXPECT_EQ(world.totals().failed, 3U);
}

TEST(Station, OpensAgainAfterAFailedOpening) {
  StationWorld world(
      {.frames = 3}, {.on_open = [](int opening) -> std::optional<Error> {
        return opening < 3 ? std::optional<Error>({Errc::kUnavailable, "busy"}) : std::nullopt;
      }});
  world.supervise(2);
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), upto(3));
}

TEST(Station, TakesAnExceptionWhileOpeningForAFailure) {
  StationWorld world({.frames = 3}, {.on_open = [](int opening) -> std::optional<Error> {
                       if (opening == 1) {
                         throw std::runtime_error("no such device");
                       }
                       return std::nullopt;
                     }});
  world.supervise(1);
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), upto(3));
}

TEST(Station, GivesEverythingBackWhenItIsDestroyedAtWork) {
  for (int steps = 0; steps < 60; ++steps) {
    std::shared_ptr<StreamLedger> books;
    StationWorld world({.frames = 10, .window = 6, .batch = 2}, {.slots = 2});
    world.graph().start();
    world.graph().runner().run(static_cast<std::uint64_t>(steps));
    books = world.graph().shared_books(0);
    world.graph().destroy_runner();
    world.graph().destroy_added(0);
    EXPECT_EQ(world.device().alive(), 0);
    for (std::size_t i = 0; i < world.graph().segment_count(); ++i) {
      world.graph().destroy_segment(i);
    }
    world.graph().destroy_pump(0);
    for (std::size_t i = 0; i < world.graph().edge_count(); ++i) {
      world.graph().destroy_edge(i);
    }
    EXPECT_EQ(testing::imbalance(books->totals()), "") << "after " << steps << " steps";
    EXPECT_EQ(world.buffers_in_use(), 0U) << "after " << steps << " steps";
  }
}

TEST(Station, BalancesTheBooksWhateverTheDeviceDoes) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto pick = [&](std::uint64_t low, std::uint64_t high) {
      return std::uniform_int_distribution<std::uint64_t>(low, high)(random);
    };
    StationWorld::Setup setup;
    setup.streams = static_cast<std::uint32_t>(pick(1, 4));
    setup.frames = pick(0, 30);
    setup.window = static_cast<std::uint32_t>(pick(1, 8));
    setup.out_queue = static_cast<std::uint32_t>(pick(1, 4));
    setup.batch = static_cast<std::uint32_t>(pick(1, 4));
    setup.batch_wait = milliseconds(pick(0, 30));
    setup.frames_per_stream = static_cast<std::uint32_t>(pick(0, 4));
    setup.seed = seed;
    if (pick(0, 2) == 0) {
      setup.period = milliseconds(pick(1, 20));
    }
    if (pick(0, 3) == 0) {
      setup.deadline = milliseconds(pick(10, 80));
    }
    const std::uint64_t trouble = pick(0, 20);
    FakeDevice::Options device;
    device.slots = static_cast<std::uint32_t>(pick(1, 4));
    device.answer = [&](const Job&) {
      Answer answer;
      answer.after = milliseconds(pick(0, 25));
      const std::uint64_t dice = pick(0, 100);
      if (dice < trouble) {
        const std::uint64_t kind = pick(0, 3);
        answer.code = kind == 0 ? Errc::kDeviceLost : Errc::kInternal;
        if (kind == 2) {
          answer.refused_by = Error{Errc::kUnavailable, "refused"};
        } else if (kind == 3) {
          answer.refused_by = Error{Errc::kDeviceLost, "lost"};
        }
      }
      return answer;
    };
    StationWorld world(setup, std::move(device));
    world.supervise(static_cast<int>(pick(0, 6)));
    EXPECT_TRUE(world.run());
    world.expect_finished();
    std::uint64_t offered = 0;
    for (std::uint32_t s = 0; s < setup.streams; ++s) {
      offered += world.totals(s).offered;
    }
    EXPECT_EQ(offered, setup.streams * setup.frames);
    if (HasFailure()) {
      return;
    }
  }
}

}  // namespace
}  // namespace penstock
