#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/package/manifest_table.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// Reads the keys of one map of a manifest, reporting what is wrong at its place.
///
/// Each key of the map's table is asked for once; `finish()` reports those that it has not (E010).
/// A required key that is missing is E011, a value of the wrong kind E012, one out of range E013.
/// Ownership: node, table and diagnostics outlive it.
///
/// @code
///   ManifestFields fields(node, tensor_map(), diagnostics);
///   tensor.name = fields.text("name");
///   need.sub_devices = fields.integer("sub_devices", 1);   // 1 where it is not given
///   fields.finish();
/// @endcode
class ManifestFields {
 public:
  /// A node that is no map is E012, and empty from then on.
  ManifestFields(const YamlNode& node, const ManifestMap& map, Diagnostics& diagnostics);

  /// Returns the value of `key`; nullptr if it is not given. Pre: the table has it.
  const YamlNode* find(const std::string& key);

  std::string text(const std::string& key);
  /// Returns a whole number within the limits of the table.
  std::int64_t integer(const std::string& key, std::int64_t otherwise);
  /// Returns a size in bytes with its unit; 0 if it is not given.
  std::uint64_t bytes(const std::string& key);
  /// Returns the items of a list, which may not be empty if it is given; E012 if it is no list.
  const std::vector<YamlNode>& items(const std::string& key);

  /// Reports the keys that the table has not. Pre: all of the table were asked for.
  void finish();

  [[nodiscard]] const YamlNode& node() const { return node_; }

 private:
  std::string text_of(const YamlNode& value, const std::string& key);

  const YamlNode& node_;
  const ManifestMap& map_;
  Diagnostics& diagnostics_;
  std::vector<std::string> asked_;
};

/// True for a name: letters, digits, `_`, `-` and `.`, at most 64, the first a letter or `_`.
bool is_manifest_name(std::string_view text) noexcept;

}  // namespace penstock
