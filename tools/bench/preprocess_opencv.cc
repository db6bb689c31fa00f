#include <array>
#include <cstddef>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "tools/bench/preprocess_peers.h"

namespace penstock {

OpenCvPath::OpenCvPath(const ResampleSpec& spec) : spec_(spec) {
  cv::setNumThreads(1);
}

void OpenCvPath::run(const PictureRows& picture, float* tensor) const {
  // OpenCV has no const view of foreign memory; the conversion only reads it.
  auto* pixels = const_cast<std::uint8_t*>(picture.planes[0]);
  const cv::Mat yuv(spec_.src_h * 3 / 2, spec_.src_w, CV_8UC1, pixels);
  cv::Mat rgb;
  cv::cvtColor(yuv, rgb, cv::COLOR_YUV2RGB_I420);
  cv::Mat small;
  cv::resize(rgb, small, cv::Size(spec_.inset_w, spec_.inset_h), 0, 0, cv::INTER_LINEAR);
  cv::Mat floats;
  small.convertTo(floats, CV_32F, 1.0 / 255.0);
  std::array<cv::Mat, 3> inset;
  for (int c = 0; c < 3; ++c) {
    cv::Mat plane(spec_.dst_h,
                  spec_.dst_w,
                  CV_32F,
                  tensor + static_cast<std::ptrdiff_t>(c) * spec_.dst_w * spec_.dst_h);
    inset[static_cast<std::size_t>(c)] =
        plane(cv::Rect(spec_.inset_x, spec_.inset_y, spec_.inset_w, spec_.inset_h));
  }
  cv::split(floats, inset.data());
}

}  // namespace penstock
