#include "engine/package/manifest_fields.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "engine/base/check.h"
#include "engine/yaml/nearest_word.h"
#include "engine/yaml/scalar.h"

namespace penstock {

ManifestFields::ManifestFields(const YamlNode& node,
                               const ManifestMap& map,
                               Diagnostics& diagnostics)
    : node_(node),
      map_(map),
      diagnostics_(diagnostics) {
  if (!node.is_map()) {
    diagnostics_.error("E012",
                       node.place(),
                       map_.what + " must be a map of keys and values, not " + node.describe());
  }
}

const YamlNode* ManifestFields::find(const std::string& key) {
  const ManifestKey* known = map_.find(key);
  PENSTOCK_CHECK(known != nullptr) << map_.name << " has no key " << key;
  asked_.push_back(key);
  const YamlNode* value = node_.find(key);
  if (value == nullptr && known->is_required && node_.is_map()) {
    diagnostics_.error("E011", node_.place(), map_.what + " lacks the key '" + key + "'");
  }
  if (value != nullptr && !known->only_with.empty() && node_.find(known->only_with) == nullptr) {
    diagnostics_.error(
        "E011", value->place(), "'" + key + "' is given without '" + known->only_with + "'");
  }
  return value;
}

std::string ManifestFields::text_of(const YamlNode& value, const std::string& key) {
  if (!value.is_scalar() || value.text().empty()) {
    diagnostics_.error("E012", value.place(), "'" + key + "' wants text, not " + value.describe());
    return {};
  }
  if (value.text().size() > kManifestMostText) {
    diagnostics_.error("E013",
                       value.place(),
                       "'" + key + "' has " + std::to_string(value.text().size()) +
                           " bytes; at most " + std::to_string(kManifestMostText));
    return {};
  }
  return value.text();
}

std::string ManifestFields::text(const std::string& key) {
  const YamlNode* value = find(key);
  return value == nullptr ? std::string() : text_of(*value, key);
}

std::int64_t ManifestFields::integer(const std::string& key, std::int64_t otherwise) {
  const YamlNode* value = find(key);
  if (value == nullptr) {
    return otherwise;
  }
  const auto number =
      value->is_scalar() && !value->is_quoted()
          ? parse_int(value->text())
          : Result<std::int64_t>(Error{Errc::kInvalidArgument, "wants a whole number"});
  if (!number.has_value()) {
    diagnostics_.error("E012",
                       value->place(),
                       "'" + key + "' " + number.error().message + ", not " + value->describe());
    return otherwise;
  }
  const ManifestKey& known = *map_.find(key);
  if (*number < known.least || *number > known.most) {
    diagnostics_.error("E013",
                       value->place(),
                       "'" + key + "' is " + std::to_string(*number) + ", must be " +
                           std::to_string(known.least) + ".." + std::to_string(known.most));
    return otherwise;
  }
  return *number;
}

std::uint64_t ManifestFields::bytes(const std::string& key) {
  const YamlNode* value = find(key);
  if (value == nullptr) {
    return 0;
  }
  const auto size =
      value->is_scalar()
          ? parse_bytes(value->text())
          : Result<std::uint64_t>(Error{Errc::kInvalidArgument, "wants a size such as 10MiB"});
  if (!size.has_value()) {
    diagnostics_.error("E012",
                       value->place(),
                       "'" + key + "' " + size.error().message + ", not " + value->describe());
    return 0;
  }
  return *size;
}

const std::vector<YamlNode>& ManifestFields::items(const std::string& key) {
  static const std::vector<YamlNode> none;
  const YamlNode* value = find(key);
  if (value == nullptr) {
    return none;
  }
  if (!value->is_sequence()) {
    diagnostics_.error(
        "E012", value->place(), "'" + key + "' wants a list, not " + value->describe());
    return none;
  }
  if (value->items().empty() || value->items().size() > kManifestMostItems) {
    diagnostics_.error("E013",
                       value->place(),
                       "'" + key + "' has " + std::to_string(value->items().size()) +
                           " items, must have 1.." + std::to_string(kManifestMostItems));
    return none;
  }
  return value->items();
}

void ManifestFields::finish() {
  PENSTOCK_CHECK(asked_.size() == map_.keys.size())
      << map_.name << ": a key of the table is not read";
  for (const YamlNode::Entry& entry : node_.entries()) {
    if (map_.find(entry.key) != nullptr) {
      continue;
    }
    std::string hint;
    if (!diagnostics_.is_full()) {
      hint = did_you_mean(entry.key, asked_);
      hint = hint.empty() ? map_.what + " has " + one_of(asked_) : hint;
    }
    diagnostics_.error(
        "E010", entry.key_place, map_.what + " has no key '" + entry.key + "'", hint);
  }
}

bool is_manifest_name(std::string_view text) noexcept {
  constexpr std::size_t kMaxName = 64;
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto belongs = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= kMaxName && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), belongs);
}

}  // namespace penstock
