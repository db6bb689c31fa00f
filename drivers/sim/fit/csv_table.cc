#include "drivers/sim/fit/csv_table.h"

#include <cmath>
#include <cstdlib>
#include <sstream>

namespace penstock::sim {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) {
    cells.push_back(cell);
  }
  return cells;
}

}  // namespace

Result<std::vector<std::map<std::string, std::string>>> read_csv(const std::string& text) {
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> names;
  std::istringstream stream(text);
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const std::vector<std::string> cells = cells_of(line);
    if (names.empty()) {
      names = cells;
      continue;
    }
    if (cells.size() != names.size()) {
      return Error{Errc::kCorrupt,
                   "line " + std::to_string(number) + ": " + std::to_string(cells.size()) +
                       " cells, the first line names " + std::to_string(names.size())};
    }
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      row.emplace(names[i], cells[i]);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<double> number_in(const std::map<std::string, std::string>& row, const std::string& name) {
  const auto found = row.find(name);
  if (found == row.end()) {
    return Error{Errc::kCorrupt, "no column '" + name + "'"};
  }
  char* end = nullptr;
  const double value = std::strtod(found->second.c_str(), &end);
  if (found->second.empty() || *end != '\0' || !std::isfinite(value) || value < 0) {
    return Error{Errc::kCorrupt, name + ": '" + found->second + "' is no number from 0"};
  }
  return value;
}

}  // namespace penstock::sim
