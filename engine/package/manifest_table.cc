#include "engine/package/manifest_table.h"

#include <algorithm>

namespace penstock {
namespace {

using Kind = ManifestKind;

constexpr bool kRequired = true;

ManifestKey key(const char* name, Kind kind, bool is_required, const char* note = "") {
  ManifestKey key;
  key.name = name;
  key.kind = kind;
  key.is_required = is_required;
  key.note = note;
  return key;
}

ManifestKey integer(const char* name,
                    std::int64_t least,
                    std::int64_t most,
                    const char* only_with = "") {
  ManifestKey made = key(name, Kind::kInteger, false);
  made.least = least;
  made.most = most;
  made.only_with = only_with;
  return made;
}

ManifestKey maps(const char* name, const ManifestMap& of, bool is_required, const char* note = "") {
  ManifestKey made = key(name, Kind::kMaps, is_required, note);
  made.of = &of;
  return made;
}

}  // namespace

const ManifestKey* ManifestMap::find(const std::string& wanted) const {
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& one) { return one.name == wanted; });
  return found == keys.end() ? nullptr : &*found;
}

const ManifestMap& manifest_map() {
  static const ManifestMap kMap = {
      "manifest",
      "the manifest",
      {key("penstock_package", Kind::kVersion, kRequired, "version of the format"),
       key("name", Kind::kName, kRequired),
       key("notes", Kind::kText, false),
       maps("networks", network_map(), kRequired, "the default first"),
       key("files",
           Kind::kHashes,
           false,
           "SHA-256 of every file but this one; leave it out and nothing is compared")}};
  return kMap;
}

const ManifestMap& network_map() {
  static const ManifestMap kMap = {
      "network",
      "a network",
      {key("name", Kind::kName, kRequired),
       key("notes", Kind::kText, false),
       key("labels", Kind::kPath, false, "line n is label n"),
       maps("variants",
            variant_map(),
            kRequired,
            "the same network for several shapes; the default first")}};
  return kMap;
}

const ManifestMap& variant_map() {
  static const ManifestMap kMap = {
      "variant",
      "a variant",
      {key("name", Kind::kName, kRequired),
       key("model", Kind::kPath, kRequired, ".onnx, .tflite or .xml"),
       key("preprocess", Kind::kPath, false, "a model that the host runs before it"),
       key("postprocess", Kind::kPath, false, "a model that the host runs after it"),
       maps("inputs", tensor_map(), false),
       maps("outputs", tensor_map(), false),
       key("modes", Kind::kNames, false, "execution modes it may run in, the preferred one first"),
       maps("needs", need_map(), false, "on a kind of device, or on a profile of it")}};
  return kMap;
}

const ManifestMap& tensor_map() {
  static const ManifestMap kMap = {
      "tensor",
      "a tensor",
      {key("name", Kind::kText, kRequired),
       key("type", Kind::kType, kRequired, "of the model's elements"),
       key("shape", Kind::kShape, kRequired, "outermost first, without padding; -1 is left open"),
       key("layout", Kind::kLayout, false, "letters of the axes, as in shape"),
       key("scale", Kind::kScale, false, "real = (stored - zero_point) * scale"),
       integer("zero_point", -32768, 32767, "scale"),
       key("padding",
           Kind::kPadding,
           false,
           "[before, after] for each axis, in elements that an integer device wants")}};
  return kMap;
}

const ManifestMap& need_map() {
  static const ManifestMap kMap = {
      "need",
      "a need",
      {key("device", Kind::kDevice, kRequired, "a kind, or one of its profiles: sim:metis"),
       key("mode", Kind::kText, false),
       integer("sub_devices", 1, 64),
       key("memory", Kind::kSize, false, "on each sub-device"),
       key("shared_memory", Kind::kSize, false, "of the memory that all share")}};
  return kMap;
}

const std::vector<std::string>& manifest_types() {
  static const std::vector<std::string> kTypes = {"f32",
                                                  "f16",
                                                  "bf16",
                                                  "f64",
                                                  "u8",
                                                  "i8",
                                                  "u16",
                                                  "i16",
                                                  "u32",
                                                  "i32",
                                                  "u64",
                                                  "i64",
                                                  "bool",
                                                  "u4",
                                                  "i4"};
  return kTypes;
}

const std::vector<std::string>& manifest_devices() {
  static const std::vector<std::string> kKinds = {"cpu", "gpu", "npu", "sim", "noop"};
  return kKinds;
}

}  // namespace penstock
