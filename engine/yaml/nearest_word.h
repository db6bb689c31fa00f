#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Returns how many characters must be typed, removed, replaced or swapped with their neighbour to
/// turn `a` into `b`; at most `limit + 1`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// Returns the word of `known` that the user most likely meant by `word`; empty when none is near
/// (a third of the letters wrong, at least one allowed). A difference in case counts half. A name
/// of one letter is near only in another case: any other has nothing in common with it.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

/// Returns "did you mean 'x'?", or empty text when no word is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// Returns "one of a, b, c"; long lists are cut after 12 words.
std::string one_of(const std::vector<std::string>& words);

}  // namespace penstock
