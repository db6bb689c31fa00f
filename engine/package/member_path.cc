#include "engine/package/member_path.h"

#include <algorithm>
#include <map>

namespace penstock {
namespace {

Error refused(std::string_view path, const std::string& rule) {
  return {Errc::kCorrupt, "path '" + shown_path(path) + "' " + rule};
}

bool is_printable(char character) {
  return character >= ' ' && character <= '~';
}

/// Of one part between slashes.
Status check_part(std::string_view path, std::string_view part) {
  if (part.empty()) {
    return refused(
        path,
        path.front() == '/' ? "is absolute; a package's paths are relative" : "has an empty part");
  }
  if (part == "." || part == "..") {
    return refused(
        path, "has the part '" + std::string(part) + "'; a package's files stay in its folder");
  }
  if (part.back() == ' ' || part.back() == '.') {
    return refused(path, "has a part that ends with a space or a dot");
  }
  return {};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& character : lower) {
    if (character >= 'A' && character <= 'Z') {
      character = static_cast<char>(character - 'A' + 'a');
    }
  }
  return lower;
}

}  // namespace

std::string shown_path(std::string_view path) {
  constexpr std::size_t kShown = 80;
  std::string text;
  for (const char character : path.substr(0, kShown)) {
    text += is_printable(character) ? character : '?';
  }
  return path.size() > kShown ? text + "..." : text;
}

Status check_member_path(std::string_view path) {
  if (path.empty()) {
    return refused(path, "is empty");
  }
  if (path.size() > kMaxMemberPath) {
    return refused(path,
                   "has " + std::to_string(path.size()) + " characters; at most " +
                       std::to_string(kMaxMemberPath));
  }
  for (const char character : path) {
    if (character == ':') {
      return refused(path, "has a ':' (a drive letter?); a package's paths are relative");
    }
    if (!is_printable(character) ||
        std::string_view("\\*?\"<>|").find(character) != std::string_view::npos) {
      return refused(path,
                     "has a character that is not printable ASCII, or one of \\ * ? \" < > |");
    }
  }
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    PENSTOCK_RETURN_IF_ERROR(check_part(path, path.substr(start, end - start)));
    start = end + 1;
  }
  return {};
}

Status check_member_set(const std::vector<std::string>& sorted) {
  std::map<std::string, std::string> seen;  // By lower case: folders end with '/'.
  for (const std::string& path : sorted) {
    const std::string lower = lower_case(path);
    if (const auto [other, is_new] = seen.emplace(lower, path); !is_new) {
      return refused(path, "is given twice (also as '" + shown_path(other->second) + "')");
    }
  }
  for (const std::string& path : sorted) {
    const std::string lower = lower_case(path);
    for (std::size_t slash = lower.find('/'); slash != std::string::npos;
         slash = lower.find('/', slash + 1)) {
      if (const auto file = seen.find(lower.substr(0, slash)); file != seen.end()) {
        return refused(path, "wants a folder where '" + shown_path(file->second) + "' is a file");
      }
    }
  }
  return {};
}

}  // namespace penstock
