#include "engine/graph/option.h"

#include <cmath>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/number_text.h"
#include "engine/yaml/nearest_word.h"
#include "engine/yaml/scalar.h"

namespace penstock {
namespace {

/// Reads a limit that is written with its unit. A limit that does not parse is our own mistake.
double limit_of(OptionKind kind, std::string_view text) {
  if (kind == OptionKind::kDuration) {
    return static_cast<double>(parse_duration(text).value().count());
  }
  if (kind == OptionKind::kBytes) {
    return static_cast<double>(parse_bytes(text).value());
  }
  PENSTOCK_CHECK(kind == OptionKind::kBitRate) << "a limit with unit for an option without unit";
  return static_cast<double>(parse_bit_rate(text).value());
}

/// Returns "4Mbit/s" for 4e6 bit/s: the largest unit that leaves a whole number.
std::string bit_rate_text(double value) {
  constexpr double kStep = 1000;
  std::string prefix;
  for (const char* larger : {"k", "M", "G"}) {
    if (std::fmod(value, kStep) != 0 || value == 0) {
      break;
    }
    value /= kStep;
    prefix = larger;
  }
  return plain_number(value) + prefix + "bit/s";
}

std::string limit_text(OptionKind kind, double value) {
  if (kind == OptionKind::kDuration) {
    return to_text(std::chrono::nanoseconds(std::llround(value)));
  }
  if (kind == OptionKind::kBytes) {
    return plain_number(value) + " bytes";
  }
  if (kind == OptionKind::kBitRate) {
    return bit_rate_text(value);
  }
  return plain_number(value);
}

const char* plain_wanted(OptionKind kind) {
  switch (kind) {
    case OptionKind::kBool:
      return "true or false";
    case OptionKind::kInt:
      return "a whole number";
    case OptionKind::kNumber:
      return "a number";
    case OptionKind::kText:
    case OptionKind::kWord:
      return "text";
    case OptionKind::kDuration:
      return "a duration such as 15ms";
    case OptionKind::kBytes:
      return "a size such as 64MiB";
    case OptionKind::kBitRate:
      return "a bit rate such as 4Mbit/s";
    case OptionKind::kRate:
      return "a rate per second such as 25";
    case OptionKind::kSize:
      return "a size [width, height]";
    case OptionKind::kColour:
      return "a colour such as \"#ff8000\" or orange";
    case OptionKind::kPathIn:
      return "the path of a file that exists";
    case OptionKind::kPathOut:
      return "the path of a file to write";
    case OptionKind::kUri:
      return "an address or a path";
    case OptionKind::kLabels:
      return "a file with one label a line, or a list of labels";
    case OptionKind::kList:
      return "a list";
    case OptionKind::kObject:
      return "a map";
    case OptionKind::kMapOf:
    case OptionKind::kTable:
      return "a map of names";
  }
  return "a value";
}

}  // namespace

Option::Option(std::string name, OptionKind kind, std::string help)
    : name_(std::move(name)),
      kind_(kind),
      help_(std::move(help)) {}

Option Option::boolean(std::string name, std::string help) {
  return {std::move(name), OptionKind::kBool, std::move(help)};
}

Option Option::integer(std::string name, std::string help) {
  return {std::move(name), OptionKind::kInt, std::move(help)};
}

Option Option::number(std::string name, std::string help) {
  return {std::move(name), OptionKind::kNumber, std::move(help)};
}

Option Option::text(std::string name, std::string help) {
  return {std::move(name), OptionKind::kText, std::move(help)};
}

Option Option::word(std::string name, std::vector<std::string> words, std::string help) {
  PENSTOCK_CHECK(!words.empty()) << "option '" << name << "' allows no word";
  Option option(std::move(name), OptionKind::kWord, std::move(help));
  option.words_ = std::move(words);
  return option;
}

Option Option::duration(std::string name, std::string help) {
  return {std::move(name), OptionKind::kDuration, std::move(help)};
}

Option Option::bytes(std::string name, std::string help) {
  return {std::move(name), OptionKind::kBytes, std::move(help)};
}

Option Option::bit_rate(std::string name, std::string help) {
  return {std::move(name), OptionKind::kBitRate, std::move(help)};
}

Option Option::rate(std::string name, std::string help) {
  return {std::move(name), OptionKind::kRate, std::move(help)};
}

Option Option::size(std::string name, std::string help) {
  return {std::move(name), OptionKind::kSize, std::move(help)};
}

Option Option::colour(std::string name, std::string help) {
  return {std::move(name), OptionKind::kColour, std::move(help)};
}

Option Option::path_in(std::string name, std::string help) {
  return {std::move(name), OptionKind::kPathIn, std::move(help)};
}

Option Option::path_out(std::string name, std::string help) {
  Option option(std::move(name), OptionKind::kPathOut, std::move(help));
  option.templated_ = true;
  return option;
}

Option Option::uri(std::string name, std::string help) {
  return {std::move(name), OptionKind::kUri, std::move(help)};
}

Option Option::labels(std::string name, std::string help) {
  return {std::move(name), OptionKind::kLabels, std::move(help)};
}

Option Option::list(std::string name, const Option& item, std::string help) {
  Option option(std::move(name), OptionKind::kList, std::move(help));
  option.item_.push_back(item);
  return option;
}

Option Option::object(std::string name, std::string help, std::vector<Option> fields) {
  Option option(std::move(name), OptionKind::kObject, std::move(help));
  option.fields_ = std::move(fields);
  return option;
}

Option Option::map_of(std::string name, std::string help, std::vector<Option> fields) {
  Option option(std::move(name), OptionKind::kMapOf, std::move(help));
  option.fields_ = std::move(fields);
  return option;
}

Option Option::table(std::string name, const Option& item, std::string help) {
  Option option(std::move(name), OptionKind::kTable, std::move(help));
  option.item_.push_back(item);
  return option;
}

Option Option::numbers(std::string name, std::string help) {
  const Option item = number(name, help);
  Option option = list(std::move(name), item, std::move(help));
  option.single_ = true;
  return option;
}

Option Option::texts(std::string name, std::string help) {
  const Option item = text(name, help);
  Option option = list(std::move(name), item, std::move(help));
  option.single_ = true;
  return option;
}

Option& Option::fallback(std::string yaml) {
  fallback_ = std::move(yaml);
  return *this;
}

Option& Option::required() {
  required_ = true;
  return *this;
}

Option& Option::range(double least, double most) {
  if (kind_ == OptionKind::kList) {
    item_.front().range(least, most);
    return *this;
  }
  PENSTOCK_CHECK(least <= most) << "option '" << name_ << "'";
  least_ = least;
  most_ = most;
  return *this;
}

Option& Option::range(std::string_view least, std::string_view most) {
  if (kind_ == OptionKind::kList) {
    item_.front().range(least, most);
    return *this;
  }
  return range(limit_of(kind_, least), limit_of(kind_, most));
}

Option& Option::unit(std::string unit) {
  unit_ = std::move(unit);
  return *this;
}

Option& Option::count(std::size_t least, std::size_t most) {
  PENSTOCK_CHECK(kind_ == OptionKind::kList || kind_ == OptionKind::kMapOf) << name_;
  min_count_ = least;
  max_count_ = most;
  return *this;
}

Option& Option::one_or(std::size_t count_of_all) {
  count(1, count_of_all);
  is_one_or_all_ = true;
  return *this;
}

bool Option::takes_count(std::size_t count) const {
  return count >= min_count_ && count <= max_count_ &&
         (!is_one_or_all_ || count == min_count_ || count == max_count_);
}

std::string Option::count_text() const {
  return std::to_string(min_count_) +
         (min_count_ == max_count_
              ? std::string()
              : (is_one_or_all_ ? " or " : " to ") + std::to_string(max_count_));
}

Option& Option::or_single() {
  PENSTOCK_CHECK(kind_ == OptionKind::kList) << name_;
  single_ = true;
  return *this;
}

Option& Option::or_words(std::vector<std::string> words) {
  extra_words_ = std::move(words);
  return *this;
}

Option& Option::or_map(MapKey key) {
  map_key_ = key;
  return *this;
}

Option& Option::keyed_by(MapKey key) {
  PENSTOCK_CHECK(kind_ == OptionKind::kTable) << "option '" << name_ << "' has no keys";
  map_key_ = key;
  return *this;
}

Option& Option::excludes(std::string group) {
  group_ = std::move(group);
  return *this;
}

Option& Option::group_required() {
  group_required_ = true;
  return *this;
}

Option& Option::only_with(std::string sibling, std::vector<std::string> words) {
  owner_ = std::move(sibling);
  owner_words_ = std::move(words);
  return *this;
}

Option& Option::labels_of(std::string sibling) {
  label_sibling_ = std::move(sibling);
  return *this;
}

Option& Option::arriving_labels() {
  are_arriving_labels_ = true;
  return *this;
}

Option& Option::leaving_labels() {
  PENSTOCK_CHECK(kind_ == OptionKind::kList) << name_;
  are_leaving_labels_ = true;
  return *this;
}

Option& Option::templated() {
  templated_ = true;
  return *this;
}

Option& Option::ends_in(std::vector<std::string> endings) {
  PENSTOCK_CHECK(kind_ == OptionKind::kPathOut && !endings.empty()) << name_;
  endings_ = std::move(endings);
  return *this;
}

Option& Option::must_have(std::string run_time_name) {
  PENSTOCK_CHECK(kind_ == OptionKind::kPathOut) << name_;
  needed_name_ = std::move(run_time_name);
  return *this;
}

Option& Option::live_changeable() {
  live_changeable_ = true;
  return *this;
}

Option& Option::formerly(std::string old_name) {
  old_names_.push_back(std::move(old_name));
  return *this;
}

Option Option::value_of(const std::string& name) const {
  Option option = kind_ == OptionKind::kTable ? item_.front() : *this;
  option.name_ = name;
  if (kind_ != OptionKind::kTable) {
    option.map_key_.reset();
  }
  return option;
}

std::string Option::wanted() const {
  std::string text = kind_ == OptionKind::kWord ? one_of(words_) : plain_wanted(kind_);
  if (kind_ == OptionKind::kList) {
    text = "a list, each item " + item_.front().wanted();
  }
  for (std::size_t i = 0; i < endings_.size(); ++i) {
    text += (i == 0                    ? " whose name ends in "
             : i + 1 < endings_.size() ? ", "
                                       : " or ") +
            endings_[i];
  }
  for (const std::string& word : extra_words_) {
    text += ", or " + word;
  }
  if (map_key_.has_value() && kind_ != OptionKind::kTable) {
    text += *map_key_ == MapKey::kIndex ? ", or a map of indexes to such values"
                                        : ", or a map of names to such values";
  }
  return text;
}

std::string Option::range_text() const {
  if (kind_ == OptionKind::kList) {
    return item_.front().range_text();
  }
  if (!least_.has_value() || !most_.has_value()) {
    return {};
  }
  std::string text;
  if (std::isinf(*most_)) {
    text = "at least " + limit_text(kind_, *least_);
  } else {
    text = limit_text(kind_, *least_) + " to " + limit_text(kind_, *most_);
  }
  return unit_.empty() ? text : text + " " + unit_;
}

}  // namespace penstock
