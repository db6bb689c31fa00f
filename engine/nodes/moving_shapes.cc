#include "engine/nodes/moving_shapes.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr std::array<std::uint8_t, 3> kBackground{60, 128, 128};  // Dark grey.

/// SplitMix64 (Steele et al., 2014): the same numbers from the same seed on every machine, which
/// the standard library's distributions do not promise.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t below(std::uint64_t bound) {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return (z ^ (z >> 31U)) % bound;
  }

 private:
  std::uint64_t state_;
};

int even(std::uint64_t number) {
  return static_cast<int>(number / 2 * 2);
}

/// Returns a side of an eighth to a quarter of `whole`, at least 2.
int side_of(int whole, Dice& dice) {
  const auto eighth = static_cast<std::uint64_t>(whole) / 8;
  return std::max(2, even(eighth + dice.below(eighth + 1)));
}

/// A plane whose pixels are `1 / step` of the picture's.
struct Canvas {
  std::uint8_t* first = nullptr;
  std::size_t stride = 0;
  int step = 1;

  void fill_row(int y, int from, int to, std::uint8_t value) const {
    if (to > from) {
      std::memset(first + static_cast<std::size_t>(y) * stride + static_cast<std::size_t>(from),
                  value,
                  static_cast<std::size_t>(to - from));
    }
  }
};

/// Returns how many pixels at each end of row `y` an ellipse of `width` x `height` leaves out.
int inset_of(int y, int width, int height) {
  const double up = (y + 0.5 - height / 2.0) / (height / 2.0);
  const double half = width / 2.0 * std::sqrt(std::max(0.0, 1 - up * up));
  return static_cast<int>(std::lround(width / 2.0 - half));
}

}  // namespace

int MovingShapes::Walk::at(std::uint64_t n) const noexcept {
  if (span == 0) {
    return 0;
  }
  const std::uint64_t round = 2 * span;
  const std::uint64_t walked = (start + (n % round) * speed) % round;
  return static_cast<int>(walked <= span ? walked : round - walked);
}

MovingShapes::MovingShapes(const Options& options) {
  PENSTOCK_CHECK(options.width >= kMinSide && options.height >= kMinSide)
      << options.width << "x" << options.height << " is too small for shapes";
  Dice dice(options.seed);
  const auto walk = [&dice](int room) {
    Walk made;
    made.span = static_cast<std::uint64_t>(even(static_cast<std::uint64_t>(room)));
    made.start = static_cast<std::uint64_t>(even(dice.below(made.span + 1)));
    made.speed = 2 + 2 * dice.below(3);
    return made;
  };
  for (std::size_t i = 0; i < options.shapes; ++i) {
    Shape shape;
    shape.label = i % 2 == 0 ? kRectangle : kEllipse;
    shape.width = side_of(options.width, dice);
    shape.height = side_of(options.height, dice);
    shape.x = walk(options.width - shape.width);
    shape.y = walk(options.height - shape.height);
    shape.color = {static_cast<std::uint8_t>(120 + dice.below(100)),
                   static_cast<std::uint8_t>(40 + dice.below(176)),
                   static_cast<std::uint8_t>(40 + dice.below(176))};
    shapes_.push_back(shape);
  }
}

std::vector<Object> MovingShapes::objects(std::uint64_t n) const {
  std::vector<Object> objects;
  objects.reserve(shapes_.size());
  for (const Shape& shape : shapes_) {
    Object object;
    object.box = {static_cast<float>(shape.x.at(n)),
                  static_cast<float>(shape.y.at(n)),
                  static_cast<float>(shape.width),
                  static_cast<float>(shape.height)};
    object.score = 1;
    object.label = shape.label;
    object.track = static_cast<std::int64_t>(objects.size()) + 1;
    objects.push_back(object);
  }
  return objects;
}

void MovingShapes::draw(std::uint64_t n, Image& image) const {
  for (std::size_t p = 0; p < kBackground.size(); ++p) {
    const Canvas canvas{image.mutable_plane(p), image.planes[p].stride_bytes, p == 0 ? 1 : 2};
    const int rows = (image.height + canvas.step - 1) / canvas.step;
    const int columns = (image.width + canvas.step - 1) / canvas.step;
    for (int y = 0; y < rows; ++y) {
      canvas.fill_row(y, 0, columns, kBackground[p]);
    }
    for (const Shape& shape : shapes_) {
      const int x = shape.x.at(n) / canvas.step;
      const int top = shape.y.at(n) / canvas.step;
      const int width = shape.width / canvas.step;
      const int height = shape.height / canvas.step;
      for (int y = 0; y < height; ++y) {
        const int inset = shape.label == kEllipse ? inset_of(y, width, height) : 0;
        canvas.fill_row(top + y, x + inset, x + width - inset, shape.color[p]);
      }
    }
  }
}

}  // namespace penstock
