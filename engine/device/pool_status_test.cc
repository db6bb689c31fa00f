/// What a pool says of its flows and devices while they work, in virtual time.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/device/device_pool.h"
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
using testing::number_spec;

constexpr StreamId kLeft{0};
constexpr StreamId kRight{1};
constexpr StreamId kFront{2};

/// One device of one core, on which one job takes 10 ms and a change of residence 50 ms.
class PoolStatusTest : public ::testing::Test {
 protected:
  PoolStatusTest() {
    DevicePool::Options options;
    options.clock = &clock_;
    pool_ = std::make_unique<DevicePool>(std::move(options));
    machine_ = std::make_unique<FakeMachine>(*runner_, clock_, FakeMachine::Options{.depth = 1});
    DevicePool::DeviceWords words;
    words.name = words.identity = "npu";
    words.capacity.max_resident = 1;
    words.sub_devices = {"core 0"};
    words.port = machine_->port();
    device_ = pool_->add_device(std::move(words));
  }

  ~PoolStatusTest() override {
    runner_.reset();  // It knows what the pool holds.
    pool_.reset();
  }

  std::unique_ptr<Customer> add_user(const std::string& name, std::uint32_t queue = 64) {
    DevicePool::BackendWords words;
    words.package = pool_->add_package({name, {}, {}, {number_spec()}, {number_spec()}});
    PlacementFacts facts;
    facts.activation_estimate = milliseconds(50);
    facts.service_estimate = milliseconds(10);
    pool_->place({words.package, device_, {facts}, false});
    ClientKnobs knobs;
    knobs.ofmap_queue_size = 0;
    words.client = pool_->add_client({name, knobs});
    words.devices = {device_};
    words.slots = 64;
    words.knobs.ifmap_queue_size = queue;
    words.streams[kLeft].name = "left";
    words.streams[kRight].name = "right";
    words.streams[kFront].name = "front";
    return std::make_unique<Customer>(*pool_, std::move(words));
  }

  void start() {
    for (Runnable* runnable : pool_->runnables()) {
      runner_->add(*runnable);
    }
  }

  void run_for(Duration time) { runner_->run_until(clock_.now() + time); }

  /// Returns the row of a stream of "people".
  [[nodiscard]] PoolStatus::Client row(const std::string& stream) const {
    for (const PoolStatus::Client& client : pool_->status().clients) {
      if (client.name == "people of " + stream) {
        return client;
      }
    }
    ADD_FAILURE() << "no row of " << stream;
    return {};
  }

  ManualClock clock_{TimePoint(seconds(1000))};
  std::unique_ptr<VirtualRunner> runner_ = std::make_unique<VirtualRunner>(clock_);
  std::unique_ptr<FakeMachine> machine_;
  DeviceNumber device_;
  std::unique_ptr<DevicePool> pool_;
};

TEST_F(PoolStatusTest, CountsTheFramesOfABatchForTheStreamOfEach) {
  const auto people = add_user("people");
  start();
  people->submit_batch(1, {{kLeft, 1}, {kRight, 3}});
  people->submit_batch(2, {{kRight, 2}, {kFront, 2}});
  run_for(milliseconds(55));
  EXPECT_EQ(row("left").in_flight, 1U);
  EXPECT_EQ(row("right").in_flight, 3U);
  EXPECT_EQ(row("right").queued, 2U);
  EXPECT_EQ(row("front").queued, 2U);
  run_for(seconds(1));
  people->collect();
  EXPECT_EQ(people->values(), (std::vector<std::int32_t>{1, 2}));
  EXPECT_EQ(row("left").done, 1U);
  EXPECT_EQ(row("right").done, 5U);
  EXPECT_EQ(row("front").done, 2U);
  EXPECT_GT(row("right").fps, 4 * row("left").fps);
}

TEST_F(PoolStatusTest, ShowsTheTimesOfEachStreamAlone) {
  const auto people = add_user("people");
  start();
  run_for(milliseconds(1));
  people->submit(0, kLeft);
  for (std::int32_t i = 1; i < 20; ++i) {
    people->submit(i, kRight);
  }
  run_for(seconds(2));
  people->collect();
  EXPECT_EQ(people->values(), first_numbers(20));
  constexpr std::uint64_t kMillisecond = 1'000'000;
  EXPECT_LT(row("left").wait_p99_ns, 75 * kMillisecond);
  EXPECT_GT(row("right").wait_p99_ns, 200 * kMillisecond);
  EXPECT_GT(row("left").run_p99_ns, 8 * kMillisecond);
}

TEST_F(PoolStatusTest, CountsWhatWaitsOutsideOfAFullQueueInOneLineForAllStreams) {
  const auto people = add_user("people", 4);
  start();
  people->submit_batch(0, {{kLeft, 2}, {kRight, 2}});
  people->submit_batch(1, {{kRight, 1}, {kFront, 3}});
  people->submit(2, kLeft);
  people->submit_batch(3, {{kFront, 1}, {kLeft, 1}});
  people->submit(4, kRight);
  run_for(milliseconds(55));
  EXPECT_EQ(row("left").in_flight, 2U);
  EXPECT_EQ(row("left").queued, 2U);
  EXPECT_EQ(row("right").queued, 2U);
  EXPECT_EQ(row("front").queued, 4U);
  people->cancel(3);
  run_for(milliseconds(1));
  EXPECT_EQ(row("front").queued, 3U);
  run_for(seconds(1));
  people->collect();
  EXPECT_EQ(people->values(), (std::vector<std::int32_t>{0, 1, 2, 4})) << "in order";
  EXPECT_EQ(row("front").dropped,
            (std::vector<std::pair<std::string, std::uint64_t>>{{"cancelled", 1}}));
}

TEST_F(PoolStatusTest, SaysWithinSecondsThatAStreamHasStopped) {
  const auto people = add_user("people");
  start();
  for (std::int32_t i = 0; i < 50; ++i) {
    people->submit(i, kLeft);
  }
  run_for(seconds(1));
  EXPECT_GT(row("left").fps, 10);
  run_for(seconds(3));
  EXPECT_EQ(row("left").fps, 0);
  EXPECT_EQ(row("left").done, 50U);
}

TEST_F(PoolStatusTest, TellsWhatIsResidentFromWhatComesIn) {
  const auto people = add_user("people");
  start();
  people->submit(0, kLeft);
  run_for(milliseconds(20));
  const PoolStatus early = pool_->status();
  EXPECT_EQ(early.devices[0].state, "swapping");
  EXPECT_TRUE(early.devices[0].sub_devices[0].resident.empty());
  EXPECT_EQ(early.devices[0].sub_devices[0].coming_in, (std::vector<std::string>{"people"}));
  EXPECT_TRUE(early.packages[0].resident_on.empty());
  EXPECT_EQ(early.packages[0].coming_in_on, (std::vector<std::string>{"npu:0"}));
  run_for(milliseconds(40));
  const PoolStatus late = pool_->status();
  EXPECT_EQ(late.devices[0].state, "loaded");
  EXPECT_EQ(late.devices[0].sub_devices[0].resident, (std::vector<std::string>{"people"}));
  EXPECT_TRUE(late.devices[0].sub_devices[0].coming_in.empty());
  EXPECT_TRUE(late.packages[0].coming_in_on.empty());
}

TEST_F(PoolStatusTest, LetsAUserLeaveWhileABatchOfSeveralStreamsRuns) {
  auto people = add_user("people");
  const auto cars = add_user("cars");
  start();
  people->submit_batch(0, {{kLeft, 1}, {kRight, 1}});
  people->submit_batch(1, {{kLeft, 1}, {kRight, 1}});
  run_for(milliseconds(55));
  people->leave();
  cars->submit_batch(0, {{kLeft, 1}, {kRight, 1}});
  run_for(seconds(5));
  cars->collect();
  EXPECT_EQ(cars->values(), first_numbers(1));
  EXPECT_EQ(pool_->status().clients.size(), 2U) << "those who left have no row";
}

}  // namespace
}  // namespace penstock
