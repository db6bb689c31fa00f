#include "tools/status/text_table.h"

#include <algorithm>
#include <utility>

namespace penstock {
namespace {

constexpr std::size_t kGap = 2;

/// Returns how many lines a table takes with so many of its rows.
std::size_t lines_of(const TextTable& table, std::size_t shown) {
  return table.rows.empty() ? 0 : 2 + shown + (shown < table.rows.size() ? 1 : 0);
}

}  // namespace

bool TextTable::is_right(std::size_t column) const {
  return columns[column].name.front() == '>';
}

std::string TextTable::head(std::size_t column) const {
  return columns[column].name.substr(is_right(column) ? 1 : 0);
}

std::size_t TextTable::width_of(std::size_t column) const {
  std::size_t width = head(column).size();
  for (const Row& row : rows) {
    width = std::max(width, row[column].size());
  }
  return width;
}

void TextTable::fit(std::size_t width) {
  while (width != 0) {
    const std::size_t last = columns.size() - 1;
    std::size_t wanted = 0;
    std::size_t goes = 0;
    for (std::size_t i = 0; i <= last; ++i) {
      wanted += i < last ? width_of(i) + kGap : is_right(i) ? width_of(i) : 0;
      goes = columns[i].rank > 0 && columns[i].rank >= columns[goes].rank ? i : goes;
    }
    if (wanted <= width || columns[goes].rank == 0) {
      return;
    }
    const auto place = static_cast<std::ptrdiff_t>(goes);
    columns.erase(columns.begin() + place);
    for (Row& row : rows) {
      row.erase(row.begin() + place);
    }
  }
}

std::string TextTable::text(std::size_t shown) const {
  if (rows.empty()) {
    return {};
  }
  const std::size_t left_out = rows.size() - std::min(shown, rows.size());
  const auto first = static_cast<std::ptrdiff_t>(shows_last ? left_out : 0);
  std::vector<Row> lines = {{}};
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    lines.front().push_back(head(i));
    widths.push_back(width_of(i));
  }
  lines.insert(lines.end(),
               rows.begin() + first,
               rows.begin() + first + static_cast<std::ptrdiff_t>(rows.size() - left_out));
  std::string text = "\n";
  for (const Row& row : lines) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - row[i].size(), ' ');
      line += (is_right(i) ? gap + row[i] : row[i] + gap) + std::string(kGap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return left_out == 0 ? text : text + "... and " + std::to_string(left_out) + " more\n";
}

std::string stacked(const std::vector<TextTable>& tables, std::size_t height) {
  constexpr std::size_t kLeast = 2;
  std::vector<std::size_t> shown;
  std::size_t lines = 0;
  for (const TextTable& table : tables) {
    shown.push_back(table.rows.size());
    lines += lines_of(table, table.rows.size());
  }
  while (height != 0 && lines > height) {
    const auto most = std::max_element(shown.begin(), shown.end());
    if (*most <= kLeast) {
      break;
    }
    const TextTable& table = tables[static_cast<std::size_t>(most - shown.begin())];
    lines -= lines_of(table, *most);
    --*most;
    lines += lines_of(table, *most);
  }
  std::string text;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    text += tables[i].text(shown[i]);
  }
  return text;
}

}  // namespace penstock
