#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace penstock {

/// Returns "'a', 'b'": names as they stand in a message; beyond `most` of them "'a', 'b' and 3
/// more".
inline std::string quoted_list(const std::vector<std::string>& names,
                               std::size_t most = std::numeric_limits<std::size_t>::max()) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) {
    text.append(i == 0 ? "'" : ", '").append(names[i]).append("'");
  }
  if (names.size() > most) {
    text.append(" and ").append(std::to_string(names.size() - most)).append(" more");
  }
  return text;
}

}  // namespace penstock
