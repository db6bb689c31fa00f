#include "engine/package/manifest_reader.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/package/digest.h"
#include "engine/package/manifest_fields.h"
#include "engine/package/manifest_table.h"
#include "engine/package/member_path.h"
#include "engine/yaml/nearest_word.h"
#include "engine/yaml/scalar.h"
#include "engine/yaml/yaml_node.h"
#include "engine/yaml/yaml_reader.h"

namespace penstock {
namespace {

/// The range of the integers that a device stores a tensor of `type` in: its own, or int8.
std::pair<std::int32_t, std::int32_t> stored_range(ElementType type) {
  switch (type) {
    case ElementType::kU8:
      return {-128, 255};  // As it is, or moved to int8.
    case ElementType::kI16:
      return {-32768, 32767};
    default:
      return {-128, 127};
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

class ManifestReader {
 public:
  explicit ManifestReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  PackageInfo read(const YamlNode& root) {
    PackageInfo info;
    ManifestFields fields(root, manifest_map(), diagnostics_);
    if (!is_our_format(fields)) {
      return info;
    }
    info.name = name_of(fields);
    info.notes = fields.text("notes");
    for (const YamlNode& item : fields.items("networks")) {
      info.networks.push_back(network_of(item));
    }
    check_unique(fields.node().find("networks"), "network");
    info.files = hashes_of(fields);
    fields.finish();
    return info;
  }

 private:
  bool is_our_format(ManifestFields& fields) {
    const YamlNode* version = fields.find("penstock_package");
    if (!fields.node().is_map()) {
      return false;
    }
    if (version == nullptr) {
      diagnostics_.error("E011",
                         fields.node().place(),
                         "this is no manifest of a Penstock package: it lacks 'penstock_package'",
                         "write 'penstock_package: " + std::to_string(PackageInfo::kFormat) + "'");
      return false;
    }
    const auto number = version->is_scalar()
                            ? parse_int(version->text())
                            : Result<std::int64_t>(Error{Errc::kInvalidArgument, ""});
    if (!number.has_value() || *number != PackageInfo::kFormat) {
      diagnostics_.error("E004",
                         version->place(),
                         "'penstock_package' is " + version->describe() +
                             "; this version of Penstock reads format " +
                             std::to_string(PackageInfo::kFormat));
      return false;
    }
    return true;
  }

  std::string name_of(ManifestFields& fields) {
    std::string name = fields.text("name");
    if (!name.empty() && !is_manifest_name(name)) {
      diagnostics_.error("E017",
                         fields.node().find("name")->place(),
                         "name '" + shown_path(name) +
                             "' must be letters, digits, '_', '-' and '.', at most 64, the first a "
                             "letter or '_'");
    }
    return name;
  }

  /// Returns the path under `key`; empty if it is not given or not one of a package.
  std::string path_of(ManifestFields& fields, const std::string& key) {
    std::string path = fields.text(key);
    if (path.empty()) {
      return {};
    }
    if (const Status fine = check_member_path(path); !fine.has_value()) {
      diagnostics_.error(
          "E018", fields.node().find(key)->place(), "'" + key + "': " + fine.error().message);
      return {};
    }
    return path;
  }

  PackageNetwork network_of(const YamlNode& node) {
    PackageNetwork network;
    ManifestFields fields(node, network_map(), diagnostics_);
    network.name = name_of(fields);
    network.notes = fields.text("notes");
    network.labels = path_of(fields, "labels");
    for (const YamlNode& item : fields.items("variants")) {
      network.variants.push_back(variant_of(item));
    }
    check_unique(node.find("variants"), "variant");
    fields.finish();
    return network;
  }

  PackageVariant variant_of(const YamlNode& node) {
    PackageVariant variant;
    ManifestFields fields(node, variant_map(), diagnostics_);
    variant.name = name_of(fields);
    variant.model = path_of(fields, "model");
    variant.preprocess = path_of(fields, "preprocess");
    variant.postprocess = path_of(fields, "postprocess");
    variant.inputs = tensors_of(fields, "inputs");
    variant.outputs = tensors_of(fields, "outputs");
    for (const YamlNode& item : fields.items("modes")) {
      if (!item.is_scalar() || !is_manifest_name(item.text())) {
        diagnostics_.error(
            "E017", item.place(), "a mode is a name such as 'single', not " + item.describe());
        continue;
      }
      variant.modes.push_back(item.text());
    }
    for (const YamlNode& item : fields.items("needs")) {
      variant.needs.push_back(need_of(item));
    }
    fields.finish();
    return variant;
  }

  std::vector<PackageTensor> tensors_of(ManifestFields& fields, const std::string& key) {
    std::vector<PackageTensor> tensors;
    for (const YamlNode& item : fields.items(key)) {
      tensors.push_back(tensor_of(item));
    }
    check_unique(fields.node().find(key), "tensor");
    return tensors;
  }

  PackageTensor tensor_of(const YamlNode& node) {
    PackageTensor tensor;
    ManifestFields fields(node, tensor_map(), diagnostics_);
    tensor.name = fields.text("name");
    const std::string type = fields.text("type");
    if (const auto known = element_type_from(type); known.has_value()) {
      tensor.type = *known;
    } else if (!type.empty()) {
      diagnostics_.error("E014",
                         node.find("type")->place(),
                         "unknown type " + node.find("type")->describe(),
                         "types are " + joined(manifest_types()));
    }
    tensor.shape = shape_of(fields);
    tensor.layout = layout_of(fields, tensor.shape);
    read_scale(fields, tensor);
    tensor.zero_point = zero_point_of(fields, tensor.type);
    tensor.padding = padding_of(fields, tensor.shape);
    fields.finish();
    return tensor;
  }

  std::int32_t zero_point_of(ManifestFields& fields, ElementType type) {
    const std::int64_t zero_point = fields.integer("zero_point", 0);
    const auto [least, most] = stored_range(type);
    if (zero_point < least || zero_point > most) {
      diagnostics_.error("E013",
                         fields.node().find("zero_point")->place(),
                         "'zero_point' is " + std::to_string(zero_point) + ", must be " +
                             std::to_string(least) + ".." + std::to_string(most));
      return 0;
    }
    return static_cast<std::int32_t>(zero_point);
  }

  std::optional<std::int64_t> extent_of(const YamlNode& item) {
    const auto number = item.is_scalar() && !item.is_quoted()
                            ? parse_int(item.text())
                            : Result<std::int64_t>(Error{Errc::kInvalidArgument, ""});
    if (!number.has_value()) {
      diagnostics_.error(
          "E012", item.place(), "an extent is a whole number, not " + item.describe());
      return std::nullopt;
    }
    if (*number != Shape::kDynamic && (*number < 1 || *number > kManifestMostExtent)) {
      diagnostics_.error("E013",
                         item.place(),
                         "extent " + std::to_string(*number) + " must be 1.." +
                             std::to_string(kManifestMostExtent) +
                             ", or -1 for one that is left open");
      return std::nullopt;
    }
    return *number;
  }

  Shape shape_of(ManifestFields& fields) {
    const YamlNode* node = fields.node().find("shape");
    if (node != nullptr && node->is_sequence() && node->items().empty()) {
      static_cast<void>(fields.find("shape"));
      return {};  // A scalar.
    }
    const auto& items = fields.items("shape");
    if (node != nullptr && items.size() > Shape::kMaxRank) {
      diagnostics_.error("E013",
                         node->place(),
                         "'shape' has " + std::to_string(items.size()) + " extents; at most " +
                             std::to_string(Shape::kMaxRank));
      return {};
    }
    std::vector<std::int64_t> extents;
    extents.reserve(items.size());
    for (const YamlNode& item : items) {
      extents.push_back(extent_of(item).value_or(Shape::kDynamic));
    }
    return Shape(extents);
  }

  std::string layout_of(ManifestFields& fields, const Shape& shape) {
    std::string layout = fields.text("layout");
    std::set<char> letters;
    for (const char letter : layout) {
      if (std::string_view(kManifestAxes).find(letter) == std::string_view::npos ||
          !letters.insert(letter).second) {
        diagnostics_.error("E014",
                           fields.node().find("layout")->place(),
                           "'layout' must be letters of N, C, H, W, D, T, each once, not '" +
                               shown_path(layout) + "'");
        return {};
      }
    }
    if (!layout.empty() && layout.size() != shape.rank()) {
      diagnostics_.error("E013",
                         fields.node().find("layout")->place(),
                         "'layout' names " + std::to_string(layout.size()) + " axes, 'shape' has " +
                             std::to_string(shape.rank()));
      return {};
    }
    return layout;
  }

  void read_scale(ManifestFields& fields, PackageTensor& tensor) {
    const YamlNode* node = fields.find("scale");
    if (node == nullptr) {
      return;
    }
    const auto number = node->is_scalar() && !node->is_quoted()
                            ? parse_number(node->text())
                            : Result<double>(Error{Errc::kInvalidArgument, "wants a number"});
    if (!number.has_value()) {
      diagnostics_.error(
          "E012", node->place(), "'scale' " + number.error().message + ", not " + node->describe());
      return;
    }
    if (!(*number > kManifestLeastScale && *number < kManifestMostScale)) {
      diagnostics_.error(
          "E013", node->place(), "'scale' must be above 0 and fit a float (1e-30..1e30)");
      return;
    }
    tensor.scale = *number;
  }

  std::vector<TensorPadding> padding_of(ManifestFields& fields, const Shape& shape) {
    const YamlNode* node = fields.node().find("padding");
    const auto& items = fields.items("padding");
    if (!items.empty() && items.size() != shape.rank()) {
      diagnostics_.error("E013",
                         node->place(),
                         "'padding' has " + std::to_string(items.size()) + " pairs, 'shape' has " +
                             std::to_string(shape.rank()) + " extents");
      return {};
    }
    std::vector<TensorPadding> padding;
    for (const YamlNode& pair : items) {
      std::array<std::int64_t, 2> ends{};
      bool is_right = pair.is_sequence() && pair.items().size() == ends.size();
      for (std::size_t i = 0; is_right && i < ends.size(); ++i) {
        const auto number = parse_int(pair.items()[i].text());
        is_right = number.has_value() && *number >= 0 && *number <= kManifestMostPadding;
        ends[i] = is_right ? *number : 0;
      }
      if (!is_right) {
        diagnostics_.error("E012",
                           pair.place(),
                           "'padding' wants a pair [before, after] of 0.." +
                               std::to_string(kManifestMostPadding) + " for each axis");
        return {};
      }
      padding.push_back({ends[0], ends[1]});
    }
    return padding;
  }

  PackageNeed need_of(const YamlNode& node) {
    PackageNeed need;
    ManifestFields fields(node, need_map(), diagnostics_);
    need.device = fields.text("device");
    const std::string kind = need.device.substr(0, need.device.find(':'));
    const std::vector<std::string>& kinds = manifest_devices();
    if (!need.device.empty() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      diagnostics_.error("E014",
                         node.find("device")->place(),
                         "unknown kind of device '" + shown_path(kind) + "'",
                         "kinds are " + one_of(kinds) + "; with a profile: sim:metis");
    }
    need.mode = fields.text("mode");
    need.sub_devices = static_cast<std::uint32_t>(fields.integer("sub_devices", 1));
    need.memory_bytes = fields.bytes("memory");
    need.shared_bytes = fields.bytes("shared_memory");
    fields.finish();
    return need;
  }

  std::map<std::string, std::string> hashes_of(ManifestFields& fields) {
    std::map<std::string, std::string> hashes;
    const YamlNode* node = fields.find("files");
    if (node == nullptr) {
      return hashes;
    }
    if (!node->is_map()) {
      diagnostics_.error("E012",
                         node->place(),
                         "'files' wants a map of path and SHA-256, not " + node->describe());
      return hashes;
    }
    for (const YamlNode::Entry& entry : node->entries()) {
      if (const Status fine = check_member_path(entry.key); !fine.has_value()) {
        diagnostics_.error("E018", entry.key_place, "'files': " + fine.error().message);
      } else if (!looks_like_sha256(entry.value.text())) {
        diagnostics_.error(
            "E012",
            entry.value.place(),
            "a SHA-256 has 64 lower-case hexadecimal digits, not " + entry.value.describe());
      } else {
        hashes[entry.key] = entry.value.text();
      }
    }
    return hashes;
  }

  /// Reports the items of `list` whose name an earlier one has.
  void check_unique(const YamlNode* list, const std::string& what) {
    if (list == nullptr) {
      return;
    }
    std::set<std::string> names;
    for (const YamlNode& item : list->items()) {
      const YamlNode* name = item.find("name");
      if (name != nullptr && !names.insert(name->text()).second) {
        diagnostics_.error("E017",
                           name->place(),
                           "a second " + what + " has the name '" + shown_path(name->text()) + "'");
      }
    }
  }

  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<PackageInfo> read_manifest(const SourceText& source, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.error_count();
  const std::optional<YamlNode> root = read_yaml(source, diagnostics);
  if (!root.has_value() || diagnostics.error_count() > before) {
    return std::nullopt;
  }
  PackageInfo info = ManifestReader(diagnostics).read(*root);
  if (diagnostics.error_count() > before) {
    return std::nullopt;
  }
  return info;
}

}  // namespace penstock
