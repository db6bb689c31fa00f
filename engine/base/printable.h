#pragma once

#include <string>
#include <string_view>

namespace penstock {

/// Returns `text` as it may be shown on a terminal or in a log, wherever it comes from: characters
/// that do something instead of being seen, and bytes that are not UTF-8, appear as `?`. These are
/// control characters, the end of a line among them, and those that turn the direction of writing.
std::string printable(std::string_view text);

/// The same for several lines: their ends stay.
std::string printable_lines(std::string_view text);

}  // namespace penstock
