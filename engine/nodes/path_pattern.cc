#include "engine/nodes/path_pattern.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace penstock {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

std::tm utc_of(std::int64_t wall_ns) {
  // Rounds down before 1970 too.
  const std::int64_t seconds = wall_ns / kSecondNs - (wall_ns % kSecondNs < 0 ? 1 : 0);
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  return parts;
}

/// Returns how long the conversion at the start of `text` is ("%Y", "%Od"); 0 if it is none.
std::size_t conversion_length(std::string_view text) {
  if (text.size() < 2 || text[0] != '%') {
    return 0;
  }
  const bool has_modifier = (text[1] == 'E' || text[1] == 'O') && text.size() > 2;
  return has_modifier ? 3 : 2;
}

void append_time(std::string_view conversion, const std::tm& time, std::string& out) {
  std::array<char, 128> text{};
  const std::string format(conversion);
  out.append(text.data(), std::strftime(text.data(), text.size(), format.c_str(), &time));
}

/// Appends what the name at the start of `text` stands for; returns how long the name is, 0 if it
/// is none of ours.
std::size_t append_word(std::string_view text, const PathWords& words, std::string& out) {
  constexpr std::string_view kGraph = "$(graph)";
  constexpr std::string_view kStream = "$(stream)";
  constexpr std::string_view kSeq = "$(seq)";
  if (text.substr(0, kGraph.size()) == kGraph) {
    out += words.graph;
    return kGraph.size();
  }
  if (text.substr(0, kStream.size()) == kStream) {
    out += words.stream;
    return kStream.size();
  }
  if (text.substr(0, kSeq.size()) == kSeq && words.seq.has_value()) {
    std::array<char, 24> digits{};
    const int length = std::snprintf(
        digits.data(), digits.size(), "%06llu", static_cast<unsigned long long>(*words.seq));
    out.append(digits.data(), static_cast<std::size_t>(length));
    return kSeq.size();
  }
  return 0;
}

}  // namespace

std::string expand_path(std::string_view pattern, const PathWords& words) {
  const std::tm time = utc_of(words.wall_ns);
  std::string path;
  while (!pattern.empty()) {
    std::size_t used = conversion_length(pattern);
    if (used > 0) {
      append_time(pattern.substr(0, used), time, path);
    } else {
      used = append_word(pattern, words, path);
    }
    if (used == 0) {
      path += pattern.front();
      used = 1;
    }
    pattern.remove_prefix(used);
  }
  return path;
}

bool has_time_words(std::string_view pattern) {
  while (!pattern.empty()) {
    const std::size_t length = conversion_length(pattern);
    if (length > 2 || (length == 2 && pattern[1] != '%')) {
      return true;
    }
    pattern.remove_prefix(length == 0 ? 1 : length);
  }
  return false;
}

}  // namespace penstock
