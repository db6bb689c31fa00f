#include "engine/yaml/nearest_word.h"

#include <algorithm>
#include <cctype>
#include <limits>

namespace penstock {
namespace {

constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kShownWords = 12;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char character) {
    return static_cast<char>(std::tolower(character));
  });
  return result;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > limit) {
    return limit + 1;
  }
  // Three rows of the table are enough: a swap of neighbours looks two rows back.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return std::min(row[b.size()], limit + 1);
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kLongestWord) {
    return {};
  }
  const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  std::string best;
  std::size_t best_cost = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(lower(word), lower(candidate), limit);
    const std::size_t case_differs = edit_distance(word, candidate, limit) == distance ? 0 : 1;
    const std::size_t cost = 2 * distance + case_differs;
    const bool shares_letters = distance == 0 || candidate.size() > 1;
    if (distance <= limit && shares_letters && cost < best_cost) {
      best = candidate;
      best_cost = cost;
    }
  }
  return best == word ? std::string() : best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string near = nearest_word(word, known);
  return near.empty() ? std::string() : "did you mean '" + near + "'?";
}

std::string one_of(const std::vector<std::string>& words) {
  std::string text = "one of ";
  for (std::size_t index = 0; index < std::min(words.size(), kShownWords); ++index) {
    text += (index == 0 ? "" : ", ") + words[index];
  }
  return words.size() > kShownWords ? text + ", ..." : text;
}

}  // namespace penstock
