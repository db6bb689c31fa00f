#include "tools/cli/actor_json.h"

#include <nlohmann/json.hpp>

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;

const char* kind_word(OptionKind kind) {
  switch (kind) {
    case OptionKind::kBool:
      return "bool";
    case OptionKind::kInt:
      return "int";
    case OptionKind::kNumber:
      return "number";
    case OptionKind::kText:
      return "text";
    case OptionKind::kWord:
      return "word";
    case OptionKind::kDuration:
      return "duration";
    case OptionKind::kBytes:
      return "bytes";
    case OptionKind::kBitRate:
      return "bit_rate";
    case OptionKind::kRate:
      return "rate";
    case OptionKind::kSize:
      return "size";
    case OptionKind::kColour:
      return "colour";
    case OptionKind::kPathIn:
      return "path_in";
    case OptionKind::kPathOut:
      return "path_out";
    case OptionKind::kUri:
      return "uri";
    case OptionKind::kLabels:
      return "labels";
    case OptionKind::kList:
      return "list";
    case OptionKind::kObject:
      return "object";
    case OptionKind::kMapOf:
      return "map_of";
    case OptionKind::kTable:
      return "table";
  }
  return "";
}

Json option_object(const Option& option) {
  Json json{{"name", option.name()},
            {"help", option.help()},
            {"kind", kind_word(option.kind())},
            {"required", option.is_required()}};
  if (option.default_yaml().has_value()) {
    json["default"] = *option.default_yaml();
  }
  if (option.least().has_value()) {
    json["least"] = *option.least();
  }
  if (option.most().has_value()) {
    json["most"] = *option.most();
  }
  if (!option.unit_text().empty()) {
    json["unit"] = option.unit_text();
  }
  std::vector<std::string> words = option.words();
  words.insert(words.end(), option.extra_words().begin(), option.extra_words().end());
  if (!words.empty()) {
    json["words"] = words;
  }
  if (option.item() != nullptr) {
    json["item"] = option_object(*option.item());
  }
  for (const Option& field : option.fields()) {
    json["fields"].push_back(option_object(field));
  }
  return json;
}

const char* type_word(const ActorType& type) {
  if (type.is_source()) {
    return "source";
  }
  if (type.is_decoder()) {
    return "decoder";
  }
  return type.is_sink() ? "sink" : "transform";
}

Json type_object(const ActorType& type) {
  Json json{{"name", type.name()},
            {"help", type.help()},
            {"kind", type_word(type)},
            {"scope", type.scope() == Scope::kPerStream ? "per_stream" : "shared"},
            {"inputs", Json::array()},
            {"outputs", Json::array()},
            {"options", Json::array()}};
  for (const InPort& port : type.inputs()) {
    json["inputs"].push_back(
        Json{{"name", port.name}, {"needs", port.needs}, {"optional", port.optional}});
  }
  if (type.takes_any_input()) {
    json["any_input_needs"] = type.find_input("")->needs;
  }
  for (const OutPort& port : type.outputs()) {
    json["outputs"].push_back(
        Json{{"name", port.name}, {"adds", port.adds}, {"fresh", port.fresh}});
  }
  for (const Option& option : type.options()) {
    json["options"].push_back(option_object(option));
  }
  return json;
}

}  // namespace

std::string actor_json(const ActorType& type) {
  return type_object(type).dump();
}

std::string actor_list_json(const TypeRegistry& registry) {
  Json list = Json::array();
  for (const std::string& name : registry.actor_names()) {
    list.push_back(type_object(*registry.find(name)));
  }
  return Json{{"actors", std::move(list)}}.dump();
}

}  // namespace penstock
