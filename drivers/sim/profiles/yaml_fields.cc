#include "drivers/sim/profiles/yaml_fields.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "engine/base/result.h"
#include "engine/yaml/nearest_word.h"
#include "engine/yaml/scalar.h"

namespace penstock::sim {
namespace {

const YamlNode& null_node() {
  static const YamlNode kNull;
  return kNull;
}

std::string plain(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string range_text(double least, double most) {
  return "must be from " + plain(least) + " to " + plain(most);
}

}  // namespace

YamlFields::YamlFields(const YamlNode& map,
                       std::string path,
                       Diagnostics& diagnostics,
                       std::set<std::string>* asked)
    : map_(map),
      path_(std::move(path)),
      diagnostics_(diagnostics),
      asked_(asked) {
  if (!map.is_map() && !map.is_null()) {
    diagnostics_.error(
        "E012",
        map.place(),
        (path_.empty() ? "the file" : "'" + path_ + "'") + " wants a map, not " + map.describe());
  }
}

std::string YamlFields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const YamlNode* YamlFields::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
    known_.emplace_back(key);
    if (asked_ != nullptr) {
      asked_->insert(path_of(key));
    }
  }
  return map_.find(key);
}

YamlFields& YamlFields::require(std::string_view key) {
  if (find(key) == nullptr && (map_.is_map() || path_.empty())) {
    diagnostics_.error("E011", map_.place(), "'" + path_of(key) + "' is missing");
  }
  return *this;
}

void YamlFields::wrong(const YamlNode& node,
                       std::string_view key,
                       const std::string& rule,
                       const char* code) {
  diagnostics_.error(
      code, node.place(), "'" + path_of(key) + "' is " + node.describe() + ": " + rule);
}

void YamlFields::reject(std::string_view key, const std::string& rule, const char* code) {
  const YamlNode* node = map_.find(key);
  if (node != nullptr) {
    wrong(*node, key, rule, code);
  } else {
    diagnostics_.error(code, map_.place(), "'" + path_of(key) + "': " + rule);
  }
}

void YamlFields::reject_item(std::string_view key, std::size_t index, const std::string& rule) {
  const YamlNode* node = map_.find(key);
  if (node != nullptr && index < node->items().size()) {
    wrong(node->items()[index], key, rule);
  }
}

const YamlNode* YamlFields::scalar(std::string_view key, const char* wanted) {
  const YamlNode* node = find(key);
  if (node != nullptr && !node->is_scalar()) {
    diagnostics_.error("E012",
                       node->place(),
                       "'" + path_of(key) + "' wants " + wanted + ", not " + node->describe());
    return nullptr;
  }
  return node;
}

std::string YamlFields::text(std::string_view key, std::string otherwise) {
  const YamlNode* node = scalar(key, "a text");
  return node == nullptr ? std::move(otherwise) : node->text();
}

std::string YamlFields::word(std::string_view key, std::initializer_list<std::string_view> words) {
  const YamlNode* node = scalar(key, "a word");
  std::vector<std::string> known(words.begin(), words.end());
  if (node == nullptr) {
    return known.front();
  }
  if (std::find(known.begin(), known.end(), node->text()) == known.end()) {
    wrong(*node, key, "wants " + one_of(known));
    return known.front();
  }
  return node->text();
}

double YamlFields::number(std::string_view key, double otherwise, double least, double most) {
  const YamlNode* node = scalar(key, "a number");
  if (node == nullptr) {
    return otherwise;
  }
  const Result<double> value = parse_number(node->text());
  if (!value.has_value()) {
    wrong(*node, key, value.error().message);
    return otherwise;
  }
  if (*value < least || *value > most) {
    wrong(*node, key, range_text(least, most));
    return otherwise;
  }
  return *value;
}

std::int64_t YamlFields::integer(std::string_view key,
                                 std::int64_t otherwise,
                                 std::int64_t least,
                                 std::int64_t most) {
  const YamlNode* node = scalar(key, "a whole number");
  if (node == nullptr) {
    return otherwise;
  }
  const Result<std::int64_t> value = parse_int(node->text());
  if (!value.has_value()) {
    wrong(*node, key, value.error().message);
    return otherwise;
  }
  if (*value < least || *value > most) {
    wrong(*node, key, "must be from " + std::to_string(least) + " to " + std::to_string(most));
    return otherwise;
  }
  return *value;
}

bool YamlFields::flag(std::string_view key, bool otherwise) {
  const YamlNode* node = scalar(key, "true or false");
  if (node == nullptr) {
    return otherwise;
  }
  const Result<bool> value = parse_bool(node->text());
  if (!value.has_value()) {
    wrong(*node, key, value.error().message);
  }
  return value.has_value() ? *value : otherwise;
}

Duration YamlFields::duration(std::string_view key, Duration otherwise) {
  const YamlNode* node = scalar(key, "a duration");
  if (node == nullptr) {
    return otherwise;
  }
  constexpr std::chrono::hours kMost{24 * 365};
  const auto value = parse_duration(node->text());
  if (!value.has_value()) {
    wrong(*node, key, value.error().message);
    return otherwise;
  }
  if (*value > kMost) {
    wrong(*node, key, "is longer than a year");
    return otherwise;
  }
  return *value;
}

std::uint64_t YamlFields::bytes(std::string_view key, std::uint64_t otherwise) {
  const YamlNode* node = scalar(key, "a size");
  if (node == nullptr) {
    return otherwise;
  }
  const auto value = parse_bytes(node->text());
  if (!value.has_value()) {
    wrong(*node, key, value.error().message);
  }
  return value.has_value() ? *value : otherwise;
}

double YamlFields::byte_rate(std::string_view key, double otherwise) {
  const YamlNode* node = scalar(key, "bytes per second");
  if (node == nullptr) {
    return otherwise;
  }
  const std::string& text = node->text();
  constexpr std::string_view kPerSecond = "/s";
  if (text.size() > kPerSecond.size() && text.substr(text.size() - kPerSecond.size()) == "/s") {
    const auto value =
        parse_bytes(std::string_view(text).substr(0, text.size() - kPerSecond.size()));
    if (value.has_value() && *value > 0) {
      return static_cast<double>(*value);
    }
  }
  wrong(*node, key, "wants bytes per second such as 1.3GB/s");
  return otherwise;
}

std::vector<std::string> YamlFields::texts(std::string_view key) {
  std::vector<std::string> result;
  for (const YamlNode& item : list(key).items()) {
    if (item.is_scalar()) {
      result.push_back(item.text());
    } else {
      wrong(item, key, "wants a list of words");
    }
  }
  return result;
}

std::vector<std::string> YamlFields::words(std::string_view key,
                                           std::initializer_list<std::string_view> words) {
  const std::vector<std::string> known(words.begin(), words.end());
  std::vector<std::string> result;
  for (const YamlNode& item : list(key).items()) {
    if (item.is_scalar() && std::find(known.begin(), known.end(), item.text()) != known.end()) {
      result.push_back(item.text());
    } else {
      wrong(item, key, "wants " + one_of(known));
    }
  }
  return result;
}

std::vector<double> YamlFields::numbers(std::string_view key, double least, double most) {
  std::vector<double> result;
  for (const YamlNode& item : list(key).items()) {
    const Result<double> value =
        item.is_scalar() ? parse_number(item.text())
                         : Result<double>(Error{Errc::kInvalidArgument, "wants a number"});
    if (!value.has_value()) {
      wrong(item, key, value.error().message);
    } else if (*value < least || *value > most) {
      wrong(item, key, range_text(least, most));
    } else {
      result.push_back(*value);
    }
  }
  return result;
}

const YamlNode& YamlFields::map(std::string_view key) {
  const YamlNode* node = find(key);
  return node == nullptr ? null_node() : *node;  // The reader of the part reports another kind.
}

const YamlNode& YamlFields::list(std::string_view key) {
  const YamlNode* node = find(key);
  if (node == nullptr || node->is_null()) {
    return null_node();
  }
  if (!node->is_sequence()) {
    diagnostics_.error(
        "E012", node->place(), "'" + path_of(key) + "' wants a list, not " + node->describe());
    return null_node();
  }
  return *node;
}

void YamlFields::finish() {
  for (const YamlNode::Entry& entry : map_.entries()) {
    if (std::find(known_.begin(), known_.end(), entry.key) == known_.end()) {
      std::string hint = did_you_mean(entry.key, known_);
      diagnostics_.error("E010",
                         entry.key_place,
                         "unknown key '" + path_of(entry.key) + "'",
                         hint.empty() ? one_of(known_) : hint);
    }
  }
}

}  // namespace penstock::sim
