#include "engine/graph/label_file.h"

#include <sstream>

namespace penstock {

Result<std::vector<std::string>> read_labels(const FileAccess& files, const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string text, files.read(path));
  std::vector<std::string> labels;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    const std::size_t last = line.find_last_not_of(" \t\r");
    labels.push_back(first == std::string::npos ? "" : line.substr(first, last + 1 - first));
  }
  while (!labels.empty() && labels.back().empty()) {
    labels.pop_back();
  }
  if (labels.empty()) {
    return Error{Errc::kInvalidArgument, "'" + path + "' has no labels"};
  }
  return labels;
}

}  // namespace penstock
