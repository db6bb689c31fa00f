#include "drivers/sim/link_model.h"

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

using std::chrono::microseconds;

TEST(LinkBytes, TakeTheSizeOfAValueOnTheLink) {
  LinkFigures link;
  link.value_bits = 10;
  EXPECT_EQ(link_bytes(link, {150'528, 3}), 188'160) << "10 bytes for 8 values";
  EXPECT_EQ(link_bytes(link, {1001, 0}), 1252) << "whole bytes";
}

TEST(LinkBytes, PadTheChannelsOfMapsAlone) {
  LinkFigures link;
  link.pad_channels = 4;
  EXPECT_EQ(link_bytes(link, {300, 3}), 400);
  EXPECT_EQ(link_bytes(link, {800, 8}), 800);
  EXPECT_EQ(link_bytes(link, {10, 0}), 10);
}

TEST(LinkBytes, LeaveWhatIsNoFloatAsItIs) {
  LinkFigures link;
  link.value_bits = 10;
  EXPECT_EQ(link_bytes(link, {300, 3, 8}), 300) << "bytes of a picture";
  EXPECT_EQ(link_bytes(link, {10, 0, 64}), 80) << "indices";
}

TEST(LinkBytes, MayBeThoseOfPortsWithAnotherSize) {
  LinkFigures link;
  link.pad_channels = 4;
  EXPECT_EQ(link_bytes(with_value_bits(link, 32), {300, 3}), 1200);
  EXPECT_EQ(link_bytes(with_value_bits(link, std::nullopt), {300, 3}), 400);
}

TEST(TransferTime, IsLatencyAndBytesOverTheRateOfThatWay) {
  LinkFigures link;
  link.in_bytes_per_s = 1e9;
  link.out_bytes_per_s = 5e8;
  link.latency = microseconds(20);
  EXPECT_EQ(transfer_time(link, LinkWay::kIn, 1e6), microseconds(1020));
  EXPECT_EQ(transfer_time(link, LinkWay::kOut, 1e6), microseconds(2020));
  EXPECT_EQ(transfer_time({}, LinkWay::kOut, 1e6), Duration(0)) << "no limit";
}

}  // namespace
}  // namespace penstock::sim
