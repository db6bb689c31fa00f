#include "engine/package/manifest_fields.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "engine/yaml/nearest_word.h"
#include "engine/yaml/scalar.h"

namespace penstock {

ManifestFields::ManifestFields(const YamlNode& node, std::string what, Diagnostics& diagnostics)
    : node_(node),
      what_(std::move(what)),
      diagnostics_(diagnostics) {
  if (!node.is_map()) {
    diagnostics_.error(
        "E012", node.place(), what_ + " must be a map of keys and values, not " + node.describe());
  }
}

const YamlNode* ManifestFields::find(const std::string& key) {
  asked_.push_back(key);
  return node_.find(key);
}

const YamlNode* ManifestFields::required(const std::string& key) {
  const YamlNode* value = find(key);
  if (value == nullptr && node_.is_map()) {
    diagnostics_.error("E011", node_.place(), what_ + " lacks the key '" + key + "'");
  }
  return value;
}

std::string ManifestFields::text_of(const YamlNode& value, const std::string& key) {
  if (!value.is_scalar() || value.text().empty()) {
    diagnostics_.error("E012", value.place(), "'" + key + "' wants text, not " + value.describe());
    return {};
  }
  if (value.text().size() > kMaxText) {
    diagnostics_.error("E013",
                       value.place(),
                       "'" + key + "' has " + std::to_string(value.text().size()) +
                           " bytes; at most " + std::to_string(kMaxText));
    return {};
  }
  return value.text();
}

std::string ManifestFields::text(const std::string& key) {
  const YamlNode* value = find(key);
  return value == nullptr ? std::string() : text_of(*value, key);
}

std::string ManifestFields::required_text(const std::string& key) {
  const YamlNode* value = required(key);
  return value == nullptr ? std::string() : text_of(*value, key);
}

std::int64_t ManifestFields::integer(const std::string& key,
                                     std::int64_t otherwise,
                                     std::int64_t least,
                                     std::int64_t most) {
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
  if (*number < least || *number > most) {
    diagnostics_.error("E013",
                       value->place(),
                       "'" + key + "' is " + std::to_string(*number) + ", must be " +
                           std::to_string(least) + ".." + std::to_string(most));
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
  if (value->items().empty() || value->items().size() > kMaxItems) {
    diagnostics_.error("E013",
                       value->place(),
                       "'" + key + "' has " + std::to_string(value->items().size()) +
                           " items, must have 1.." + std::to_string(kMaxItems));
    return none;
  }
  return value->items();
}

void ManifestFields::finish() {
  for (const YamlNode::Entry& entry : node_.entries()) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) {
      continue;
    }
    std::string hint;
    if (!diagnostics_.is_full()) {
      hint = did_you_mean(entry.key, asked_);
      hint = hint.empty() ? what_ + " has " + one_of(asked_) : hint;
    }
    diagnostics_.error("E010", entry.key_place, what_ + " has no key '" + entry.key + "'", hint);
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
