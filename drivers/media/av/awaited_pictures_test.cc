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

TEST_F(AwaitedPicturesTest, CountsWhatDoesNotComeAfterAnError) {
  send({0, 40});
  show({0});
  pictures_.failed();
  send({80, 120, 160});
  show({160});
  EXPECT_EQ(pictures_.swallowed(), 0U) << "they may still come";
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 2U);
}

TEST_F(AwaitedPicturesTest, CountsNothingWhereEachPacketGivesItsPicture) {
  send({0});
  pictures_.failed();
  send({40, 160, 80, 120});  // As coded: later ones refer to what is shown after them.
  show({40, 80, 120});
  send({280, 200, 240});
  show({160, 200, 240, 280});
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 0U);
}

TEST_F(AwaitedPicturesTest, CountsNothingWhereTimesAreNotThoseOfThePictures) {
  send({0});
  pictures_.failed();
  send({40, 80, 120, 160});  // Numbered as they were coded.
  show({40, 120, 160, 80});
  send({200, 240, 280});
  show({240, 280, 200});
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 0U);
}

TEST_F(AwaitedPicturesTest, CountsNothingOfAPassWithoutAnError) {
  send({0, 40, 80, 120});
  show({80, 120});  // It began in the middle of something.
  send({160, 200, 240});
  show({160, 240});  // And left out what was further out of order than anything before.
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 0U);
  send({0});
  pictures_.failed();
  pictures_.ended();
  send({0, 40, 80});
  show({40, 80});
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 0U) << "nor in the next pass of a looped source";
}

TEST_F(AwaitedPicturesTest, DoesNotAwaitWhatComesTooLateToBeShown) {
  send({0});
  pictures_.failed();
  send({160});
  show({160});
  send({80, 120, 320});
  show({320});
  pictures_.ended();
  EXPECT_EQ(pictures_.swallowed(), 0U);
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

TEST_F(AwaitedPicturesTest, FollowsAClockThatRestarts) {
  send({960});
  pictures_.failed();
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

TEST_F(AwaitedPicturesTest, AwaitsNoMoreThanADecoderHoldsBack) {
  send({0});
  pictures_.failed();
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
