#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Where something stands in a text that a user wrote.
///
/// Units: lines and columns count from 1, columns and length in characters (code points). Line 0
/// means "the file as a whole"; a value that came from the command line has the file `--set`.
struct SourcePlace {
  std::shared_ptr<const std::string> file;
  int line = 0;
  int column = 0;
  int length = 1;

  [[nodiscard]] std::string file_name() const { return file == nullptr ? std::string() : *file; }
};

enum class Severity { kError, kWarning };

/// Returns "error" or "warning".
const char* to_string(Severity severity) noexcept;

/// One thing that is wrong in a file that a user wrote, with its place and its remedy.
///
/// `code` is a row of the table in `docs/graph-language.md` ("E031"); `message` names the thing,
/// the value and the rule; `hint`, where there is one, says what to write instead.
struct Diagnostic {
  std::string code;
  Severity severity = Severity::kError;
  std::string file;
  int line = 0;
  int column = 0;
  int length = 1;
  std::string message;
  std::string hint;
};

/// Collects diagnostics, so that one run reports everything that is wrong.
///
/// Keeps at most `kMaxKept`; the others are only counted, because a hostile file may hold millions
/// of mistakes.
/// Thread-safety: none.
class Diagnostics {
 public:
  static constexpr std::size_t kMaxKept = 200;

  void error(std::string_view code,
             const SourcePlace& place,
             std::string message,
             std::string hint = {});
  void warning(std::string_view code,
               const SourcePlace& place,
               std::string message,
               std::string hint = {});

  /// Counts an error that is reported elsewhere, so that whoever compares counts before and after
  /// knows that what lies between is not sound.
  void count_reported_elsewhere() { ++error_count_; }

  [[nodiscard]] bool has_errors() const { return error_count_ > 0; }

  [[nodiscard]] std::size_t error_count() const { return error_count_; }

  /// True when what comes next is only counted: then hints need not be worked out.
  [[nodiscard]] bool is_full() const { return kept_.size() >= kMaxKept; }

  [[nodiscard]] std::size_t left_out() const { return left_out_; }

  /// Returns what was kept, ordered by file, line, column and code; equal ones once. When some were
  /// left out the last one says how many.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;

 private:
  void add(Diagnostic diagnostic);

  std::vector<Diagnostic> kept_;
  std::size_t error_count_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace penstock
