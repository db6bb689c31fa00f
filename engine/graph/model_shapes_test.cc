#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/graph/graph_test_kit.h"

// The words `shapes` and `batch: {buckets}` of a model.
namespace penstock {
namespace {

class ModelShapes : public ::testing::Test {
 protected:
  ModelShapes() {
    ModelFacts& facts = kit_.models.models["models/yolov8n.onnx"];
    facts.inputs[0].dims = {-1, 3, -1, -1};
    facts.outputs[0].dims = {-1, 84, -1};
  }

  /// A graph with one model, which has the words `words`.
  static std::string graph(const std::string& words,
                           const std::string& preprocess = "{letterbox: [320, 320]}") {
    return "models:\n  people:\n    file: models/yolov8n.onnx\n    preprocess: " + preprocess +
           "\n    " + words +
           "\nactors:\n"
           "  cam: {type: video_source, uri: clips/street.mp4}\n"
           "  detect: {type: infer, model: people, in: cam}\n"
           "  log: {type: jsonl_sink, in: detect, path: out/a.jsonl}\n";
  }

  ModelSpec read(const std::string& words) {
    const CheckedGraph checked = kit_.check(graph(words));
    EXPECT_TRUE(checked.spec.has_value()) << kit_.message(graph(words));
    return checked.spec.has_value() ? checked.spec->models.front() : ModelSpec();
  }

  std::string message(const std::string& words) { return kit_.message(graph(words)); }

  GraphTestKit kit_;
};

TEST_F(ModelShapes, AreReadInOrder) {
  const ModelSpec model = read("shapes: [[1, 3, 320, 320], [1, 3, 640, 640]]");
  ASSERT_EQ(model.shapes.size(), 1U);
  EXPECT_EQ(model.shapes[0].input, "");
  EXPECT_EQ(model.shapes[0].shapes[1], (std::vector<std::int64_t>{1, 3, 640, 640}));
  EXPECT_EQ(shape_text(model.facts->inputs[0].dims), "1x3x?x?") << "closed where all agree";
}

TEST_F(ModelShapes, MayNameTheirInputWhateverItIsCalled) {
  kit_.models.models["models/yolov8n.onnx"].inputs[0].name = "serving:0";
  const ModelSpec model = read("shapes: {\"serving:0\": [[1, 3, 320, 320]]}");
  ASSERT_EQ(model.shapes.size(), 1U);
  EXPECT_EQ(model.shapes[0].input, "serving:0");
  EXPECT_EQ(shape_text(model.facts->inputs[0].dims), "1x3x320x320");
}

TEST_F(ModelShapes, GoWithSizesOfPartialBatches) {
  const ModelSpec model =
      read("batch: {size: 8, buckets: [1, 2, 4]}\n    shapes: [[1, 3, 320, 320]]");
  EXPECT_EQ(model.batch_buckets, (std::vector<std::int64_t>{1, 2, 4}));
  EXPECT_EQ(shape_text(model.facts->inputs[0].dims), "?x3x320x320");
}

TEST_F(ModelShapes, MustAscendAndBeNamedOnce) {
  EXPECT_EQ(message("shapes: [[1, 3, 640, 640], [1, 3, 320, 320]]"),
            "model 'people': 'shapes' has 1x3x320x320 after 1x3x640x640, which is larger; write "
            "the smaller shapes first");
  EXPECT_EQ(kit_.places(graph("shapes: [[1, 3, 320, 320], [1, 3, 320, 320]]")),
            std::vector<std::string>{"E002 5:13"});
}

TEST_F(ModelShapes, MustFitWhatTheFileFixes) {
  EXPECT_EQ(message("shapes: [[1, 1, 320, 320]]"),
            "model 'people': 'shapes' has 1x1x320x320, which changes an extent that the file "
            "fixes; input 'images' of the model is ?x3x?x?");
  EXPECT_EQ(message("shapes: [[3, 320, 320]]"),
            "model 'people': 'shapes' has 3x320x320 with 3 axes; input 'images' of the model is "
            "?x3x?x? with 4");
  EXPECT_EQ(message("shapes: {image: [[1, 3, 320, 320]]}"),
            "model 'people': 'shapes' of input 'image': the model has no such input; did you mean "
            "'images'?");
  EXPECT_EQ(kit_.places(graph("shapes: [[1, 1, 320, 320]]")),
            std::vector<std::string>{"E041 5:13"});
}

TEST_F(ModelShapes, MustSayWhichOfSeveralInputsTheyMean) {
  auto& inputs = kit_.models.models["models/yolov8n.onnx"].inputs;
  inputs.push_back({"mask", {-1, 16}, "f32", ""});
  const std::string text = graph("shapes: [[1, 3, 320, 320]]");
  EXPECT_NE(kit_.message(text).find("does not say which of the 2 inputs it means"),
            std::string::npos)
      << kit_.message(text);
  const std::string half = graph("shapes: {images: [[1, 3, 320, 320], [1, 3, 640, 640]]}");
  EXPECT_NE(kit_.message(half).find("input 'mask' is ?x16 and left open"), std::string::npos)
      << kit_.message(half);
}

TEST_F(ModelShapes, OfSeveralInputsGoTogetherByPlace) {
  EXPECT_NE(message("shapes: {images: [[1, 3, 8, 8], [1, 3, 9, 9]], b: [[1], [2], [3]]}")
                .find("'shapes' of input 'images' has 2 shapes, another input has 3"),
            std::string::npos);
}

TEST_F(ModelShapes, TakeOnlyPartialBatchesAsBatchBuckets) {
  EXPECT_EQ(message("batch: {size: 4, buckets: [2, 4]}"),
            "model 'people': batch bucket 4 is no partial batch: 'size' is 4; write them "
            "ascending, each below 'size'");
  EXPECT_EQ(kit_.places(graph("batch: {size: 4, buckets: [2, 1]}")),
            std::vector<std::string>{"E013 5:31"});
  EXPECT_NE(message("batch: {buckets: [1]}").find("'size' is 1"), std::string::npos);
}

TEST_F(ModelShapes, AreNotMoreThanAreMade) {
  std::string shapes = "shapes: [";
  for (int side = 1; side <= 12; ++side) {
    shapes += (side > 1 ? ", " : "") + std::string("[1, 3, 8, ") + std::to_string(side) + "]";
  }
  EXPECT_NE(message("batch: {size: 4, buckets: [1, 2]}\n    " + shapes + "]")
                .find("makes 36 buckets of its shapes and batch sizes; at most 32"),
            std::string::npos);
}

TEST_F(ModelShapes, MustHoldTheSizeThatPreprocessGives) {
  const std::string shapes = "shapes: [[1, 3, 320, 320], [1, 3, 640, 640]]";
  for (const char* size : {"800, 640", "640, 480"}) {
    const std::string message =
        kit_.message(graph(shapes, "{letterbox: [" + std::string(size) + "]}"));
    EXPECT_NE(message.find("which is none of its shapes: 320x320, 640x640"), std::string::npos)
        << message;
  }
  EXPECT_TRUE(kit_.check(graph(shapes, "{letterbox: [640, 640]}")).spec.has_value());
  EXPECT_EQ(kit_.message(graph("shapes: [[1, 3, 320, 320]]", "{letterbox: [640, 640]}")),
            "model 'people': letterbox gives 640x640; input 'images' of the model is f32 "
            "1x3x320x320, that is 320x320");
}

TEST_F(ModelShapes, AreImpliedByTheSizesThatPreprocessMakes) {
  const CheckedGraph checked = kit_.check(
      "models:\n"
      "  people: {file: models/yolov8n.onnx}\n"
      "actors:\n"
      "  cam: {type: video_source, uri: clips/street.mp4}\n"
      "  large: {type: preprocess, letterbox: [640, 320], in: cam}\n"
      "  small: {type: preprocess, resize: [96, 64], in: cam}\n"
      "  far: {type: infer, model: people, in: large}\n"
      "  near: {type: infer, model: people, in: small}\n"
      "  a: {type: jsonl_sink, in: far, path: out/a}\n"
      "  b: {type: jsonl_sink, in: near, path: out/b}\n");
  ASSERT_TRUE(checked.spec.has_value());
  const auto& shapes = checked.spec->models.front().shapes;
  ASSERT_EQ(shapes.size(), 1U);
  EXPECT_TRUE(shapes[0].implied);
  EXPECT_EQ(shapes[0].shapes,
            (std::vector<std::vector<std::int64_t>>{{1, 3, 64, 96}, {1, 3, 320, 640}}));
}

TEST_F(ModelShapes, AreImpliedWhereOnlyTheBatchIsOpen) {
  kit_.models.models["models/yolov8n.onnx"].inputs[0].dims = {-1, 3, 320, 320};
  const ModelSpec model = read("placement: pinned");
  ASSERT_EQ(model.shapes.size(), 1U);
  EXPECT_EQ(model.shapes[0].shapes, (std::vector<std::vector<std::int64_t>>{{1, 3, 320, 320}}));
  EXPECT_TRUE(read("batch: {size: 4}").shapes.empty()) << "the batch says it";
}

TEST_F(ModelShapes, WantAnInferForEachSize) {
  EXPECT_EQ(kit_.message("models:\n"
                         "  people: {file: models/yolov8n.onnx}\n"
                         "actors:\n"
                         "  cam: {type: video_source, uri: clips/street.mp4}\n"
                         "  large: {type: preprocess, letterbox: [640, 320], in: cam}\n"
                         "  small: {type: preprocess, letterbox: [96, 64], in: cam}\n"
                         "  both: {type: infer, model: people, in: [large, small]}\n"
                         "  a: {type: jsonl_sink, in: both, path: out/a}\n"),
            "actor 'both' is given pictures of two sizes by 'large' and 'small'; what reads its "
            "outputs expects one; give each size an infer of its own with model 'people': they "
            "share it");
}

TEST_F(ModelShapes, GivePreprocessItsSizeWhereThereIsOne) {
  const auto checked = kit_.check(graph("shapes: [[1, 3, 320, 256]]", "{color: bgr}"));
  ASSERT_TRUE(checked.spec.has_value());
  const ActorSpec* pre = checked.spec->find_actor("detect.pre");
  ASSERT_NE(pre, nullptr);
  EXPECT_EQ(pre->options.get_size("letterbox"), (Size2d{256, 320}));
}

}  // namespace
}  // namespace penstock
