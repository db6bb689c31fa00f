// One test for each thing that can be wrong with a whole graph, with its exact place. What can be
// wrong with its models is in graph_models_test.cc, with one option or parameter in
// option_checker_test.cc and parameters_test.cc.

#include "engine/graph/graph_checker.h"

#include <random>

#include <gtest/gtest.h>

#include "engine/graph/graph_test_kit.h"

namespace penstock {
namespace {

using Places = std::vector<std::string>;

TEST(GraphChecker, AcceptsTheSmallestGraph) {
  GraphTestKit kit;
  const CheckedGraph checked = kit.check(with_camera(kCameraLog));
  EXPECT_EQ(places_of(checked.diagnostics), Places());
  ASSERT_TRUE(checked.spec.has_value());
  EXPECT_EQ(checked.spec->name, "a") << "the name of the file";
}

TEST(GraphChecker, RefusesSectionsThatDoNotExist) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places("model: {}\n" + with_camera(kCameraLog)), Places({"E010 1:1"}));
  EXPECT_EQ(kit.message("model: {}\n" + with_camera(kCameraLog)),
            "a graph has no section 'model'; did you mean 'models'?");
  EXPECT_EQ(kit.places("- a\n- b\n"), Places({"E012 1:1"}));
  EXPECT_EQ(kit.places("models: [a]\n" + with_camera(kCameraLog)), Places({"E012 1:9"}));
}

TEST(GraphChecker, WantsActors) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(""), Places({"E011 1:1"}));
  EXPECT_EQ(kit.places("graph: x\nactors:\n"), Places({"E011 2:1"}));
}

TEST(GraphChecker, NamesWordsOfLaterVersions) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places("hosts: {}\nplugins: {}\n" + with_camera(kCameraLog)),
            Places({"E004 1:1", "E004 2:1"}));
  EXPECT_EQ(kit.message(with_camera("  log: {type: jsonl_sink, in: cam, path: a, host: h}\n")),
            "'host' is not in this version of Penstock; remove it");
}

TEST(GraphChecker, RefusesBadNames) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places("graph: \"a b\"\n" + with_camera(kCameraLog)), Places({"E017 1:8"}));
  EXPECT_EQ(kit.places(with_camera("  2nd: {type: jsonl_sink, in: cam, path: a}\n")),
            Places({"E017 3:3"}));
  EXPECT_EQ(kit.places("devices: {auto: {type: cpu}}\n" + with_camera(kCameraLog)),
            Places({"E017 1:11", "E036 1:11"}));
  EXPECT_EQ(kit.places("actors:\n  a: {type: video_source, streams: {s: {uri: \"rtsp://x\"}}}\n"
                       "  b: {type: video_source, streams: {s: {uri: \"rtsp://y\"}}}\n"
                       "  log: {type: jsonl_sink, in: [a, b], path: \"$(stream)\"}\n"),
            Places({"E017 3:37"}));
}

TEST(GraphChecker, RefusesUnknownTypes) {
  GraphTestKit kit;
  const std::string text = with_camera("  log: {type: jsnl_sink, in: cam, path: a}\n");
  EXPECT_EQ(kit.places(text), Places({"E030 3:15"}));
  EXPECT_EQ(kit.message(text), "no actor type 'jsnl_sink'; did you mean 'jsonl_sink'?");
  EXPECT_EQ(kit.places(with_camera("  log: {in: cam, path: a}\n")), Places({"E011 3:3"}));
}

TEST(GraphChecker, RefusesUnknownActors) {
  GraphTestKit kit;
  const std::string text = with_model(
      "  detect: {type: infer, model: people, in: cam}\n"
      "  overlay: {type: overlay, in: detct}\n"
      "  mp4: {type: video_sink, in: overlay, path: a.mp4}\n");
  EXPECT_EQ(kit.places(text), Places({"E031 6:32"}));
  EXPECT_EQ(kit.message(text), "no actor 'detct'; did you mean 'detect' (line 5)?");
}

TEST(GraphChecker, RefusesUnknownPorts) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(with_camera("  log: {type: jsonl_sink, in: cam.out, path: a}\n")),
            Places({"E032 3:31"}));
  EXPECT_EQ(kit.message(with_camera("  log: {type: jsonl_sink, in: cam.out, path: a}\n")),
            "actor 'cam' (video_source) has no output port 'out'; its ports: frames");
  EXPECT_EQ(kit.message(with_camera("  log: {type: jsonl_sink, in: cam., path: a}\n")),
            "'cam.' names no port after the dot; write 'cam', or a port's name");
  EXPECT_EQ(kit.places(with_camera("  log: {type: jsonl_sink, in: {x: cam}, path: a}\n")),
            Places({"E032 3:32"}));
  EXPECT_EQ(kit.places("actors: {cam: {type: video_source, uri: \"rtsp://x\", in: cam}}\n"),
            Places({"E032 1:57"}));
  EXPECT_EQ(kit.places(with_camera(kCameraLog) + "  b: {type: jsonl_sink, in: log, path: b}\n"),
            Places({"E032 4:29"}));
}

TEST(GraphChecker, MissesNothingInAnAliasThatItHasRefused) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(with_camera("  log: *other\n")), Places({"E003 3:8"}));
  EXPECT_EQ(kit.places(with_camera("  log: {type: *sink, in: cam, path: a}\n")),
            Places({"E003 3:15"}));
  EXPECT_EQ(kit.places(with_camera("  log: {type: jsonl_sink, in: cam, path: *path}\n")),
            Places({"E003 3:42"}));
  EXPECT_EQ(kit.places(with_camera("  log: {<<: {type: jsonl_sink}, in: cam}\n")),
            Places({"E003 3:9"}));
  EXPECT_EQ(kit.places("actors: *all\n"), Places({"E003 1:9"}));
}

TEST(GraphChecker, RefusesPortsThatAreNotConnected) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(with_camera("  log: {type: jsonl_sink, path: a}\n")), Places({"E035 3:3"}));
  const std::string one =
      "  mix: {type: blend, in: {base: cam}}\n  log: {type: jsonl_sink, in: mix, path: a}\n";
  EXPECT_EQ(kit.places(with_camera(one)), Places({"E035 3:26"}));
  EXPECT_EQ(kit.message(with_camera(one)),
            "input port 'top' of actor 'mix' is not connected; add in: {top: ACTOR}");
  EXPECT_EQ(
      kit.places(with_camera("  j: {type: join}\n  log: {type: jsonl_sink, in: j, path: a}\n")),
      Places({"E035 3:3"}));
  for (const std::string in : {"cam", "[cam]", "{frames: cam}"}) {
    const std::string alone =
        "  j: {type: join, in: " + in + "}\n  log: {type: jsonl_sink, in: j, path: a}\n";
    EXPECT_EQ(kit.message(with_camera(alone)),
              "actor 'j' (join) has one input; it wants two or more, each with a name; write in: "
              "{frames: ACTOR, results: ACTOR}");
  }
}

TEST(GraphChecker, RefusesPortsThatAreConnectedTwice) {
  GraphTestKit kit;
  EXPECT_EQ(
      kit.places(with_camera("  log: {type: jsonl_sink, in: [cam, cam.frames, cam], path: a}\n")),
      Places({"E035 3:49"}));
}

TEST(GraphChecker, WarnsOfWhatIsNotUsed) {
  GraphTestKit kit;
  const std::string text = "devices: {d: {type: sim}}\nmodels: {m: {file: models/yolov8n.onnx}}\n" +
                           with_camera(kCameraLog) + "  o: {type: overlay, in: cam}\n";
  EXPECT_EQ(kit.places(text), Places({"E036 1:11", "E036 2:10", "E036 6:3"}));
  EXPECT_TRUE(kit.check(text).spec.has_value()) << "warnings do not keep a graph from running";
}

TEST(GraphChecker, RefusesPayloadsThatDoNotArrive) {
  GraphTestKit kit;
  const std::string text = with_model(
      "  track: {type: tracker, in: cam}\n"
      "  detect: {type: infer, model: people, in: cam}\n"
      "  log: {type: jsonl_sink, in: [track, detect], path: a}\n");
  EXPECT_EQ(kit.places(text), Places({"E040 5:30"}));
  EXPECT_EQ(kit.message(text),
            "actor 'track' wants objects; what comes from 'cam' carries image; it is added by one "
            "of yolov8");
}

TEST(GraphChecker, SaysWhoWouldAddThePayload) {
  GraphTestKit kit;
  EXPECT_EQ(kit.message(with_model("  detect: {type: infer, model: people, in: cam}\n"
                                   "  c: {type: crop, in: [detect, cam]}\n"
                                   "  log: {type: jsonl_sink, in: c, path: a}\n")),
            "actor 'c' wants objects; what comes from 'cam' carries image; 'detect' (line 5) adds "
            "objects");
  EXPECT_EQ(kit.message(with_model("  d: {type: infer, model: people, in: cam}\n"
                                   "  t: {type: tracker, in: d}\n"
                                   "  log: {type: jsonl_sink, in: t, path: a}\n",
                                   "")),
            "actor 't' wants objects; what comes from 'd' carries image, tensors; give model "
            "'people' a 'postprocess'");
}

TEST(GraphChecker, KnowsThatNewFramesCarryLess) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(with_model("  detect: {type: infer, model: people, in: cam}\n"
                                  "  crops: {type: crop, in: detect}\n"
                                  "  track: {type: tracker, in: crops}\n"
                                  "  log: {type: jsonl_sink, in: track, path: a}\n")),
            Places({"E040 7:30"}));
}

TEST(GraphChecker, RefusesCircles) {
  GraphTestKit kit;
  const std::string text = with_camera(
      "  a: {type: overlay, in: [cam, c]}\n"
      "  b: {type: overlay, in: a}\n"
      "  c: {type: overlay, in: b}\n"
      "  log: {type: jsonl_sink, in: c, path: a}\n");
  EXPECT_EQ(kit.places(text), Places({"E050 3:32"}));
  EXPECT_EQ(kit.message(text),
            "actors feed each other in a circle: a -> b -> c -> a; take one of these edges out");
  EXPECT_EQ(kit.places("actors: {a: {type: overlay, in: a}}\n"), Places({"E050 1:33"}));
}

TEST(GraphChecker, RefusesFilesThatSeveralStreamsWrite) {
  GraphTestKit kit;
  const std::string two =
      "actors:\n  cams: {type: video_source, streams: {a: {uri: \"rtsp://a\"}, b: {uri: "
      "\"rtsp://b\"}}}\n";
  EXPECT_EQ(kit.places(two + "  log: {type: jsonl_sink, in: cams, path: a.jsonl}\n"),
            Places({"E065 3:43"}));
  EXPECT_EQ(kit.places(two + "  log: {type: jsonl_sink, in: cams, path: \"$(stream).jsonl\"}\n"),
            Places());
  EXPECT_EQ(
      kit.places(with_camera(kCameraLog) + "  log2: {type: jsonl_sink, in: cam, path: a.jsonl}\n"),
      Places({"E065 4:43"}));
  EXPECT_EQ(kit.places(with_camera(kCameraLog) +
                       "  log2: {type: jsonl_sink, in: cam, path: ./b/../a.jsonl}\n"),
            Places({"E065 4:43"}));
}

TEST(GraphChecker, ReadsQueueAndDropOfAnEdge) {
  GraphTestKit kit;
  const CheckedGraph checked = kit.check(
      "defaults: {queue: 8}\n" +
      with_camera("  a: {type: jsonl_sink, in: {from: cam, queue: 32, drop: oldest}, path: a}\n"
                  "  b: {type: jsonl_sink, in: {in: {from: cam, drop: newest}}, path: b}\n"));
  ASSERT_TRUE(checked.spec.has_value());
  const InputSpec& a = checked.spec->find_actor("a")->inputs[0];
  EXPECT_EQ(a.queue, 32);
  EXPECT_EQ(a.drop, DropPolicy::kOldest);
  EXPECT_TRUE(a.queue_is_written);
  const InputSpec& b = checked.spec->find_actor("b")->inputs[0];
  EXPECT_EQ(b.queue, 8);
  EXPECT_FALSE(b.queue_is_written);
  EXPECT_EQ(b.drop, DropPolicy::kNewest);
}

TEST(GraphChecker, RefusesEdgesThatAreNone) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(with_camera("  a: {type: jsonl_sink, in: , path: a}\n")),
            Places({"E012 3:29"}));
  EXPECT_EQ(kit.places(with_camera("  a: {type: jsonl_sink, in: [[cam]], path: a}\n")),
            Places({"E012 3:30"}));
  EXPECT_EQ(
      kit.places(with_camera("  a: {type: jsonl_sink, in: {from: cam, queue: 0}, path: a}\n")),
      Places({"E013 3:48"}));
  EXPECT_EQ(
      kit.places(with_camera("  a: {type: jsonl_sink, in: {from: cam, link: {}}, path: a}\n")),
      Places({"E004 3:41"}));
}

TEST(GraphChecker, ReadsRestartWords) {
  GraphTestKit kit;
  const CheckedGraph checked =
      kit.check("defaults: {restart: {max: 5, then: stop_graph}}\n" +
                with_camera("  a: {type: jsonl_sink, in: cam, path: a, restart: {within: 10s, "
                            "backoff: [1s, 2s]}}\n"));
  ASSERT_TRUE(checked.spec.has_value());
  const RestartWords& words = checked.spec->find_actor("a")->restart;
  EXPECT_EQ(words.max, 5);
  EXPECT_EQ(words.within, std::chrono::seconds(10));
  EXPECT_EQ(words.backoff_most, std::chrono::seconds(2));
  EXPECT_EQ(words.then, RestartWords::Then::kStopGraph);
  EXPECT_EQ(checked.spec->find_actor("cam")->restart.max, std::nullopt) << "sources go on for ever";
  EXPECT_EQ(kit.places(with_camera(
                "  a: {type: jsonl_sink, in: cam, path: a, restart: {backoff: [2s, 1s]}}\n")),
            Places({"E013 3:62"}));
}

TEST(GraphChecker, RefusesStreamsBesideTheOptionTheyReplace) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places("actors:\n  c: {type: video_source, uri: \"rtsp://x\", streams: {a: {uri: "
                       "\"rtsp://a\"}, b: {}}}\n"
                       "  log: {type: jsonl_sink, in: c, path: \"$(stream)\"}\n"),
            Places({"E015 2:27"}));
  EXPECT_EQ(kit.places("actors:\n  c: {type: video_source, streams: {a: {ur: \"rtsp://a\"}}}\n"
                       "  log: {type: jsonl_sink, in: c, path: a}\n"),
            Places({"E011 2:37", "E010 2:41"}));
}

TEST(GraphChecker, ReportsEverythingInOneRunSortedByPlace) {
  GraphTestKit kit;
  EXPECT_EQ(
      kit.places("hosts: {}\n" + with_model("  d: {type: infer, model: people, in: cam}\n"
                                            "  t: {type: tracker, in: dd, max_lost: 0}\n"
                                            "  l: {type: jsonl_sink, path: a, rotate: 1d}\n")),
      Places({"E004 1:1", "E031 7:26", "E013 7:40", "E035 8:3", "E010 8:34"}));
}

TEST(GraphChecker, MasksSecrets) {
  GraphTestKit kit;
  const CheckedGraph checked =
      kit.check("params: {p: {default: hunter2, secret: true}}\n" +
                with_camera("  a: {type: tracker, method: $(p), in: cam}\n"));
  for (const Diagnostic& diagnostic : checked.diagnostics) {
    EXPECT_EQ(diagnostic.message.find("hunter2"), std::string::npos) << diagnostic.message;
  }
  EXPECT_EQ(checked.secrets, Places({"hunter2"}));
}

TEST(GraphChecker, ReportsAGraphFileThatIsMissing) {
  const TypeRegistry registry = example_types();
  CheckRequest request;
  request.registry = &registry;
  const CheckedGraph checked = check_graph_file("no/such/graph.yaml", request);
  EXPECT_EQ(places_of(checked.diagnostics), Places({"E018 0:0"}));
  EXPECT_EQ(checked.diagnostics[0].message,
            "cannot open 'no/such/graph.yaml': No such file or directory");
  EXPECT_FALSE(checked.spec.has_value());
}

TEST(GraphChecker, SurvivesMutatedGraphs) {
  GraphTestKit kit;
  const std::string seed_text =
      "params: {v: {default: a}, w: {default: $(v)}}\n" +
      with_model(
          "  d: {type: infer, model: people, in: cam, restart: {backoff: [1s, 2s]}}\n"
          "  j: {type: join, in: {a: d, b: [d.pre], c: cam}, timeout: none}\n"
          "  l: {type: jsonl_sink, in: {from: j, queue: 3}, path: \"$(v)/$(stream)\"}\n");
  const std::vector<std::string> pieces = {
      "[", "]",    "{", "}",  ":", "$(v)", "$(",    "in",  "d",      "cam",     "type", "1s",
      "-", "\n  ", "~", "''", "j", "l",    "infer", "0x1", "people", "streams", ", "};
  constexpr unsigned kSeed = 20261123;
  std::mt19937 random(kSeed);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  for (int round = 0; round < 3000; ++round) {
    std::string text = seed_text;
    for (std::size_t change = below(5) + 1; change > 0; --change) {
      const std::size_t position = below(text.size());
      if (below(2) == 0) {
        text.erase(position, below(12) + 1);
        text += text.empty() ? "a" : "";
      } else {
        text.insert(position, pieces[below(pieces.size())]);
      }
    }
    const CheckedGraph checked = kit.check(text);
    const bool has_error = std::any_of(
        checked.diagnostics.begin(), checked.diagnostics.end(), [](const Diagnostic& diagnostic) {
          return diagnostic.severity == Severity::kError;
        });
    ASSERT_NE(checked.spec.has_value(), has_error) << "seed " << kSeed << " round " << round << "\n"
                                                   << text;
  }
}

}  // namespace
}  // namespace penstock
