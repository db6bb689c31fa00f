#include "engine/yaml/yaml_node.h"

#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr std::size_t kShownBytes = 60;

}  // namespace

YamlNode YamlNode::null(SourcePlace place) {
  YamlNode node;
  node.place_ = std::move(place);
  return node;
}

YamlNode YamlNode::scalar(SourcePlace place, std::string text, bool quoted) {
  YamlNode node;
  node.kind_ = Kind::kScalar;
  node.place_ = std::move(place);
  node.text_ = std::move(text);
  node.quoted_ = quoted;
  return node;
}

YamlNode YamlNode::sequence(SourcePlace place) {
  YamlNode node;
  node.kind_ = Kind::kSequence;
  node.place_ = std::move(place);
  return node;
}

YamlNode YamlNode::map(SourcePlace place) {
  YamlNode node;
  node.kind_ = Kind::kMap;
  node.place_ = std::move(place);
  return node;
}

const YamlNode::Entry* YamlNode::find_entry(std::string_view key) const {
  for (const Entry& entry : entries_) {
    if (entry.key == key) {
      return &entry;
    }
  }
  return nullptr;
}

const YamlNode* YamlNode::find(std::string_view key) const {
  const Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

void YamlNode::append(YamlNode item) {
  PENSTOCK_CHECK(is_sequence());
  items_.push_back(std::move(item));
}

void YamlNode::insert(std::string key, SourcePlace key_place, YamlNode value) {
  PENSTOCK_CHECK(is_map());
  Entry entry;
  entry.key = std::move(key);
  entry.key_place = std::move(key_place);
  entry.value = std::move(value);
  entries_.push_back(std::move(entry));
}

std::string YamlNode::describe() const {
  switch (kind_) {
    case Kind::kNull:
      return "nothing";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a map";
    case Kind::kScalar:
      break;
  }
  return described_text() + (origin_ == nullptr ? "" : " (from $(" + origin_->parameter + "))");
}

std::string YamlNode::described_text() const {
  if (secret_) {
    return "***";
  }
  const char* quote = quoted_ ? "\"" : "'";
  if (text_.size() <= kShownBytes) {
    return quote + text_ + quote;
  }
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text_[end]) & 0xC0U) == 0x80U) {
    --end;  // never in the middle of a character
  }
  return quote + text_.substr(0, end) + "..." + quote;
}

}  // namespace penstock
