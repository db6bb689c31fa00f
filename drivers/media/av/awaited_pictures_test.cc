#include "drivers/media/av/awaited_pictures.h"

#include <initializer_list>

#include <gtest/gtest.h>

namespace penstock {
namespace {

class AwaitedPicturesTest : public ::testing::Test {
 protected:
  void send(std::initializer_list<std::int64_t> times) {
    for (const std::int64_t time : times) {
      pictures_.sent(time);
    }
  }

  void show(std::initializer_list<std::int64_t> times) {
    for (const std::int64_t time : times) {
      pictures_.shown(time);
    }
  }

  AwaitedPictures pictures_;
};

TEST_F(AwaitedPicturesTest, CountsNothingWhereEachPacketGivesItsPicture) {
  send({0, 120, 40, 80});  // As coded: later ones refer to what is shown after them.
  show({0, 40, 80});
  send({240, 160, 200});
  show({120, 160, 200, 240});
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 0U);
}

TEST_F(AwaitedPicturesTest, CountsWhatALaterPictureLeavesBehind) {
  send({0, 40, 80, 120, 160});
  show({0});
  EXPECT_EQ(pictures_.swallowed(), 0U) << "they may still come";
  show({120});
  EXPECT_EQ(pictures_.swallowed(), 2U);
  show({160});
  EXPECT_EQ(pictures_.swallowed(), 2U);
}

TEST_F(AwaitedPicturesTest, CountsWhatHasNotComeAtTheEnd) {
  send({0, 40, 80});
  show({0});
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 2U);
}

TEST_F(AwaitedPicturesTest, LeavesErrorsToWhoeverCountsThem) {
  send({0, 40});
  pictures_.failed();
  pictures_.failed();  // A second one of the same packet.
  send({80});
  show({0, 80});
  pictures_.sent(std::nullopt);
  pictures_.failed();
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 0U);
}

TEST_F(AwaitedPicturesTest, DoesNotCountWhatComesBeforeTheFirstPicture) {
  send({0, 40, 80, 120});
  show({80, 120});
  EXPECT_EQ(pictures_.swallowed(), 0U);
  pictures_.ended();
  send({0, 40, 80});
  show({40, 80});
  EXPECT_EQ(pictures_.swallowed(), 0U) << "nor in the next pass of a looped source";
}

TEST_F(AwaitedPicturesTest, CountsWhatAnErrorAtTheBeginningTakesWithIt) {
  send({0});
  pictures_.failed();
  send({40, 80, 120});
  show({120});
  EXPECT_EQ(pictures_.swallowed(), 2U);
}

TEST_F(AwaitedPicturesTest, FollowsAClockThatRestarts) {
  send({1000, 1040, 1080});
  show({1000});
  send({0, 40});
  show({1040, 1080, 0, 40});
  send({80, 120, 160});
  show({80, 160});
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 1U);
}

TEST_F(AwaitedPicturesTest, AwaitsNothingThatItForgot) {
  send({0, 40, 80});
  show({0});
  pictures_.forget();
  pictures_.failed();
  send({120});
  show({120});
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 0U);
}

TEST_F(AwaitedPicturesTest, KeepsNoMoreThanADecoderHoldsBack) {
  send({0});
  show({0});
  constexpr auto kMost = static_cast<std::int64_t>(AwaitedPictures::kMostHeldBack);
  for (std::int64_t i = 1; i <= kMost; ++i) {
    pictures_.sent(i);
  }
  EXPECT_EQ(pictures_.swallowed(), 0U);
  send({kMost + 1, kMost + 2});
  EXPECT_EQ(pictures_.swallowed(), 2U) << "before anything is shown or ends";
}

}  // namespace
}  // namespace penstock
