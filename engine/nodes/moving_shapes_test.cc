#include "engine/nodes/moving_shapes.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "engine/nodes/testing/pictures.h"

namespace penstock {
namespace {

using testing::i420_picture;

constexpr int kWidth = 160;
constexpr int kHeight = 120;

Image drawn(const MovingShapes& scene, std::uint64_t n) {
  Image image = i420_picture(kWidth, kHeight, {0, 0, 0});
  scene.draw(n, image);
  return image;
}

std::string pixels(const Image& image) {
  return {reinterpret_cast<const char*>(image.buffer.data()), image.buffer.size()};
}

/// Returns the box round all pixels of plane `p` that are not background, in the picture's pixels.
Box drawn_box(const Image& image, std::size_t p) {
  const int step = p == 0 ? 1 : 2;
  const std::uint8_t background = image.plane(p)[0];
  int left = kWidth;
  int top = kHeight;
  int right = 0;
  int bottom = 0;
  for (int y = 0; y < kHeight / step; ++y) {
    for (int x = 0; x < kWidth / step; ++x) {
      const std::size_t at =
          static_cast<std::size_t>(y) * image.planes[p].stride_bytes + static_cast<std::size_t>(x);
      if (image.plane(p)[at] != background) {
        left = std::min(left, x * step);
        top = std::min(top, y * step);
        right = std::max(right, (x + 1) * step);
        bottom = std::max(bottom, (y + 1) * step);
      }
    }
  }
  return {static_cast<float>(left),
          static_cast<float>(top),
          static_cast<float>(right - left),
          static_cast<float>(bottom - top)};
}

TEST(MovingShapes, DrawsWhatTheTruthSays) {
  // The first shape is a rectangle; frames in which it lies in the corner say nothing.
  int compared = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const MovingShapes scene({kWidth, kHeight, 1, seed});
    const Object truth = scene.objects(seed).at(0);
    if (truth.box.x == 0 && truth.box.y == 0) {
      continue;
    }
    const Image image = drawn(scene, seed);
    EXPECT_EQ(drawn_box(image, 0), truth.box) << "seed " << seed;
    EXPECT_EQ(drawn_box(image, 1), truth.box) << "seed " << seed;
    ++compared;
  }
  EXPECT_GT(compared, 4);
}

TEST(MovingShapes, DrawsEllipsesThatTouchTheirBox) {
  const MovingShapes two({kWidth, kHeight, 2, 3});
  const Object ellipse = two.objects(0).at(1);
  EXPECT_EQ(ellipse.label, MovingShapes::kEllipse);
  // Where the two scenes differ is the ellipse, as far as it does not hide the rectangle.
  const Image with = drawn(two, 0);
  const auto at = [&](float x, float y) {
    return with.plane(
        0)[static_cast<std::size_t>(y) * with.planes[0].stride_bytes + static_cast<std::size_t>(x)];
  };
  const Box& box = ellipse.box;
  const auto color = at(box.x + box.w / 2, box.y + box.h / 2);
  EXPECT_EQ(at(box.x, box.y + box.h / 2), color);
  EXPECT_EQ(at(box.x + box.w - 1, box.y + box.h / 2), color);
  EXPECT_EQ(at(box.x + box.w / 2, box.y), color);
  EXPECT_EQ(at(box.x + box.w / 2, box.y + box.h - 1), color);
  EXPECT_NE(at(box.x, box.y), color);
}

TEST(MovingShapes, StaysInThePictureAndMoves) {
  const MovingShapes scene({kWidth, kHeight, 6, 7});
  for (std::uint64_t n = 0; n < 500; ++n) {
    const auto now = scene.objects(n);
    const auto next = scene.objects(n + 1);
    for (std::size_t i = 0; i < now.size(); ++i) {
      const Box& box = now[i].box;
      ASSERT_TRUE(box.x >= 0 && box.y >= 0 && box.x + box.w <= kWidth && box.y + box.h <= kHeight)
          << "shape " << i << " of frame " << n;
      ASSERT_LE(std::abs(next[i].box.x - box.x), 6) << "shape " << i << " of frame " << n;
      EXPECT_EQ(now[i].track, static_cast<std::int64_t>(i) + 1);
    }
  }
}

TEST(MovingShapes, IsTheSameForASeedAndAnotherForAnother) {
  const MovingShapes a({kWidth, kHeight, 3, 5});
  const MovingShapes same({kWidth, kHeight, 3, 5});
  const MovingShapes other({kWidth, kHeight, 3, 6});
  EXPECT_EQ(pixels(drawn(a, 10)), pixels(drawn(same, 10)));
  EXPECT_NE(pixels(drawn(a, 10)), pixels(drawn(other, 10)));
  EXPECT_NE(pixels(drawn(a, 10)), pixels(drawn(a, 11)));
}

TEST(MovingShapes, MayBeNone) {
  const MovingShapes scene({kWidth, kHeight, 0, 1});
  EXPECT_TRUE(scene.objects(0).empty());
  const Image image = drawn(scene, 0);
  const std::set<char> values = [&] {
    const std::string all = pixels(image);
    return std::set<char>(all.begin(), all.end());
  }();
  EXPECT_EQ(values.size(), 2U);  // The grey's luma and its chroma.
}

TEST(MovingShapes, WorkAtTheSmallestAndAtOddSizes) {
  const MovingShapes smallest({MovingShapes::kMinSide, MovingShapes::kMinSide, 4, 1});
  Image image = i420_picture(MovingShapes::kMinSide, MovingShapes::kMinSide, {0, 0, 0});
  smallest.draw(3, image);
  const MovingShapes odd({33, 17, 4, 1});
  Image uneven = i420_picture(33, 17, {0, 0, 0});
  for (std::uint64_t n = 0; n < 40; ++n) {
    odd.draw(n, uneven);
  }
  EXPECT_EQ(odd.objects(0).size(), 4U);
}

}  // namespace
}  // namespace penstock
