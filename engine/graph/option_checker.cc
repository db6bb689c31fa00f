#include "engine/graph/option_checker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/check.h"
#include "engine/yaml/nearest_word.h"
#include "engine/yaml/scalar.h"
#include "engine/yaml/yaml_reader.h"

namespace penstock {
namespace {

constexpr std::int64_t kMaxPixels = 65536;

std::string hint_for(const std::string& word, const std::vector<std::string>& known) {
  std::string hint = did_you_mean(word, known);
  return hint.empty() && !known.empty() ? one_of(known) : hint;
}

std::vector<std::string> names_of(const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const Option& option : options) {
    names.push_back(option.name());
  }
  return names;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string member_list(const std::string& group, const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const Option& option : options) {
    if (option.group() == group) {
      names.push_back(option.name());
    }
  }
  return one_of(names);
}

}  // namespace

bool is_name(const std::string& text) {
  const auto allowed = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_';
  };
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
         std::all_of(text.begin(), text.end(), allowed);
}

OptionValue default_of(const Option& option) {
  PENSTOCK_CHECK(option.default_yaml().has_value()) << option.name();
  Diagnostics diagnostics;
  const auto node =
      read_yaml(SourceText("default of " + option.name(), *option.default_yaml()), diagnostics);
  OptionChecker checker(nullptr, diagnostics);
  auto value = node.has_value() ? checker.check_value(option, *node) : std::nullopt;
  const std::vector<Diagnostic> wrong = diagnostics.sorted();
  PENSTOCK_CHECK(value.has_value() && wrong.empty())
      << "default of option '" << option.name()
      << "': " << (wrong.empty() ? std::string("no value") : wrong.front().message);
  return *std::move(value);
}

OptionValues OptionChecker::check(const std::vector<Option>& options,
                                  const YamlNode& map,
                                  const Owner& owner) {
  OptionValues values;
  if (map.is_broken()) {
    diagnostics_.count_reported_elsewhere();
    return values;
  }
  if (!map.is_map() && !map.is_null()) {
    diagnostics_.error("E012", map.place(), owner.name + " wants a map, not " + map.describe());
    return values;
  }
  check_keys(options, map, owner);
  for (const Option& option : options) {
    const YamlNode::Entry* entry = find_written(option, map);
    if (entry != nullptr) {
      if (auto value = check_value(option, entry->value); value.has_value()) {
        values.set_written(option.name(), *std::move(value), entry->value.place());
      }
    } else if (option.default_yaml().has_value()) {
      values.set(option.name(), default_of(option));
    } else {
      check_missing(option, options, map, owner);
    }
  }
  check_groups(options, map, owner);
  check_owners(options, map);
  for (const Option& option : options) {
    const YamlNode::Entry* entry = map.find_entry(option.name());
    if (!option.label_sibling().empty() && entry != nullptr) {
      check_label_words(option, values, entry->value);
    }
  }
  return values;
}

void OptionChecker::check_keys(const std::vector<Option>& options,
                               const YamlNode& map,
                               const Owner& owner) {
  const std::vector<std::string> names = names_of(options);
  for (const YamlNode::Entry& entry : map.entries()) {
    if (contains(names, entry.key) || contains(owner.words, entry.key)) {
      continue;
    }
    const auto renamed = std::find_if(options.begin(), options.end(), [&](const Option& option) {
      return contains(option.old_names(), entry.key);
    });
    if (renamed != options.end()) {
      diagnostics_.warning("E016",
                           entry.key_place,
                           "'" + entry.key + "' is now called '" + renamed->name() + "'",
                           "write '" + renamed->name() + "'");
      continue;
    }
    if (diagnostics_.is_full()) {
      diagnostics_.error("E010", entry.key_place, "unknown option");
      continue;
    }
    std::vector<std::string> known = names;
    known.insert(known.end(), owner.words.begin(), owner.words.end());
    const std::string nearest = did_you_mean(entry.key, known);
    diagnostics_.error("E010",
                       entry.key_place,
                       owner.name + " has no option '" + entry.key + "'",
                       !nearest.empty() ? nearest
                       : names.empty()  ? "it has no options"
                                        : hint_for(entry.key, names));
  }
}

const YamlNode::Entry* OptionChecker::find_written(const Option& option, const YamlNode& map) {
  const YamlNode::Entry* entry = map.find_entry(option.name());
  for (const std::string& old_name : option.old_names()) {
    const YamlNode::Entry* old_entry = map.find_entry(old_name);
    if (entry != nullptr && old_entry != nullptr) {
      diagnostics_.error(
          "E015",
          old_entry->key_place,
          "'" + old_name + "' is the old name of '" + option.name() + "', which is also given",
          "remove '" + old_name + "'");
    }
    entry = entry == nullptr ? old_entry : entry;
  }
  return entry;
}

void OptionChecker::check_missing(const Option& option,
                                  const std::vector<Option>& options,
                                  const YamlNode& map,
                                  const Owner& owner) {
  if (option.is_required()) {
    diagnostics_.error("E011",
                       owner.place,
                       owner.name + " wants '" + option.name() + "': " + option.help(),
                       "add " + option.name() + ": " + option.wanted());
    return;
  }
  if (!option.is_group_required()) {
    return;
  }
  const bool written = std::any_of(options.begin(), options.end(), [&](const Option& other) {
    return other.group() == option.group() && map.find_entry(other.name()) != nullptr;
  });
  if (!written) {
    diagnostics_.error(
        "E011", owner.place, owner.name + " wants " + member_list(option.group(), options));
  }
}

void OptionChecker::check_groups(const std::vector<Option>& options,
                                 const YamlNode& map,
                                 const Owner& owner) {
  std::vector<std::pair<std::string, std::string>> seen;  // group, first key of it
  for (const YamlNode::Entry& entry : map.entries()) {
    const auto option = std::find_if(options.begin(), options.end(), [&](const Option& candidate) {
      return candidate.name() == entry.key && !candidate.group().empty();
    });
    if (option == options.end()) {
      continue;
    }
    const auto first = std::find_if(
        seen.begin(), seen.end(), [&](const auto& pair) { return pair.first == option->group(); });
    if (first == seen.end()) {
      seen.emplace_back(option->group(), entry.key);
      continue;
    }
    diagnostics_.error(
        "E015",
        entry.key_place,
        "'" + first->second + "' and '" + entry.key + "' of " + owner.name + " exclude each other",
        "keep one of the two");
  }
}

/// Refuses words that another word, as it is written, has no use for.
void OptionChecker::check_owners(const std::vector<Option>& options, const YamlNode& map) {
  for (const Option& option : options) {
    const YamlNode::Entry* entry = map.find_entry(option.name());
    const YamlNode* word = option.owner().empty() ? nullptr : map.find(option.owner());
    if (entry == nullptr || word == nullptr || !word->is_scalar() ||
        contains(option.owner_words(), word->text())) {
      continue;
    }
    std::string takers;
    for (const std::string& taker : option.owner_words()) {
      takers += (takers.empty() ? "" : ", ") + taker;
    }
    diagnostics_.error("E015",
                       entry->key_place,
                       "'" + option.name() + "' and '" + option.owner() + ": " + word->text() +
                           "' exclude each other",
                       "'" + option.name() + "' is for " + option.owner() + ": " + takers);
  }
}

void OptionChecker::check_label_words(const Option& option,
                                      const OptionValues& values,
                                      const YamlNode& node) {
  const OptionValue* sibling = values.find(option.label_sibling());
  if (sibling == nullptr || sibling->as<OptionValue::List>() == nullptr) {
    return;
  }
  const std::vector<std::string> labels = values.get_texts(option.label_sibling());
  const auto check_one = [&](const YamlNode& item) {
    if (item.is_scalar() && !contains(labels, item.text())) {
      diagnostics_.error("E014",
                         item.place(),
                         "no label " + item.describe() + " in '" + option.label_sibling() + "'",
                         hint_for(item.text(), labels));
    }
  };
  check_one(node);
  for (const YamlNode& item : node.items()) {
    check_one(item);
  }
}

OptionChecker::Value OptionChecker::check_value(const Option& option, const YamlNode& node) {
  if (node.is_broken()) {
    diagnostics_.count_reported_elsewhere();
    return std::nullopt;
  }
  if (node.is_scalar() && contains(option.extra_words(), node.text())) {
    return OptionValue(node.text());
  }
  if (option.map_key().has_value() && node.is_map()) {
    return check_table(option, node);
  }
  switch (option.kind()) {
    case OptionKind::kSize:
      return check_size(option, node);
    case OptionKind::kLabels:
      return check_labels(option, node);
    case OptionKind::kList:
      return check_list(option, node);
    case OptionKind::kObject:
      if (!node.is_map()) {
        return scalars_.wrong_type(option, node, "wants " + option.wanted());
      }
      return OptionValue(
          check(option.fields(), node, Owner{"'" + option.name() + "'", node.place(), {}}));
    case OptionKind::kMapOf:
      return check_map_of(option, node);
    case OptionKind::kTable:
      return check_table(option, node);
    default:
      break;
  }
  return node.is_scalar() ? check_scalar(option, node)
                          : scalars_.wrong_type(option, node, "wants " + option.wanted());
}

OptionChecker::Value OptionChecker::check_scalar(const Option& option, const YamlNode& node) {
  Value value = scalars_.check(option, node);
  switch (option.kind()) {
    case OptionKind::kPathIn:
    case OptionKind::kUri:
    case OptionKind::kPathOut:
      return value.has_value() ? paths_.check(option, node) : std::nullopt;
    default:
      return value;
  }
}

OptionChecker::Value OptionChecker::check_size(const Option& option, const YamlNode& node) {
  if (!node.is_sequence() || node.items().size() != 2) {
    return scalars_.wrong_type(option, node, "wants " + option.wanted());
  }
  const double least = option.least().value_or(1);
  const double most = option.most().value_or(static_cast<double>(kMaxPixels));
  std::array<std::int64_t, 2> sides = {};
  for (std::size_t side = 0; side < sides.size(); ++side) {
    Option pixels = Option::integer(option.name(), option.help());
    pixels.range(least, most).unit("pixels");
    const YamlNode& item = node.items()[side];
    const Value value = item.is_scalar() ? scalars_.check(pixels, item)
                                         : scalars_.wrong_type(pixels, item, "wants whole numbers");
    if (!value.has_value()) {
      return std::nullopt;
    }
    sides[side] = *value->as<std::int64_t>();
  }
  return OptionValue(Size2d{sides[0], sides[1]});
}

OptionChecker::Value OptionChecker::check_labels(const Option& option, const YamlNode& node) {
  if (node.is_scalar() && scalars_.check(option, node).has_value()) {
    return paths_.read_label_file(node);
  }
  if (!node.is_sequence() || node.items().empty()) {
    return node.is_scalar() ? std::nullopt
                            : scalars_.wrong_type(option, node, "wants " + option.wanted());
  }
  OptionValue::List labels;
  for (const YamlNode& item : node.items()) {
    if (!item.is_scalar()) {
      return scalars_.wrong_type(option, item, "wants labels");
    }
    labels.emplace_back(item.text());
  }
  return OptionValue(std::move(labels));
}

OptionChecker::Value OptionChecker::check_list(const Option& option, const YamlNode& node) {
  std::vector<const YamlNode*> items;
  for (const YamlNode& item : node.items()) {
    items.push_back(&item);
  }
  if (!node.is_sequence()) {
    if (!option.takes_single() || node.is_null()) {
      return scalars_.wrong_type(option, node, "wants " + option.wanted());
    }
    items = {&node};
  }
  if (!option.takes_count(items.size())) {
    diagnostics_.error("E013",
                       node.place(),
                       "'" + option.name() + "' has " + std::to_string(items.size()) +
                           (items.size() == 1 ? " item" : " items") + "; it wants " +
                           option.count_text());
    return std::nullopt;
  }
  OptionValue::List values;
  bool complete = true;
  for (const YamlNode* item : items) {
    Value value = check_value(*option.item(), *item);
    complete = complete && value.has_value();
    if (value.has_value()) {
      values.push_back(*std::move(value));
    }
  }
  return complete ? Value(std::move(values)) : std::nullopt;
}

OptionChecker::Value OptionChecker::check_map_of(const Option& option, const YamlNode& node) {
  if (node.is_map() && node.entries().size() < option.min_count()) {
    diagnostics_.error("E012",
                       node.place(),
                       "'" + option.name() + "' has " + std::to_string(node.entries().size()) +
                           " entries; it wants at least " + std::to_string(option.min_count()));
    return std::nullopt;
  }
  if (!node.is_map()) {
    return scalars_.wrong_type(option, node, "wants " + option.wanted());
  }
  OptionValues values;
  for (const YamlNode::Entry& entry : node.entries()) {
    if (!is_name(entry.key)) {
      diagnostics_.error("E017",
                         entry.key_place,
                         "'" + entry.key + "' is not a name for '" + option.name() + "'",
                         "letters, digits and underscores, not starting with a digit");
    }
    const Owner owner{"'" + option.name() + "." + entry.key + "'", entry.key_place, {}};
    values.set_written(
        entry.key, OptionValue(check(option.fields(), entry.value, owner)), entry.key_place);
  }
  return OptionValue(std::move(values));
}

bool OptionChecker::check_table_key(const Option& option, const YamlNode::Entry& entry) {
  const Option::MapKey kind = option.map_key().value_or(Option::MapKey::kName);
  if (kind == Option::MapKey::kText) {
    return true;
  }
  if (kind == Option::MapKey::kName) {
    if (is_name(entry.key)) {
      return true;
    }
    diagnostics_.error("E017",
                       entry.key_place,
                       "'" + entry.key + "' is not a name for '" + option.name() + "'",
                       "letters, digits and underscores, not starting with a digit");
    return false;
  }
  const auto index = parse_int(entry.key);
  if (index.has_value() && *index >= 0 && std::to_string(*index) == entry.key) {
    return true;
  }
  diagnostics_.error(
      "E012",
      entry.key_place,
      "'" + option.name() + "' wants indexes that count from 0, not '" + entry.key + "'",
      "write {0: VALUE, 1: VALUE}");
  return false;
}

OptionChecker::Value OptionChecker::check_table(const Option& option, const YamlNode& node) {
  if (node.is_map() && node.entries().empty()) {
    diagnostics_.error(
        "E012", node.place(), "'" + option.name() + "' is empty; it wants " + option.wanted());
    return std::nullopt;
  }
  if (!node.is_map()) {
    return scalars_.wrong_type(option, node, "wants " + option.wanted());
  }
  OptionValues values;
  bool complete = true;
  for (const YamlNode::Entry& entry : node.entries()) {
    const bool is_index = option.map_key() == Option::MapKey::kIndex;
    const Option one = option.value_of(is_index ? option.name() : entry.key);
    const bool is_key = check_table_key(option, entry);
    Value value = check_value(one, entry.value);
    complete = complete && is_key && value.has_value();
    if (value.has_value()) {
      values.set_written(entry.key, *std::move(value), entry.key_place);
    }
  }
  return complete ? Value(std::move(values)) : std::nullopt;
}

}  // namespace penstock
