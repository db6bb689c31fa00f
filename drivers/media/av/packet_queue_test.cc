#include "drivers/media/av/packet_queue.h"

#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>

extern "C" {
#include <libavcodec/packet.h>
}

namespace penstock {
namespace {

using Code = PacketQueue::PopCode;
using WhenFull = PacketQueue::WhenFull;

VideoPacket packet(int number, bool key, int bytes = 10) {
  AVPacket* made = av_packet_alloc();
  EXPECT_EQ(av_new_packet(made, bytes), 0);
  made->pts = number;
  made->flags = key ? AV_PKT_FLAG_KEY : 0;
  return VideoPacket(made);
}

/// Pushes one packet a letter, 'K' for a key frame; times count on from `first`.
void push_live(PacketQueue& queue, const std::string& letters, int first = 0) {
  for (const char letter : letters) {
    EXPECT_TRUE(queue.push(packet(first++, letter == 'K'), WhenFull::kDropToKeyFrame));
  }
}

std::string drain(PacketQueue& queue) {
  std::string times;
  for (auto pop = queue.try_pop(); pop.code == Code::kPacket; pop = queue.try_pop()) {
    times += std::to_string(pop.packet.get()->pts) + ' ';
  }
  return times;
}

Doorbell counting(std::atomic<int>& rings) {
  return {[](void* context) { ++*static_cast<std::atomic<int>*>(context); }, &rings};
}

TEST(PacketQueue, GivesPacketsInOrderThenSaysEmptyThenDrained) {
  PacketQueue queue({}, {});
  push_live(queue, "Kpp");
  EXPECT_EQ(drain(queue), "0 1 2 ");
  EXPECT_EQ(queue.try_pop().code, Code::kEmpty);
  queue.close();
  EXPECT_EQ(queue.try_pop().code, Code::kDrained);
}

TEST(PacketQueue, RingsWhenItLeavesTheEmptyStateAndWhenItIsClosed) {
  std::atomic<int> rings{0};
  PacketQueue queue({}, counting(rings));
  push_live(queue, "Kp");
  EXPECT_EQ(rings, 1);
  drain(queue);
  push_live(queue, "p");
  EXPECT_EQ(rings, 2);
  queue.close();
  EXPECT_EQ(rings, 3);
}

TEST(PacketQueue, LetsWhatWaitsBePoppedAfterClose) {
  PacketQueue queue({}, {});
  push_live(queue, "Kp");
  queue.close();
  EXPECT_FALSE(queue.push(packet(9, true), WhenFull::kWait));
  EXPECT_EQ(drain(queue), "0 1 ");
}

TEST(PacketQueue, EmptiesItselfOnCancel) {
  PacketQueue queue({}, {});
  push_live(queue, "Kp");
  queue.cancel();
  EXPECT_EQ(queue.try_pop().code, Code::kDrained);
}

TEST(PacketQueue, LiveGivesUpEverythingBeforeItsNewestKeyFrame) {
  PacketQueue queue({.max_packets = 6}, {});
  push_live(queue, "KpKpKp");  // Full.
  push_live(queue, "p", 6);
  EXPECT_EQ(drain(queue), "4 5 6 ");
  EXPECT_EQ(queue.stats().dropped, 4U);
  EXPECT_EQ(queue.stats().gaps, 1U);
}

TEST(PacketQueue, LiveWithoutANewerKeyFrameWaitsForOne) {
  PacketQueue queue({.max_packets = 3}, {});
  push_live(queue, "Kpp");
  push_live(queue, "pp", 3);  // Cannot be decoded without what must go: dropped.
  EXPECT_EQ(queue.stats().dropped, 2U);
  push_live(queue, "Kp", 5);
  EXPECT_EQ(drain(queue), "5 6 ");
  EXPECT_EQ(queue.stats().dropped, 5U);
  EXPECT_EQ(queue.stats().gaps, 1U);
}

TEST(PacketQueue, LiveKeepsDroppingUntilAKeyFrameEvenIfRoomComesBack) {
  PacketQueue queue({.max_packets = 2}, {});
  push_live(queue, "Kpp");
  EXPECT_EQ(drain(queue), "0 1 ");
  push_live(queue, "p", 3);  // Its reference, packet 2, is lost.
  EXPECT_EQ(queue.try_pop().code, Code::kEmpty);
  push_live(queue, "K", 4);
  EXPECT_EQ(drain(queue), "4 ");
}

TEST(PacketQueue, LiveOfKeyFramesOnlyKeepsTheNewest) {
  PacketQueue queue({.max_packets = 3}, {});
  push_live(queue, "KKKK");
  EXPECT_EQ(drain(queue), "3 ");
}

TEST(PacketQueue, BoundsBytesToo) {
  PacketQueue queue({.max_packets = 100, .max_bytes = 25}, {});
  push_live(queue, "KKK");
  EXPECT_LE(queue.stats().bytes, 25U);
  EXPECT_EQ(drain(queue), "2 ");
}

TEST(PacketQueue, TakesOnePacketThatIsLargerThanTheBound) {
  PacketQueue queue({.max_packets = 4, .max_bytes = 5}, {});
  EXPECT_TRUE(queue.push(packet(0, true), WhenFull::kWait));
  EXPECT_EQ(drain(queue), "0 ");
}

TEST(PacketQueue, MakesALosslessSourceWaitAndLosesNothing) {
  constexpr int kPackets = 500;
  PacketQueue queue({.max_packets = 2}, {});
  std::thread source([&] {
    for (int i = 0; i < kPackets; ++i) {
      ASSERT_TRUE(queue.push(packet(i, i % 10 == 0), WhenFull::kWait));
    }
    queue.close();
  });
  int next = 0;
  for (;;) {
    auto pop = queue.try_pop();
    if (pop.code == Code::kDrained) {
      break;
    }
    if (pop.code == Code::kPacket) {
      EXPECT_EQ(pop.packet.get()->pts, next++);
    } else {
      std::this_thread::yield();
    }
  }
  source.join();
  EXPECT_EQ(next, kPackets);
  EXPECT_EQ(queue.stats().dropped, 0U);
}

TEST(PacketQueue, CancelFreesASourceThatWaits) {
  PacketQueue queue({.max_packets = 1}, {});
  ASSERT_TRUE(queue.push(packet(0, true), WhenFull::kWait));
  std::thread source([&] { EXPECT_FALSE(queue.push(packet(1, true), WhenFull::kWait)); });
  queue.cancel();
  source.join();
}

}  // namespace
}  // namespace penstock
