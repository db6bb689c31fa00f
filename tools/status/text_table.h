#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace penstock {

/// A table of texts for a terminal, which leaves out of itself what does not fit.
struct TextTable {
  using Row = std::vector<std::string>;  ///< A text a column.

  struct Column {
    std::string name;  ///< Not empty; with a '>' in front its texts are right-aligned.
    int rank = 0;      ///< Where there is no room the highest goes first; 0 stays.
  };

  std::vector<Column> columns;
  std::vector<Row> rows;
  bool shows_last = false;  ///< Of rows that do not fit the last are shown, else the first.

  /// Leaves columns out until the others fit into `width`; 0: all do. Of a last column of words
  /// only the start has to.
  void fit(std::size_t width);

  /// Returns a blank line, the head and `shown` rows, and how many more there are; "" without rows.
  [[nodiscard]] std::string text(std::size_t shown) const;

 private:
  [[nodiscard]] bool is_right(std::size_t column) const;
  [[nodiscard]] std::string head(std::size_t column) const;
  [[nodiscard]] std::size_t width_of(std::size_t column) const;
};

/// Returns the tables one below the other in `height` lines, 0: in as many as they need. The
/// longest gives up rows first; each keeps two, so that the text may still be too long.
std::string stacked(const std::vector<TextTable>& tables, std::size_t height);

}  // namespace penstock
