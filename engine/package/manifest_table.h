#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace penstock {

struct ManifestMap;

/// What the value of a key can be.
enum class ManifestKind : std::uint8_t {
  kVersion,  ///< The number of the format.
  kName,     ///< See `is_manifest_name`.
  kText,
  kPath,     ///< Of a file of the package, see `check_member_path`.
  kType,     ///< Of elements: `manifest_types`.
  kInteger,  ///< From `least` to `most`.
  kScale,    ///< A number between `kManifestLeastScale` and `kManifestMostScale`.
  kSize,     ///< In bytes, with its unit.
  kDevice,   ///< One of `manifest_devices`, perhaps with a profile behind a colon.
  kShape,
  kLayout,
  kPadding,
  kNames,   ///< A list of them.
  kMaps,    ///< A list of `of`.
  kHashes,  ///< A map of path and SHA-256.
};

/// One key of a map in a manifest.
struct ManifestKey {
  std::string name;
  ManifestKind kind = ManifestKind::kText;
  bool is_required = false;
  std::string note = "";  ///< For people; may be empty.
  std::int64_t least = 0;
  std::int64_t most = 0;
  const ManifestMap* of = nullptr;
  std::string only_with = "";  ///< A key that must be there too, unless empty.
};

/// One kind of map: its keys, all of them.
struct ManifestMap {
  std::string name;  ///< "variant".
  std::string what;  ///< As messages name one: "a variant".
  std::vector<ManifestKey> keys;

  /// Returns the key of that name, or null.
  [[nodiscard]] const ManifestKey* find(const std::string& key) const;
};

inline constexpr std::size_t kManifestMostText = 4096;
inline constexpr std::size_t kManifestMostItems = 1024;
inline constexpr std::int64_t kManifestMostExtent = std::int64_t{1} << 31U;
inline constexpr std::int64_t kManifestMostPadding = 65536;
inline constexpr double kManifestLeastScale = 1e-30;
inline constexpr double kManifestMostScale = 1e30;
inline constexpr const char* kManifestAxes = "NCHWDT";

/// The maps of a manifest: the reader checks with them, and the schema is made of them.
const ManifestMap& manifest_map();
const ManifestMap& network_map();
const ManifestMap& variant_map();
const ManifestMap& tensor_map();
const ManifestMap& need_map();

/// Returns the words for the types of elements, and for the kinds of devices.
const std::vector<std::string>& manifest_types();
const std::vector<std::string>& manifest_devices();

}  // namespace penstock
