#include "tools/cli/arguments.h"

#include <algorithm>
#include <charconv>

#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Error wrong(std::string message, const std::string& hint = {}) {
  return {Errc::kInvalidArgument, std::move(message) + (hint.empty() ? "" : "; " + hint)};
}

Error unknown(const std::string& name, const ArgumentRules& rules) {
  std::vector<std::string> known = rules.flags;
  known.insert(known.end(), rules.options.begin(), rules.options.end());
  known.insert(known.end(), {"--help", "--log-level", "--log-json"});  // Of every word.
  const std::string near = did_you_mean(name, known);
  return wrong("unknown option '" + name + "'", near.empty() ? "wants " + one_of(known) : near);
}

Status check_plain(const std::vector<std::string>& plain, const ArgumentRules& rules) {
  if (plain.size() < rules.least_plain) {
    return wrong("wants " + rules.plain);
  }
  if (plain.size() > rules.most_plain) {
    return wrong("unexpected word '" + plain[rules.most_plain] + "'",
                 rules.most_plain == 0 ? "" : "wants only " + rules.plain);
  }
  return {};
}

}  // namespace

Result<Arguments> Arguments::parse(std::span<const std::string> args, const ArgumentRules& rules) {
  Arguments result;
  bool only_plain = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& word = args[i];
    if (only_plain || word.size() < 2 || word.front() != '-') {
      result.plain_.push_back(word);
      continue;
    }
    if (word == "--") {
      only_plain = true;
      continue;
    }
    const std::size_t equals = word.rfind("--", 0) == 0 ? word.find('=') : std::string::npos;
    const std::string name = word.substr(0, equals);
    if (contains(rules.flags, name)) {
      if (equals != std::string::npos) {
        return wrong("option '" + name + "' takes no value");
      }
      result.flags_.insert(name);
    } else if (!contains(rules.options, name)) {
      return unknown(name, rules);
    } else if (equals != std::string::npos) {
      result.options_[name].push_back(word.substr(equals + 1));
    } else if (++i < args.size()) {
      result.options_[name].push_back(args[i]);
    } else {
      return wrong("option '" + name + "' wants a value");
    }
  }
  PENSTOCK_RETURN_IF_ERROR(check_plain(result.plain_, rules));
  return result;
}

std::optional<std::string> Arguments::value(const std::string& option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::nullopt : std::optional(found->second.back());
}

std::vector<std::string> Arguments::values(const std::string& option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::vector<std::string>() : found->second;
}

Result<std::map<std::string, std::string>> parse_settings(
    const std::vector<std::string>& settings) {
  std::map<std::string, std::string> result;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return wrong("--set wants name=value, not '" + setting + "'");
    }
    result[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return result;
}

Result<std::int64_t> whole_number(const Arguments& arguments,
                                  const std::string& option,
                                  std::int64_t otherwise) {
  const auto text = arguments.value(option);
  if (!text.has_value()) {
    return otherwise;
  }
  std::int32_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stop, code] = std::from_chars(text->data(), end, number);
  if (code != std::errc() || stop != end || number < 0) {
    return Error{Errc::kInvalidArgument,
                 option + " wants a whole number from 0, not '" + *text + "'"};
  }
  return std::int64_t{number};
}

}  // namespace penstock
