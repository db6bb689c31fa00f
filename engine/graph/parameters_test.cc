#include "engine/graph/parameters.h"

#include <gtest/gtest.h>

#include "engine/yaml/yaml_reader.h"

namespace penstock {
namespace {

using Texts = std::vector<std::string>;

/// Reads `params` and substitutes in `text`, a map, both of a.yaml.
class Substitution {
 public:
  Substitution(const std::string& params, const std::string& text, Parameters::Given given = {}) {
    Parameters parameters(
        std::move(given),
        [](const std::string& name) {
          return name == "HOME_CAM" ? std::optional<std::string>("10.0.0.9") : std::nullopt;
        },
        diagnostics_);
    const auto section = read_yaml(SourceText("a.yaml", params), diagnostics_);
    root = *read_yaml(SourceText("a.yaml", text), diagnostics_);
    parameters.declare(*section);
    parameters.substitute(root);
    secrets = parameters.secrets();
  }

  [[nodiscard]] std::string text(const std::string& key) const { return root.find(key)->text(); }

  [[nodiscard]] Texts places() const {
    Texts places;
    for (const Diagnostic& diagnostic : diagnostics_.sorted()) {
      places.push_back(diagnostic.code + " " + diagnostic.file + ":" +
                       std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column));
    }
    return places;
  }

  [[nodiscard]] std::string message() const {
    const auto sorted = diagnostics_.sorted();
    return sorted.size() == 1 ? sorted[0].message + "; " + sorted[0].hint : "not one diagnostic";
  }

  YamlNode root;
  Texts secrets;

 private:
  Diagnostics diagnostics_;
};

TEST(Parameters, TakeTheDefaultOrTheCommandLine) {
  EXPECT_EQ(Substitution("{v: {default: a.mp4}}", "{x: $(v)}").text("x"), "a.mp4");
  EXPECT_EQ(Substitution("{v: {default: a.mp4}}", "{x: $(v)}", {{"v", "b.mp4"}}).text("x"),
            "b.mp4");
  EXPECT_EQ(Substitution("{v: {}}", "{x: $(v)}", {{"v", "b.mp4"}}).text("x"), "b.mp4");
}

TEST(Parameters, StandInsideText) {
  EXPECT_EQ(
      Substitution("{a: {default: 1}, b: {default: x}}", "{x: \"r$(a)/$(b)/$(a)\"}").text("x"),
      "r1/x/1");
}

TEST(Parameters, MayBeListsAndMaps) {
  const Substitution done("{keep: {default: [person, car]}}", "{x: $(keep)}");
  ASSERT_EQ(done.root.find("x")->items().size(), 2U);
  EXPECT_EQ(done.root.find("x")->place().column, 5) << "the place of the use";
  EXPECT_EQ(Substitution("{l: {default: [a]}}", "{x: \"a $(l)\"}").places(),
            Texts({"E020 a.yaml:1:5"}));
}

TEST(Parameters, MayReferToEachOtherInAnyOrder) {
  EXPECT_EQ(Substitution("{a: {default: \"$(b)/c\"}, b: {default: $(env.HOME_CAM)}}", "{x: $(a)}")
                .text("x"),
            "10.0.0.9/c");
}

TEST(Parameters, RememberWhereAValueComesFrom) {
  const Substitution given("{v: {default: a}}", "{x: $(v)}", {{"v", "b"}});
  EXPECT_EQ(*given.root.find("x")->origin()->file, "--set");
  EXPECT_EQ(given.root.find("x")->describe(), "'b' (from $(v))");
  EXPECT_EQ(*Substitution("{v: {default: a}}", "{x: $(v)}").root.find("x")->origin()->file,
            "a.yaml");
}

TEST(Parameters, LeaveRunTimeNamesAlone) {
  const Substitution done("{v: {default: a}}",
                          "{x: \"$(v)/$(stream)/$(graph)-$(seq)\", y: $(stream)}");
  EXPECT_EQ(done.text("x"), "a/$(stream)/$(graph)-$(seq)");
  EXPECT_EQ(done.text("y"), "$(stream)");
  EXPECT_EQ(done.places(), Texts());
}

TEST(Parameters, AreNotSubstitutedTwice) {
  const Substitution done("{a: {default: x}, l: {default: [$(a)]}, s: {default: s}}",
                          "{x: $(l), y: $(a)}",
                          {{"a", "$(s)"}});
  EXPECT_EQ(done.root.find("x")->items()[0].text(), "$(s)");
  EXPECT_EQ(done.text("y"), "$(s)");
}

TEST(Parameters, MustExist) {
  const Substitution done("{video: {default: a}}", "{x: $(vidoe)}");
  EXPECT_EQ(done.places(), Texts({"E020 a.yaml:1:5"}));
  EXPECT_EQ(done.message(), "no parameter 'vidoe'; did you mean 'video'?");
  EXPECT_EQ(Substitution("{video: {default: a}}", "{}", {{"vidoe", "b"}}).message(),
            "the graph has no parameter 'vidoe'; did you mean 'video'?");
  EXPECT_EQ(Substitution("{}", "{x: \"a$(b\"}").places(), Texts({"E020 a.yaml:1:5"}));
}

TEST(Parameters, MustHaveAValue) {
  const Substitution done("{v: {help: the video}}", "{x: $(v), y: $(v)}");
  EXPECT_EQ(done.places(), Texts({"E020 a.yaml:1:2"})) << "once, where it is declared";
  EXPECT_EQ(done.message(),
            "parameter 'v' has no value; give it a default, or run with --set v=VALUE");
}

TEST(Parameters, MustHaveTheirType) {
  EXPECT_EQ(Substitution("{fps: {default: 15}}", "{}", {{"fps", "fast"}}).message(),
            "parameter 'fps' is 'fast'; it wants a value of type number; ");
  EXPECT_EQ(Substitution("{fps: {type: int, default: fast}}", "{}").places(),
            Texts({"E020 a.yaml:1:28"}));
  EXPECT_EQ(Substitution("{w: {default: 15ms}}", "{}", {{"w", "15"}}).places(),
            Texts({"E020 --set:0:0"}));
  EXPECT_EQ(Substitution("{w: {default: text}}", "{}", {{"w", "15"}}).places(), Texts());
}

TEST(Parameters, NeedTheirEnvironment) {
  const Substitution done("{p: {default: $(env.NOT_SET)}}", "{x: $(p)}");
  EXPECT_EQ(done.places(), Texts({"E021 a.yaml:1:15"}));
  EXPECT_TRUE(done.root.find("x")->is_broken());
}

TEST(Parameters, MustNotReferToThemselves) {
  const Substitution done("{a: {default: $(b)}, b: {default: \"x$(c)\"}, c: {default: $(a)}}",
                          "{}");
  EXPECT_EQ(done.places(), Texts({"E022 a.yaml:1:58"}));
  EXPECT_EQ(done.message(), "parameters refer to each other: a -> b -> c -> a; ");
}

TEST(Parameters, HaveNamesOfTheirOwn) {
  EXPECT_EQ(Substitution("{stream: {default: a}, 2b: {default: a}}", "{}").places(),
            Texts({"E017 a.yaml:1:2", "E017 a.yaml:1:24"}));
}

TEST(Parameters, AreDeclaredByMaps) {
  EXPECT_EQ(Substitution("{v: a.mp4}", "{}").message(),
            "parameter 'v' wants a map, not 'a.mp4'; write v: {default: ...}");
  EXPECT_EQ(Substitution("{v: {defualt: a.mp4}}", "{}").places(),
            Texts({"E020 a.yaml:1:2", "E010 a.yaml:1:6"}));
}

TEST(Parameters, KeepSecrets) {
  const Substitution done("{p: {default: hunter2, secret: true}}", "{x: \"u:$(p)@h\", y: $(p)}");
  EXPECT_EQ(done.secrets, Texts({"hunter2"}));
  EXPECT_EQ(done.text("x"), "u:hunter2@h");
  EXPECT_EQ(done.root.find("x")->describe(), "***");
  EXPECT_EQ(done.root.find("y")->describe(), "*** (from $(p))");
}

TEST(Parameters, DoNotExplode) {
  std::string params = "p0: {default: xxxxxxxxxxxxxxxx}\n";
  std::string lists = "p0: {default: [x, x]}\n";
  for (int index = 1; index < 60; ++index) {
    const std::string before = "$(p" + std::to_string(index - 1) + ")";
    const std::string name = "p" + std::to_string(index);
    params += name + ": {default: \"" + before + before + "\"}\n";
    lists += name + ": {default: [" + before + ", " + before + "]}\n";
  }
  EXPECT_EQ(Substitution(params, "{x: $(p59)}").places().size(), 1U);
  EXPECT_EQ(Substitution(lists, "{x: $(p59)}").places().size(), 1U);
}

TEST(Parameters, DoNotNestWithoutEnd) {
  std::string params = "p0: {default: [x]}\n";
  for (int index = 1; index < 3000; ++index) {
    params +=
        "p" + std::to_string(index) + ": {default: [$(p" + std::to_string(index - 1) + ")]}\n";
  }
  EXPECT_FALSE(Substitution(params, "{x: $(p2999)}").places().empty());
}

}  // namespace
}  // namespace penstock
