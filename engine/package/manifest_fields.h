#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// Reads the keys of one map of a manifest, reporting what is wrong at its place.
///
/// Each key is asked for once; `finish()` reports those that were never asked for (E010). A missing
/// required key is E011, a value of the wrong kind E012, one out of range E013.
/// Ownership: node and diagnostics outlive it.
///
/// @code
///   ManifestFields fields(node, "tensor", diagnostics);
///   tensor.name = fields.required_text("name");
///   tensor.zero_point = fields.integer("zero_point", 0, -128, 127);   // default, least, most
///   fields.finish();
/// @endcode
class ManifestFields {
 public:
  static constexpr std::size_t kMaxText = 4096;
  static constexpr std::size_t kMaxItems = 1024;

  /// `what` is how messages name the map. A node that is no map is E012, and empty from then on.
  ManifestFields(const YamlNode& node, std::string what, Diagnostics& diagnostics);

  /// Returns the value of `key`; nullptr if it is not given.
  const YamlNode* find(const std::string& key);
  /// Likewise, and reports E011 if it is not given.
  const YamlNode* required(const std::string& key);

  std::string text(const std::string& key);
  std::string required_text(const std::string& key);
  std::int64_t integer(const std::string& key,
                       std::int64_t otherwise,
                       std::int64_t least,
                       std::int64_t most);
  /// Returns a size in bytes with its unit; 0 if it is not given.
  std::uint64_t bytes(const std::string& key);
  /// Returns the items of a list, which may not be empty if it is given; E012 if it is no list.
  const std::vector<YamlNode>& items(const std::string& key);

  /// Reports the keys that were never asked for.
  void finish();

  [[nodiscard]] const YamlNode& node() const { return node_; }

 private:
  std::string text_of(const YamlNode& value, const std::string& key);

  const YamlNode& node_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::vector<std::string> asked_;
};

/// True for a name: letters, digits, `_`, `-` and `.`, at most 64, the first a letter or `_`.
bool is_manifest_name(std::string_view text) noexcept;

}  // namespace penstock
