#include "engine/device/device_pool.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/device/testing/customer.h"
#include "engine/device/testing/fake_port.h"
#include "engine/device/testing/number_maps.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Customer;
using testing::FakeMachine;
using testing::first_numbers;
using testing::number_map;
using testing::number_of;
using testing::number_spec;

class DevicePoolTest : public ::testing::Test {
 protected:
  DevicePoolTest() {
    DevicePool::Options options;
    options.clock = &clock_;
    options.on_note = [this](const DevicePool::Note& note) { notes_.push_back(note.text); };
    pool_ = std::make_unique<DevicePool>(std::move(options));
  }

  ~DevicePoolTest() override {
    runner_.reset();  // It knows what the pool holds.
    pool_.reset();
  }

  FakeMachine& add_machine(FakeMachine::Options options = {}, std::uint64_t memory = 0) {
    machines_.push_back(std::make_unique<FakeMachine>(*runner_, clock_, std::move(options)));
    DevicePool::DeviceWords words;
    words.name = "npu" + std::to_string(devices_.size());
    words.identity = words.name;
    words.capacity.memory_per_sub_device = memory;
    words.sub_devices = {"core 0"};
    words.port = machines_.back()->port();
    devices_.push_back(pool_->add_device(std::move(words)));
    return *machines_.back();
  }

  PackageNumber add_package(const std::string& name, std::uint64_t memory, bool resident = false) {
    const PackageNumber package =
        pool_->add_package({name, {}, {}, {number_spec()}, {number_spec()}});
    for (const DeviceNumber device : devices_) {
      PlacementFacts facts;
      facts.depth = 2;
      facts.memory_bytes = memory;
      facts.activation_estimate = milliseconds(50);
      facts.service_estimate = milliseconds(10);
      pool_->place({package, device, {facts}, resident});
    }
    return package;
  }

  DevicePool::BackendWords words_for(PackageNumber package,
                                     bool failover = false,
                                     std::uint32_t outputs = 0) {
    DevicePool::BackendWords words;
    ClientKnobs knobs;
    knobs.ofmap_queue_size = outputs;
    words.client = pool_->add_client({"client", knobs});
    words.package = package;
    words.devices = devices_;
    words.failover = failover;
    words.slots = 64;
    words.knobs.ifmap_queue_size = 64;
    return words;
  }

  void start() {
    for (Runnable* runnable : pool_->runnables()) {
      runner_->add(*runnable);
    }
  }

  void run() { ASSERT_TRUE(runner_->run()); }

  ManualClock clock_{TimePoint(seconds(1000))};
  std::unique_ptr<VirtualRunner> runner_ = std::make_unique<VirtualRunner>(clock_);
  std::vector<std::unique_ptr<FakeMachine>> machines_;
  std::vector<DeviceNumber> devices_;
  std::vector<std::string> notes_;
  std::unique_ptr<DevicePool> pool_;
};

TEST_F(DevicePoolTest, EndsEveryRequestOnceWithItsResult) {
  FakeMachine& machine = add_machine();
  Customer customer(*pool_, words_for(add_package("model", 0, true)));
  start();
  for (std::int32_t i = 0; i < 20; ++i) {
    customer.submit(i);
  }
  run();
  customer.collect();
  EXPECT_EQ(customer.values(), first_numbers(20));
  EXPECT_EQ(machine.most_in_flight, 2U);  // The placement's depth.
  EXPECT_EQ(machine.changes, 0);
}

TEST_F(DevicePoolTest, SwapsPackagesThatDoNotFitTogether) {
  FakeMachine& machine = add_machine({}, 100);
  Customer people(*pool_, words_for(add_package("people", 80)));
  Customer cars(*pool_, words_for(add_package("cars", 80)));
  start();
  for (std::int32_t i = 0; i < 10; ++i) {
    people.submit(i);
    cars.submit(i);
  }
  run();
  people.collect();
  cars.collect();
  EXPECT_EQ(people.values(), first_numbers(10));
  EXPECT_EQ(cars.values(), first_numbers(10));
  EXPECT_EQ(machine.trace, (std::vector<std::string>{"open", "in 0:1", "out 0:1", "in 1:1"}));
  EXPECT_EQ(machine.resident.size(), 1U);
}

TEST_F(DevicePoolTest, LetsPackagesThatFitTogetherBeResidentTogether) {
  FakeMachine& machine = add_machine({}, 200);
  Customer people(*pool_, words_for(add_package("people", 80)));
  Customer cars(*pool_, words_for(add_package("cars", 80)));
  start();
  for (std::int32_t i = 0; i < 10; ++i) {
    people.submit(i);
    cars.submit(i);
  }
  run();
  EXPECT_EQ(machine.resident.size(), 2U);
  EXPECT_EQ(machine.changes, 2);
}

TEST_F(DevicePoolTest, RunsFramesAgainInOrderAfterTheDeviceWasLost) {
  FakeMachine& machine = add_machine();
  Customer customer(*pool_, words_for(add_package("model", 0)));
  start();
  for (std::int32_t i = 0; i < 10; ++i) {
    customer.submit(i);
  }
  runner_->at(clock_.now() + milliseconds(75), [&] { machine.lose("pulled out"); });
  run();
  customer.collect();
  EXPECT_EQ(customer.values(), first_numbers(10));
  EXPECT_EQ(customer.ends.size(), 10U);
  EXPECT_GT(machine.jobs.size(), 10U);  // Some ran twice, and were delivered once.
  EXPECT_EQ(std::count(machine.trace.begin(), machine.trace.end(), "reset"), 1);
  ASSERT_EQ(notes_.size(), 2U);
  EXPECT_EQ(notes_[0], "device 'npu0' has faulted: pulled out");
  EXPECT_EQ(notes_[1], "device 'npu0' is ready again");
}

TEST_F(DevicePoolTest, FailsOverToADeviceThatTheUserAllows) {
  FakeMachine& dying = add_machine(
      {.can_reset = false, .on_open = [](int opening) {
         return opening == 1 ? std::nullopt : std::optional<Error>(Error{Errc::kNotFound, "gone"});
       }});
  FakeMachine& spare = add_machine();
  Customer customer(*pool_, words_for(add_package("model", 0), true));
  start();
  for (std::int32_t i = 0; i < 10; ++i) {
    customer.submit(i);
  }
  runner_->at(clock_.now() + milliseconds(75), [&] { dying.lose("pulled out"); });
  ASSERT_TRUE(runner_->run_until(clock_.now() + seconds(2)) || true);
  customer.collect();
  EXPECT_EQ(customer.values(), first_numbers(10));
  EXPECT_FALSE(spare.jobs.empty());
}

TEST_F(DevicePoolTest, ResetsADeviceThatHangsAndRunsItsFramesAgain) {
  add_machine({.answer = [](const FakeMachine::Job& job) {
    return FakeMachine::Answer{.hangs = job.number == 1};
  }});
  FakeMachine& machine = *machines_.front();
  Customer customer(*pool_, words_for(add_package("model", 0)));
  start();
  for (std::int32_t i = 0; i < 4; ++i) {
    customer.submit(i);
  }
  run();
  customer.collect();
  EXPECT_EQ(machine.cancels, 1);
  ASSERT_EQ(notes_.size(), 2U);
  EXPECT_EQ(notes_[0], "device 'npu0' did not end a job within its limit: it is reset");
  EXPECT_EQ(notes_[1], "device 'npu0' is ready again");
  EXPECT_EQ(std::count(machine.trace.begin(), machine.trace.end(), "reset"), 1);
  std::vector<std::int32_t> values = customer.values();
  std::sort(values.begin(), values.end());
  EXPECT_EQ(values, first_numbers(4));
}

TEST_F(DevicePoolTest, RunsAJobThatItsDeviceNeverEndsOnAnotherWithOtherMemory) {
  FakeMachine& stuck = add_machine({.answer = [](const FakeMachine::Job& job) {
    return FakeMachine::Answer{.never_ends = job.number == 1};
  }});
  FakeMachine& spare = add_machine();
  Customer customer(*pool_, words_for(add_package("model", 0), true));
  start();
  for (std::int32_t i = 0; i < 4; ++i) {
    customer.submit(i);
  }
  runner_->run_until(clock_.now() + seconds(40));
  customer.collect();
  ASSERT_EQ(customer.ends.size(), 4U) << "20 s until it is reset, 10 s until that has failed";
  EXPECT_EQ(stuck.in_flight, 1U);
  const auto other = std::find_if(customer.ends.begin(),
                                  customer.ends.end(),
                                  [](const InferenceDone& done) { return done.token == 1; });
  ASSERT_TRUE(other->maps) << "the device may still write into the job's own";
  EXPECT_NE(other->maps->outputs[0].data(), customer.output(1).data());
  EXPECT_EQ(number_of(other->maps->outputs[0]), 1 + FakeMachine::kAdded);
  EXPECT_EQ(number_of(customer.output(1)), 0);
  stuck.end_left();
  run();
  customer.collect();
  EXPECT_EQ(customer.ends.size(), 4U) << "its late end is of the past";
  EXPECT_EQ(stuck.in_flight, 0U);
  EXPECT_FALSE(spare.jobs.empty() && stuck.jobs.size() == 4);
}

TEST_F(DevicePoolTest, EndsAJobThatIsNeverEndedAnywhereWithAnErrorThatNamesIt) {
  // With a free slot for each of its runs.
  FakeMachine& machine = add_machine({.depth = 4, .answer = [](const FakeMachine::Job&) {
                                        return FakeMachine::Answer{.never_ends = true};
                                      }});
  Customer customer(*pool_, words_for(add_package("model", 0)));
  start();
  customer.submit(1);
  run();
  customer.collect();
  ASSERT_EQ(customer.ends.size(), 1U);
  EXPECT_NE(customer.ends[0].code, Errc::kOk);
  const std::string& message = customer.ends[0].message;
  EXPECT_EQ(message.rfind("device 'npu0' has not ended job ", 0), 0U) << message;
  EXPECT_NE(message.find("within its limit of 10 s nor by a reset"), std::string::npos) << message;
  machine.end_left();
  run();
  customer.collect();
  EXPECT_EQ(customer.ends.size(), 1U);
}

TEST_F(DevicePoolTest, ResetsADeviceOnWhichJobsFailAndSaysWhy) {
  FakeMachine& bad = add_machine({.answer = [](const FakeMachine::Job&) {
    return FakeMachine::Answer{.code = Errc::kInternal};
  }});
  add_machine();
  Customer customer(*pool_, words_for(add_package("model", 0), true));
  start();
  for (std::int32_t i = 0; i < 20; ++i) {
    customer.submit(i);
  }
  runner_->run_until(clock_.now() + seconds(1));
  customer.collect();
  EXPECT_EQ(customer.ends.size(), 20U);
  EXPECT_GE(customer.values().size(), 11U);
  EXPECT_EQ(std::count(bad.trace.begin(), bad.trace.end(), "reset"), 1);
  ASSERT_FALSE(notes_.empty());
  EXPECT_EQ(notes_[0],
            "device 'npu0' fails one job of 'model' after the other (by the test): it is reset");
}

TEST_F(DevicePoolTest, CountsWhatAUserTookBeforeItLeft) {
  add_machine();
  const DevicePool::BackendWords words = words_for(add_package("model", 0), false, 1);
  std::unique_ptr<InferenceBackend> first = pool_->make_backend(words, {});
  start();
  InferenceJob job;
  job.maps = JobMaps::create({number_map(1)}, {number_map(0)});
  EXPECT_TRUE(first->submit(job).has_value());
  run();
  EXPECT_TRUE(first->pop().has_value());
  // It leaves without having looked whether there is more.
  first.reset();
  Customer second(*pool_, words);
  second.submit(2);
  run();
  second.collect();
  EXPECT_EQ(second.values(), (std::vector<std::int32_t>{2}));
}

TEST_F(DevicePoolTest, NoticesADeviceThatHangsWhileAPackageComesInByWhatTheLoadShouldTake) {
  add_machine({.on_change = [](int number, const Lane&, bool) {
    return number == 1 ? Errc::kDeadlineExceeded : Errc::kOk;
  }});
  Customer customer(*pool_, words_for(add_package("model", 0)));
  start();
  const TimePoint begin = clock_.now();
  customer.submit(1);
  run();
  customer.collect();
  EXPECT_EQ(customer.values(), (std::vector<std::int32_t>{1}));
  ASSERT_GE(notes_.size(), 2U);
  // 2 s and ten times the 50 ms that it is estimated to take.
  EXPECT_EQ(notes_[0],
            "device 'npu0' has faulted: the change of residence does not end after 2.5 s");
  EXPECT_LT(clock_.now() - begin, seconds(10)) << "the load is tried again after its back-off";
  const PoolStatus status = pool_->status();
  const auto fault = std::find_if(status.decisions.begin(),
                                  status.decisions.end(),
                                  [](const auto& one) { return one.kind == "device_fault"; });
  ASSERT_NE(fault, status.decisions.end());
  EXPECT_EQ(fault->text, "npu0: fault: the change of residence does not end after 2.5 s");
}

TEST_F(DevicePoolTest, SaysThatNoDeviceIsLeftWhenItDoesNotOpenAgainAndAgain) {
  add_machine({.on_open = [](int) {
    return std::optional<Error>(Error{Errc::kNotFound, "gone"});
  }});
  Customer customer(*pool_, words_for(add_package("model", 0)));
  start();
  customer.submit(1);
  run();
  customer.collect();
  ASSERT_EQ(customer.ends.size(), 1U);
  EXPECT_EQ(customer.ends[0].code, Errc::kDeviceLost);
}

TEST_F(DevicePoolTest, LetsAClientThatDoesNotReadWaitForItself) {
  add_machine();
  const PackageNumber package = add_package("model", 0, true);
  Customer idle(*pool_, words_for(package, false, 4));
  Customer eager(*pool_, words_for(package));
  start();
  for (std::int32_t i = 0; i < 10; ++i) {
    idle.submit(i);
    eager.submit(i);
  }
  run();
  eager.collect();
  EXPECT_EQ(eager.values(), first_numbers(10));
  idle.collect();
  EXPECT_EQ(idle.ends.size(), 4U);
  for (int i = 0; i < 3; ++i) {
    run();
    idle.collect();
  }
  EXPECT_EQ(idle.values(), first_numbers(10));
}

TEST_F(DevicePoolTest, FailsAFrameThatTheDeviceRefusesAndGoesOn) {
  add_machine({.answer = [](const FakeMachine::Job& job) {
    return FakeMachine::Answer{.code = job.value == 3 ? Errc::kInvalidArgument : Errc::kOk};
  }});
  Customer customer(*pool_, words_for(add_package("model", 0, true)));
  start();
  for (std::int32_t i = 0; i < 6; ++i) {
    customer.submit(i);
  }
  run();
  customer.collect();
  EXPECT_EQ(customer.ends.size(), 6U);
  EXPECT_EQ(customer.values(), (std::vector<std::int32_t>{0, 1, 2, 4, 5}));
}

TEST_F(DevicePoolTest, DropsAFrameWhoseDeadlinePassesInTheQueue) {
  add_machine();
  Customer customer(*pool_, words_for(add_package("model", 0, true)));
  start();
  for (std::int32_t i = 0; i < 6; ++i) {
    customer.submit(i, {}, clock_.now() + milliseconds(15));
  }
  run();
  customer.collect();
  ASSERT_EQ(customer.ends.size(), 6U);
  EXPECT_EQ(
      std::count_if(customer.ends.begin(),
                    customer.ends.end(),
                    [](const InferenceDone& done) { return done.dropped_by == Reason::kDeadline; }),
      2);
}

TEST_F(DevicePoolTest, CancelsWhatWaitsOutsideOfAFullQueueToo) {
  add_machine({.depth = 1});
  DevicePool::BackendWords words = words_for(add_package("model", 0, true));
  words.knobs.ifmap_queue_size = 2;
  Customer customer(*pool_, std::move(words));
  start();
  for (std::int32_t i = 0; i < 6; ++i) {
    customer.submit(i);
  }
  customer.cancel(5);
  run();
  customer.collect();
  EXPECT_EQ(customer.values(), first_numbers(5));
  EXPECT_EQ(customer.ends.size(), 6U);
}

TEST_F(DevicePoolTest, ForgetsAClientThatLeavesAndServesTheOthers) {
  FakeMachine& machine = add_machine();
  const PackageNumber package = add_package("model", 0, true);
  Customer leaving(*pool_, words_for(package));
  Customer staying(*pool_, words_for(package));
  start();
  for (std::int32_t i = 0; i < 10; ++i) {
    leaving.submit(i);
    staying.submit(i);
  }
  runner_->at(clock_.now() + milliseconds(25), [&] { leaving.leave(); });
  run();
  staying.collect();
  EXPECT_EQ(staying.values(), first_numbers(10));
  EXPECT_LT(machine.jobs.size(), 20U);
  const PoolStatus status = pool_->status();
  ASSERT_EQ(status.clients.size(), 1U);  // The other's flow is closed.
  EXPECT_EQ(status.clients[0].done, 10U);
}

TEST_F(DevicePoolTest, EndsWhatIsUnderWayWhenItIsDestroyed) {
  add_machine(
      {.answer = [](const FakeMachine::Job&) { return FakeMachine::Answer{.hangs = true}; }});
  Customer customer(*pool_, words_for(add_package("model", 0, true)));
  start();
  customer.submit(1);
  customer.submit(2);
  runner_->run_until(clock_.now() + seconds(1));
  runner_.reset();
  pool_.reset();
  customer.collect();
  ASSERT_EQ(customer.ends.size(), 2U);
  EXPECT_EQ(customer.ends[0].code, Errc::kUnavailable);
}

TEST_F(DevicePoolTest, TellsWhatItsDevicesDo) {
  add_machine({}, 100);
  Customer people(*pool_, words_for(add_package("people", 80)));
  Customer cars(*pool_, words_for(add_package("cars", 80)));
  start();
  people.submit(1);
  cars.submit(1);
  run();
  const PoolStatus status = pool_->status();
  ASSERT_EQ(status.devices.size(), 1U);
  EXPECT_EQ(status.devices[0].state, "loaded");
  EXPECT_EQ(status.devices[0].health, "ok");
  ASSERT_EQ(status.packages.size(), 2U);
  EXPECT_EQ(status.packages[0].swaps, 1U);
  EXPECT_EQ(status.packages[1].swaps, 1U);
  EXPECT_EQ(status.packages[1].frames, 1U);
  EXPECT_EQ(status.packages[1].resident_on, (std::vector<std::string>{"npu0:0"}));
  EXPECT_EQ(status.packages[0].swap_ns, 50'000'000U);
  EXPECT_EQ(status.devices[0].swap_ns, status.packages[0].swap_ns + status.packages[1].swap_ns);
  EXPECT_FALSE(status.decisions.empty());
}

TEST_F(DevicePoolTest, ShowsBothRatesOfADeviceThatTheHostLimits) {
  FakeMachine& machine = add_machine();
  start();
  run();
  const auto measured = [&](double late, double device, double host) {
    machine.figures = {{"host_limited", "count", late},
                       {"full_rate", "frames/s", device},
                       {"host_rate", "frames/s", host}};
    return pool_->status().devices.at(0);
  };
  EXPECT_TRUE(measured(7, 2339, 58).host_limited);
  EXPECT_EQ(measured(7, 2339, 58).device_fps, 2339);
  EXPECT_EQ(measured(7, 2339, 58).host_fps, 58);
  EXPECT_FALSE(measured(0, 2339, 0).host_limited) << "it computes nothing";
  EXPECT_FALSE(measured(7, 50, 58).host_limited) << "it is fast enough, but for a frame or two";
}

}  // namespace
}  // namespace penstock
