#include "engine/graph/option_checker.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <utility>

#include "engine/base/check.h"
#include "engine/graph/label_file.h"
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

/// True for a path that is looked up as it is: no scheme, no glob, no number pattern.
bool is_plain_path(const std::string& uri) {
  return uri.find("://") == std::string::npos && uri.find_first_of("*?%") == std::string::npos;
}

bool has_ending(const std::string& path, const std::vector<std::string>& endings) {
  std::string lower = path;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return std::any_of(endings.begin(), endings.end(), [&](const std::string& ending) {
    return lower.size() >= ending.size() &&
           lower.compare(lower.size() - ending.size(), ending.size(), ending) == 0;
  });
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

std::string OptionChecker::resolve_path(const std::string& path, const YamlNode& node) {
  const auto& file = node.origin() == nullptr ? node.place().file : node.origin()->file;
  const std::filesystem::path written(path);
  if (written.is_absolute() || file == nullptr || *file == kCommandLine) {
    return path;
  }
  return (std::filesystem::path(*file).parent_path() / written).lexically_normal().string();
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
        return wrong_type(option, node, "wants " + option.wanted());
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
                          : wrong_type(option, node, "wants " + option.wanted());
}

OptionChecker::Value OptionChecker::wrong_type(const Option& option,
                                               const YamlNode& node,
                                               const std::string& rule) {
  if (node.is_null()) {
    diagnostics_.error(
        "E012", node.place(), "'" + option.name() + "' has no value; it wants " + option.wanted());
    return std::nullopt;
  }
  std::string hint;
  if (node.is_scalar()) {
    hint = did_you_mean(node.text(), option.extra_words());
  }
  const bool names_value = rule.rfind("wants a unit", 0) == 0;
  diagnostics_.error("E012",
                     node.place(),
                     names_value ? node.describe() + " " + rule
                                 : "'" + option.name() + "' " + rule + ", not " + node.describe(),
                     hint);
  return std::nullopt;
}

OptionChecker::Value OptionChecker::check_scalar(const Option& option, const YamlNode& node) {
  switch (option.kind()) {
    case OptionKind::kBool:
      if (!node.is_quoted() && looks_like_yes_or_no(node.text())) {
        diagnostics_.error("E003",
                           node.place(),
                           node.describe() +
                               " is a truth value to some YAML readers and text to "
                               "others",
                           "write true or false");
        return std::nullopt;
      }
      if (const auto value = parse_bool(node.text()); value.has_value() && !node.is_quoted()) {
        return OptionValue(*value);
      }
      return wrong_type(option, node, "wants true or false");
    case OptionKind::kInt:
    case OptionKind::kNumber:
    case OptionKind::kRate:
      return check_number(option, node);
    case OptionKind::kDuration:
    case OptionKind::kBytes:
    case OptionKind::kBitRate:
      return check_measure(option, node);
    case OptionKind::kColour: {
      const auto value = parse_colour(node.text());
      return value.has_value() ? Value(*value) : wrong_type(option, node, value.error().message);
    }
    case OptionKind::kWord:
      return check_word(option, node);
    case OptionKind::kPathIn:
    case OptionKind::kUri:
      return check_path(option, node);
    case OptionKind::kPathOut:
      return check_path_out(option, node);
    default:
      return check_text(option, node);
  }
}

OptionChecker::Value OptionChecker::in_range(const Option& option,
                                             const YamlNode& node,
                                             OptionValue value,
                                             double number) {
  const bool below = option.least().has_value() && number < *option.least();
  const bool above = option.most().has_value() && number > *option.most();
  if (below || above) {
    diagnostics_.error(
        "E013",
        node.place(),
        "'" + option.name() + "' is " + node.describe() + "; it wants " + option.range_text());
    return std::nullopt;
  }
  return value;
}

OptionChecker::Value OptionChecker::check_number(const Option& option, const YamlNode& node) {
  if (node.is_quoted()) {
    return wrong_type(option, node, "wants " + option.wanted() + " without quotes");
  }
  if (looks_octal(node.text())) {
    diagnostics_.error("E003",
                       node.place(),
                       node.describe() + " is octal to some YAML readers and decimal to others",
                       "leave the leading zero out");
    return std::nullopt;
  }
  if (option.kind() == OptionKind::kInt) {
    const auto whole = parse_int(node.text());
    return whole.has_value()
               ? in_range(option, node, OptionValue(*whole), static_cast<double>(*whole))
               : wrong_type(option, node, whole.error().message);
  }
  const auto number =
      option.kind() == OptionKind::kRate ? parse_rate(node.text()) : parse_number(node.text());
  return number.has_value() ? in_range(option, node, OptionValue(*number), *number)
                            : wrong_type(option, node, number.error().message);
}

OptionChecker::Value OptionChecker::check_measure(const Option& option, const YamlNode& node) {
  if (option.kind() == OptionKind::kDuration) {
    const auto duration = parse_duration(node.text());
    return duration.has_value()
               ? in_range(
                     option, node, OptionValue(*duration), static_cast<double>(duration->count()))
               : wrong_type(option, node, duration.error().message);
  }
  const bool is_bytes = option.kind() == OptionKind::kBytes;
  const auto count = is_bytes ? parse_bytes(node.text()) : parse_bit_rate(node.text());
  if (!count.has_value()) {
    return wrong_type(option, node, count.error().message);
  }
  const OptionValue value =
      is_bytes ? OptionValue(ByteSize{*count}) : OptionValue(static_cast<std::int64_t>(*count));
  return in_range(option, node, value, static_cast<double>(*count));
}

OptionChecker::Value OptionChecker::check_word(const Option& option, const YamlNode& node) {
  if (contains(option.words(), node.text())) {
    return OptionValue(node.text());
  }
  std::vector<std::string> words = option.words();
  words.insert(words.end(), option.extra_words().begin(), option.extra_words().end());
  diagnostics_.error(
      "E014",
      node.place(),
      "'" + option.name() + "' cannot be " + node.describe() + "; it wants " + one_of(words),
      did_you_mean(node.text(), words));
  return std::nullopt;
}

OptionChecker::Value OptionChecker::check_text(const Option& option, const YamlNode& node) {
  const std::size_t run_time_name = node.text().find("$(");
  if (run_time_name != std::string::npos && !option.is_templated()) {
    const std::size_t end = node.text().find(')', run_time_name);
    diagnostics_.error("E020",
                       node.place(),
                       node.text().substr(run_time_name, end + 1 - run_time_name) +
                           " has no value in '" + option.name() +
                           "': it is known only while the graph runs",
                       "run-time names may stand in the paths and topics of sinks");
    return std::nullopt;
  }
  if (node.text().empty()) {
    return wrong_type(option, node, "wants " + option.wanted());
  }
  return OptionValue(node.text());
}

OptionChecker::Value OptionChecker::check_path(const Option& option, const YamlNode& node) {
  if (!check_text(option, node).has_value()) {
    return std::nullopt;
  }
  constexpr std::string_view kFileScheme = "file://";
  std::string written = node.text();
  if (option.kind() == OptionKind::kUri) {
    if (written.rfind(kFileScheme, 0) == 0) {
      written.erase(0, kFileScheme.size());
    }
    if (written.find("://") != std::string::npos) {
      return OptionValue(written);
    }
  }
  const std::string path = resolve_path(written, node);
  const bool look = option.kind() == OptionKind::kPathIn || is_plain_path(written);
  if (look && files_ != nullptr && !files_->is_readable(path)) {
    const std::string shown = node.is_secret() ? "***" : "'" + path + "'";
    diagnostics_.error("E018",
                       node.place(),
                       "'" + option.name() + "': file " + shown + " is missing or unreadable",
                       written == path || node.is_secret()
                           ? ""
                           : "relative paths start at the folder of the file that names them");
    return std::nullopt;
  }
  if (look && option.kind() == OptionKind::kUri && files_ != nullptr && files_->is_folder(path)) {
    return refuse_folder(option, node, "a pattern such as " + written + "/*.png names pictures");
  }
  return OptionValue(path);
}

OptionChecker::Value OptionChecker::check_path_out(const Option& option, const YamlNode& node) {
  Value value = check_text(option, node);
  if (!value.has_value()) {
    return std::nullopt;
  }
  const std::string& path = node.text();
  const bool is_known = path.find_first_of("$%") == std::string::npos;
  if (path.back() == '/' || (is_known && files_ != nullptr && files_->is_folder(path))) {
    return refuse_folder(option, node, "");
  }
  const std::vector<std::string>& endings = option.endings();
  if (!endings.empty() && !has_ending(path, endings)) {
    diagnostics_.error(
        "E014",
        node.place(),
        "'" + option.name() + "' cannot be " + node.describe() + "; it wants " + option.wanted());
    return std::nullopt;
  }
  if (!option.needed_name().empty() && path.find(option.needed_name()) == std::string::npos) {
    diagnostics_.error("E065",
                       node.place(),
                       "'" + option.name() + "' " + node.describe() + " has no " +
                           option.needed_name() + ": every frame would write the same file",
                       "put " + option.needed_name() + " into '" + option.name() + "'");
    return std::nullopt;
  }
  return value;
}

OptionChecker::Value OptionChecker::refuse_folder(const Option& option,
                                                  const YamlNode& node,
                                                  const std::string& hint) {
  diagnostics_.error(
      "E018",
      node.place(),
      "'" + option.name() + "': " + node.describe() + " is a folder; it must name a file",
      hint);
  return std::nullopt;
}

OptionChecker::Value OptionChecker::check_size(const Option& option, const YamlNode& node) {
  if (!node.is_sequence() || node.items().size() != 2) {
    return wrong_type(option, node, "wants " + option.wanted());
  }
  const double least = option.least().value_or(1);
  const double most = option.most().value_or(static_cast<double>(kMaxPixels));
  std::array<std::int64_t, 2> sides = {};
  for (std::size_t side = 0; side < sides.size(); ++side) {
    Option pixels = Option::integer(option.name(), option.help());
    pixels.range(least, most).unit("pixels");
    const YamlNode& item = node.items()[side];
    const Value value = item.is_scalar() ? check_number(pixels, item)
                                         : wrong_type(pixels, item, "wants whole numbers");
    if (!value.has_value()) {
      return std::nullopt;
    }
    sides[side] = *value->as<std::int64_t>();
  }
  return OptionValue(Size2d{sides[0], sides[1]});
}

OptionChecker::Value OptionChecker::read_label_file(const YamlNode& node) {
  const std::string path = resolve_path(node.text(), node);
  if (files_ == nullptr) {
    return OptionValue(OptionValue::List());
  }
  const auto labels = read_labels(*files_, path);
  if (!labels.has_value()) {
    diagnostics_.error("E018", node.place(), "'labels': " + labels.error().message);
    return std::nullopt;
  }
  return OptionValue(OptionValue::List(labels->begin(), labels->end()));
}

OptionChecker::Value OptionChecker::check_labels(const Option& option, const YamlNode& node) {
  if (node.is_scalar() && check_text(option, node).has_value()) {
    return read_label_file(node);
  }
  if (!node.is_sequence() || node.items().empty()) {
    return node.is_scalar() ? std::nullopt : wrong_type(option, node, "wants " + option.wanted());
  }
  OptionValue::List labels;
  for (const YamlNode& item : node.items()) {
    if (!item.is_scalar()) {
      return wrong_type(option, item, "wants labels");
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
      return wrong_type(option, node, "wants " + option.wanted());
    }
    items = {&node};
  }
  if (items.size() < option.min_count() || items.size() > option.max_count()) {
    diagnostics_.error("E013",
                       node.place(),
                       "'" + option.name() + "' has " + std::to_string(items.size()) +
                           " items; it wants " + std::to_string(option.min_count()) + " to " +
                           std::to_string(option.max_count()));
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
  if (!node.is_map() || node.entries().size() < option.min_count()) {
    return wrong_type(option, node, "wants " + option.wanted());
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
  if (!node.is_map() || node.entries().empty()) {
    return wrong_type(option, node, "wants " + option.wanted());
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
