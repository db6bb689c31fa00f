#include "engine/tensor/kernels/resample_plan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

using Element = ResampleSpec::Element;
using Layout = ResampleSpec::Layout;
using Order = ResampleSpec::Order;

/// A picture of random, extreme or constant bytes, its planes cut to size so that a sanitizer sees
/// a read past the last row.
class Picture {
 public:
  enum class Content { kNoise, kExtremes };

  Picture(PixelFormat format, int w, int h, Content content, int extra_stride = 0) {
    const int chroma_w = (w + 1) / 2;
    const int chroma_h = (h + 1) / 2;
    switch (format) {
      case PixelFormat::kI420:
        add(w, h, extra_stride);
        add(chroma_w, chroma_h, extra_stride);
        add(chroma_w, chroma_h, extra_stride);
        break;
      case PixelFormat::kNv12:
        add(w, h, extra_stride);
        add(2 * chroma_w, chroma_h, extra_stride);
        break;
      case PixelFormat::kRgb:
      case PixelFormat::kBgr:
        add(3 * w, h, extra_stride);
        break;
      case PixelFormat::kGray:
        add(w, h, extra_stride);
        break;
    }
    std::mt19937 random(static_cast<unsigned>(w * 7919 + h));
    for (auto& plane : planes_) {
      for (std::uint8_t& byte : plane) {
        const auto value = static_cast<unsigned>(random());
        byte = static_cast<std::uint8_t>(content == Content::kNoise ? value : (value & 1U) * 255U);
      }
    }
  }

  void set(std::size_t plane, std::uint8_t value) {
    std::fill(planes_[plane].begin(), planes_[plane].end(), value);
  }

  [[nodiscard]] PictureRows rows() const {
    PictureRows rows;
    for (std::size_t i = 0; i < planes_.size(); ++i) {
      rows.planes[i] = planes_[i].data();
      rows.stride_bytes[i] = strides_[i];
    }
    return rows;
  }

 private:
  void add(int row_bytes, int h, int extra_stride) {
    const int stride = row_bytes + extra_stride;
    strides_.push_back(stride);
    // The last row has no padding behind it.
    planes_.emplace_back(static_cast<std::size_t>(stride * (h - 1) + row_bytes));
  }

  std::vector<std::vector<std::uint8_t>> planes_;
  std::vector<std::ptrdiff_t> strides_;
};

/// The definition, one output value at a time in double, without tables.
class Definition {
 public:
  Definition(const ResampleSpec& spec, const PictureRows& rows) : spec_(spec), rows_(rows) {}

  /// Returns channel `c` at `x`, `y` of the destination, before it is rounded.
  [[nodiscard]] double value(int x, int y, std::size_t c) const {
    const int in_x = x - spec_.inset_x;
    const int in_y = y - spec_.inset_y;
    const bool is_inside = in_x >= 0 && in_y >= 0 && in_x < spec_.inset_w && in_y < spec_.inset_h;
    const double level = is_inside ? colour(in_x, in_y, c) : static_cast<double>(spec_.pad[c]);
    return (level - spec_.mean[c]) / spec_.deviation[c];
  }

 private:
  [[nodiscard]] double colour(int x, int y, std::size_t c) const {
    const std::size_t rgb = spec_.order == Order::kRgb ? c : 2 - c;
    switch (spec_.format) {
      case PixelFormat::kGray:
        return sample(0, 0, 1, false, x, y);
      case PixelFormat::kRgb:
        return sample(0, static_cast<int>(rgb), 3, false, x, y);
      case PixelFormat::kBgr:
        return sample(0, static_cast<int>(2 - rgb), 3, false, x, y);
      case PixelFormat::kI420:
        return from_yuv(sample(0, 0, 1, false, x, y),
                        sample(1, 0, 1, true, x, y),
                        sample(2, 0, 1, true, x, y),
                        rgb);
      case PixelFormat::kNv12:
        return from_yuv(sample(0, 0, 1, false, x, y),
                        sample(1, 0, 2, true, x, y),
                        sample(1, 1, 2, true, x, y),
                        rgb);
    }
    return 0;
  }

  [[nodiscard]] double from_yuv(double y, double u, double v, std::size_t rgb) const {
    const bool is_full = spec_.range == ColorRange::kFull;
    const double luma = is_full ? y / 255.0 : (y - 16.0) / 219.0;
    const double pb = (u - 128.0) / (is_full ? 255.0 : 224.0);
    const double pr = (v - 128.0) / (is_full ? 255.0 : 224.0);
    double out = 0;
    if (spec_.matrix == ColorMatrix::kBt601) {
      // The constants that video textbooks print.
      const double all[3] = {
          luma + 1.402 * pr, luma - 0.344136 * pb - 0.714136 * pr, luma + 1.772 * pb};
      out = all[rgb];
    } else {
      const double all[3] = {
          luma + 1.5748 * pr, luma - 0.187324 * pb - 0.468124 * pr, luma + 1.8556 * pb};
      out = all[rgb];
    }
    return std::clamp(255.0 * out, 0.0, 255.0);
  }

  [[nodiscard]] double sample(
      std::size_t plane, int first, int step, bool is_chroma, int x, int y) const {
    const int w = is_chroma ? (spec_.src_w + 1) / 2 : spec_.src_w;
    const int h = is_chroma ? (spec_.src_h + 1) / 2 : spec_.src_h;
    const auto position = [](int i, int source, int destination) {
      return std::clamp((i + 0.5) * source / destination - 0.5, 0.0, source - 1.0);
    };
    const double at_x = position(x, w, spec_.inset_w);
    const double at_y = position(y, h, spec_.inset_h);
    const int x0 = static_cast<int>(at_x);
    const int y0 = static_cast<int>(at_y);
    const auto at = [&](int px, int py) -> double {
      return rows_.planes[plane][std::min(py, h - 1) * rows_.stride_bytes[plane] +
                                 std::min(px, w - 1) * step + first];
    };
    const double fx = at_x - x0;
    const double fy = at_y - y0;
    return (1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x0 + 1, y0)) +
           fy * ((1 - fx) * at(x0, y0 + 1) + fx * at(x0 + 1, y0 + 1));
  }

  ResampleSpec spec_;
  PictureRows rows_;
};

/// Reads a destination whatever its element and layout.
double read(
    const ResampleSpec& spec, const std::vector<std::byte>& out, int x, int y, std::size_t c) {
  const auto pixel = static_cast<std::size_t>(y) * static_cast<std::size_t>(spec.dst_w) +
                     static_cast<std::size_t>(x);
  const std::size_t area =
      static_cast<std::size_t>(spec.dst_w) * static_cast<std::size_t>(spec.dst_h);
  const std::size_t at = spec.layout == Layout::kNchw ? c * area + pixel : 3 * pixel + c;
  if (spec.element == Element::kU8) {
    return std::to_integer<int>(out[at]);
  }
  float value = 0;
  std::memcpy(&value, &out[at * sizeof(float)], sizeof(float));
  return value;
}

/// Returns the greatest difference from the definition in levels of 1/255, over all elements.
double worst_difference(const ResampleSpec& spec,
                        const PictureRows& rows,
                        const std::vector<std::byte>& out) {
  const Definition definition(spec, rows);
  double worst = 0;
  for (int y = 0; y < spec.dst_h; ++y) {
    for (int x = 0; x < spec.dst_w; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const double difference = read(spec, out, x, y, c) - definition.value(x, y, c);
        worst = std::max(worst, std::abs(difference) * spec.deviation[c]);
      }
    }
  }
  return worst;
}

ResampleSpec spec_of(PixelFormat format, int src_w, int src_h, int dst_w, int dst_h) {
  ResampleSpec spec;
  spec.format = format;
  spec.src_w = src_w;
  spec.src_h = src_h;
  spec.dst_w = dst_w;
  spec.dst_h = dst_h;
  spec.inset_w = dst_w;
  spec.inset_h = dst_h;
  return spec;
}

std::vector<std::byte> run(const ResampleSpec& spec, const PictureRows& rows, KernelLevel limit) {
  const auto plan = ResamplePlan::create(spec, limit);
  EXPECT_TRUE(plan.has_value());
  std::vector<std::byte> out(plan->bytes());
  plan->run(rows, out.data(), Border::kWrite);
  return out;
}

std::vector<KernelLevel> levels() {
  std::vector<KernelLevel> result;
  for (const KernelLevel level : {KernelLevel::kPlain, KernelLevel::kAvx2, KernelLevel::kAvx512}) {
    if (level <= best_level()) {
      result.push_back(level);
    }
  }
  return result;
}

constexpr PixelFormat kFormats[] = {PixelFormat::kI420,
                                    PixelFormat::kNv12,
                                    PixelFormat::kRgb,
                                    PixelFormat::kBgr,
                                    PixelFormat::kGray};

struct Form {
  Element element;
  Layout layout;
  Order order;
};

std::vector<Form> all_forms() {
  std::vector<Form> forms;
  for (const Element element : {Element::kF32, Element::kU8}) {
    for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
      for (const Order order : {Order::kRgb, Order::kBgr}) {
        forms.push_back({element, layout, order});
      }
    }
  }
  return forms;
}

TEST(ResamplePlan, LetterboxesAGreyPictureWithNormalisation) {
  ResampleSpec spec = spec_of(PixelFormat::kI420, 192, 108, 64, 64);
  spec.inset_y = 14;
  spec.inset_h = 36;
  spec.deviation = {255, 255, 255};
  Picture picture(PixelFormat::kI420, 192, 108, Picture::Content::kNoise);
  picture.set(0, 235);  // white
  picture.set(1, 128);
  picture.set(2, 128);
  for (const KernelLevel level : levels()) {
    const std::vector<std::byte> out = run(spec, picture.rows(), level);
    EXPECT_NEAR(read(spec, out, 0, 0, 0), 114.0 / 255.0, 1e-6) << to_string(level);
    EXPECT_NEAR(read(spec, out, 0, 14, 0), 1.0, 1e-6) << to_string(level);
    EXPECT_NEAR(read(spec, out, 63, 49, 2), 1.0, 1e-6) << to_string(level);
    EXPECT_NEAR(read(spec, out, 63, 50, 1), 114.0 / 255.0, 1e-6) << to_string(level);
  }
}

TEST(ResamplePlan, TakesTheMiddlePixelOfThreeAtAnExactThird) {
  const ResampleSpec spec = spec_of(PixelFormat::kGray, 300, 90, 100, 30);
  const Picture picture(PixelFormat::kGray, 300, 90, Picture::Content::kNoise, 5);
  for (const KernelLevel level : levels()) {
    const std::vector<std::byte> out = run(spec, picture.rows(), level);
    for (int x = 0; x < 100; ++x) {
      ASSERT_EQ(read(spec, out, x, 7, 1), picture.rows().planes[0][22 * 305 + 3 * x + 1])
          << to_string(level) << " at " << x;
    }
  }
}

TEST(ResamplePlan, EqualsTheDefinitionForEveryFormatAndForm) {
  for (const PixelFormat format : kFormats) {
    const Picture picture(format, 333, 187, Picture::Content::kNoise, 13);
    for (const Form& form : all_forms()) {
      ResampleSpec spec = spec_of(format, 333, 187, 120, 90);
      spec.inset_x = 3;
      spec.inset_y = 11;
      spec.inset_w = 109;
      spec.inset_h = 61;
      spec.element = form.element;
      spec.layout = form.layout;
      spec.order = form.order;
      spec.pad = {10, 20, 30};
      const bool is_float = form.element == Element::kF32;
      if (is_float) {
        spec.mean = {123.675F, 116.28F, 103.53F};
        spec.deviation = {58.395F, 57.12F, 57.375F};
      }
      for (const KernelLevel level : levels()) {
        const auto out = run(spec, picture.rows(), level);
        EXPECT_LT(worst_difference(spec, picture.rows(), out), is_float ? 0.2 : 0.7)
            << to_string(level) << " " << to_string(format) << " element "
            << static_cast<int>(form.element) << " layout " << static_cast<int>(form.layout);
      }
    }
  }
}

struct Sizes {
  int src_w;
  int src_h;
  int dst_w;
  int dst_h;
};

constexpr Sizes kSizes[] = {
    {1, 1, 1, 1},         {1, 1, 33, 17},    {2, 2, 5, 5},       {3, 1, 1, 3},
    {1, 97, 40, 40},      {97, 1, 40, 40},   {15, 15, 7, 9},     {16, 16, 16, 16},
    {31, 33, 64, 64},     {64, 64, 64, 64},  {127, 65, 17, 16},  {128, 128, 1, 1},
    {129, 127, 128, 126}, {191, 3, 640, 5},  {255, 9, 31, 4},    {192, 108, 64, 36},
    {1920, 6, 640, 2},    {1920, 8, 608, 3}, {1920, 4, 416, 2},  {1921, 5, 239, 3},
    {3840, 4, 320, 2},    {4001, 3, 100, 2}, {77, 50, 1500, 20}, {200, 20, 600, 60},
    {2049, 2, 2049, 2}};

TEST(ResamplePlan, EqualsTheDefinitionForAwkwardSizesAndExtremeValues) {
  for (const Sizes& size : kSizes) {
    for (const PixelFormat format : kFormats) {
      for (const auto content : {Picture::Content::kNoise, Picture::Content::kExtremes}) {
        const Picture picture(format, size.src_w, size.src_h, content, size.src_h % 4);
        const ResampleSpec spec = spec_of(format, size.src_w, size.src_h, size.dst_w, size.dst_h);
        for (const KernelLevel level : levels()) {
          const auto out = run(spec, picture.rows(), level);
          EXPECT_LT(worst_difference(spec, picture.rows(), out), 0.5)
              << to_string(level) << " " << to_string(format) << " " << size.src_w << "x"
              << size.src_h << " -> " << size.dst_w << "x" << size.dst_h;
        }
      }
    }
  }
}

TEST(ResamplePlan, KnowsBothMatricesAndBothRanges) {
  const Picture picture(PixelFormat::kI420, 130, 70, Picture::Content::kExtremes);
  for (const ColorMatrix matrix : {ColorMatrix::kBt601, ColorMatrix::kBt709}) {
    for (const ColorRange range : {ColorRange::kLimited, ColorRange::kFull}) {
      ResampleSpec spec = spec_of(PixelFormat::kI420, 130, 70, 50, 30);
      spec.matrix = matrix;
      spec.range = range;
      for (const KernelLevel level : levels()) {
        const auto out = run(spec, picture.rows(), level);
        EXPECT_LT(worst_difference(spec, picture.rows(), out), 0.3)
            << to_string(level) << " matrix " << static_cast<int>(matrix) << " range "
            << static_cast<int>(range);
      }
    }
  }
}

TEST(ResamplePlan, LeavesTheBorderAloneWhereItIsAlreadyWritten) {
  ResampleSpec spec = spec_of(PixelFormat::kI420, 64, 32, 48, 48);
  spec.inset_x = 8;
  spec.inset_w = 19;
  spec.inset_y = 5;
  spec.inset_h = 16;
  const Picture picture(PixelFormat::kI420, 64, 32, Picture::Content::kNoise);
  for (const Form& form : all_forms()) {
    spec.element = form.element;
    spec.layout = form.layout;
    for (const KernelLevel level : levels()) {
      const auto plan = ResamplePlan::create(spec, level);
      ASSERT_TRUE(plan.has_value());
      const std::vector<std::byte> whole = run(spec, picture.rows(), level);
      std::vector<std::byte> out(plan->bytes(), std::byte{0x2A});
      plan->run(picture.rows(), out.data(), Border::kAlreadyWritten);
      float untouched = 0;
      std::memset(&untouched, 0x2A, sizeof(untouched));
      const double marker = form.element == Element::kF32 ? static_cast<double>(untouched) : 42.0;
      for (int y = 0; y < 48; ++y) {
        for (int x = 0; x < 48; ++x) {
          const bool is_inside = x >= 8 && x < 27 && y >= 5 && y < 21;
          const double want = is_inside ? read(spec, whole, x, y, 1) : marker;
          ASSERT_EQ(read(spec, out, x, y, 1), want) << to_string(level) << " " << x << "," << y;
        }
      }
    }
  }
}

TEST(ResamplePlan, ReadsRowsUpwardsWithANegativeStride) {
  const ResampleSpec spec = spec_of(PixelFormat::kGray, 100, 40, 30, 20);
  const Picture picture(PixelFormat::kGray, 100, 40, Picture::Content::kNoise);
  PictureRows flipped = picture.rows();
  flipped.planes[0] += 39 * flipped.stride_bytes[0];
  flipped.stride_bytes[0] = -flipped.stride_bytes[0];
  for (const KernelLevel level : levels()) {
    const auto upright = run(spec, picture.rows(), level);
    const auto turned = run(spec, flipped, level);
    for (int y = 0; y < 20; ++y) {
      ASSERT_NEAR(read(spec, upright, 11, y, 0), read(spec, turned, 11, 19 - y, 0), 0.1);
    }
  }
}

TEST(ResamplePlan, TakesAPoorerKernelForAPictureNarrowerThanAVector) {
  const auto narrow = ResamplePlan::create(spec_of(PixelFormat::kGray, 10, 10, 100, 100));
  ASSERT_TRUE(narrow.has_value());
  EXPECT_EQ(narrow->level(), KernelLevel::kPlain);
  const auto wide = ResamplePlan::create(spec_of(PixelFormat::kGray, 640, 10, 100, 100));
  ASSERT_TRUE(wide.has_value());
  EXPECT_EQ(wide->level(), best_level());
}

TEST(ResamplePlan, RefusesAnEmptyOrHugePicture) {
  for (const int side : {0, -1, ResamplePlan::kMaxSide + 1}) {
    const auto plan = ResamplePlan::create(spec_of(PixelFormat::kRgb, side, 10, 10, 10));
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ(plan.error().code, Errc::kInvalidArgument);
  }
}

TEST(ResamplePlan, RefusesAnInsetOutsideTheDestination) {
  ResampleSpec spec = spec_of(PixelFormat::kRgb, 10, 10, 20, 20);
  spec.inset_x = 1;
  const auto plan = ResamplePlan::create(spec);
  ASSERT_FALSE(plan.has_value());
  EXPECT_EQ(plan.error().code, Errc::kInvalidArgument);
  EXPECT_NE(plan.error().message.find("20x20 at 1,0"), std::string::npos) << plan.error().message;
}

TEST(ResamplePlan, RefusesADeviationThatIsNotAboveZero) {
  for (const float deviation : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN()}) {
    ResampleSpec spec = spec_of(PixelFormat::kRgb, 10, 10, 20, 20);
    spec.deviation[1] = deviation;
    const auto plan = ResamplePlan::create(spec);
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ(plan.error().code, Errc::kInvalidArgument);
  }
}

TEST(ResamplePlan, RefusesNormalisationOfAnEightBitOutput) {
  ResampleSpec spec = spec_of(PixelFormat::kRgb, 10, 10, 20, 20);
  spec.element = Element::kU8;
  spec.mean[2] = 1;
  const auto plan = ResamplePlan::create(spec);
  ASSERT_FALSE(plan.has_value());
  EXPECT_EQ(plan.error().code, Errc::kInvalidArgument);
}

TEST(ResamplePlanDeathTest, EndsOnAMissingPlane) {
  const auto plan = ResamplePlan::create(spec_of(PixelFormat::kI420, 10, 10, 20, 20));
  ASSERT_TRUE(plan.has_value());
  std::vector<std::byte> out(plan->bytes());
  EXPECT_DEATH(plan->run(PictureRows{}, out.data(), Border::kWrite), "plane 0");
}

}  // namespace
}  // namespace penstock
