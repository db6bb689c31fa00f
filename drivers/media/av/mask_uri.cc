#include "drivers/media/av/mask_uri.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace penstock {
namespace {

constexpr std::string_view kMask = "***";

bool names_a_secret(std::string_view word) {
  constexpr std::array<std::string_view, 8> kSecrets = {
      "pass", "pwd", "token", "key", "secret", "auth", "signature", "credential"};
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return std::any_of(kSecrets.begin(), kSecrets.end(), [&](std::string_view secret) {
    return lower.find(secret) != std::string::npos;
  });
}

std::string mask_query(std::string_view query) {
  std::string out;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find_first_of("&;#"), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && names_a_secret(pair.substr(0, equals))) {
      out.append(pair.substr(0, equals + 1)).append(kMask);
    } else {
      out.append(pair);
    }
    if (end < query.size()) {
      out.push_back(query[end]);
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return out;
}

}  // namespace

std::string mask_uri(std::string_view uri) {
  const std::size_t scheme_end = uri.find("://");
  if (scheme_end == std::string_view::npos) {
    return std::string(uri);
  }
  std::string out(uri.substr(0, scheme_end + 3));
  std::string_view rest = uri.substr(scheme_end + 3);
  std::size_t query_start = std::min(rest.find('?'), rest.size());
  if (rest.substr(0, query_start).find_first_of("@/") == std::string_view::npos) {
    // No path before the '?': where an '@' follows, the '?' belongs to a password.
    const std::size_t at = rest.rfind('@');
    query_start =
        at == std::string_view::npos ? query_start : std::min(rest.find('?', at), rest.size());
  }
  std::string_view place = rest.substr(0, query_start);
  // The last '@', wherever the path seems to begin: a password that holds an unescaped '@' or '/'
  // must not show its tail.
  const std::size_t at = place.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view login = place.substr(0, at);
    const std::size_t colon = login.find(':');
    out.append(login.substr(0, colon));
    if (colon != std::string_view::npos) {
      out.append(":").append(kMask);
    }
    place.remove_prefix(at);
  }
  out.append(place);
  if (query_start < rest.size()) {
    out.append("?").append(mask_query(rest.substr(query_start + 1)));
  }
  return out;
}

}  // namespace penstock
