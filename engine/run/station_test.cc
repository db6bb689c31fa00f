#include "engine/run/station.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/run/testing/fake_device.h"
#include "engine/run/testing/scripted.h"
#include "engine/run/testing/station_world.h"

namespace penstock {
namespace {

using testing::FakeDevice;
using testing::StationWorld;
using testing::upto;
using Answer = FakeDevice::Answer;
using Job = FakeDevice::Job;
using Kind = RunEvent::Kind;
using Order = Supervised::Order;
using std::chrono::milliseconds;
using std::chrono::seconds;

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

TEST(Station, GivesNoResultsOfFramesThatNeverRan) {
  // As a scheduler answers whose queue was full, or where a frame's deadline passed.
  StationWorld world({.frames = 6, .window = 4}, {.slots = 2, .answer = [](const Job& job) {
                                                    Answer answer;
                                                    if (job.number % 3 == 1) {
                                                      answer.dropped_by = Reason::kQueueOldest;
                                                    }
                                                    return answer;
                                                  }});
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.outputs(), (std::vector<std::uint64_t>{0, 2, 3, 5}));
  EXPECT_EQ(world.ended_by(Reason::kQueueOldest), 2U);
  EXPECT_EQ(world.tombstones().size(), 2U);
  EXPECT_EQ(world.device_books().inferences.load(), 4U);
  EXPECT_EQ(world.node_books().dropped.load(), 2U);
  world.expect_order();
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
      {.streams = 2, .frames = 6, .shares = {{.frames = 2}, {.frames = 2}}},
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

TEST(Station, SaysWhoseTheFramesOfABatchAre) {
  StationWorld world({.streams = 3, .frames = 7, .batch = 4}, {.slots = 1, .batch = 4});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  std::vector<std::uint32_t> of_stream(3);
  for (const Job& job : world.device().jobs()) {
    for (const StreamFrames& one : job.streams) {
      const auto stream = static_cast<std::int32_t>(one.stream);
      of_stream[static_cast<std::size_t>(stream)] += one.frames;
      const auto has = std::count_if(job.values.begin(), job.values.end(), [&](std::int32_t value) {
        return value / 1000 == stream;
      });
      EXPECT_GE(has, one.frames) << job.number;
    }
  }
  EXPECT_EQ(of_stream, (std::vector<std::uint32_t>{7, 7, 7}));
}

TEST(Station, TakesOfOneStreamItsShareOfABatch) {
  StationWorld world({.streams = 2, .frames = 6, .window = 6, .batch = 4, .batch_per_stream = 2},
                     {.slots = 1, .batch = 4});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(0), upto(6));
  EXPECT_EQ(world.outputs(1), upto(6));
  for (const Job& job : world.device().jobs()) {
    const auto of_first = std::count_if(
        job.values.begin(), job.values.end(), [](std::int32_t value) { return value < 1000; });
    EXPECT_LE(of_first, 2) << job.number;
  }
}

TEST(Station, SendsABatchOfOneStreamAloneWithItsShare) {
  StationWorld world({.frames = 6, .window = 6, .batch = 4, .batch_per_stream = 2},
                     {.slots = 1, .batch = 4});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.device_books().inferences.load(), 3U);
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

TEST(Station, SendsAPartialBatchAtOnceWhenNothingMoreComes) {
  StationWorld world({.streams = 2, .frames = 5, .batch = 4, .batch_wait = seconds(3600)},
                     {.slots = 1});
  EXPECT_TRUE(world.graph().run_until(seconds(10)));
  world.expect_finished();
  EXPECT_EQ(world.outputs(0), upto(5));
  EXPECT_EQ(world.device_books().inferences.load(), 3U);
  EXPECT_EQ(world.device().input_ends(), 1U);
}

/// Returns which stream the device worked for, job by job.
std::vector<std::int32_t> streams_of_jobs(StationWorld& world) {
  std::vector<std::int32_t> streams;
  for (const Job& job : world.device().jobs()) {
    streams.push_back(job.values[0] / 1000);
  }
  return streams;
}

TEST(Station, TakesTheStreamsOfTheHighestRankFirst) {
  StationWorld world({.streams = 3, .frames = 10, .window = 8, .shares = {{}, {.rank = 1}, {}}},
                     {.slots = 1});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  const auto streams = streams_of_jobs(world);
  // What came first had to be taken: there was nothing else.
  EXPECT_EQ(std::count(streams.begin(), streams.begin() + 12, 1), 10);
}

TEST(Station, SharesItsSlotsByWeightWithinARank) {
  StationWorld world({.streams = 2, .frames = 40, .window = 8, .shares = {{.weight = 3}, {}}},
                     {.slots = 1});
  EXPECT_TRUE(world.run());
  world.expect_finished();
  const auto streams = streams_of_jobs(world);
  EXPECT_NEAR(static_cast<double>(std::count(streams.begin(), streams.begin() + 40, 0)), 30, 2);
}

TEST(Station, GivesTheInputsOfABatchBackWhenItLeavesNotWhenItEnds) {
  StationWorld world(
      {.frames = 4, .window = 4, .batch = 4},
      {.batch = 4, .answer = [](const Job& /*job*/) { return Answer{.after = seconds(1)}; }});
  EXPECT_TRUE(world.graph().run_until(milliseconds(500)));
  EXPECT_EQ(world.device().most_in_flight(), 1U);
  EXPECT_EQ(world.buffers_in_use(), 0U);
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.outputs(), upto(4));
  world.expect_finished();
}

TEST(Station, LeavesMapsAloneThatADeviceStillHas) {
  StationWorld world({.frames = 4, .window = 2}, {.slots = 1, .keeps_maps = true});
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.outputs(), upto(4));
  world.expect_order();
  ASSERT_EQ(world.device().kept_maps().size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const JobMaps& kept = *world.device().kept_maps()[i];
    ASSERT_EQ(kept.inputs.size(), 1U);
    EXPECT_EQ(*kept.inputs[0].as<std::int32_t>(), static_cast<std::int32_t>(i));
  }
}

TEST(Station, TakesResultsFromWhereTheyAre) {
  StationWorld world({.frames = 4, .window = 2}, {.slots = 1, .has_own_maps = true});
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.outputs(), upto(4));
  world.expect_order();
  EXPECT_EQ(world.buffers_in_use(), 0U);
  world.expect_finished();
}

TEST(Station, SendsAPartialBatchWhenItsOldestFrameHasWaited) {
  // A frame every 40 ms, batches of 4, a wait of 100 ms: the frames at 0, 40 and 80 go at 100, and
  // the last one at once.
  StationWorld world({.frames = 7,
                      .window = 4,
                      .period = milliseconds(40),
                      .batch = 4,
                      .batch_wait = milliseconds(100)},
                     {});
  const TimePoint start = world.graph().clock().now();
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), upto(7));
  ASSERT_EQ(world.device().jobs().size(), 3U);
  EXPECT_EQ(world.device().jobs()[0].at - start, milliseconds(100));
  EXPECT_EQ(world.device().jobs()[1].at - start, milliseconds(220));
  EXPECT_EQ(world.device().jobs()[2].at - start, milliseconds(240));
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
  world.graph().supervise(1);
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
  world.graph().supervise(1);
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
  world.graph().supervise(0);
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
  world.graph().supervise(2);
  EXPECT_TRUE(world.run());
  world.expect_finished();
  EXPECT_EQ(world.outputs(), upto(3));
}

TEST(Station, CountsAsOpenAgainOnlyOnceAnInferenceHasSucceeded) {
  StationWorld world({.frames = 6},
                     {.slots = 1, .answer = [](const Job& job) {
                        return Answer{.code = job.opening < 4 ? Errc::kDeviceLost : Errc::kOk};
                      }});
  world.graph().supervise(3);
  EXPECT_TRUE(world.run());
  world.expect_finished();
  std::vector<Kind> kinds;
  for (const RunEvent& event : world.graph().events().events) {
    if (event.node == "detect") {
      kinds.push_back(event.kind);
    }
  }
  EXPECT_EQ(kinds,
            (std::vector<Kind>{Kind::kOpened,
                               Kind::kFailed,
                               Kind::kFailed,
                               Kind::kFailed,
                               Kind::kOpened,
                               Kind::kFinished}));
}

TEST(Station, TakesAnExceptionWhileOpeningForAFailure) {
  StationWorld world({.frames = 3}, {.on_open = [](int opening) -> std::optional<Error> {
                       if (opening == 1) {
                         throw std::runtime_error("no such device");
                       }
                       return std::nullopt;
                     }});
  world.graph().supervise(1);
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
    for (std::uint32_t s = 0; s < setup.streams; ++s) {
      setup.shares.push_back({static_cast<std::uint32_t>(pick(0, 4)),
                              static_cast<std::uint8_t>(pick(0, 2)),
                              static_cast<double>(pick(1, 4))});
    }
    setup.batch_per_stream = static_cast<std::uint32_t>(pick(0, 3));
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
    world.graph().supervise(static_cast<int>(pick(0, 6)));
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
