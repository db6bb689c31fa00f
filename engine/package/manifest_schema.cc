#include "engine/package/manifest_schema.h"

#include <nlohmann/json.hpp>

#include "engine/package/manifest_table.h"
#include "engine/package/member_path.h"
#include "engine/package/package_info.h"
#include "engine/tensor/shape.h"

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;

// What functions check, as patterns; a test holds both together.
constexpr const char* kNamePattern = "^[A-Za-z_][A-Za-z0-9_.-]{0,63}$";
constexpr const char* kPathPattern =
    "^(?!\\.{1,2}(/|$))(?!.*/\\.{1,2}(/|$))(?!.*[. ](/|$))"
    "[ !#-)+-.0-9;=@-\\[\\]-{}~]+(/[ !#-)+-.0-9;=@-\\[\\]-{}~]+)*$";
constexpr const char* kHashPattern = "^[0-9a-f]{64}$";
constexpr const char* kSizePattern = "^[0-9.]+ ?(B|[KMGT]iB|[kMGT]B)$";

Json reference(const std::string& name) {
  return {{"$ref", "#/$defs/" + name}};
}

Json pattern(const std::string& text) {
  return {{"type", "string"}, {"pattern", text}};
}

/// A list as the reader takes it: never empty where it is given.
Json list_of(Json item, std::size_t least = 1, std::size_t most = kManifestMostItems) {
  return {{"type", "array"}, {"items", std::move(item)}, {"minItems", least}, {"maxItems", most}};
}

Json range(std::int64_t least, std::int64_t most) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
}

Json shape_schema() {
  Json extent;
  extent["anyOf"] = {Json{{"const", Shape::kDynamic}}, range(1, kManifestMostExtent)};
  return {{"type", "array"}, {"items", std::move(extent)}, {"maxItems", Shape::kMaxRank}};
}

Json layout_schema() {
  const std::string axes = kManifestAxes;
  return pattern("^[" + axes + "]{1," + std::to_string(axes.size()) + "}$");
}

Json device_schema() {
  std::string kinds;
  for (const std::string& kind : manifest_devices()) {
    kinds += (kinds.empty() ? "" : "|") + kind;
  }
  return pattern("^(" + kinds + ")(:.*)?$");
}

Json hashes_schema() {
  return {{"type", "object"},
          {"propertyNames", reference("path")},
          {"additionalProperties", pattern(kHashPattern)}};
}

Json schema_of(const ManifestKey& key) {
  switch (key.kind) {
    case ManifestKind::kVersion:
      return {{"const", PackageInfo::kFormat}};
    case ManifestKind::kName:
      return reference("name");
    case ManifestKind::kText:
      return reference("text");
    case ManifestKind::kPath:
      return reference("path");
    case ManifestKind::kType:
      return {{"enum", manifest_types()}};
    case ManifestKind::kInteger:
      return range(key.least, key.most);
    case ManifestKind::kScale:
      return {{"type", "number"},
              {"exclusiveMinimum", kManifestLeastScale},
              {"exclusiveMaximum", kManifestMostScale}};
    case ManifestKind::kSize:
      return reference("size");
    case ManifestKind::kDevice:
      return device_schema();
    case ManifestKind::kShape:
      return shape_schema();
    case ManifestKind::kLayout:
      return layout_schema();
    case ManifestKind::kPadding:
      return list_of(list_of(range(0, kManifestMostPadding), 2, 2), 1, Shape::kMaxRank);
    case ManifestKind::kNames:
      return list_of(reference("name"));
    case ManifestKind::kMaps:
      return list_of(reference(key.of->name));
    case ManifestKind::kHashes:
      return hashes_schema();
  }
  return {};
}

/// Adds the schema of `map` to `target`.
void describe(const ManifestMap& map, Json& target) {
  target["type"] = "object";
  target["properties"] = Json::object();
  target["required"] = Json::array();
  Json only_with = Json::object();
  for (const ManifestKey& key : map.keys) {
    Json schema = schema_of(key);
    if (!key.note.empty()) {
      schema["description"] = key.note;
    }
    target["properties"][key.name] = std::move(schema);
    if (key.is_required) {
      target["required"].push_back(key.name);
    }
    if (!key.only_with.empty()) {
      only_with[key.name] = Json::array({key.only_with});
    }
  }
  if (!only_with.empty()) {
    target["dependentRequired"] = std::move(only_with);
  }
  target["additionalProperties"] = false;
}

}  // namespace

std::string manifest_schema() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "Manifest of a Penstock model package"}};
  describe(manifest_map(), schema);
  Json& types = schema["$defs"];
  types["text"] = {{"type", "string"}, {"minLength", 1}, {"maxLength", kManifestMostText}};
  types["name"] = pattern(kNamePattern);
  types["path"] = pattern(kPathPattern);
  types["path"]["maxLength"] = kMaxMemberPath;
  types["path"]["description"] =
      "a file of the package: relative, '/' between the parts, printable ASCII without \\ : * ? "
      "\" < > |";
  types["size"] = pattern(kSizePattern);
  for (const ManifestMap* map : {&network_map(), &variant_map(), &tensor_map(), &need_map()}) {
    describe(*map, types[map->name]);
  }
  return schema.dump(2) + "\n";
}

}  // namespace penstock
