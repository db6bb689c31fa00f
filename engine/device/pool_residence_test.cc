/// What is resident on a pool's devices, scheduler and runners together, in virtual time.
#include <algorithm>
#include <chrono>
#include <memory>
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

class PoolResidenceTest : public ::testing::Test {
 protected:
  PoolResidenceTest() {
    DevicePool::Options options;
    options.clock = &clock_;
    options.on_note = [this](const DevicePool::Note& note) { notes_.push_back(note.text); };
    pool_ = std::make_unique<DevicePool>(std::move(options));
  }

  ~PoolResidenceTest() override {
    runner_.reset();  // It knows what the pool holds.
    pool_.reset();
  }

  /// A device of `cores`, each of which holds `max_resident` packages; 0: any number.
  void add_machine(std::uint32_t cores,
                   std::uint32_t max_resident,
                   FakeMachine::Options options = {}) {
    machine_ = std::make_unique<FakeMachine>(*runner_, clock_, std::move(options));
    DevicePool::DeviceWords words;
    words.name = words.identity = "npu";
    words.capacity.sub_devices = cores;
    words.capacity.max_resident = max_resident;
    for (std::uint32_t core = 0; core < cores; ++core) {
      words.sub_devices.push_back("core " + std::to_string(core));
    }
    words.port = machine_->port();
    device_ = pool_->add_device(std::move(words));
    cores_ = cores;
  }

  /// A user of a package that may lie on any one core.
  std::unique_ptr<Customer> add_user(const std::string& name) {
    DevicePool::BackendWords words;
    words.package = pool_->add_package({name, {}, {}, {number_spec()}, {number_spec()}});
    std::vector<PlacementFacts> placements(cores_);
    for (std::uint32_t core = 0; core < cores_; ++core) {
      placements[core].sub_devices = SubDeviceMask{1} << core;
      placements[core].depth = 2;
      placements[core].activation_estimate = milliseconds(50);
      placements[core].service_estimate = milliseconds(10);
    }
    pool_->place({words.package, device_, placements, false});
    ClientKnobs knobs;
    knobs.ofmap_queue_size = 0;
    words.client = pool_->add_client({name, knobs});
    words.devices = {device_};
    words.slots = 256;
    words.knobs.ifmap_queue_size = 256;
    words.knobs.frame_limit = 4;
    return std::make_unique<Customer>(*pool_, std::move(words));
  }

  void start() {
    for (Runnable* runnable : pool_->runnables()) {
      runner_->add(*runnable);
    }
  }

  void run() { ASSERT_TRUE(runner_->run()); }

  /// Two models of many frames each on a device of this shape: all come back, and no change of
  /// residence is refused.
  void serve_two_models(std::uint32_t cores, std::uint32_t max_resident) {
    constexpr std::int32_t kFrames = 200;
    add_machine(cores, max_resident);
    const auto people = add_user("people");
    const auto faces = add_user("faces");
    start();
    for (std::int32_t i = 0; i < kFrames; ++i) {
      people->submit(i);
      faces->submit(i);
    }
    run();
    for (Customer* customer : {people.get(), faces.get()}) {
      customer->collect();
      std::vector<std::int32_t> values = customer->values();
      std::sort(values.begin(), values.end());
      EXPECT_EQ(values, first_numbers(kFrames));
    }
    EXPECT_EQ(notes_, std::vector<std::string>{});
    EXPECT_GT(machine_->changes, 2) << "both came to more than one core";
  }

  ManualClock clock_{TimePoint(seconds(1000))};
  std::unique_ptr<VirtualRunner> runner_ = std::make_unique<VirtualRunner>(clock_);
  std::unique_ptr<FakeMachine> machine_;
  DeviceNumber device_;
  std::uint32_t cores_ = 0;
  std::vector<std::string> notes_;
  std::unique_ptr<DevicePool> pool_;
};

TEST_F(PoolResidenceTest, ServesTwoModelsOnFourCoresOfOneModelEach) {
  serve_two_models(4, 1);  // The shape of the simulated metis.
}

TEST_F(PoolResidenceTest, ServesTwoModelsOnEightCoresOfManyModels) {
  serve_two_models(8, 0);  // The shape of the simulated aries.
}

TEST_F(PoolResidenceTest, GoesOnWithADeviceThatComesBackWarm) {
  add_machine(1, 1, {.reset_ends = {DeviceHealth::kDegraded, "warm: 60 C"}});
  const auto people = add_user("people");
  start();
  for (std::int32_t i = 0; i < 10; ++i) {
    people->submit(i);
  }
  runner_->at(clock_.now() + milliseconds(75), [&] { machine_->lose("too hot"); });
  run();
  people->collect();
  EXPECT_EQ(people->values(), first_numbers(10));
  EXPECT_EQ(notes_,
            (std::vector<std::string>{"device 'npu' has faulted: too hot",
                                      "device 'npu' is ready again",
                                      "device 'npu' is degraded: warm: 60 C"}));
}

TEST_F(PoolResidenceTest, HoldsTheLossOfADeviceAgainstNoModelThatWasOnItsWay) {
  constexpr int kLosses = 4;  // One more than failed loads until a model is given up.
  int losses = 0;
  add_machine(1, 1, {.on_change = [&](int, const Lane&, bool) {
                return losses++ < kLosses ? Errc::kDeviceLost : Errc::kOk;
              }});
  const auto people = add_user("people");
  start();
  people->submit(0);
  run();
  people->collect();
  EXPECT_EQ(people->values(), first_numbers(1));
  EXPECT_EQ(losses, kLosses + 1);
}

}  // namespace
}  // namespace penstock
