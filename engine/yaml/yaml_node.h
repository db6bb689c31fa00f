#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/yaml/diagnostic.h"

namespace penstock {

/// One value of a YAML text: null, a scalar, a sequence or a map, with the place of everything.
///
/// Ours, because yaml-cpp's own node keeps the first of two equal keys in silence, reads `no` as
/// false and `012` as 10, and knows no places of keys. A scalar stays the text that was written;
/// what it means is decided by who knows which type is wanted (`scalar.h`).
///
/// Ownership: a plain value; copies are deep.
class YamlNode {
 public:
  enum class Kind { kNull, kScalar, kSequence, kMap };

  struct Entry;

  YamlNode() = default;

  static YamlNode null(SourcePlace place);
  static YamlNode scalar(SourcePlace place, std::string text, bool quoted = false);
  static YamlNode sequence(SourcePlace place);
  static YamlNode map(SourcePlace place);

  [[nodiscard]] Kind kind() const { return kind_; }

  [[nodiscard]] bool is_null() const { return kind_ == Kind::kNull; }

  [[nodiscard]] bool is_scalar() const { return kind_ == Kind::kScalar; }

  [[nodiscard]] bool is_sequence() const { return kind_ == Kind::kSequence; }

  [[nodiscard]] bool is_map() const { return kind_ == Kind::kMap; }

  [[nodiscard]] const SourcePlace& place() const { return place_; }

  /// Returns the text of a scalar; empty for every other kind.
  [[nodiscard]] const std::string& text() const { return text_; }

  /// True if the scalar was written in quotes or as a block: then it is text and nothing else.
  [[nodiscard]] bool is_quoted() const { return quoted_; }

  /// Returns the items of a sequence, in the order of the file; none for every other kind.
  [[nodiscard]] const std::vector<YamlNode>& items() const { return items_; }

  [[nodiscard]] std::vector<YamlNode>& items() { return items_; }

  /// Returns the entries of a map, in the order of the file; none for every other kind.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  [[nodiscard]] std::vector<Entry>& entries() { return entries_; }

  /// Returns the entry or value of `key`; nullptr if there is none.
  [[nodiscard]] const Entry* find_entry(std::string_view key) const;
  [[nodiscard]] const YamlNode* find(std::string_view key) const;

  /// Adds at the end. Pre: a sequence; a map without `key`.
  void append(YamlNode item);
  void insert(std::string key, SourcePlace key_place, YamlNode value);

  /// Puts `text` in place of a scalar's text; the place stays.
  void set_text(std::string text) { text_ = std::move(text); }

  void set_place(SourcePlace place) { place_ = std::move(place); }

  /// Where the value comes from when it is not from `place()`: the parameter it was substituted
  /// from, and the file (or `--set`) that gave the parameter its value. Relative paths start there.
  struct Origin {
    std::string parameter;
    std::shared_ptr<const std::string> file;
  };

  [[nodiscard]] const Origin* origin() const { return origin_.get(); }

  void set_origin(Origin origin) { origin_ = std::make_shared<const Origin>(std::move(origin)); }

  /// A secret value is shown as `***` in messages. Substitution sets it.
  [[nodiscard]] bool is_secret() const { return secret_; }

  void set_secret() { secret_ = true; }

  /// A broken value could not be substituted, which is already reported: readers stay silent.
  [[nodiscard]] bool is_broken() const { return broken_; }

  void set_broken() { broken_ = true; }

  /// Returns how a message names this value: its text in quotes, `***`, "a map", "a list" or
  /// "nothing", and the parameter it comes from.
  [[nodiscard]] std::string describe() const;

 private:
  [[nodiscard]] std::string described_text() const;

  Kind kind_ = Kind::kNull;
  bool quoted_ = false;
  bool secret_ = false;
  bool broken_ = false;
  SourcePlace place_;
  std::string text_;
  std::shared_ptr<const Origin> origin_;
  std::vector<YamlNode> items_;
  std::vector<Entry> entries_;
};

/// A key of a map with its value; the key keeps its own place.
struct YamlNode::Entry {
  std::string key;
  SourcePlace key_place;
  YamlNode value;
};

}  // namespace penstock
