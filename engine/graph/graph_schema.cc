#include "engine/graph/graph_schema.h"

#include <cmath>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/graph/builtin_words.h"
#include "engine/graph/schedule_words.h"

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNamePattern = "^[A-Za-z_][A-Za-z0-9_]*$";

Json text_schema() {
  return {{"type", "string"}};
}

Json reference(const std::string& name) {
  return {{"$ref", "#/$defs/" + name}};
}

Json any_of(std::vector<Json> choices) {
  return {{"anyOf", std::move(choices)}};
}

Json words_schema(const std::vector<std::string>& words) {
  return {{"enum", words}};
}

Json object_schema(const std::vector<Option>& options);

Json number_schema(const char* type, const Option& option) {
  Json schema = {{"type", type}};
  if (option.least().has_value() && std::isfinite(*option.least())) {
    schema["minimum"] = *option.least();
  }
  if (option.most().has_value() && std::isfinite(*option.most())) {
    schema["maximum"] = *option.most();
  }
  return schema;
}

Json size_side_schema(const Option& option) {
  Json side = number_schema("integer", option);
  side["minimum"] = option.least().value_or(1);
  return side;
}

Json option_schema(const Option& option);

Json list_schema(const Option& option) {
  Json list = {{"type", "array"},
               {"items", option_schema(*option.item())},
               {"minItems", option.min_count()},
               {"maxItems", option.max_count()}};
  return option.takes_single() ? any_of({std::move(list), option_schema(*option.item())}) : list;
}

Json map_of_schema(const Option& option) {
  return {{"type", "object"},
          {"propertyNames", {{"pattern", kNamePattern}}},
          {"additionalProperties", object_schema(option.fields())}};
}

const char* key_pattern(Option::MapKey kind) {
  switch (kind) {
    case Option::MapKey::kName:
      return kNamePattern;
    case Option::MapKey::kIndex:
      return "^[0-9]+$";
    case Option::MapKey::kText:
      return ".";
  }
  return ".";
}

Json table_schema(const Option& option) {
  const Option::MapKey keys = option.map_key().value_or(Option::MapKey::kName);
  return {{"type", "object"},
          {"propertyNames", {{"pattern", key_pattern(keys)}}},
          {"additionalProperties", option_schema(option.value_of(option.name()))}};
}

Json plain_schema(const Option& option) {
  switch (option.kind()) {
    case OptionKind::kBool:
      return {{"type", "boolean"}};
    case OptionKind::kInt:
      return number_schema("integer", option);
    case OptionKind::kNumber:
      return number_schema("number", option);
    case OptionKind::kRate:
      return any_of({number_schema("number", option), {{"pattern", "^[0-9.]+/[0-9.]+$"}}});
    case OptionKind::kWord:
      return words_schema(option.words());
    case OptionKind::kDuration:
      return {{"type", "string"}, {"pattern", "^[0-9.]+ ?(ns|us|ms|s|min|h|d)$"}};
    case OptionKind::kBytes:
      return {{"type", "string"}, {"pattern", "^[0-9.]+ ?(B|[KMGT]iB|[kMGT]B)$"}};
    case OptionKind::kBitRate:
      return {{"type", "string"}, {"pattern", "^[0-9.]+ ?[kMG]?bit/s$"}};
    case OptionKind::kSize:
      return {
          {"type", "array"}, {"items", size_side_schema(option)}, {"minItems", 2}, {"maxItems", 2}};
    case OptionKind::kLabels:
      return any_of({text_schema(), {{"type", "array"}, {"items", text_schema()}}});
    case OptionKind::kList:
      return list_schema(option);
    case OptionKind::kObject:
      return object_schema(option.fields());
    case OptionKind::kMapOf:
      return map_of_schema(option);
    case OptionKind::kTable:
      return table_schema(option);
    default:
      return {{"type", Json::array({"string", "number"})}};
  }
}

Json option_schema(const Option& option) {
  std::vector<Json> choices = {plain_schema(option)};
  if (!option.extra_words().empty()) {
    choices.push_back(words_schema(option.extra_words()));
  }
  if (option.map_key().has_value() && option.kind() != OptionKind::kTable) {
    choices.push_back(table_schema(option));
  }
  choices.push_back(reference("parameter_use"));
  Json schema = any_of(std::move(choices));
  schema["description"] = option.help();
  return schema;
}

void add_properties(const std::vector<Option>& options, Json& properties) {
  for (const Option& option : options) {
    properties[option.name()] = option_schema(option);
    for (const std::string& old_name : option.old_names()) {
      properties[old_name] = {{"deprecated", true}};
    }
  }
}

Json required_names(const std::vector<Option>& options) {
  Json names = Json::array();
  for (const Option& option : options) {
    if (option.is_required()) {
      names.push_back(option.name());
    }
  }
  return names;
}

Json object_schema(const std::vector<Option>& options) {
  Json properties = Json::object();
  add_properties(options, properties);
  Json schema = {
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (Json required = required_names(options); !required.empty()) {
    schema["required"] = std::move(required);
  }
  return schema;
}

Json actor_schema(const ActorType& type) {
  Json schema = object_schema(type.options());
  schema["description"] = type.help();
  Json& properties = schema["properties"];  // valid until the next key: an ordered map is a vector
  properties["type"] = {{"const", type.name()}};
  add_properties(actor_words(), properties);
  if (type.does_run_model() || type.is_source()) {
    add_properties(flow_options(), properties);
  }
  Json required = required_names(type.options());
  if (type.is_source()) {
    properties["streams"] = {{"type", "object"},
                             {"propertyNames", {{"pattern", kNamePattern}}},
                             {"additionalProperties", {{"type", "object"}}}};
    required = Json::array();  // each stream may have its own
  } else {
    properties["in"] = reference("in");
    required.push_back("in");
  }
  required.push_back("type");
  schema["required"] = std::move(required);
  return schema;
}

Json in_schema() {
  const Json name = text_schema();
  Json long_form = object_schema(edge_words());
  long_form["properties"]["from"] = any_of({name, {{"type", "array"}, {"items", name}}});
  long_form["required"] = Json::array({"from"});
  const Json edges =
      any_of({name, long_form, {{"type", "array"}, {"items", any_of({name, long_form})}}});
  return any_of({edges, {{"type", "object"}, {"additionalProperties", edges}}});
}

Json model_schema(const TypeRegistry& registry) {
  Json schema = object_schema(model_words());
  Json& properties = schema["properties"];
  add_properties(registry.model_options(), properties);
  if (const ActorType* type = registry.preprocessor(); type != nullptr) {
    properties["preprocess"] = object_schema(type->options());
  }
  std::vector<Json> decoders;
  for (const std::string& name : registry.decoder_names()) {
    Json decoder = object_schema(registry.find(name)->options());
    decoder["properties"]["decode"] = {{"const", name}};
    decoder["required"].push_back("decode");
    decoder["description"] = registry.find(name)->help();
    decoders.push_back(std::move(decoder));
  }
  if (!decoders.empty()) {
    properties["postprocess"] = any_of(std::move(decoders));
  }
  return schema;
}

Json device_schema(const TypeRegistry& registry) {
  std::vector<Json> types;
  for (const std::string& name : registry.device_names()) {
    const DeviceType& type = *registry.find_device(name);
    Json schema = object_schema(type.options);
    add_properties(device_words(), schema["properties"]);
    schema["properties"]["type"] = {{"const", name}, {"description", type.help}};
    schema["required"].push_back("type");
    types.push_back(std::move(schema));
  }
  return types.empty() ? Json::object() : any_of(std::move(types));
}

Json map_of_names(Json value) {
  return {{"type", "object"},
          {"propertyNames", {{"pattern", kNamePattern}}},
          {"additionalProperties", std::move(value)}};
}

}  // namespace

std::string graph_schema(const TypeRegistry& registry) {
  Json parameter = object_schema(parameter_words());
  parameter["properties"]["default"] = Json::object();
  Json definitions = {{"parameter_use", {{"type", "string"}, {"pattern", "\\$\\(.+\\)"}}},
                      {"in", in_schema()}};
  std::vector<Json> actors;
  for (const std::string& name : registry.actor_names()) {
    definitions["actor_" + name] = actor_schema(*registry.find(name));
    actors.push_back(reference("actor_" + name));
  }
  Json properties = {{"graph", text_schema()},
                     {"params", map_of_names(std::move(parameter))},
                     {"devices", map_of_names(device_schema(registry))},
                     {"models", map_of_names(model_schema(registry))},
                     {"scheduler", object_schema(scheduler_words())},
                     {"runtime", object_schema(runtime_words())},
                     {"defaults", object_schema(default_words())}};
  properties["actors"] = map_of_names(actors.empty() ? Json::object() : any_of(std::move(actors)));
  const Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                       {"title", "Penstock graph"},
                       {"type", "object"},
                       {"properties", std::move(properties)},
                       {"required", Json::array({"actors"})},
                       {"additionalProperties", false},
                       {"$defs", std::move(definitions)}};
  return schema.dump(2) + "\n";
}

}  // namespace penstock
