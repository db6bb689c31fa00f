// The published schema and the reader agree on what a manifest is, as far as a schema can say it.

#include "engine/package/manifest_schema.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/package/manifest_reader.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/scalar.h"
#include "engine/yaml/source_text.h"
#include "engine/yaml/yaml_node.h"
#include "engine/yaml/yaml_reader.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

using nlohmann::json;

/// Judges values by the part of JSON schema that ours uses; an unknown keyword fails the test.
class SchemaJudge {
 public:
  explicit SchemaJudge(json schema) : root_(std::move(schema)) {}

  [[nodiscard]] bool takes(const json& value) const { return takes(root_, value); }

 private:
  [[nodiscard]] bool takes(const json& schema, const json& value) const {
    for (const auto& [keyword, rule] : schema.items()) {
      if (!holds(keyword, rule, schema, value)) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool holds(const std::string& keyword,
                           const json& rule,
                           const json& schema,
                           const json& value) const {
    if (keyword == "$schema" || keyword == "$defs" || keyword == "title" ||
        keyword == "description") {
      return true;
    }
    if (keyword == "$ref") {
      return takes(root_.at(json::json_pointer(rule.get<std::string>().substr(1))), value);
    }
    if (keyword == "type") {
      return is_type(rule, value);
    }
    if (keyword == "const") {
      return value == rule;
    }
    if (keyword == "enum") {
      return std::find(rule.begin(), rule.end(), value) != rule.end();
    }
    if (keyword == "anyOf") {
      return std::any_of(
          rule.begin(), rule.end(), [&](const json& one) { return takes(one, value); });
    }
    if (value.is_object()) {
      return holds_of_object(keyword, rule, schema, value);
    }
    return holds_of_plain(keyword, rule, value);
  }

  static bool is_type(const std::string& type, const json& value) {
    return type == "object"    ? value.is_object()
           : type == "array"   ? value.is_array()
           : type == "string"  ? value.is_string()
           : type == "integer" ? value.is_number_integer()
                               : value.is_number();
  }

  [[nodiscard]] bool holds_of_object(const std::string& keyword,
                                     const json& rule,
                                     const json& schema,
                                     const json& value) const {
    for (const auto& [key, item] : value.items()) {
      const bool is_listed = schema.contains("properties") && schema.at("properties").contains(key);
      const bool is_right =
          keyword == "properties"             ? !is_listed || takes(rule.at(key), item)
          : keyword == "additionalProperties" ? is_listed || (rule.is_object() && takes(rule, item))
          : keyword == "propertyNames"        ? takes(rule, json(key))
          : keyword == "dependentRequired"
              ? !rule.contains(key) || value.contains(rule.at(key).at(0).get<std::string>())
              : keyword == "required";
      if (!is_right) {
        return false;
      }
    }
    return keyword != "required" || std::all_of(rule.begin(), rule.end(), [&](const json& key) {
             return value.contains(key.get<std::string>());
           });
  }

  [[nodiscard]] bool holds_of_plain(const std::string& keyword,
                                    const json& rule,
                                    const json& value) const {
    if (keyword == "items") {
      return !value.is_array() || std::all_of(value.begin(), value.end(), [&](const json& one) {
        return takes(rule, one);
      });
    }
    if (keyword == "minItems" || keyword == "maxItems") {
      return !value.is_array() || (keyword == "minItems" ? value.size() >= rule.get<std::size_t>()
                                                         : value.size() <= rule.get<std::size_t>());
    }
    if (keyword == "minLength" || keyword == "maxLength" || keyword == "pattern") {
      if (!value.is_string()) {
        return true;
      }
      const auto& text = value.get_ref<const std::string&>();
      return keyword == "minLength" ? text.size() >= rule.get<std::size_t>()
             : keyword == "maxLength"
                 ? text.size() <= rule.get<std::size_t>()
                 : std::regex_search(text, std::regex(rule.get<std::string>()));
    }
    if (!value.is_number()) {
      return true;
    }
    const double number = value.get<double>();
    const double bound = rule.get<double>();
    if (keyword == "minimum") {
      return number >= bound;
    }
    if (keyword == "maximum") {
      return number <= bound;
    }
    if (keyword == "exclusiveMinimum") {
      return number > bound;
    }
    EXPECT_EQ(keyword, "exclusiveMaximum") << "a keyword that this test does not know";
    return number < bound;
  }

  json root_;
};

/// Returns the YAML value as JSON, as an editor would read it.
json to_json(const YamlNode& node) {
  if (node.is_map()) {
    json map = json::object();
    for (const YamlNode::Entry& entry : node.entries()) {
      map[entry.key] = to_json(entry.value);
    }
    return map;
  }
  if (node.is_sequence()) {
    json list = json::array();
    for (const YamlNode& item : node.items()) {
      list.push_back(to_json(item));
    }
    return list;
  }
  if (node.is_null()) {
    return nullptr;
  }
  if (!node.is_quoted()) {
    if (const auto number = parse_int(node.text()); number.has_value()) {
      return *number;
    }
    if (const auto number = parse_number(node.text()); number.has_value()) {
      return *number;
    }
  }
  return node.text();
}

SchemaJudge published() {
  return SchemaJudge(json::parse(manifest_schema()));
}

/// Returns the manifests among the YAML examples of a page, in their order.
std::vector<std::string> manifests_in(const std::string& page) {
  const std::string open = "```yaml\n";
  std::vector<std::string> found;
  for (std::size_t at = page.find(open); at != std::string::npos; at = page.find(open, at)) {
    at += open.size();
    const std::string block = page.substr(at, page.find("```", at) - at);
    if (block.find("penstock_package:") != std::string::npos) {
      found.push_back(block);
    }
  }
  return found;
}

constexpr const char* kHead = "penstock_package: 1\nname: a\nnetworks:\n- name: n\n  variants:\n";

/// A manifest whose one variant has `words`.
std::string variant(const std::string& words) {
  return std::string(kHead) + "  - {name: v, model: m.onnx, " + words + "}\n";
}

/// A manifest whose one tensor has `words` besides its name.
std::string tensor(const std::string& words) {
  return variant("inputs: [{name: x, " + words + "}]");
}

std::string model(const std::string& path) {
  return std::string(kHead) + "  - {name: v, model: '" + path + "'}\n";
}

TEST(ManifestSchema, AgreesWithTheReader) {
  const SchemaJudge judge = published();
  std::vector<std::string> texts = {
      variant("modes: [single]"),
      variant("modes: [sin gle]"),
      variant("modes: []"),
      variant("modes: single"),
      variant("preprocess: a/b.onnx, postprocess: c.onnx"),
      variant("colour: red"),
      variant("needs: [{device: cpu}]"),
      variant("needs: [{device: 'sim:mx3', memory: 1MiB, shared_memory: 2 kB, mode: a}]"),
      variant("needs: [{device: tpu}]"),
      variant("needs: [{device: simulated}]"),
      variant("needs: [{mode: a}]"),
      variant("needs: [{device: cpu, memory: 5}]"),
      variant("needs: [{device: cpu, memory: 5 bytes}]"),
      variant("needs: [{device: cpu, sub_devices: 64}]"),
      variant("needs: [{device: cpu, sub_devices: 65}]"),
      tensor("type: f32, shape: [1, -1, 3]"),
      tensor("type: f32, shape: []"),
      tensor("type: f32, shape: [0]"),
      tensor("type: f32, shape: [-2]"),
      tensor("type: f32, shape: [1.5]"),
      tensor("type: f32, shape: 5"),
      tensor("type: f32, shape: [1, 1, 1, 1, 1, 1, 1, 1]"),
      tensor("type: f32, shape: [1, 1, 1, 1, 1, 1, 1, 1, 1]"),
      tensor("type: float, shape: [1]"),
      tensor("shape: [1]"),
      tensor("type: f32"),
      tensor("type: f32, shape: [1, 2], layout: NC"),
      tensor("type: f32, shape: [1, 2], layout: NX"),
      tensor("type: f32, shape: [1], scale: 0.5"),
      tensor("type: f32, shape: [1], scale: 1"),
      tensor("type: f32, shape: [1], scale: 0"),
      tensor("type: f32, shape: [1], scale: '0.5'"),
      tensor("type: f32, shape: [1], scale: 1e31"),
      tensor("type: f32, shape: [1], scale: 1, zero_point: -128"),
      tensor("type: f32, shape: [1], scale: 1, zero_point: 0.5"),
      tensor("type: f32, shape: [1], zero_point: 1"),
      tensor("type: f32, shape: [1], padding: [[0, 1]]"),
      tensor("type: f32, shape: [1], padding: [[0, -1]]"),
      tensor("type: f32, shape: [1], padding: [[0]]"),
      tensor("type: f32, shape: [1], padding: [0]"),
      "[]",
      "penstock_package: 1\n",
      "penstock_package: 2\nname: a\nnetworks: [{name: n, variants: [{name: v, model: m}]}]\n",
      "penstock_package: 1\nname: a\nnetworks: []\n",
      "penstock_package: 1\nname: 1a\nnetworks: [{name: n, variants: [{name: v, model: m}]}]\n",
      "penstock_package: 1\nname: a\nnetworks: [{name: n, variants: []}]\n",
      "penstock_package: 1\nname: a\nnetworks: [{name: n}]\n",
      model("m.onnx") + "files: {}\n",
      model("m.onnx") + "files: {m.onnx: " + std::string(64, 'a') + "}\n",
      model("m.onnx") + "files: {m.onnx: " + std::string(63, 'a') + "}\n",
      model("m.onnx") + "files: {../m.onnx: " + std::string(64, 'a') + "}\n",
      model("m.onnx") + "notes: []\n",
  };
  for (const char* path :
       {"a/b/c", "a b.onnx", "../a", "a/../b", "a/..", "..",  ".",    "./a",        "a//b", "/a",
        "a/",    "c:a",      "a\\b", "a*",     "a?",   "a|b", "a. ",  "a./b",       "a /b", "..a/b",
        ".a",    "a,b",      "a-b",  "~a",     "{a}",  "a>b", "a\"b", "caf\xC3\xA9"}) {
    texts.push_back(model(path));
  }
  int taken = 0;
  for (const std::string& text : texts) {
    const SourceText source("manifest.yaml", text);
    Diagnostics diagnostics;
    const auto root = read_yaml(source, diagnostics);
    ASSERT_TRUE(root.has_value()) << text;
    const bool reads = read_manifest(source, diagnostics).has_value();
    taken += reads ? 1 : 0;
    EXPECT_EQ(judge.takes(to_json(*root)), reads)
        << text << (reads ? "" : diagnostics.sorted().front().message);
  }
  EXPECT_GT(taken, 15);
}

TEST(ManifestSchema, TakesTheExamplesOfTheDocuments) {
  const SchemaJudge judge = published();
  int examples = 0;
  for (const char* page : {"docs/model-packages.md", "docs/errors.md", "docs/drivers.md"}) {
    std::ifstream file(testing::checkout_file(page));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    for (const std::string& manifest : manifests_in(text)) {
      ++examples;
      const SourceText source(page, manifest);
      Diagnostics diagnostics;
      const auto root = read_yaml(source, diagnostics);
      ASSERT_TRUE(root.has_value()) << manifest;
      EXPECT_TRUE(judge.takes(to_json(*root))) << manifest;
      EXPECT_TRUE(read_manifest(source, diagnostics).has_value())
          << manifest << diagnostics.sorted().front().message;
    }
  }
  EXPECT_GE(examples, 2);
}

TEST(ManifestSchema, SaysWhatEachKeyIsFor) {
  const json schema = json::parse(manifest_schema());
  const json& variant = schema.at("$defs").at("variant").at("properties");
  EXPECT_EQ(variant.at("preprocess").at("description"), "a model that the host runs before it");
  EXPECT_EQ(schema.at("required"), json({"penstock_package", "name", "networks"}));
}

TEST(ManifestSchema, IsLooserOnlyWhereASchemaCannotSayIt) {
  const SchemaJudge judge = published();
  for (const std::string& text : {tensor("type: f32, shape: [1], layout: NC"),
                                  tensor("type: f32, shape: [1, 1], layout: NN"),
                                  tensor("type: f32, shape: [1], scale: 1, zero_point: 200"),
                                  tensor("type: f32, shape: [1], padding: [[0, 0], [0, 0]]"),
                                  variant("outputs: [{name: x, type: f32, shape: [1]}, {name: x, "
                                          "type: f32, shape: [1]}]")}) {
    const SourceText source("manifest.yaml", text);
    Diagnostics diagnostics;
    EXPECT_TRUE(judge.takes(to_json(*read_yaml(source, diagnostics)))) << text;
    EXPECT_FALSE(read_manifest(source, diagnostics).has_value()) << text;
  }
}

}  // namespace
}  // namespace penstock
