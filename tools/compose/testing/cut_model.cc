#include "tools/compose/testing/cut_model.h"

#include <fstream>

namespace penstock::testing {
namespace {

/// 0..255 becomes -0.5..0.5.
void add_before(OnnxWriter& model) {
  model.constant("step", {1}, {1.0F / 256}).constant("half", {1}, {0.5F});
  model.node("Mul", {"picture", "step"}, {"small"}).node("Sub", {"small", "half"}, {"scaled"});
}

void add_network(OnnxWriter& model) {
  std::vector<float> weights;
  for (int i = 0; i < 4 * 3 * 3 * 3; ++i) {
    weights.push_back(static_cast<float>(i * 5 % 7 % 5 - 2));
  }
  model.constant("weights", {4, 3, 3, 3}, weights);
  model.node("Conv", {"scaled", "weights"}, {"sums"}, {{"pads", {1, 1, 1, 1}}});
  model.node("Relu", {"sums"}, {"features"});
  model.node("GlobalAveragePool", {"features"}, {"means"});
}

void add_after(OnnxWriter& model) {
  model.constant("two", {1}, {2});
  model.node("Sub", {"features", "means"}, {"centred"});
  model.node("Mul", {"means", "two"}, {"doubled"});
}

}  // namespace

void CutModel::write(const std::filesystem::path& folder) {
  OnnxWriter whole;
  whole.input("picture", kPicture).output("doubled", kMeans).output("centred", kFeatures);
  add_before(whole);
  add_network(whole);
  add_after(whole);
  whole.write(folder / "whole.onnx");
  OnnxWriter before;
  before.input("picture", kPicture).output("small", kPicture).output("scaled", kPicture);
  add_before(before);
  before.write(folder / "cut/pre.onnx");
  OnnxWriter network;
  network.input("scaled", kPicture).output("features", kFeatures).output("means", kMeans);
  add_network(network);
  network.write(folder / "cut/network.onnx");
  OnnxWriter after;  // Its inputs are in another order than the network's outputs.
  after.input("means", kMeans).input("features", kFeatures);
  after.output("doubled", kMeans).output("centred", kFeatures);
  add_after(after);
  after.write(folder / "cut/post.onnx");
  std::ofstream(folder / "cut/manifest.yaml") << R"(penstock_package: 1
name: cut
networks:
  - name: network
    variants:
      - name: default
        model: network.onnx
        preprocess: pre.onnx
        postprocess: post.onnx
        inputs:
          - {name: scaled, type: f32, shape: [1, 3, 8, 8], scale: 0.00390625}
        outputs:
          - {name: features, type: f32, shape: [1, 4, 8, 8], scale: 0.25}
          - {name: means, type: f32, shape: [1, 4, 1, 1], scale: 0.0625}
)";
}

std::vector<float> CutModel::picture(int seed) {
  std::vector<float> values;
  for (int i = 0; i < 3 * 8 * 8; ++i) {
    values.push_back(static_cast<float>((i * 31 + seed * 17 + i * i * seed) % 256));
  }
  return values;
}

}  // namespace penstock::testing
