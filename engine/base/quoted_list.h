#pragma once

#include <string>
#include <vector>

namespace penstock {

/// Returns "'a', 'b'": names as they stand in a message.
inline std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text.append(text.empty() ? "'" : ", '").append(name).append("'");
  }
  return text;
}

}  // namespace penstock
