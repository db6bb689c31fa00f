#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace penstock {

/// What may stand behind a word of the program.
struct ArgumentRules {
  std::vector<std::string> flags;    ///< Without a value: "--json".
  std::vector<std::string> options;  ///< With a value: "--format", "-o"; may be repeated.
  std::string plain;                 ///< What the other words are, for messages: "FILE".
  std::size_t least_plain = 0;
  std::size_t most_plain = 0;
};

/// The words behind a word of the program, sorted out.
class Arguments {
 public:
  /// Reads `args`: flags and options anywhere, as `--format svg` or `--format=svg`; what follows
  /// `--` is plain.
  /// Errors: `kInvalidArgument`, with the nearest option, for an unknown one, one without its
  /// value, a flag with one, too few or too many plain words.
  static Result<Arguments> parse(std::span<const std::string> args, const ArgumentRules& rules);

  [[nodiscard]] bool has(const std::string& flag) const { return flags_.count(flag) != 0; }

  /// Returns the last value of `option`, which wins; nothing if it was not given.
  [[nodiscard]] std::optional<std::string> value(const std::string& option) const;

  /// Returns all values of `option`, in order.
  [[nodiscard]] std::vector<std::string> values(const std::string& option) const;

  [[nodiscard]] const std::vector<std::string>& plain() const { return plain_; }

 private:
  std::set<std::string> flags_;
  std::map<std::string, std::vector<std::string>> options_;
  std::vector<std::string> plain_;
};

/// Returns the value of `option` as a whole number from 0; `otherwise` if it was not given.
/// Errors: `kInvalidArgument` for anything else, or above 2^31 - 1.
Result<std::int64_t> whole_number(const Arguments& arguments,
                                  const std::string& option,
                                  std::int64_t otherwise);

/// Returns the pairs of `--set name=value`, by name; the last one of a name wins.
/// Errors: `kInvalidArgument` for text without a name or without `=`.
Result<std::map<std::string, std::string>> parse_settings(const std::vector<std::string>& settings);

}  // namespace penstock
