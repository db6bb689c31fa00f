#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/graph/graph_test_kit.h"

namespace penstock {
namespace {

using Words = std::vector<std::string>;

/// Two cameras `cam` and `yard` on lines 2 and 3, `actors` from line 4 on, and the join `j` of
/// `inputs` behind them.
class RepeatedFrames : public ::testing::Test {
 protected:
  RepeatedFrames() {
    kit_.registry.add(ActorType("route", "sends each frame out of one of its outputs")
                          .in("in", {})
                          .out("day", {})
                          .out("night", {})
                          .out("other", {}));
    kit_.registry.add(ActorType("some", "drops frames").in("in", {}).out("out", {}).may_drop());
    kit_.registry.add(
        ActorType("sieve", "drops frames where told so")
            .in("in", {})
            .out("out", {})
            .may_drop([](const OptionValues& options) { return options.get_bool("drops"); })
            .option(Option::boolean("drops", "frames").fallback("false")));
    kit_.registry.add(ActorType("pass", "passes all on").in("in", {}).out("out", {}));
    kit_.registry.add(ActorType("pair", "of its own").in("a", {}).in("b", {}).out("out", {}));
  }

  static std::string graph(const std::string& actors, const std::string& inputs) {
    return "actors:\n  cam: {type: video_source, uri: \"rtsp://h/a\"}\n"
           "  yard: {type: video_source, uri: \"rtsp://h/b\"}\n" +
           actors + "  j: {type: join, in: {" + inputs +
           "}}\n  log: {type: jsonl_sink, in: [j, yard, cam], path: \"a$(stream)\"}\n";
  }

  /// Returns "E047 faces" for each error: its code, and the word that it points at.
  Words errors_of(const std::string& text) {
    Words errors;
    for (const Diagnostic& one : kit_.check(text).diagnostics) {
      if (one.severity == Severity::kError) {
        std::size_t line = 0;
        for (int i = 1; i < one.line; ++i) {
          line = text.find('\n', line) + 1;
        }
        const std::size_t word = line + static_cast<std::size_t>(one.column) - 1;
        errors.push_back(one.code + " " +
                         text.substr(word, text.find_first_of(",]}\n", word) - word));
      }
    }
    return errors;
  }

  Words errors(const std::string& actors, const std::string& inputs) {
    return errors_of(graph(actors, inputs));
  }

  bool passes(const std::string& actors, const std::string& inputs) {
    const Words found = errors(actors, inputs);
    EXPECT_EQ(found, Words());
    return found.empty();
  }

  std::string message(const std::string& actors, const std::string& inputs) {
    return kit_.message(graph(actors, inputs));
  }

  GraphTestKit kit_;
};

const std::string kTwo =
    "  people: {type: pass, in: cam}\n"
    "  faces: {type: pass, in: cam}\n";
const std::string kRoute = "  r: {type: route, in: cam}\n";

TEST_F(RepeatedFrames, AreReportedAtTheSecondNameOfAnInputOfAJoin) {
  EXPECT_EQ(errors(kTwo, "image: cam, r: [people, faces]"), Words({"E047 faces"}));
  EXPECT_EQ(message(kTwo, "image: cam, r: [people, faces]"),
            "input 'r' of join 'j' gets frames of 'cam' twice, from 'people' and from 'faces'; it "
            "takes one of a frame and drops the other; give each an input of its own: in: {NAME: "
            "people, NAME: faces, ...}");
  EXPECT_TRUE(passes(kTwo, "image: cam, r: people, s: faces"));
}

TEST_F(RepeatedFrames, AreReportedAtTheFirstInputToo) {
  EXPECT_EQ(errors(kTwo, "image: [cam, people], r: faces"), Words({"E047 people"}));
}

TEST_F(RepeatedFrames, AreReportedOnceForEachNameThatIsTooMany) {
  EXPECT_EQ(errors(kTwo, "image: cam, r: [people, faces, cam]"), Words({"E047 faces", "E047 cam"}));
}

TEST_F(RepeatedFrames, ComeOfAnActorAndItsDescendantInEitherOrder) {
  const std::string chain = "  a: {type: pass, in: cam}\n  b: {type: pass, in: a}\n";
  EXPECT_EQ(errors(chain, "image: cam, r: [a, b]"), Words({"E047 b"}));
  EXPECT_EQ(errors(chain, "image: cam, r: [b, cam]"), Words({"E047 cam"}));
}

TEST_F(RepeatedFrames, ComeOfOneOutputWrittenInTwoWays) {
  EXPECT_EQ(errors(kTwo, "image: cam, r: [people, people.out]"), Words({"E047 people.out"}));
  EXPECT_EQ(errors(kTwo, "image: cam, r: [people, people]"), Words({"E035 people"}));
}

TEST_F(RepeatedFrames, ComeOfTheStagesOfOneModel) {
  EXPECT_EQ(errors_of(with_model("  d: {type: infer, model: people, in: cam}\n"
                                 "  j: {type: join, in: {a: cam, b: [d, d.pre]}}\n"
                                 "  l: {type: jsonl_sink, in: j, path: a}\n")),
            Words({"E047 d.pre"}));
}

TEST_F(RepeatedFrames, DoNotComeOfDifferentSources) {
  EXPECT_TRUE(passes("  a: {type: pass, in: cam}\n  b: {type: pass, in: yard}\n",
                     "image: [cam, yard], r: [a, b]"));
}

TEST_F(RepeatedFrames, ComeOfASourceThatTwoMergesShare) {
  const std::string merges =
      "  a: {type: pass, in: [cam, yard]}\n"
      "  b: {type: pass, in: [yard]}\n";
  EXPECT_EQ(message(merges, "image: [cam, yard], r: [a, b]").substr(0, 55),
            "input 'r' of join 'j' gets frames of 'yard' twice, from");
}

TEST_F(RepeatedFrames, DoNotComeOfTheOutputsOfARouter) {
  EXPECT_TRUE(passes(kRoute, "image: cam, r: [r.day, r.night, r.other]"));
  EXPECT_TRUE(passes(kRoute + "  a: {type: pass, in: r.day}\n  b: {type: pass, in: r.night}\n",
                     "image: cam, r: [a, b, r.other]"));
  EXPECT_TRUE(
      passes(kRoute + "  back: {type: pass, in: [r.day, r.night]}\n", "image: cam, r: back"));
}

TEST_F(RepeatedFrames, ComeOfTwoWaysBehindOneOutputOfARouter) {
  EXPECT_EQ(errors(kRoute + "  a: {type: pass, in: r.day}\n", "image: cam, r: [a, r.night, r.day]"),
            Words({"E047 r.day"}));
  EXPECT_EQ(errors(kRoute, "image: cam, r: [r, r.night, r.day]"), Words({"E047 r.day"}))
      << "without a name it is the first output";
}

TEST_F(RepeatedFrames, ComeOfTheOutputsOfARouterAndOfWhatFeedsIt) {
  EXPECT_EQ(errors(kRoute, "image: cam, r: [r.day, r.night, cam]"), Words({"E047 cam"}));
  EXPECT_EQ(errors(kRoute, "image: cam, r: [cam, r.day, r.night]"),
            Words({"E047 r.day", "E047 r.night"}));
  EXPECT_EQ(errors(kRoute + "  a: {type: pass, in: cam}\n", "image: cam, r: [r.day, a]"),
            Words({"E047 a"}));
}

TEST_F(RepeatedFrames, AreFollowedThroughRoutersBehindRouters) {
  const std::string nested = kRoute + "  n: {type: route, in: r.night}\n";
  EXPECT_TRUE(passes(nested, "image: cam, r: [r.day, n.day, n.night]"));
  EXPECT_EQ(errors(nested, "image: cam, r: [r.day, n.day, r.night]"), Words({"E047 r.night"}));
  const std::string behind_both = kRoute + "  n: {type: route, in: [r.day, r.night]}\n";
  EXPECT_EQ(errors(behind_both, "image: cam, r: [r.day, r.night, n.other]"),
            Words({"E047 n.other"}));
  EXPECT_TRUE(passes(behind_both, "image: cam, r: [r.day, n.other]"))
      << "what 'n' sends there may all be of the night";
}

TEST_F(RepeatedFrames, AreNotReportedWhereTwoActorsChooseApart) {
  EXPECT_TRUE(
      passes("  a: {type: some, in: cam}\n  b: {type: some, in: cam}\n", "image: cam, r: [a, b]"));
  EXPECT_TRUE(passes("  a: {type: route, in: cam}\n  b: {type: route, in: cam}\n",
                     "image: cam, r: [a.day, b.night]"));
}

TEST_F(RepeatedFrames, ComeOfAnActorThatChoosesAndOfWhatFeedsIt) {
  EXPECT_EQ(errors("  a: {type: some, in: cam}\n", "image: cam, r: [cam, a]"), Words({"E047 a"}));
  EXPECT_EQ(errors("  a: {type: some, in: [cam, yard]}\n", "image: [cam, yard], r: [a, yard]"),
            Words({"E047 yard"}));
}

TEST_F(RepeatedFrames, ComeOfActorsThatMayDropButAreNotToldTo) {
  EXPECT_EQ(
      errors("  a: {type: sieve, in: cam}\n  b: {type: sieve, in: cam}\n", "image: cam, r: [a, b]"),
      Words({"E047 b"}));
  EXPECT_TRUE(
      passes("  a: {type: sieve, in: cam, drops: true}\n  b: {type: sieve, in: cam, drops: true}\n",
             "image: cam, r: [a, b]"));
  EXPECT_EQ(errors("  a: {type: sieve, in: cam, drops: 7}\n  b: {type: sieve, in: cam, drops: 7}\n",
                   "image: cam, r: [a, b]"),
            Words({"E012 7", "E012 7"}));
}

TEST_F(RepeatedFrames, PassAJoinByItsFirstInput) {
  const std::string inner = kTwo + "  inner: {type: join, in: {image: people, r: yard}}\n";
  EXPECT_EQ(errors(inner, "image: cam, r: [inner, faces]"), Words({"E047 faces"}));
  EXPECT_TRUE(passes(inner, "image: cam, r: [inner, yard]"));
}

TEST_F(RepeatedFrames, AreNotReportedBehindActorsOfSeveralInputs) {
  EXPECT_TRUE(passes(kTwo + "  p: {type: pair, in: {a: people, b: faces}}\n"
                            "  q: {type: pair, in: {a: people, b: faces}}\n",
                     "image: cam, r: [p, q]"));
}

TEST_F(RepeatedFrames, AreReportedWhereTheyMetBeforeTheJoin) {
  const std::string merge = kTwo +
                            "  m: {type: pass, in: [people, faces]}\n"
                            "  n: {type: pass, in: m}\n";
  EXPECT_EQ(errors(merge, "image: cam, r: n"), Words({"E047 n"}));
  EXPECT_EQ(
      message(merge, "image: cam, r: n"),
      "input 'r' of join 'j' gets frames of 'cam' twice: 'm' (line 6) has them from 'people' "
      "and from 'faces'; the join takes one of a frame and drops the other; join 'people' and "
      "'faces' before 'm'");
  EXPECT_TRUE(passes(merge + "  s: {type: some, in: n}\n", "image: cam, r: s"));
}

TEST_F(RepeatedFrames, AreLeftAloneWhereNoJoinTakesThem) {
  const std::string text = "actors:\n  cam: {type: video_source, uri: \"rtsp://h/a\"}\n" + kTwo +
                           "  log: {type: jsonl_sink, in: [people, faces], path: a}\n";
  EXPECT_EQ(errors_of(text), Words({}));
}

TEST_F(RepeatedFrames, AreNotGuessedBehindAnActorThatIsNotKnown) {
  EXPECT_EQ(
      errors("  a: {type: pas, in: cam}\n  b: {type: pass, in: a}\n", "image: cam, r: [a, b]"),
      Words({"E030 pas"}));
}

}  // namespace
}  // namespace penstock
