#include "engine/graph/scalar_checker.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "engine/yaml/yaml_reader.h"

namespace penstock {
namespace {

/// Checks `text`, one scalar, against `option`.
class Check {
 public:
  Check(const Option& option, const std::string& text) {
    const auto node = read_yaml(SourceText("a.yaml", text), diagnostics_);
    value = ScalarChecker(diagnostics_).check(option, *node);
  }

  /// The code and the words of what is wrong; empty if nothing is.
  [[nodiscard]] std::string wrong() const {
    std::string text;
    for (const Diagnostic& one : diagnostics_.sorted()) {
      text += one.code + " " + one.message;
    }
    return text;
  }

  ScalarChecker::Value value;

 private:
  Diagnostics diagnostics_;
};

TEST(ScalarChecker, GivesTheTypeThatTheOptionWants) {
  EXPECT_EQ(*Check(Option::integer("i", "h"), "3").value->as<std::int64_t>(), 3);
  EXPECT_EQ(*Check(Option::text("t", "h"), "3").value->as<std::string>(), "3");
  EXPECT_EQ(*Check(Option::word("w", {"one", "two"}, "h"), "two").value->as<std::string>(), "two");
  EXPECT_TRUE(*Check(Option::boolean("b", "h"), "true").value->as<bool>());
}

TEST(ScalarChecker, HoldsAValueToItsRangeBothEndsIncluded) {
  const Option option = Option::integer("n", "h").range(1, 10).unit("frames");
  EXPECT_EQ(Check(option, "1").wrong(), "");
  EXPECT_EQ(Check(option, "10").wrong(), "");
  EXPECT_EQ(Check(option, "0").wrong(), "E013 'n' is '0'; it wants 1 to 10 frames");
  EXPECT_EQ(Check(option, "11").wrong(), "E013 'n' is '11'; it wants 1 to 10 frames");
}

TEST(ScalarChecker, TakesAPathForTextAndLeavesTheFilesAlone) {
  EXPECT_EQ(*Check(Option::path_in("f", "h"), "none.onnx").value->as<std::string>(), "none.onnx");
  EXPECT_EQ(Check(Option::path_in("f", "h"), "''").wrong().rfind("E012 'f' wants ", 0), 0U);
}

TEST(ScalarChecker, RefusesWhatReadersUnderstandDifferently) {
  EXPECT_EQ(Check(Option::boolean("b", "h"), "yes").wrong(),
            "E003 'yes' is a truth value to some YAML readers and text to others");
  EXPECT_EQ(Check(Option::integer("i", "h"), "012").wrong(),
            "E003 '012' is octal to some YAML readers and decimal to others");
  EXPECT_EQ(Check(Option::boolean("b", "h"), "'true'").wrong().rfind("E012 ", 0), 0U) << "quoted";
}

TEST(ScalarChecker, LetsRunTimeNamesStandOnlyWhereTheyGetAValue) {
  EXPECT_EQ(Check(Option::text("t", "h"), "a $(stream) b").wrong(),
            "E020 $(stream) has no value in 't': it is known only while the graph runs");
  EXPECT_EQ(Check(Option::path_out("t", "h"), "a $(stream) b").wrong(), "");
}

}  // namespace
}  // namespace penstock
