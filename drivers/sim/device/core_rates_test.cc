// The figures of work that a simulated device shows: how busy it is, and its rates.

#include <string>

#include <gtest/gtest.h>

#include "drivers/sim/device/sim_device_core.h"
#include "drivers/sim/device/testing/core_rig.h"

namespace penstock::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::metric;
using testing::Rig;

TEST(SimDeviceCore, ShowsHowBusyItIs) {
  Rig rig;
  const auto model = rig.add("single", milliseconds(10));
  for (std::uint64_t i = 1; i <= 100; ++i) {
    rig.submit(model, i);
    rig.run(milliseconds(20));
  }
  EXPECT_NEAR(metric(rig.core(), rig.now(), "utilisation", 0), 0.5, 0.1);
  EXPECT_EQ(metric(rig.core(), rig.now(), "utilisation", 1), 0);
  EXPECT_NEAR(metric(rig.core(), rig.now(), "frame_rate"), 50, 8);
}

double full_rate(Rig& rig) {
  return metric(rig.core(), rig.now(), "full_rate");
}

TEST(SimDeviceCore, KnowsTheRateOfADeviceThatIsNeverIdle) {
  Rig rig;
  const auto model = rig.add("single", milliseconds(10));
  EXPECT_EQ(full_rate(rig), 0) << "nothing has run";
  for (std::uint64_t i = 1; i <= 20; ++i) {
    rig.submit(model, i);
    rig.run(milliseconds(50));
  }
  EXPECT_DOUBLE_EQ(full_rate(rig), 100) << "of the one core in use";
  for (std::uint64_t i = 21; i <= 40; ++i) {
    rig.submit(model, i, 2);
    rig.run(milliseconds(50));
  }
  EXPECT_DOUBLE_EQ(full_rate(rig), 200) << "of two";
}

TEST(SimDeviceCore, CountsWorkInItsFullRateOnceItIsComputed) {
  Rig rig("modes: [{name: single}]\n", "[{kind: lost, at: 95ms}]");
  const auto model = rig.add("single", milliseconds(10));
  rig.submit(model, 1);
  rig.run(milliseconds(5));
  EXPECT_EQ(full_rate(rig), 0) << "the first one is under way";
  for (std::uint64_t i = 2; i <= 20; ++i) {
    rig.submit(model, i);
  }
  rig.run(milliseconds(40));
  EXPECT_DOUBLE_EQ(full_rate(rig), 100) << "while the fifth one is computed";
  rig.run(milliseconds(55));
  ASSERT_EQ(rig.code(20), Errc::kDeviceLost);
  EXPECT_DOUBLE_EQ(full_rate(rig), 100) << "the lost one took nothing";
}

TEST(SimDeviceCore, BoundsItsFullRateByHostAndLink) {
  const auto rate = [](const std::string& more) {
    Rig rig("modes: [{name: single}]\n" + more);
    CoreModel model;
    model.mode.name = "single";
    model.places = {1};
    model.shapes[0].service = milliseconds(1);
    model.always_resident = true;
    model.shapes[0].input_bytes = 4000;
    model.shapes[0].output_bytes = 2000;
    const auto id = rig.core().add_model(rig.now(), model);
    for (std::uint64_t i = 1; i <= 8; ++i) {
      rig.submit(id, i);
    }
    rig.run(seconds(1));
    return full_rate(rig);
  };
  EXPECT_DOUBLE_EQ(rate(""), 1000);
  EXPECT_DOUBLE_EQ(rate("link: {in: 1MB/s, out: 1MB/s}\n"), 250) << "by what goes in";
  EXPECT_DOUBLE_EQ(rate("link: {in: 100MB/s, out: 1MB/s}\n"), 500) << "by what comes out";
  EXPECT_DOUBLE_EQ(rate("link: {in: 1MB/s, out: 1MB/s, host_moves: true}\n"
                        "costs: {host_us: 2000}\n"),
                   125)
      << "one after the other";
  EXPECT_DOUBLE_EQ(rate("costs: {host_us: 2000}\n"), 500) << "by the host's part";
}

TEST(SimDeviceCore, CountsTheFramesOfABatchInItsRates) {
  Rig rig;
  CoreModel model;
  model.mode.name = "single";
  model.places = {1};
  model.shapes[0].service = milliseconds(10);
  model.always_resident = true;
  model.shapes[0].batch = 4;
  const auto id = rig.core().add_model(rig.now(), model);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    rig.submit(id, i);
    rig.run(milliseconds(20));
  }
  EXPECT_DOUBLE_EQ(full_rate(rig), 400);
  EXPECT_NEAR(metric(rig.core(), rig.now(), "frame_rate"), 200, 32);
  EXPECT_EQ(metric(rig.core(), rig.now(), "inferences"), 100);
}

TEST(SimDeviceCore, CountsTheFramesThatAPartialBatchHas) {
  Rig rig;
  const auto model = rig.add_shapes("single", {milliseconds(10), milliseconds(10)});
  rig.submit(model, 1, 1, {1, 0});
  rig.submit(model, 2, 1, {1, 1});
  rig.run(seconds(1));
  EXPECT_DOUBLE_EQ(full_rate(rig), 150) << "two and one in 20 ms";
}

}  // namespace
}  // namespace penstock::sim
