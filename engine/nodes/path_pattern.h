#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// What the run-time names of a sink's path stand for.
/// Units: `wall_ns` since the Unix epoch.
struct PathWords {
  std::string_view graph;
  std::string_view stream;
  std::optional<std::uint64_t> seq;  ///< Absent where a file holds many frames.
  std::int64_t wall_ns = 0;
};

/// Returns `pattern` with `$(graph)`, `$(stream)`, `$(seq)` (at least six digits, so that names
/// sort) and the words of strftime ("%Y-%m-%d", in UTC like the times of JSON lines) filled in.
/// Anything else stays as it is, `$(seq)` without a number too; "%%" is a percent sign.
std::string expand_path(std::string_view pattern, const PathWords& words);

/// Whether the path depends on the time of the frame; those that do not need no second look.
bool has_time_words(std::string_view pattern);

}  // namespace penstock
