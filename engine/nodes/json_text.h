#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

/// Pieces of JSON, appended to a line that is made for reuse: no allocation once it is long enough.

/// Appends `text` in quotes. Bytes that are not UTF-8 become U+FFFD, so that the line stays JSON.
void append_json_text(std::string_view text, std::string& out);

/// Appends `number` with `decimals` digits after the point, 0..9; null where it is not finite.
void append_json_number(double number, int decimals, std::string& out);
void append_json_number(std::int64_t number, std::string& out);

/// Appends a time as RFC 3339 in UTC with milliseconds, in quotes: "2026-11-22T03:45:00.120Z".
/// Units: nanoseconds since the Unix epoch.
void append_json_time(std::int64_t wall_ns, std::string& out);

}  // namespace penstock
