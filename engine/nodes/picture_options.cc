#include "engine/nodes/picture_options.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace penstock {
namespace {

// Mean and standard deviation of ImageNet's pictures, in RGB order on the scale 0..255.
constexpr std::array<float, 3> kImagenetMean{123.675F, 116.28F, 103.53F};
constexpr std::array<float, 3> kImagenetDeviation{58.395F, 57.12F, 57.375F};

Result<std::array<float, 3>> channels_of(const OptionValues& options, const char* name) {
  const std::vector<double> numbers = options.get_numbers(name);
  if (numbers.size() != 1 && numbers.size() != 3) {
    return Error{Errc::kInvalidArgument,
                 std::string("normalize: ") + name + " has " + std::to_string(numbers.size()) +
                     " numbers, must have 1 or one for each of the 3 channels"};
  }
  std::array<float, 3> channels{};
  for (std::size_t i = 0; i < channels.size(); ++i) {
    channels[i] = static_cast<float>(numbers.size() == 1 ? numbers[0] : numbers[i]);
  }
  return channels;
}

}  // namespace

void read_size(const OptionValues& options, const char* name, PictureTarget& target) {
  const Size2d size = options.get_size(name);
  target.width = static_cast<int>(size.width);
  target.height = static_cast<int>(size.height);
}

void read_letterbox_or_resize(const OptionValues& options, PictureTarget& target) {
  target.keeps_shape = !options.has("resize");
  const char* word = target.keeps_shape ? "letterbox" : "resize";
  if (options.has(word)) {
    read_size(options, word, target);
  }
}

Status read_color(const OptionValues& options, PictureTarget& target) {
  if (options.is_word("color", "gray")) {
    return Error{Errc::kUnsupported, "color: gray cannot be made yet; rgb and bgr can"};
  }
  target.order =
      options.is_word("color", "bgr") ? ResampleSpec::Order::kBgr : ResampleSpec::Order::kRgb;
  if (options.has("pad")) {
    target.pad.fill(static_cast<float>(options.get_int("pad")));
  }
  return {};
}

void use_imagenet_scale(PictureTarget& target) {
  target.mean = kImagenetMean;
  target.deviation = kImagenetDeviation;
  if (target.order == ResampleSpec::Order::kBgr) {
    std::reverse(target.mean.begin(), target.mean.end());
    std::reverse(target.deviation.begin(), target.deviation.end());
  }
}

Status read_mean_and_std(const OptionValues& options, PictureTarget& target) {
  PENSTOCK_ASSIGN_OR_RETURN(target.mean, channels_of(options, "mean"));
  PENSTOCK_ASSIGN_OR_RETURN(target.deviation, channels_of(options, "std"));
  return {};
}

Status read_normalize(const OptionValues& options, PictureTarget& target) {
  if (options.is_word("normalize", "imagenet")) {
    use_imagenet_scale(target);
    return {};
  }
  return read_mean_and_std(options.get_object("normalize"), target);
}

}  // namespace penstock
