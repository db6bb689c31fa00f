#include "engine/graph/option_checker.h"

#include <gtest/gtest.h>

#include "engine/graph/graph_test_kit.h"
#include "engine/yaml/yaml_reader.h"

namespace penstock {
namespace {

using Places = std::vector<std::string>;

/// Checks `text`, the text of a map in graphs/a.yaml, against `options`.
class Check {
 public:
  Check(const std::vector<Option>& options, const std::string& text) {
    const FilesInMemory files({{"graphs/l.txt", "a\nb\n"}, {"graphs/m.onnx", ""}});
    const auto node = read_yaml(SourceText("graphs/a.yaml", text), diagnostics_);
    OptionChecker checker(&files, diagnostics_);
    values = checker.check(options, *node, {"actor 'x'", node->place(), {"type"}});
  }

  [[nodiscard]] Places places() const { return places_of(diagnostics_.sorted()); }

  [[nodiscard]] std::string message() const {
    const auto sorted = diagnostics_.sorted();
    return sorted.size() == 1 ? sorted[0].message + "; " + sorted[0].hint : "not one diagnostic";
  }

  OptionValues values;

 private:
  Diagnostics diagnostics_;
};

TEST(OptionChecker, RefusesAWordThatAnotherOneHasNoUseFor) {
  const std::vector<Option> options = {
      Option::word("fault", {"lost", "slow"}, "h"),
      Option::number("factor", "h").only_with("fault", {"slow"}),
  };
  EXPECT_EQ(Check(options, "{fault: slow, factor: 3}").places(), Places());
  EXPECT_EQ(Check(options, "{factor: 3}").places(), Places());
  const Check wrong(options, "{fault: lost, factor: 3}");
  EXPECT_EQ(wrong.places(), Places({"E015 1:15"}));
  EXPECT_EQ(wrong.message(),
            "'factor' and 'fault: lost' exclude each other; 'factor' is for fault: slow");
}

TEST(OptionChecker, GivesTypedValues) {
  const Check check({Option::boolean("b", "h"),
                     Option::integer("i", "h"),
                     Option::number("n", "h"),
                     Option::text("t", "h"),
                     Option::word("w", {"one", "two"}, "h"),
                     Option::duration("d", "h"),
                     Option::bytes("s", "h"),
                     Option::bit_rate("r", "h"),
                     Option::rate("f", "h"),
                     Option::size("z", "h"),
                     Option::colour("c", "h")},
                    "{b: true, i: 3, n: 0.5, t: 12, w: two, d: 15ms, s: 64MiB, r: 4Mbit/s, f: 25,"
                    " z: [640, 480], c: \"#ff8000\"}");
  EXPECT_EQ(check.places(), Places());
  EXPECT_TRUE(check.values.get_bool("b"));
  EXPECT_EQ(check.values.get_int("i"), 3);
  EXPECT_DOUBLE_EQ(check.values.get_number("n"), 0.5);
  EXPECT_EQ(check.values.get_text("t"), "12");
  EXPECT_EQ(check.values.get_text("w"), "two");
  EXPECT_EQ(check.values.get_duration("d"), std::chrono::milliseconds(15));
  EXPECT_EQ(check.values.get_bytes("s"), 64U << 20U);
  EXPECT_EQ(check.values.get_bit_rate("r"), 4000000);
  EXPECT_DOUBLE_EQ(check.values.get_number("f"), 25);
  EXPECT_EQ(check.values.get_size("z"), (Size2d{640, 480}));
  EXPECT_EQ(check.values.get_colour("c"), (Colour{255, 128, 0, 255}));
}

TEST(OptionChecker, FillsInDefaults) {
  const Check check({Option::duration("d", "h").fallback("5s"), Option::integer("i", "h")}, "{}");
  EXPECT_EQ(check.values.get_duration("d"), std::chrono::seconds(5));
  EXPECT_FALSE(check.values.is_written("d"));
  EXPECT_FALSE(check.values.has("i"));
}

TEST(OptionChecker, RefusesUnknownKeys) {
  const Check check({Option::integer("max_lost", "h")}, "type: x\nmax_losd: 3\n");
  EXPECT_EQ(check.places(), Places({"E010 2:1"}));
  EXPECT_EQ(check.message(), "actor 'x' has no option 'max_losd'; did you mean 'max_lost'?");
}

TEST(OptionChecker, RefusesMissingKeys) {
  const Check check({Option::uri("uri", "what to read").required()}, "type: x\n");
  EXPECT_EQ(check.places(), Places({"E011 1:1"}));
  EXPECT_EQ(check.message(), "actor 'x' wants 'uri': what to read; add uri: an address or a path");
  EXPECT_EQ(Check({Option::size("a", "h").excludes("g").group_required(),
                   Option::size("b", "h").excludes("g").group_required()},
                  "type: x\n")
                .message(),
            "actor 'x' wants one of a, b; ");
}

TEST(OptionChecker, RefusesWrongTypes) {
  EXPECT_EQ(Check({Option::duration("wait", "h")}, "{wait: \"15\"}").message(),
            "\"15\" wants a unit, e.g. 15ms; ");
  EXPECT_EQ(Check({Option::integer("n", "h")}, "{n: many}").message(),
            "'n' wants a whole number, not 'many'; ");
  EXPECT_EQ(Check({Option::integer("n", "h")}, "{n: \"3\"}").places(), Places({"E012 1:5"}));
  EXPECT_EQ(Check({Option::integer("n", "h")}, "{n: [3]}").places(), Places({"E012 1:5"}));
  EXPECT_EQ(Check({Option::integer("n", "h")}, "{n: }").message(),
            "'n' has no value; it wants a whole number; ");
  EXPECT_EQ(Check({Option::size("n", "h")}, "{n: [3]}").places(), Places({"E012 1:5"}));
  EXPECT_EQ(Check({Option::boolean("n", "h")}, "{n: 1}").places(), Places({"E012 1:5"}));
  EXPECT_EQ(Check({Option::list("n", Option::integer("n", "h"), "h")}, "{n: 3}").places(),
            Places({"E012 1:5"}));
  EXPECT_EQ(Check({Option::object("n", "h", {})}, "{n: 3}").places(), Places({"E012 1:5"}));
  EXPECT_EQ(Check({Option::colour("n", "h")}, "{n: reddish}").places(), Places({"E012 1:5"}));
}

TEST(OptionChecker, RefusesWhatIsOutOfRange) {
  const Check check({Option::integer("n", "h").range(1, 10).unit("frames")}, "{n: 11}");
  EXPECT_EQ(check.places(), Places({"E013 1:5"}));
  EXPECT_EQ(check.message(), "'n' is '11'; it wants 1 to 10 frames; ");
  EXPECT_EQ(Check({Option::integer("n", "h").range(1, 10)}, "{n: 10}").places(), Places());
  EXPECT_EQ(Check({Option::duration("n", "h").range("1ms", "1h")}, "{n: 2h}").message(),
            "'n' is '2h'; it wants 1ms to 1h; ");
  EXPECT_EQ(Check({Option::size("n", "h")}, "{n: [0, 5]}").places(), Places({"E013 1:6"}));
  EXPECT_EQ(Check({Option::numbers("n", "h").count(1, 2)}, "{n: [1, 2, 3]}").places(),
            Places({"E013 1:5"}));
}

TEST(OptionChecker, RefusesWordsThatAreNotAllowed) {
  const Check check({Option::word("method", {"byte", "sort"}, "h")}, "{method: bite}");
  EXPECT_EQ(check.places(), Places({"E014 1:10"}));
  EXPECT_EQ(check.message(),
            "'method' cannot be 'bite'; it wants one of byte, sort; did you mean 'byte'?");
}

TEST(OptionChecker, RefusesLabelsThatDoNotExist) {
  const std::vector<Option> options = {Option::labels("labels", "h"),
                                       Option::texts("keep", "h").labels_of("labels")};
  const Check check(options, "labels: [person, car]\nkeep: [persn, car]\n");
  EXPECT_EQ(check.places(), Places({"E014 2:8"}));
  EXPECT_EQ(check.message(), "no label 'persn' in 'labels'; did you mean 'person'?");
  EXPECT_EQ(Check(options, "{labels: [Car], keep: car}").places(), Places({"E014 1:23"}));
}

TEST(OptionChecker, RefusesKeysThatExcludeEachOther) {
  const Check check({Option::size("resize", "h").excludes("size"),
                     Option::size("letterbox", "h").excludes("size")},
                    "resize: [1, 1]\nletterbox: [1, 1]\n");
  EXPECT_EQ(check.places(), Places({"E015 2:1"}));
}

TEST(OptionChecker, WarnsOfOldNames) {
  const Check check({Option::uri("uri", "h").required().formerly("url")}, "{url: \"rtsp://x\"}");
  EXPECT_EQ(check.places(), Places({"E016 1:2"}));
  EXPECT_EQ(check.message(), "'url' is now called 'uri'; write 'uri'");
  EXPECT_EQ(check.values.get_text("uri"), "rtsp://x");
}

TEST(OptionChecker, RefusesNamesThatAreNone) {
  const Check check({Option::map_of("streams", "h", {Option::integer("n", "h").required()})},
                    "streams: {gate: {n: 1}, 2nd: {n: 2}}");
  EXPECT_EQ(check.places(), Places({"E017 1:25"}));
  EXPECT_EQ(check.values.get_object("streams").get_object("gate").get_int("n"), 1);
}

TEST(OptionChecker, LooksAtFilesOnceTheirNamesAreRight) {
  EXPECT_EQ(Check({Option::path_in("f", "h")}, "{f: m.onnx}").values.get_text("f"),
            "graphs/m.onnx");
  EXPECT_EQ(Check({Option::labels("l", "h")}, "{l: l.txt}").values.get_texts("l"),
            Places({"a", "b"}));
  EXPECT_EQ(Check({Option::path_in("f", "h")}, "{f: $(stream)}").places(), Places({"E020 1:5"}));
  EXPECT_EQ(Check({Option::path_out("f", "h")}, "{f: ''}").places(), Places({"E012 1:5"}));
}

TEST(OptionChecker, RefusesWhatReadersUnderstandDifferently) {
  EXPECT_EQ(Check({Option::boolean("b", "h")}, "{b: yes}").places(), Places({"E003 1:5"}));
  EXPECT_EQ(Check({Option::boolean("b", "h")}, "{b: Off}").places(), Places({"E003 1:5"}));
  EXPECT_EQ(Check({Option::integer("i", "h")}, "{i: 012}").places(), Places({"E003 1:5"}));
  EXPECT_EQ(Check({Option::text("t", "h")}, "{t: no}").places(), Places());
  EXPECT_EQ(Check({Option::duration("t", "h").or_words({"off"})}, "{t: off}").places(), Places());
}

TEST(OptionChecker, AllowsWordsInPlaceOfValues) {
  const std::vector<Option> options = {Option::duration("timeout", "h").or_words({"none"})};
  EXPECT_TRUE(Check(options, "{timeout: none}").values.is_word("timeout", "none"));
  EXPECT_EQ(Check(options, "{timeout: nome}").message(),
            "'timeout' wants a duration such as 15ms, not 'nome'; did you mean 'none'?");
}

TEST(OptionChecker, RefusesRunTimeNamesWhereTheyHaveNoValue) {
  EXPECT_EQ(Check({Option::text("t", "h")}, "{t: \"a $(stream)\"}").places(), Places({"E020 1:5"}));
  EXPECT_EQ(Check({Option::path_out("t", "h")}, "{t: \"a $(stream)\"}").places(), Places());
}

TEST(OptionChecker, ReportsEverythingAtOnce) {
  const Check check(
      {Option::integer("a", "h"), Option::duration("b", "h"), Option::text("c", "h").required()},
      "a: x\nb: 5\nd: 1\n");
  EXPECT_EQ(check.places(), Places({"E011 1:1", "E012 1:4", "E012 2:4", "E010 3:1"}));
}

TEST(OptionValues, EndTheProcessWhenTheyAreMisread) {
  OptionValues values;
  values.set("a", 1);
  EXPECT_DEATH(static_cast<void>(values.get_int("b")), "option 'b' has no value");
  EXPECT_DEATH(static_cast<void>(values.get_text("a")), "wrong getter");
}

TEST(OptionChecker, HoldsBothSidesOfASizeAndABitRateToTheirRange) {
  const Option size = Option::size("size", "h").range(16, 16384);
  EXPECT_EQ(Check({size}, "{size: [640, 8]}").places(), Places({"E013 1:14"}));
  EXPECT_EQ(Check({size}, "{size: [64, 16]}").places(), Places());
  const Option rate = Option::bit_rate("rate", "h").range(10'000, 1e9);
  EXPECT_EQ(Check({rate}, "{rate: 1bit/s}").places(), Places({"E013 1:8"}));
  EXPECT_EQ(Check({rate}, "{rate: 900Gbit/s}").places(), Places({"E013 1:8"}));
  EXPECT_EQ(rate.range_text(), "10kbit/s to 1Gbit/s");
}

}  // namespace
}  // namespace penstock
