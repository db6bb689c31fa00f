#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock::sim {

/// Reads the values of one map of a profile or fault script, each with its range, and reports what
/// is wrong at its place: E010 unknown key, E011 missing, E012 not the wanted kind, E013 not in
/// range. A key that is not written has the value given as `otherwise`.
///
/// `asked`, where it is given, collects the path of every key that was asked for ("clock.steps"),
/// so that a test can hold the reader against the published schema.
/// Thread-safety: none. Call `finish` last.
class YamlFields {
 public:
  /// `path` names the map in messages ("clock"; "" for the file itself). All must outlive this.
  YamlFields(const YamlNode& map,
             std::string path,
             Diagnostics& diagnostics,
             std::set<std::string>* asked = nullptr);

  /// Reports E011 if `key` is not written.
  YamlFields& require(std::string_view key);

  [[nodiscard]] bool has(std::string_view key) const { return map_.find(key) != nullptr; }

  std::string text(std::string_view key, std::string otherwise = "");
  std::string word(std::string_view key, std::initializer_list<std::string_view> words);
  double number(std::string_view key, double otherwise, double least, double most);
  std::int64_t integer(std::string_view key,
                       std::int64_t otherwise,
                       std::int64_t least,
                       std::int64_t most);
  bool flag(std::string_view key, bool otherwise);
  Duration duration(std::string_view key, Duration otherwise = Duration(0));
  std::uint64_t bytes(std::string_view key, std::uint64_t otherwise = 0);
  /// Reads "1.3GB/s" in bytes per second.
  double byte_rate(std::string_view key, double otherwise = 0);
  /// Returns the items of a list of scalars as texts.
  std::vector<std::string> texts(std::string_view key);
  /// Likewise, of which each must be one of `words`.
  std::vector<std::string> words(std::string_view key,
                                 std::initializer_list<std::string_view> words);
  std::vector<double> numbers(std::string_view key, double least, double most);

  /// Returns the value of `key` for a reader of its own; a null node if it is not written or is not
  /// of the wanted kind, which is reported.
  const YamlNode& map(std::string_view key);
  const YamlNode& list(std::string_view key);

  /// Returns how messages name `key` ("clock.steps"), for the reader of a part.
  [[nodiscard]] std::string path_of(std::string_view key) const;

  [[nodiscard]] std::set<std::string>* asked() const { return asked_; }

  /// Reports that the value of `key`, or this map where the key is not written, breaks `rule`.
  void reject(std::string_view key, const std::string& rule, const char* code = "E013");

  /// Likewise, of an item of a list. Pre: the key is a list with that item.
  void reject_item(std::string_view key, std::size_t index, const std::string& rule);

  /// Reports the keys that nobody asked for.
  void finish();

 private:
  const YamlNode* find(std::string_view key);
  const YamlNode* scalar(std::string_view key, const char* wanted);
  void wrong(const YamlNode& node,
             std::string_view key,
             const std::string& rule,
             const char* code = "E013");

  const YamlNode& map_;
  std::string path_;
  Diagnostics& diagnostics_;
  std::set<std::string>* asked_;
  std::vector<std::string> known_;
};

}  // namespace penstock::sim
