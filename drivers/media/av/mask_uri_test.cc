#include "drivers/media/av/mask_uri.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(MaskUri, HidesThePasswordAndKeepsTheUser) {
  EXPECT_EQ(mask_uri("rtsp://admin:s3cret@10.0.0.5:554/ch1"), "rtsp://admin:***@10.0.0.5:554/ch1");
}

TEST(MaskUri, HidesAPasswordThatHoldsAnAtSignASlashOrAQuestionMark) {
  EXPECT_EQ(mask_uri("rtsp://admin:p@ss@cam/live"), "rtsp://admin:***@cam/live");
  EXPECT_EQ(mask_uri("rtsp://admin:p/ss@cam/live"), "rtsp://admin:***@cam/live");
  EXPECT_EQ(mask_uri("rtsp://admin:p?ss@cam/live?n=2"), "rtsp://admin:***@cam/live?n=2");
}

TEST(MaskUri, HidesSecretWordsOfTheQuery) {
  EXPECT_EQ(mask_uri("http://cam/a.m3u8?user=joe&Password=xyz&n=2#t"),
            "http://cam/a.m3u8?user=joe&Password=***&n=2#t");
  EXPECT_EQ(mask_uri("https://cam/a?access_token=abc"), "https://cam/a?access_token=***");
}

TEST(MaskUri, LeavesWhatHasNoSecret) {
  EXPECT_EQ(mask_uri("rtsp://admin@cam/live"), "rtsp://admin@cam/live");
  EXPECT_EQ(mask_uri("http://cam/a.mp4?n=2"), "http://cam/a.mp4?n=2");
  EXPECT_EQ(mask_uri("/data/a:b@c.mp4"), "/data/a:b@c.mp4");
  EXPECT_EQ(mask_uri(""), "");
}

}  // namespace
}  // namespace penstock
