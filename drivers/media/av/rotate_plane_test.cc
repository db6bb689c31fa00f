#include "drivers/media/av/rotate_plane.h"

#include <string>

#include <gtest/gtest.h>

namespace penstock {
namespace {

/// Turns the 3 x 2 plane "abc/def" and returns the rows.
std::string turned(int quarter_turns) {
  const std::string text = "abcdef";
  const PlaneView from{reinterpret_cast<const std::uint8_t*>(text.data()), 3, 3, 2};
  const std::size_t width = quarter_turns % 2 == 0 ? 3 : 2;
  std::string out(6, '.');
  rotate_plane(from, quarter_turns, reinterpret_cast<std::uint8_t*>(out.data()), width);
  std::string rows;
  for (std::size_t at = 0; at < out.size(); at += width) {
    rows += (rows.empty() ? "" : "/") + out.substr(at, width);
  }
  return rows;
}

TEST(RotatePlane, TurnsClockwise) {
  EXPECT_EQ(turned(0), "abc/def");
  EXPECT_EQ(turned(1), "da/eb/fc");
  EXPECT_EQ(turned(2), "fed/cba");
  EXPECT_EQ(turned(3), "cf/be/ad");
}

TEST(RotatePlane, FourTurnsOfALargePlaneGiveItBack) {
  constexpr int kWidth = 71;
  constexpr int kHeight = 45;
  std::string plane(kWidth * kHeight, '\0');
  for (std::size_t i = 0; i < plane.size(); ++i) {
    plane[i] = static_cast<char>(i * 7 % 251);
  }
  std::string now = plane;
  int width = kWidth;
  int height = kHeight;
  for (int turn = 0; turn < 4; ++turn) {
    std::string next(plane.size(), '\0');
    rotate_plane({reinterpret_cast<const std::uint8_t*>(now.data()),
                  static_cast<std::size_t>(width),
                  width,
                  height},
                 1,
                 reinterpret_cast<std::uint8_t*>(next.data()),
                 static_cast<std::size_t>(height));
    now = next;
    std::swap(width, height);
  }
  EXPECT_EQ(now, plane);
}

}  // namespace
}  // namespace penstock
