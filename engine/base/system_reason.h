#pragma once

#include <string>
#include <system_error>

namespace penstock {

/// Returns ": No such file or directory" for an `errno`, to stand behind what the system refused;
/// nothing for 0.
inline std::string system_reason(int code) {
  return code == 0 ? std::string() : ": " + std::generic_category().message(code);
}

}  // namespace penstock
