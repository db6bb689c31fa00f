// What a check of a whole graph says of its models: what there is of them, and whether it fits.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/graph/graph_checker.h"
#include "engine/graph/graph_test_kit.h"

namespace penstock {
namespace {

using Places = std::vector<std::string>;

TEST(GraphChecker, RefusesUnknownModelsAndDevices) {
  GraphTestKit kit;
  const std::string text = with_model("  d: {type: infer, model: peple, in: cam}\n" + kCameraLog);
  EXPECT_EQ(kit.places(text), Places({"E036 2:3", "E033 5:27"}));
  EXPECT_EQ(kit.places(with_model("  d: {type: infer, model: people, device: cqu, in: cam}\n"
                                  "  log: {type: jsonl_sink, in: d, path: a}\n")),
            Places({"E033 5:43"}));
  EXPECT_EQ(kit.places(with_model("  d: {type: infer, model: people, in: cam}\n"
                                  "  log: {type: jsonl_sink, in: d, path: a}\n",
                                  ", device: npu0")),
            Places({"E033 2:47"}));
  EXPECT_EQ(kit.places("devices: {n: {type: smi}}\n" + with_camera(kCameraLog)),
            Places({"E036 1:11", "E014 1:21"}));
}

TEST(GraphChecker, TakesTheNetworkAndVariantThatAModelNames) {
  GraphTestKit kit;
  kit.models.packages["models/yolov8n.onnx"] = {{"detector", {"small", "large"}},
                                                {"reader", {"r"}}};
  const std::string actors =
      "  d: {type: infer, model: people, in: cam}\n  l: {type: jsonl_sink, in: d, path: a}\n";
  const CheckedGraph checked = kit.check(with_model(actors, ", network: detector, variant: large"));
  EXPECT_EQ(places_of(checked.diagnostics), Places());
  ASSERT_TRUE(checked.spec.has_value());
  EXPECT_EQ(checked.spec->models[0].network, "detector");
  EXPECT_EQ(checked.spec->models[0].variant, "large");
  ASSERT_EQ(kit.models.choices.size(), 1U);
  EXPECT_EQ(kit.models.choices[0].network, "detector");
  EXPECT_EQ(kit.models.choices[0].variant, "large");
  EXPECT_EQ(kit.places(with_model(actors, ", variant: small")), Places());
}

TEST(GraphChecker, RefusesNetworksAndVariantsThatThePackageDoesNotHave) {
  GraphTestKit kit;
  kit.models.packages["models/yolov8n.onnx"] = {{"detector", {"small", "large"}},
                                                {"reader", {"r"}}};
  const std::string actors =
      "  d: {type: infer, model: people, in: cam}\n  l: {type: jsonl_sink, in: d, path: a}\n";
  const std::string network = with_model(actors, ", network: readr");
  EXPECT_EQ(kit.places(network), Places({"E033 2:48"}));
  EXPECT_EQ(kit.message(network),
            "model 'people': the package has no network 'readr'; name one of detector, reader; "
            "did you mean 'reader'?");
  const std::string variant = with_model(actors, ", variant: larg");
  EXPECT_EQ(kit.places(variant), Places({"E033 2:48"}));
  EXPECT_EQ(kit.message(variant),
            "model 'people': network 'detector' of the package has no variant 'larg'; name one of "
            "small, large; did you mean 'large'?");
  EXPECT_EQ(kit.places(with_model(actors, ", network: reader, variant: small")),
            Places({"E033 2:65"}));
  kit.models.packages.clear();
  EXPECT_EQ(kit.places(network), Places({"E018 2:18"})) << "no package that can be read";
}

TEST(GraphChecker, RefusesPicturesThatDoNotFitTheModel) {
  GraphTestKit kit;
  const std::string actors =
      "  d: {type: infer, model: people, in: cam}\n  log: {type: jsonl_sink, in: d, path: a}\n";
  const std::string wide = with_model(actors, ", preprocess: {letterbox: [640, 480]}");
  EXPECT_EQ(kit.places(wide), Places({"E041 2:63"}));
  EXPECT_EQ(kit.message(wide),
            "model 'people': letterbox gives 640x480; input 'images' of the model is f32 "
            "1x3x640x640, that is 640x640");
  EXPECT_EQ(kit.places(with_model(actors, ", preprocess: {color: gray}")), Places({"E041 2:51"}));
  EXPECT_EQ(kit.places(with_model(actors, ", preprocess: {letterbox: [640, 640]}")), Places());
}

TEST(GraphChecker, ScalesToTheModelWithoutPreprocess) {
  GraphTestKit kit;
  const CheckedGraph checked =
      kit.check(with_model("  d: {type: infer, model: people, in: cam}\n"
                           "  log: {type: jsonl_sink, in: d, path: a}\n"));
  ASSERT_TRUE(checked.spec.has_value());
  EXPECT_EQ(checked.spec->find_actor("d.pre")->options.get_size("letterbox"), (Size2d{640, 640}));
}

TEST(GraphChecker, WantsASizeWhenTheModelFixesNone) {
  GraphTestKit kit;
  kit.models.models["models/yolov8n.onnx"].inputs[0].dims = {1, 3, -1, -1};
  EXPECT_EQ(kit.places(with_model("  d: {type: infer, model: people, in: cam}\n"
                                  "  log: {type: jsonl_sink, in: d, path: a}\n")),
            Places({"E011 5:27"}));
}

TEST(GraphChecker, RefusesDecodersThatDoNotFitTheModel) {
  GraphTestKit kit;
  kit.models.models["models/yolov8n.onnx"].outputs[0].dims = {1, 25200, 85};
  const std::string text = with_model(
      "  d: {type: infer, model: people, in: cam}\n  log: {type: jsonl_sink, in: d, path: a}\n");
  EXPECT_EQ(kit.places(text), Places({"E043 2:61"}));
  EXPECT_EQ(kit.message(text),
            "decoder 'yolov8' does not fit model 'people': output 'output0' is 1x25200x85, wants "
            "1x9x?");
}

TEST(GraphChecker, RefusesModelsThatCannotBeRead) {
  GraphTestKit kit;
  kit.models.models.clear();
  EXPECT_EQ(kit.places(with_model("  d: {type: infer, model: people, in: cam}\n"
                                  "  log: {type: jsonl_sink, in: d, path: a}\n")),
            Places({"E018 2:18"}));
}

TEST(GraphChecker, RefusesUnknownDecoders) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(with_model("  d: {type: infer, model: people, in: cam}\n"
                                  "  log: {type: jsonl_sink, in: d, path: a}\n",
                                  ", postprocess: {decode: yolo8}")),
            Places({"E014 2:61"}));
  EXPECT_EQ(kit.places(with_model("  d: {type: infer, model: people, in: cam}\n"
                                  "  log: {type: jsonl_sink, in: d, path: a}\n",
                                  ", postprocess: {score: 0.5}")),
            Places({"E011 2:52"}));
}

TEST(GraphChecker, AcceptsTheThreePartsOfInferWrittenByHand) {
  GraphTestKit kit;
  const std::string text = with_model(
      "  pre: {type: preprocess, letterbox: [640, 640], in: cam}\n"
      "  net: {type: infer, model: people, in: pre}\n"
      "  boxes: {type: yolov8, labels: models/coco.txt, in: net}\n"
      "  log: {type: jsonl_sink, in: boxes, path: a}\n",
      "");
  const CheckedGraph checked = kit.check(text);
  EXPECT_EQ(places_of(checked.diagnostics), Places());
  ASSERT_TRUE(checked.spec.has_value());
  EXPECT_EQ(checked.spec->actors.size(), 5U);
  EXPECT_EQ(checked.spec->find_actor("net")->part_of, "");
}

TEST(GraphChecker, ChecksPartsWrittenByHandAgainstTheModel) {
  GraphTestKit kit;
  kit.models.models["models/yolov8n.onnx"].outputs[0].dims = {1, 84, 8400};
  EXPECT_EQ(kit.places(with_model("  pre: {type: preprocess, resize: [320, 640], in: cam}\n"
                                  "  net: {type: infer, model: people, in: pre}\n"
                                  "  boxes: {type: yolov8, labels: models/coco.txt, in: net}\n"
                                  "  log: {type: jsonl_sink, in: boxes, path: a}\n",
                                  "")),
            Places({"E041 5:35", "E043 7:3"}));
}

TEST(GraphChecker, LetsConsumersReadTheParts) {
  GraphTestKit kit;
  const CheckedGraph checked =
      kit.check(with_model("  d: {type: infer, model: people, in: cam}\n"
                           "  a: {type: jsonl_sink, in: d, path: a}\n"
                           "  b: {type: jsonl_sink, in: d.infer, path: b}\n"));
  ASSERT_TRUE(checked.spec.has_value());
  EXPECT_EQ(checked.spec->find_actor("a")->inputs[0].from, "d.post");
  EXPECT_EQ(checked.spec->find_actor("b")->inputs[0].from, "d.infer");
  EXPECT_EQ(kit.places(with_model("  d: {type: infer, model: people, in: cam}\n"
                                  "  b: {type: jsonl_sink, in: d.post, path: b}\n",
                                  "")),
            Places({"E032 6:29"}));
}

TEST(GraphChecker, AsksEachModelOnce) {
  GraphTestKit kit;
  kit.check(
      with_model("  a: {type: infer, model: people, in: cam}\n"
                 "  b: {type: infer, model: people, in: a}\n"
                 "  log: {type: jsonl_sink, in: b, path: a}\n"));
  EXPECT_EQ(kit.models.asked, 1);
}

/// A probe whose driver is not there.
class NoDriver final : public ModelProbe {
 public:
  Result<ModelFacts> probe(const ModelChoice& /*choice*/) override {
    return Error{Errc::kUnavailable, "no board answers"};
  }

  Result<std::vector<NetworkNames>> networks(const std::string& /*path*/) override {
    return Error{Errc::kCorrupt, "no package"};
  }
};

TEST(GraphChecker, DoesNotBlameAFileForADriverThatIsNotThere) {
  GraphTestKit kit;
  NoDriver models;
  CheckRequest request;
  request.registry = &kit.registry;
  request.files = &kit.files;
  request.models = &models;
  const CheckedGraph checked =
      check_graph(SourceText("a.yaml",
                             with_model("  d: {type: infer, model: people, in: cam}\n"
                                        "  log: {type: jsonl_sink, in: d, path: a}\n",
                                        "")),
                  request);
  ASSERT_EQ(checked.diagnostics.size(), 1U);
  EXPECT_EQ(checked.diagnostics[0].code, "E060");
  EXPECT_EQ(checked.diagnostics[0].message, "model 'people': no board answers");
}

}  // namespace
}  // namespace penstock
