#include "drivers/sim/cost_model.h"

#include <chrono>

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

using std::chrono::microseconds;

/// 1000 us of convolution, 200 us of everything else that follows the clock, 100 us of memory.
ModelWork example_work() {
  ModelWork work;
  work.conv_macs = 1e9;
  work.depthwise_macs = 2e6;
  work.other_ops = 3e6;
  work.weight_bytes = 1e6;
  work.activation_bytes = 5e6;
  work.layers = 10;
  return work;
}

CostFigures example_costs() {
  CostFigures costs;
  costs.conv_ns_per_mmac = 1000;
  costs.depthwise_ns_per_mmac = 10000;
  costs.other_ns_per_mop = 10000;
  costs.activation_ns_per_kb = 10;
  costs.layer_us = 5;
  costs.frame_us = 50;
  costs.weight_ns_per_kb = 100;
  return costs;
}

TEST(ServiceTime, AddsWhatEachKindOfWorkCosts) {
  EXPECT_EQ(service_time(example_work(), example_costs(), {}), microseconds(1300));
}

TEST(ServiceTime, SlowsAllButMemoryWithTheClock) {
  ExecutionPoint half;
  half.clock_ratio = 0.5;
  EXPECT_EQ(service_time(example_work(), example_costs(), half), microseconds(2500));
}

TEST(ServiceTime, SlowsOnlyConvolutionsWithTheLimitOnMatrixUnits) {
  ExecutionPoint limited;
  limited.mvm_ratio = 0.25;
  EXPECT_EQ(service_time(example_work(), example_costs(), limited), microseconds(4300));
}

TEST(ServiceTime, PaysForPlacesAndProductsAsForConvolutions) {
  ModelWork work;
  work.conv_positions = 2e3;
  work.product_macs = 3e6;
  CostFigures costs;
  costs.conv_ns_per_kposition = 50'000;
  costs.product_ns_per_mmac = 100'000;
  ExecutionPoint point;
  EXPECT_EQ(service_time(work, costs, point), microseconds(400));
  point.mvm_ratio = 0.5;
  EXPECT_EQ(service_time(work, costs, point), microseconds(800));
}

TEST(ServiceTime, DividesByTheSubDevicesLessWhatSharingCosts) {
  CostFigures costs = example_costs();
  ExecutionPoint together;
  together.sub_devices = 4;
  EXPECT_EQ(service_time(example_work(), costs, together), std::chrono::nanoseconds(362'500));
  costs.sharing_loss = 0.2;
  EXPECT_EQ(service_time(example_work(), costs, together), microseconds(550));
}

TEST(ServiceTime, KeepsTheHeaviestLayerWholeWhenSubDevicesShare) {
  ModelWork work;
  work.conv_macs = 1e9;
  work.largest_conv_macs = 4e8;
  CostFigures costs;
  costs.conv_ns_per_mmac = 1000;
  costs.largest_ns_per_mmac = 1000;
  EXPECT_EQ(service_time(work, costs, {}), microseconds(1000));
  ExecutionPoint together;
  together.sub_devices = 4;
  EXPECT_EQ(service_time(work, costs, together), microseconds(250 + 300));
}

TEST(LinkTime, IsBytesOverBandwidthAndNothingWithoutALimit) {
  EXPECT_EQ(link_time(150'528, 1e9), std::chrono::nanoseconds(150'528));
  EXPECT_EQ(link_time(150'528, 0), Duration(0));
}

TEST(FrameInterval, IsTheSlowestOfDeviceHostAndLink) {
  FrameBounds bounds;
  bounds.service = microseconds(1300);
  bounds.units = 4;
  bounds.host = microseconds(300);
  bounds.link_in = microseconds(150);
  EXPECT_EQ(frame_interval(bounds), microseconds(325));
  bounds.host = microseconds(400);
  EXPECT_EQ(frame_interval(bounds), microseconds(400));
  bounds.link_out = microseconds(500);
  EXPECT_EQ(frame_interval(bounds), microseconds(500));
  bounds.link_in = microseconds(600);
  EXPECT_EQ(frame_interval(bounds), microseconds(600));
}

TEST(FrameInterval, AddsHostAndTransfersThatTheHostMoves) {
  FrameBounds bounds;
  bounds.service = microseconds(800);
  bounds.host = microseconds(400);
  bounds.link_in = microseconds(300);
  bounds.link_out = microseconds(200);
  bounds.host_moves = true;
  EXPECT_EQ(frame_interval(bounds), microseconds(900));
  bounds.service = microseconds(1000);
  EXPECT_EQ(frame_interval(bounds), microseconds(1000));
}

}  // namespace
}  // namespace penstock::sim
