#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// A text that a user wrote, with its name and an index of its lines.
///
/// Units: lines and columns count from 1; offsets are bytes from 0. A byte order mark is left out.
/// Thread-safety: immutable after construction.
class SourceText {
 public:
  /// Graphs and manifests are written by people: what is larger is not one of them.
  static constexpr std::size_t kMaxBytes = std::size_t{4} << 20U;

  SourceText(std::string name, std::string text);

  /// Returns the text of the file at `path`; its name is the path as given.
  /// Errors: `kNotFound` if it cannot be opened; `kInvalidArgument` if it is larger than
  /// `kMaxBytes`; `kUnavailable` if reading fails.
  static Result<SourceText> from_file(const std::filesystem::path& path);

  [[nodiscard]] const std::shared_ptr<const std::string>& name() const { return name_; }

  [[nodiscard]] const std::string& text() const { return text_; }

  [[nodiscard]] int line_count() const { return static_cast<int>(line_starts_.size()); }

  /// Returns line `line` without its line end; empty for a line that does not exist.
  [[nodiscard]] std::string_view line(int line) const;

  /// Returns the place of the byte at `offset`, `length` characters long.
  /// Cost: logarithmic, however long the line is: a hostile file may be one line.
  [[nodiscard]] SourcePlace place_at(std::size_t offset, int length = 1) const;

  /// Returns the place of line 0: the text as a whole.
  [[nodiscard]] SourcePlace whole() const { return {name_, 0, 0, 1}; }

 private:
  [[nodiscard]] std::size_t characters_before(std::size_t offset) const;

  std::shared_ptr<const std::string> name_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
  std::vector<std::size_t> block_characters_;  // characters before each block of kBlockBytes bytes
};

/// Returns how many characters (code points) the UTF-8 text `bytes` has.
int character_count(std::string_view bytes) noexcept;

}  // namespace penstock
