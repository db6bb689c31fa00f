#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace penstock {

inline constexpr std::size_t kMaxMemberPath = 240;  ///< Characters.

/// Checks that `path` may name a file of a package: relative, with `/` between its parts, none of
/// them empty, `.` or `..`, in characters that every file system takes (printable ASCII without
/// `\ : * ? " < > |`), no part with a space or dot at its end, at most 240 characters.
///
/// Nothing that passes can leave the folder that it is joined to.
/// Errors: `kCorrupt`, with the path (cut, control characters as `?`) and the rule it breaks.
Status check_member_path(std::string_view path);

/// Checks that no file of `sorted` is given twice, in the same or in other case, or is a folder of
/// another. Pre: sorted.
/// Errors: `kCorrupt`, naming both.
Status check_member_set(const std::vector<std::string>& sorted);

/// Returns `path` as a message may show it.
std::string shown_path(std::string_view path);

}  // namespace penstock
