#include "engine/graph/path_checker.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/graph/graph_test_kit.h"
#include "engine/yaml/yaml_reader.h"

namespace penstock {
namespace {

using Places = std::vector<std::string>;

/// Checks the only value of `text`, the text of a map in graphs/a.yaml, against `option`.
class Check {
 public:
  Check(const Option& option, const std::string& text) {
    const FilesInMemory files({{"graphs/m.onnx", ""},
                               {"/abs.onnx", ""},
                               {"graphs/l.txt", "a\nb \n\nc\n\n"},
                               {"graphs/clips", ""},
                               {"graphs/clips/a.mp4", ""},
                               {"clips/a.mp4", ""}});
    const auto map = read_yaml(SourceText("graphs/a.yaml", text), diagnostics_);
    const YamlNode& node = map->entries().front().value;
    PathChecker checker(&files, diagnostics_);
    const auto checked = option.kind() == OptionKind::kLabels ? checker.read_label_file(node)
                                                              : checker.check(option, node);
    if (checked.has_value()) {
      values.set("value", *checked);
    }
  }

  [[nodiscard]] std::string text() const { return values.get_text("value"); }

  [[nodiscard]] Places places() const { return places_of(diagnostics_.sorted()); }

  /// All of them: code and words, then what to do.
  [[nodiscard]] std::string message() const {
    std::string text;
    for (const Diagnostic& one : diagnostics_.sorted()) {
      text += one.code + " " + one.message + "; " + one.hint;
    }
    return text;
  }

  OptionValues values;

 private:
  Diagnostics diagnostics_;
};

TEST(PathChecker, FindsFilesFromTheFolderOfTheGraph) {
  EXPECT_EQ(Check(Option::path_in("f", "h"), "{f: m.onnx}").text(), "graphs/m.onnx");
  EXPECT_EQ(Check(Option::path_in("f", "h"), "{f: /abs.onnx}").text(), "/abs.onnx");
  EXPECT_EQ(Check(Option::path_out("f", "h"), "{f: out/a.mp4}").text(), "out/a.mp4");
  EXPECT_EQ(Check(Option::uri("f", "h"), "{f: \"img/*.png\"}").text(), "graphs/img/*.png");
  EXPECT_EQ(Check(Option::uri("f", "h"), "{f: \"rtsp://x/y\"}").text(), "rtsp://x/y");
}

TEST(PathChecker, NumbersLabelsByTheirLine) {
  EXPECT_EQ(Check(Option::labels("l", "h"), "{l: l.txt}").values.get_texts("value"),
            Places({"a", "b", "", "c"}));
}

TEST(PathChecker, RefusesFilesThatAreMissing) {
  const Check check(Option::path_in("file", "h"), "{file: n.onnx}");
  EXPECT_EQ(check.places(), Places({"E018 1:8"}));
  EXPECT_EQ(check.message(),
            "E018 'file': file 'graphs/n.onnx' is missing or unreadable; relative paths start at "
            "the folder of the file that names them");
  EXPECT_EQ(Check(Option::uri("u", "h"), "{u: clip.mp4}").places(), Places({"E018 1:5"}));
  EXPECT_EQ(Check(Option::labels("l", "h"), "{l: none.txt}").places(), Places({"E018 1:5"}));
}

TEST(PathChecker, RefusesANameOfAFileThatTheWriterCouldNotTake) {
  const auto places = [](const std::string& yaml) {
    return Check(Option::path_out("path", "h").ends_in({".jpg", ".png"}).must_have("$(seq)"), yaml)
        .places();
  };
  EXPECT_EQ(places("{path: 'a-$(seq).jpg'}"), Places());
  EXPECT_EQ(places("{path: 'a-$(seq).PNG'}"), Places());
  EXPECT_EQ(places("{path: 'a-$(seq).gif'}"), Places({"E014 1:8"}));
  EXPECT_EQ(places("{path: 'a-$(seq)'}"), Places({"E014 1:8"}));
  EXPECT_EQ(places("{path: a.jpg}"), Places({"E065 1:8"}));
  EXPECT_EQ(places("{path: 'out/'}"), Places({"E018 1:8"}));
}

TEST(PathChecker, RefusesAFolderInPlaceOfAFile) {
  EXPECT_EQ(Check(Option::uri("uri", "h"), "{uri: clips}").message(),
            "E018 'uri': 'clips' is a folder; it must name a file; a pattern such as clips/*.png "
            "names pictures");
  EXPECT_EQ(Check(Option::uri("uri", "h"), "{uri: clips/a.mp4}").message(), "");
  EXPECT_EQ(Check(Option::path_out("path", "h"), "{path: clips}").message(),
            "E018 'path': 'clips' is a folder; it must name a file; ");
  EXPECT_EQ(Check(Option::path_out("path", "h"), "{path: clips/b.mp4}").message(), "");
}

TEST(PathChecker, LooksAtNoFileWithoutAnAccessToThem) {
  Diagnostics diagnostics;
  const auto map = read_yaml(SourceText("graphs/a.yaml", "{f: n.onnx}"), diagnostics);
  const auto value = PathChecker(nullptr, diagnostics)
                         .check(Option::path_in("f", "h"), map->entries().front().value);
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(*value->as<std::string>(), "graphs/n.onnx");
  EXPECT_TRUE(diagnostics.sorted().empty());
}

}  // namespace
}  // namespace penstock
