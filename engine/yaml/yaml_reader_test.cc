#include "engine/yaml/yaml_reader.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

struct Reading {
  std::optional<YamlNode> root;
  std::vector<Diagnostic> diagnostics;
};

Reading read(const std::string& text) {
  Diagnostics diagnostics;
  Reading reading;
  reading.root = read_yaml(SourceText("a.yaml", text), diagnostics);
  reading.diagnostics = diagnostics.sorted();
  return reading;
}

/// "E002 3:5" for each diagnostic, in order.
std::vector<std::string> places(const Reading& reading) {
  std::vector<std::string> places;
  for (const Diagnostic& diagnostic : reading.diagnostics) {
    places.push_back(diagnostic.code + " " + std::to_string(diagnostic.line) + ":" +
                     std::to_string(diagnostic.column));
  }
  return places;
}

using Places = std::vector<std::string>;

std::string at(const SourcePlace& place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column) + "+" +
         std::to_string(place.length);
}

TEST(YamlReader, KnowsThePlaceOfEveryKeyAndValue) {
  const Reading reading = read("graph: people\nactors:\n  cam: {type: source, sizes: [1, 22]}\n");
  ASSERT_TRUE(reading.root.has_value());
  EXPECT_EQ(places(reading), Places());
  const YamlNode* cam = reading.root->find("actors")->find("cam");
  ASSERT_NE(cam, nullptr);
  EXPECT_EQ(at(cam->place()), "3:8+1");
  EXPECT_EQ(at(cam->find_entry("sizes")->key_place), "3:23+5");
  EXPECT_EQ(at(cam->find("sizes")->items()[1].place()), "3:34+2");
  EXPECT_EQ(cam->place().file_name(), "a.yaml");
}

TEST(YamlReader, KeepsTheOrderOfKeys) {
  const Reading reading = read("b: 1\na: 2\nc: 3\n");
  ASSERT_TRUE(reading.root.has_value());
  std::string order;
  for (const YamlNode::Entry& entry : reading.root->entries()) {
    order += entry.key;
  }
  EXPECT_EQ(order, "bac");
}

TEST(YamlReader, KeepsScalarsAsTheyAreWritten) {
  const Reading reading = read("a: 012\nb: no\nc: \"15\"\nd: 'it''s'\ne: ~\nf:\ng: |\n  x\n  y\n");
  ASSERT_TRUE(reading.root.has_value());
  EXPECT_EQ(reading.root->find("a")->text(), "012");
  EXPECT_EQ(reading.root->find("b")->text(), "no");
  EXPECT_FALSE(reading.root->find("b")->is_quoted());
  EXPECT_EQ(reading.root->find("c")->text(), "15");
  EXPECT_TRUE(reading.root->find("c")->is_quoted());
  EXPECT_EQ(at(reading.root->find("d")->place()), "4:4+7");
  EXPECT_EQ(reading.root->find("d")->text(), "it's");
  EXPECT_TRUE(reading.root->find("e")->is_null());
  EXPECT_TRUE(reading.root->find("f")->is_null());
  EXPECT_EQ(reading.root->find("g")->text(), "x\ny\n");
  EXPECT_EQ(places(reading), Places());
}

TEST(YamlReader, CountsColumnsInCharacters) {
  const Reading reading = read(
      "\xEF\xBB\xBF"
      "gr\xC3\xB6\xC3\x9F"
      "e: {a: \xC3\xBC, b: 2}\n");
  ASSERT_TRUE(reading.root.has_value());
  const YamlNode& map = reading.root->entries().front().value;
  EXPECT_EQ(at(map.find("a")->place()), "1:12+1");
  EXPECT_EQ(at(map.find("b")->place()), "1:18+1");
}

TEST(YamlReader, ReadsNothingAsNull) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n"}) {
    const Reading reading = read(text);
    ASSERT_TRUE(reading.root.has_value()) << text;
    EXPECT_TRUE(reading.root->is_null()) << text;
    EXPECT_EQ(reading.root->place().line, 1) << text;
  }
}

TEST(YamlReader, AcceptsWindowsLineEnds) {
  const Reading reading = read("a: 1\r\nb: x\r\n");
  ASSERT_TRUE(reading.root.has_value());
  EXPECT_EQ(reading.root->find("b")->text(), "x");
  EXPECT_EQ(at(reading.root->find("b")->place()), "2:4+1");
}

TEST(YamlReader, RefusesBrokenSyntax) {
  EXPECT_EQ(places(read("a: b: c\n")), Places({"E001 1:5"}));
  EXPECT_EQ(places(read("a: @b\n")), Places({"E001 1:4"}));
  EXPECT_EQ(places(read("a: 1\n b: 2\n")), Places({"E001 2:3"}));
  EXPECT_FALSE(read("a: b: c\n").root.has_value());
}

TEST(YamlReader, SaysWhichBracketIsOpen) {
  const Reading reading = read("a: [1, 2\nb: 3\n");
  ASSERT_EQ(reading.diagnostics.size(), 1U);
  EXPECT_EQ(reading.diagnostics[0].code, "E001");
  EXPECT_EQ(reading.diagnostics[0].hint, "the bracket opened at line 1, column 4 is not closed");
}

TEST(YamlReader, RefusesAQuoteThatIsNeverClosed) {
  EXPECT_EQ(places(read("a: 1\nb: \"x\nc: 2\n")), Places({"E001 2:4"}));
  EXPECT_EQ(places(read("b: 'x''\n")), Places({"E001 1:4"}));
  EXPECT_EQ(places(read("b: \"x\\\"\n")), Places({"E001 1:4"}));
}

TEST(YamlReader, RefusesTabsInTheIndentation) {
  EXPECT_EQ(places(read("a:\n\tb: 1\n")), Places({"E001 2:1"}));
  EXPECT_EQ(places(read("a:\n  b: 1\n \tc: 2\n\td: 3\n")), Places({"E001 3:2"}));
}

TEST(YamlReader, AllowsTabsInTextAndComments) {
  EXPECT_EQ(places(read("a: |\n  x\n  \ty\nb: \"q\n\tr\"\n\t# note\nc: 1\t# note\n")), Places());
}

TEST(YamlReader, ShowsBothPlacesOfAKeyGivenTwice) {
  const Reading reading = read("a: 1\nb: {x: 1, y: 2, x: 3}\na: 2\n");
  EXPECT_EQ(places(reading), Places({"E002 2:17", "E002 3:1"}));
  EXPECT_EQ(reading.diagnostics[1].message,
            "key 'a' is given twice; it is already at line 1, column 1");
  ASSERT_TRUE(reading.root.has_value());
  EXPECT_EQ(reading.root->find("a")->text(), "1");
}

TEST(YamlReader, RefusesWhatItsReadersWouldMisunderstand) {
  EXPECT_EQ(places(read("a: {x: 1}\nb:\n  <<: {y: 2}\n")), Places({"E003 3:3"}));
  EXPECT_EQ(places(read("a: !!int 3\n")), Places({"E003 1:4"}));
  EXPECT_EQ(places(read("a: ! x\n")), Places({"E003 1:4"}));
  EXPECT_EQ(places(read("a: !mine {b: 1}\n")), Places({"E003 1:4"}));
  EXPECT_EQ(places(read("a: &x 1\nb: *x\n")), Places({"E003 1:4", "E003 2:4"}));
  EXPECT_EQ(places(read("a: *nowhere\n")), Places({"E003 1:4"}));
  EXPECT_EQ(places(read("? [x, y]\n: 1\n")), Places({"E003 1:3"}));
  EXPECT_EQ(places(read("a: 1\n---\nb: 2\n")), Places({"E003 2:1"}));
}

TEST(YamlReader, RefusesWhatIsNotText) {
  EXPECT_EQ(places(read(std::string("a: 1\nb: \0", 9))), Places({"E001 2:4"}));
  EXPECT_EQ(places(read("a: \x04\n")), Places({"E001 1:4"}));
  EXPECT_EQ(places(read("a: \xFF\xFE\n")), Places({"E001 1:4"}));
  EXPECT_EQ(places(read("a: \xC0\x80\n")), Places({"E001 1:4"}));
  EXPECT_EQ(places(read("a: 1\rb: 2\n")), Places({"E001 1:5"}));
}

TEST(YamlReader, BoundsDepth) {
  const std::string brackets(100000, '[');
  std::string maps;
  std::string items;
  for (int level = 0; level < 50000; ++level) {
    maps += "{a: ";
    items += "- ";
  }
  EXPECT_EQ(places(read(std::string(65, '[') + std::string(65, ']'))), Places({"E001 1:65"}));
  EXPECT_EQ(read(brackets).diagnostics.size(), 1U);
  EXPECT_EQ(read(maps).diagnostics.size(), 1U);
  EXPECT_EQ(read(items).diagnostics.size(), 1U);
  EXPECT_EQ(places(read(std::string(64, '[') + std::string(64, ']'))), Places());
}

TEST(YamlReader, BoundsSize) {
  EXPECT_EQ(places(read("a: " + std::string(SourceText::kMaxBytes, 'x'))), Places({"E001 0:0"}));
}

TEST(YamlReader, BoundsTheNumberOfDiagnostics) {
  std::string text;
  for (int line = 0; line < 1000; ++line) {
    text += "a: 1\n";
  }
  const Reading reading = read(text);
  ASSERT_EQ(reading.diagnostics.size(), Diagnostics::kMaxKept);
  EXPECT_NE(reading.diagnostics.back().message.find("799 more"), std::string::npos);
}

TEST(YamlReader, ReadsALongLineInLinearTime) {
  std::string text = "a: [\xC3\xBC";
  while (text.size() < 400000) {
    text += ", x";
  }
  const Reading reading = read(text + "]\n");
  ASSERT_TRUE(reading.root.has_value());
  EXPECT_GT(reading.root->find("a")->items().size(), 100000U);
}

/// Every mutation of a document gives a tree or an error, and every place lies inside the text.
TEST(YamlReader, SurvivesMutatedDocuments) {
  const std::string seed_text =
      "graph: people\nparams: {v: {default: \"a b\"}}\nactors:\n  cam: {type: s, uri: $(v)}\n"
      "  d:\n    type: infer\n    in: [cam, 'x']\n    note: |\n      text\n";
  const std::string alphabet = "{}[]:,-?&*!|>'\"%@`#\n\t \r~<=ab0\\\xC3\xBC\x00\x04";
  constexpr unsigned kSeed = 20261122;
  std::mt19937 random(kSeed);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  for (int round = 0; round < 20000; ++round) {
    std::string text = seed_text;
    for (std::size_t change = below(6) + 1; change > 0 && !text.empty(); --change) {
      const std::size_t position = below(text.size());
      switch (below(4)) {
        case 0:
          text.erase(position, below(8) + 1);
          break;
        case 1:
          text.insert(position, 1, alphabet[below(alphabet.size())]);
          break;
        case 2:
          text[position] = alphabet[below(alphabet.size())];
          break;
        default:
          text.insert(position, text.substr(below(text.size()), below(30)));
          break;
      }
    }
    const SourceText source("fuzz", text);
    const Reading reading = read(text);
    ASSERT_TRUE(reading.root.has_value() || !reading.diagnostics.empty())
        << "seed " << kSeed << " round " << round << "\n"
        << text;
    for (const Diagnostic& diagnostic : reading.diagnostics) {
      ASSERT_LE(diagnostic.line, source.line_count() + 1) << "round " << round << "\n" << text;
    }
  }
}

}  // namespace
}  // namespace penstock
