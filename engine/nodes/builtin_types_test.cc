#include "engine/nodes/builtin_types.h"

#include <string>

#include <gtest/gtest.h>

#include "engine/graph/builtin_words.h"
#include "engine/graph/graph_checker.h"

namespace penstock {
namespace {

/// A model that looks like an SSD with 1917 boxes and three classes.
class SsdProbe final : public ModelProbe {
 public:
  Result<std::vector<NetworkNames>> networks(const std::string& /*path*/) override {
    return std::vector<NetworkNames>();
  }

  Result<ModelFacts> probe(const ModelChoice& /*choice*/) override {
    ModelFacts facts;
    facts.inputs = {{"image", {1, 300, 300, 3}, "f32", "NHWC"}};
    facts.outputs = {{"boxes", {1, 1917, 4}, "f32", ""}, {"classes", {1, 1917, 3}, "f32", ""}};
    return facts;
  }
};

class AnyFile final : public FileAccess {
 public:
  [[nodiscard]] bool is_readable(const std::string& /*path*/) const override { return true; }

  [[nodiscard]] bool is_folder(const std::string& /*path*/) const override { return false; }

  [[nodiscard]] Result<std::string> read(const std::string& /*path*/) const override {
    return std::string("background\nperson\ndog\n");
  }
};

class BuiltinTypesTest : public ::testing::Test {
 protected:
  BuiltinTypesTest() {
    register_language_types(registry_);
    register_builtin_types(registry_);
    registry_.add_device({"cpu", "this machine", {}});
  }

  CheckedGraph check(const std::string& text) {
    CheckRequest request;
    request.registry = &registry_;
    request.models = &models_;
    request.files = &files_;
    return check_graph(SourceText("a.yaml", text), request);
  }

  /// Returns the codes and messages of all that is wrong.
  std::string complaints(const std::string& text) {
    std::string all;
    for (const Diagnostic& diagnostic : check(text).diagnostics) {
      all += diagnostic.code + " " + diagnostic.message + "\n";
    }
    return all;
  }

  TypeRegistry registry_;
  SsdProbe models_;
  AnyFile files_;
};

const std::string kDetector = R"(graph: people
models:
  people:
    file: ssd.onnx
    device: cpu
    preprocess: {resize: [300, 300], normalize: {mean: 127.5, std: 127.5}}
    postprocess: {decode: ssd, labels: labels.txt, score: 0.4, keep: [person, dog]}
actors:
  cam: {type: test_source, streams: {gate: {seed: 1}, dock: {seed: 2, live: true, fps: 10}}}
  detect: {type: infer, model: people, in: cam}
)";

TEST_F(BuiltinTypesTest, SpeakOfAWholeGraph) {
  const std::string text = kDetector + R"(  track: {type: tracker, max_lost: 20, in: detect}
  near: {type: filter, min_size: [40, 80], drop_empty: true, in: track}
  few: {type: sample, max_fps: 5, in: near}
  log: {type: jsonl_sink, path: "out/$(stream)-%Y-%m-%d.jsonl", in: track}
  screen: {type: console, every: 25, in: few}
  app: {type: app_sink, in: track}
  rest: {type: discard, in: near}
)";
  EXPECT_EQ(complaints(text), "");
  const CheckedGraph checked = check(text);
  ASSERT_TRUE(checked.spec.has_value());
  const ActorSpec* cam = checked.spec->find_actor("cam");
  EXPECT_FALSE(cam->streams[0].live);
  EXPECT_TRUE(cam->streams[1].live);
  EXPECT_EQ(checked.spec->find_actor("track")->scope, Scope::kPerStream);
  EXPECT_EQ(checked.spec->find_actor("few")->scope, Scope::kPerStream);
  EXPECT_EQ(checked.spec->find_actor("detect.post")->type->name(), "ssd");
}

TEST_F(BuiltinTypesTest, TakeAPreprocessThatIsWrittenByHand) {
  EXPECT_EQ(complaints(R"(graph: by_hand
models: {people: {file: ssd.onnx, device: cpu}}
actors:
  app: {type: app_source}
  small: {type: resize, size: [300, 300], in: app}
  scaled: {type: normalize, layout: nhwc, preset: imagenet, in: small}
  infer: {type: infer, model: people, in: scaled}
  found: {type: ssd, labels: [background, person, dog], in: infer}
  log: {type: jsonl_sink, path: out.jsonl, in: found}
)"),
            "");
}

TEST_F(BuiltinTypesTest, FindTheDecoderThatDoesNotFit) {
  std::string text = kDetector + "  rest: {type: discard, in: detect}\n";
  text.replace(text.find("decode: ssd"), 11, "decode: yolov8");
  EXPECT_EQ(complaints(text).rfind("E043 decoder 'yolov8' does not fit model 'people': ", 0), 0U)
      << complaints(text);
}

TEST_F(BuiltinTypesTest, KnowTheLabelsThatArriveAtAFilter) {
  const auto complaint = [&](const std::string& actors) {
    return complaints(kDetector + actors + "  rest: {type: discard, in: near}\n");
  };
  const std::string near = "  near: {type: filter, in: track, labels: ";
  const std::string track = "  track: {type: tracker, in: detect}\n";
  EXPECT_EQ(complaint(track + near + "[person, dog]}\n"), "");
  EXPECT_EQ(complaint(track + near + "[persn, dog]}\n"),
            "E014 actor 'near': no label 'persn' among the objects that arrive, from "
            "'detect.post'\n");
  // A number is no name of what has one.
  EXPECT_NE(complaint(track + near + "[\"1\"]}\n"), "");
  const std::string other = "  other: {type: discard, in: detect}\n";
  EXPECT_EQ(complaint(other + "  near: {type: filter, in: cam, labels: [ellipse]}\n"), "");
  EXPECT_EQ(complaint(other + "  near: {type: filter, in: cam, labels: [person]}\n"),
            "E014 actor 'near': no label 'person' among the objects that arrive, from 'cam'\n");
  // Of several producers one is enough.
  EXPECT_EQ(complaint("  near: {type: filter, in: [cam, detect], labels: [person, ellipse]}\n"),
            "");
  const CheckedGraph checked =
      check(kDetector + track + near + "[persn]}\n" + "  rest: {type: discard, in: near}\n");
  ASSERT_EQ(checked.diagnostics.size(), 1U);
  EXPECT_EQ(checked.diagnostics.front().hint, "did you mean 'person'?");
  EXPECT_EQ(checked.diagnostics.front().line, 12);
}

TEST_F(BuiltinTypesTest, KnowTheLabelsThatADecoderKeeps) {
  std::string text = kDetector + R"(  near: {type: filter, in: detect, labels: [dog]}
  rest: {type: discard, in: near}
)";
  text.replace(text.find("[person, dog]"), 13, "person");
  const CheckedGraph checked = check(text);
  ASSERT_EQ(checked.diagnostics.size(), 1U) << complaints(text);
  EXPECT_EQ(checked.diagnostics.front().code, "E014");
  EXPECT_EQ(checked.diagnostics.front().hint, "one of person");
}

TEST_F(BuiltinTypesTest, KnowTheLabelsThatAFilterLetsThrough) {
  const auto complaint = [&](const std::string& labels, const std::string& more) {
    return complaints(kDetector + "  near: {type: filter, in: detect, labels: " + labels +
                      "}\n  few: {type: filter, in: near, labels: " + more +
                      "}\n  rest: {type: discard, in: few}\n");
  };
  EXPECT_EQ(complaint("[person, dog]", "dog"), "");
  EXPECT_EQ(complaint("[]", "dog"), "") << "without a label all go through";
  EXPECT_EQ(complaint("person", "dog"),
            "E014 actor 'few': no label 'dog' among the objects that arrive, from "
            "'detect.post'\n");
  EXPECT_EQ(complaint("persn", "persn"),
            "E014 actor 'near': no label 'persn' among the objects that arrive, from "
            "'detect.post'\n")
      << "one report for one mistake";
}

TEST_F(BuiltinTypesTest, SayOnceThatNoObjectsArriveAtAFilter) {
  const std::string text = R"(graph: a
actors:
  app: {type: app_source}
  near: {type: filter, in: app, labels: [person]}
  few: {type: filter, in: near, labels: [dog]}
  rest: {type: discard, in: few}
)";
  const CheckedGraph checked = check(text);
  ASSERT_EQ(checked.diagnostics.size(), 1U) << complaints(text);
  EXPECT_EQ(checked.diagnostics.front().code, "E040");
  EXPECT_EQ(checked.diagnostics.front().line, 4);
}

TEST_F(BuiltinTypesTest, TakeNumbersForTheLabelsOfADetectorWithoutNames) {
  const std::string without = R"(graph: a
models: {people: {file: ssd.onnx, device: cpu, preprocess: {resize: [300, 300]}, postprocess: {decode: ssd}}}
actors:
  cam: {type: test_source}
  detect: {type: infer, model: people, in: cam}
  rest: {type: discard, in: near}
)";
  EXPECT_EQ(complaints(without + "  near: {type: filter, in: detect, labels: [\"1\", \"2\"]}\n"),
            "");
  const std::string near = "  near: {type: filter, in: few, labels: ";
  const std::string few = "  few: {type: filter, in: detect, labels: [\"1\"]}\n";
  EXPECT_EQ(complaints(without + few + near + "[\"1\"]}\n"), "");
  EXPECT_EQ(complaints(without + few + near + "[\"2\"]}\n"),
            "E014 actor 'near': no label '2' among the objects that arrive, from 'detect.post'\n");
  EXPECT_EQ(complaints(without + "  near: {type: filter, in: detect, labels: [person]}\n"),
            "E014 actor 'near': no label 'person' among the objects that arrive, from "
            "'detect.post'\n");
}

TEST_F(BuiltinTypesTest, KnowWhatTheBranchesOfAJoinBring) {
  const std::string text = kDetector + R"(  again: {type: infer, model: people, in: cam}
  few: {type: filter, in: detect, score: 0.5}
  both: {type: join, in: {a: detect, b: few, c: again}}
  near: {type: filter, in: both, labels: [dog, rectangle]}
  rest: {type: discard, in: near}
)";
  EXPECT_EQ(complaints(text),
            "E014 actor 'near': no label 'rectangle' among the objects that arrive, from "
            "'again.post', 'detect.post'\n");
  const CheckedGraph checked = check(std::string(text).replace(text.find(", rectangle"), 11, ""));
  ASSERT_TRUE(checked.spec.has_value());
  EXPECT_EQ(checked.spec->find_actor("both")->brings,
            (std::vector<PayloadSet>{{payload::kObjects}, {}, {payload::kObjects}}))
      << "b has those of a, come by another way";
}

TEST_F(BuiltinTypesTest, KnowTheLabelTablesThatComeTogetherInAJoin) {
  const auto model = [](const std::string& name, const std::string& decoder) {
    return "  " + name + ": {file: ssd.onnx, device: cpu, preprocess: {resize: [300, 300]}, " +
           "postprocess: {decode: " + decoder + "}}\n";
  };
  const CheckedGraph checked =
      check("models:\n" + model("people", "ssd, labels: [none, person, dog], keep: [dog]") +
            model("faces", "ssd, labels: [none, face]") + model("numbers", "ssd") + R"(actors:
  app: {type: app_source}
  people: {type: infer, model: people, in: app}
  faces: {type: infer, model: faces, in: app}
  numbers: {type: infer, model: numbers, in: app}
  near: {type: filter, in: people, labels: [dog]}
  both: {type: join, in: {a: app, b: near, c: faces, d: people}}
  all: {type: join, in: {a: both, b: numbers}}
  rest: {type: discard, in: all}
)");
  ASSERT_TRUE(checked.spec.has_value()) << checked.diagnostics.front().message;
  using Tables = std::vector<std::vector<std::string>>;
  const auto tables_at = [&](const std::string& join) {
    return checked.spec->find_actor(join)->label_tables.at(payload::kObjects);
  };
  EXPECT_EQ(tables_at("both"), Tables({{"none", "person", "dog"}, {"none", "face"}}))
      << "whole, though some labels are kept back";
  EXPECT_EQ(tables_at("all"), Tables({{"none", "person", "dog", "face"}, {}}))
      << "behind a join there is one table; numbers have none";
}

TEST_F(BuiltinTypesTest, SayWhatAJoinLeavesOut) {
  const std::string raw = R"(graph: a
models: {people: {file: ssd.onnx, device: cpu, preprocess: {resize: [300, 300]}}}
actors:
  cam: {type: test_source}
  one: {type: infer, model: people, in: cam}
  two: {type: infer, model: people, in: cam}
  rest: {type: discard, in: both}
)";
  EXPECT_EQ(complaints(raw + "  both: {type: join, in: {frames: cam, a: one, b: two}}\n"),
            "E046 actor 'both' leaves out the tensors of 'two.infer': input 'one' brings tensors "
            "of its own\n");
}

TEST_F(BuiltinTypesTest, KnowWhatFramesMustCarry) {
  EXPECT_EQ(complaints(R"(graph: a
actors:
  app: {type: app_source}
  track: {type: tracker, in: app}
  rest: {type: discard, in: track}
)")
                .rfind("E040 actor 'track' wants objects", 0),
            0U);
}

TEST_F(BuiltinTypesTest, RefuseOptionsThatDoNotGoTogether) {
  const auto complaint = [&](const std::string& actor) {
    return complaints("graph: a\nactors:\n  cam: {type: test_source}\n  x: {in: cam, " + actor +
                      "}\n  rest: {type: discard, in: x}\n");
  };
  EXPECT_EQ(complaint("type: tracker, track_high: 0.2, track_low: 0.5, new_track: 0.2"),
            "E013 'track_low' of actor 'x' (tracker) is 0.5; it wants at most 'track_high', which "
            "is 0.2\n");
  EXPECT_EQ(complaint("type: tracker, track_high: 0.75"),
            "E013 'new_track' of actor 'x' (tracker) is 0.5; it wants at least 'track_high', "
            "which is 0.75\n");
  EXPECT_EQ(complaint("type: tracker, track_high: 0.2"), "");
  EXPECT_EQ(complaint("type: normalize, preset: imagenet, mean: 5"),
            "E013 'mean' of actor 'x' (normalize): 'preset' says it; leave one of the two out\n");
  EXPECT_EQ(complaint("type: normalize, mean: [1, 2]"),
            "E013 'mean' has 2 items; it wants 1 or 3\n");
  EXPECT_EQ(complaint("type: normalize, mean: [1, 2, 3], std: 4"), "");
  std::string model = kDetector + "  rest: {type: discard, in: detect}\n";
  model.replace(model.find("mean: 127.5"), 11, "mean: [1, 2]");
  EXPECT_EQ(complaints(model), "E013 'mean' has 2 items; it wants 1 or 3\n");
  EXPECT_EQ(complaint("type: resize, size: [8, 40000]"),
            "E013 'size' is '40000'; it wants 1 to 32768 pixels\n");
}

TEST_F(BuiltinTypesTest, WantOneRuleOfSampling) {
  const std::string graph =
      "graph: a\nactors:\n  cam: {type: test_source}\n  rest: {type: discard, "
      "in: few}\n  few: {type: sample, in: cam";
  EXPECT_EQ(complaints(graph + ", every: 2}\n"), "");
  EXPECT_EQ(complaints(graph + "}\n").rfind("E011 ", 0), 0U) << complaints(graph + "}\n");
  EXPECT_EQ(complaints(graph + ", every: 2, max_fps: 5}\n").rfind("E015 ", 0), 0U);
}

}  // namespace
}  // namespace penstock
