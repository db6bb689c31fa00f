#include "engine/yaml/diagnostic_text.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

Diagnostic unknown_actor() {
  Diagnostic diagnostic;
  diagnostic.code = "E031";
  diagnostic.file = "a.yaml";
  diagnostic.line = 2;
  diagnostic.column = 10;
  diagnostic.length = 5;
  diagnostic.message = "no actor 'detct'";
  diagnostic.hint = "did you mean 'detect' (line 11)?";
  return diagnostic;
}

TEST(DiagnosticsText, ShowsTheSourceLineAndACaret) {
  const SourceText source("a.yaml", "actors:\n  x: {in: detct}\n");
  EXPECT_EQ(diagnostics_text({unknown_actor()}, {&source}, {}),
            "a.yaml:2:10: error[E031]: no actor 'detct'; did you mean 'detect' (line 11)?\n"
            "  2 |   x: {in: detct}\n"
            "    |          ^~~~~\n");
}

TEST(DiagnosticsText, IsOneLineWithoutASource) {
  Diagnostic diagnostic = unknown_actor();
  diagnostic.file = "--set";
  diagnostic.line = 0;
  diagnostic.hint.clear();
  EXPECT_EQ(diagnostics_text({diagnostic}, {}, {}), "--set: error[E031]: no actor 'detct'\n");
}

TEST(DiagnosticsText, PutsTheCaretBelowCharactersNotBytes) {
  const SourceText source("a.yaml", "x:\n\xC3\xBC\xC3\xBC: {in: detct}\n");
  Diagnostic diagnostic = unknown_actor();
  diagnostic.column = 3;
  diagnostic.length = 1;
  const std::string text = diagnostics_text({diagnostic}, {&source}, {});
  EXPECT_NE(text.find("\n    |   ^\n"), std::string::npos) << text;
}

TEST(DiagnosticsText, CutsLongLinesRoundThePlace) {
  const SourceText source("a.yaml", "x:\n" + std::string(5000, 'x') + "\n");
  Diagnostic diagnostic = unknown_actor();
  diagnostic.column = 4000;
  EXPECT_LT(diagnostics_text({diagnostic}, {&source}, {}).size(), 500U);
}

TEST(DiagnosticsText, ShowsNoControlCharacters) {
  Diagnostic diagnostic = unknown_actor();
  diagnostic.message = "no actor '\x1b[2J'";
  EXPECT_EQ(diagnostics_text({diagnostic}, {}, {}).find('\x1b'), std::string::npos);
}

TEST(DiagnosticsText, MasksSecrets) {
  const SourceText source("a.yaml", "x:\n  password: hunter2\n");
  Diagnostic diagnostic = unknown_actor();
  diagnostic.message = "cannot open rtsp://me:hunter2@10.0.0.1";
  DiagnosticStyle style;
  style.secrets = {"", "hunter2"};
  EXPECT_EQ(diagnostics_text({diagnostic}, {&source}, style).find("hunter2"), std::string::npos);
  EXPECT_EQ(diagnostics_json({diagnostic}, style).find("hunter2"), std::string::npos);
}

TEST(DiagnosticsText, IsColouredOnATerminal) {
  DiagnosticStyle style;
  style.colour = true;
  EXPECT_NE(diagnostics_text({unknown_actor()}, {}, style).find("\x1b[1;31merror[E031]"),
            std::string::npos);
}

TEST(DiagnosticsJson, HasTheFieldsEditorsRead) {
  EXPECT_EQ(
      diagnostics_json({unknown_actor()}, {}),
      R"({"diagnostics":[{"code":"E031","severity":"error","file":"a.yaml","line":2,)"
      R"("column":10,"message":"no actor 'detct'","hint":"did you mean 'detect' (line 11)?"}]})");
  EXPECT_EQ(diagnostics_json({}, {}), R"({"diagnostics":[]})");
}

TEST(Diagnostics, AreSortedByPlaceAndGivenOnce) {
  Diagnostics diagnostics;
  const SourcePlace late{nullptr, 3, 1, 1};
  const SourcePlace early{nullptr, 1, 9, 1};
  diagnostics.error("E010", late, "x");
  diagnostics.warning("E036", early, "y");
  diagnostics.error("E010", late, "x");
  const auto sorted = diagnostics.sorted();
  ASSERT_EQ(sorted.size(), 2U);
  EXPECT_EQ(sorted[0].code, "E036");
  EXPECT_EQ(sorted[0].severity, Severity::kWarning);
  EXPECT_EQ(sorted[1].code, "E010");
}

}  // namespace
}  // namespace penstock
