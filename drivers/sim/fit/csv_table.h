#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace penstock::sim {

/// Reads a text of comma-separated values: comments (#), a line of names, then rows. Cells hold
/// neither commas nor quotes.
/// Errors: `kCorrupt` for a row with more or fewer cells than names, with its line.
Result<std::vector<std::map<std::string, std::string>>> read_csv(const std::string& text);

/// Reads the cell `name` of a row as a number that is not negative.
/// Errors: `kCorrupt` if there is no such cell or it is no such number.
Result<double> number_in(const std::map<std::string, std::string>& row, const std::string& name);

}  // namespace penstock::sim
