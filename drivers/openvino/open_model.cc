#include "drivers/openvino/open_model.h"

#include <cstdint>
#include <memory>
#include <vector>

#include <openvino/core/graph_util.hpp>
#include <openvino/core/model.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/reduce_mean.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/result.hpp>

namespace penstock::openvino {

namespace {

std::string write(const std::string& path, bool with_features) {
  const auto image = std::make_shared<ov::op::v0::Parameter>(
      ov::element::f32,
      ov::PartialShape{
          ov::Dimension::dynamic(), 3, ov::Dimension::dynamic(), ov::Dimension::dynamic()});
  image->output(0).set_names({"image"});
  std::vector<float> weights(std::size_t{4} * 3 * 3 * 3);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<float>(i * 5 % 17) / 16 - 0.4F;
  }
  const auto kernel = ov::op::v0::Constant::create(ov::element::f32, {4, 3, 3, 3}, weights);
  const auto convolution = std::make_shared<ov::op::v1::Convolution>(image,
                                                                     kernel,
                                                                     ov::Strides{2, 2},
                                                                     ov::CoordinateDiff{1, 1},
                                                                     ov::CoordinateDiff{0, 0},
                                                                     ov::Strides{1, 1});
  const auto features = std::make_shared<ov::op::v0::Relu>(convolution);
  features->output(0).set_names({"features"});
  const auto axes =
      ov::op::v0::Constant::create(ov::element::i64, {2}, std::vector<std::int64_t>{2, 3});
  const auto means = std::make_shared<ov::op::v1::ReduceMean>(features, axes, false);
  means->output(0).set_names({"means"});
  ov::ResultVector results;
  if (with_features) {
    results.push_back(std::make_shared<ov::op::v0::Result>(features));
  }
  results.push_back(std::make_shared<ov::op::v0::Result>(means));
  ov::save_model(
      std::make_shared<ov::Model>(results, ov::ParameterVector{image}, "open"), path, false);
  return path;
}

}  // namespace

std::string write_open_model(const std::string& folder) {
  return write(folder + "/open_model.xml", true);
}

std::string write_open_classifier(const std::string& folder) {
  return write(folder + "/open_classifier.xml", false);
}

}  // namespace penstock::openvino
