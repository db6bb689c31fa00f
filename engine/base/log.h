#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

/// Returns the level of a word: debug, info, warning, error, off; or nothing.
std::optional<LogLevel> log_level_from(std::string_view word) noexcept;

/// How the log of this process looks and where it goes.
struct LogOptions {
  LogLevel level = LogLevel::kInfo;  ///< What is below it is left out.
  /// One JSON object a line: `{"time","level","place","message"}`; time in UTC, RFC 3339.
  bool json = false;
  bool colour = false;  ///< ANSI colours in the text form.
  /// Takes each finished line, one at a time; empty = stderr. For tests.
  std::function<void(std::string_view line)> write;
};

/// The one log of the process: for what people must know and no result says. Never once a frame: a
/// state that lasts is logged when it changes.
///
/// `place` says who speaks: an actor ("cam[gate]"), a device ("cpu:0"), a part of the program.
/// Secrets never appear, whoever logs them; what a terminal would obey appears as `?`
/// (`printable`). Thread-safety: everything, from any thread. Cost: a line that is left out costs
/// an atomic load.
void configure_log(LogOptions options);

/// Shows these values as `***` from now on, besides those of earlier calls. Empty ones are skipped.
void mask_in_log(const std::vector<std::string>& secrets);

void log(LogLevel level, std::string_view place, std::string_view message);

inline void log_debug(std::string_view place, std::string_view message) {
  log(LogLevel::kDebug, place, message);
}

inline void log_info(std::string_view place, std::string_view message) {
  log(LogLevel::kInfo, place, message);
}

inline void log_warning(std::string_view place, std::string_view message) {
  log(LogLevel::kWarning, place, message);
}

inline void log_error(std::string_view place, std::string_view message) {
  log(LogLevel::kError, place, message);
}

}  // namespace penstock
