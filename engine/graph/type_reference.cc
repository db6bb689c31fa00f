#include "engine/graph/type_reference.h"

#include <algorithm>

#include "engine/graph/builtin_words.h"
#include "engine/graph/schedule_words.h"

namespace penstock {
namespace {

const char* kind_word(OptionKind kind) {
  switch (kind) {
    case OptionKind::kBool:
      return "true or false";
    case OptionKind::kInt:
      return "whole number";
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
      return "bit rate";
    case OptionKind::kRate:
      return "rate per second";
    case OptionKind::kSize:
      return "[width, height]";
    case OptionKind::kColour:
      return "colour";
    case OptionKind::kPathIn:
      return "file";
    case OptionKind::kPathOut:
      return "file to write";
    case OptionKind::kUri:
      return "address or path";
    case OptionKind::kLabels:
      return "labels (file or list)";
    case OptionKind::kList:
      return "list";
    case OptionKind::kObject:
      return "map";
    case OptionKind::kMapOf:
      return "map of names";
    case OptionKind::kTable:
      return "map of names";
  }
  return "value";
}

/// Returns "number, 0 to 1" or "one of byte, sort, or none".
std::string value_text(const Option& option) {
  std::string text = kind_word(option.kind());
  if (option.kind() == OptionKind::kWord) {
    text.clear();
    for (const std::string& word : option.words()) {
      text += (text.empty() ? "" : " | ") + word;
    }
  }
  if (option.item() != nullptr) {
    text += std::string(option.kind() == OptionKind::kTable ? " to " : " of ") +
            kind_word(option.item()->kind());
  }
  if (!option.range_text().empty()) {
    text += ", " + option.range_text();
  } else if (!option.unit_text().empty()) {
    text += ", " + option.unit_text();
  }
  for (const std::string& word : option.extra_words()) {
    text += " | " + word;
  }
  const Option& one = option.kind() == OptionKind::kTable ? *option.item() : option;
  if (one.map_key().has_value()) {
    text += *one.map_key() == Option::MapKey::kIndex ? " | map of indexes" : " | map of names";
  }
  return text;
}

std::string need_text(const Option& option) {
  if (option.is_required()) {
    return "required";
  }
  if (option.default_yaml().has_value()) {
    return "default " + *option.default_yaml();
  }
  return {};
}

std::string set_text(const PayloadSet& set) {
  std::string text;
  for (const std::string& item : set) {
    text += (text.empty() ? "" : ", ") + item;
  }
  return text.empty() ? "nothing" : text;
}

std::string ports_text(const ActorType& type) {
  std::string text;
  for (const InPort& port : type.inputs()) {
    text += "  in   " + port.name + ": needs " + set_text(port.needs) +
            (port.optional ? " (may be left unconnected)" : "") + "\n";
  }
  if (type.takes_any_input()) {
    text += "  in   any names: needs " + set_text(type.find_input("")->needs) + "\n";
  }
  for (const OutPort& port : type.outputs()) {
    text += "  out  " + port.name + ": " + (port.fresh ? "new frames with " : "adds ") +
            set_text(port.adds) + "\n";
  }
  return text;
}

std::string example_value(const Option& option) {
  if (option.default_yaml().has_value()) {
    return *option.default_yaml();
  }
  switch (option.kind()) {
    case OptionKind::kWord:
      return option.words().front();
    case OptionKind::kUri:
      return "clip.mp4";
    case OptionKind::kPathOut:
      return "out/file" + option.needed_name() +
             (option.endings().empty() ? std::string() : option.endings().front());
    case OptionKind::kPathIn:
      return "file";
    case OptionKind::kLabels:
      return "labels.txt";
    case OptionKind::kDuration:
      return "1s";
    case OptionKind::kSize:
      return "[640, 480]";
    case OptionKind::kInt:
    case OptionKind::kNumber:
    case OptionKind::kRate:
      return "1";
    default:
      return "...";
  }
}

/// Returns a text that may stand in a cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char character : text) {
    escaped += character == '|' ? "\\|" : std::string(1, character);
  }
  return escaped;
}

std::string option_rows(const std::vector<Option>& options, const std::string& prefix) {
  std::string text;
  for (const Option& option : options) {
    const std::string name = prefix + option.name();
    text += "| `" + name + "` | " + cell(value_text(option)) + " | " + cell(need_text(option)) +
            " | " + cell(option.help()) + " |\n";
    const bool is_map_of = option.kind() == OptionKind::kMapOf;
    text += option_rows(option.fields(), name + (is_map_of ? ".NAME." : "."));
    if (option.kind() == OptionKind::kList) {
      text += option_rows(option.item()->fields(), name + "[].");
    }
  }
  return text;
}

std::string option_table(const std::vector<Option>& options) {
  if (options.empty()) {
    return {};
  }
  return "\n| option | value | default | what it is |\n|---|---|---|---|\n" +
         option_rows(options, "");
}

std::string type_markdown(const ActorType& type) {
  std::string text = "\n### `" + type.name() + "`\n\n" + type.help() + ".\n\n";
  text += "```\n" + ports_text(type) + "```\n\n```yaml\n" + actor_example(type) + "\n```\n";
  return text + option_table(type.options());
}

using Filter = bool (*)(const ActorType& type);

bool is_source(const ActorType& type) {
  return type.is_source();
}

bool is_middle(const ActorType& type) {
  return !type.is_source() && !type.is_sink() && !type.is_decoder();
}

bool is_decoder(const ActorType& type) {
  return type.is_decoder();
}

bool is_sink(const ActorType& type) {
  return type.is_sink();
}

struct Group {
  const char* title;
  Filter belongs;
};

constexpr Group kGroups[] = {{"Sources", is_source},
                             {"Actors between", is_middle},
                             {"Decoders", is_decoder},
                             {"Sinks", is_sink}};

}  // namespace

std::string option_text(const Option& option, std::size_t indent) {
  const std::string need = need_text(option);
  std::string text = std::string(indent, ' ') + option.name() + "  " + value_text(option);
  text += need.empty() ? "" : ", " + need;
  text +=
      ": " + option.help() + (option.is_live_changeable() ? " (may be changed while running)" : "");
  text += "\n";
  const bool is_list = option.kind() == OptionKind::kList;
  for (const Option& field : is_list ? option.item()->fields() : option.fields()) {
    text += option_text(field, indent + 4);
  }
  return text;
}

std::string actor_example(const ActorType& type) {
  std::string text = "my_" + type.name() + ": {type: " + type.name();
  if (type.inputs().size() == 1) {
    text += ", in: producer";
  } else if (!type.is_source()) {
    text += ", in: {";
    for (const InPort& port : type.inputs()) {
      text += (text.back() == '{' ? "" : ", ") + port.name + ": producer";
    }
    text += type.inputs().empty() ? "frames: producer, results: producer}" : "}";
  }
  for (const Option& option : type.options()) {
    if (option.is_required()) {
      text += ", " + option.name() + ": " + example_value(option);
    }
  }
  return text + "}";
}

std::string actor_list_text(const TypeRegistry& registry) {
  const std::vector<std::string> names = registry.actor_names();
  std::size_t width = 0;
  for (const std::string& name : names) {
    width = std::max(width, name.size());
  }
  std::string text;
  for (const Group& group : kGroups) {
    text += std::string(group.title) + "\n";
    for (const std::string& name : names) {
      const ActorType& type = *registry.find(name);
      if (group.belongs(type)) {
        text += "  " + name + std::string(width + 2 - name.size(), ' ') + type.help() + "\n";
      }
    }
  }
  return text;
}

std::string actor_help_text(const ActorType& type) {
  std::string text = type.name() + ": " + type.help() + "\n\nPorts\n" + ports_text(type);
  if (!type.options().empty()) {
    text += "\nOptions\n";
  }
  for (const Option& option : type.options()) {
    text += option_text(option, 2);
  }
  if (type.is_source()) {
    text += "  streams  map of names, each with the options above: several streams of one source\n";
  }
  return text + "\nExample\n  " + actor_example(type) + "\n";
}

std::string reference_markdown(const TypeRegistry& registry) {
  std::string text =
      "# Reference of the graph language\n\n"
      "Made from the registry of types: change the types, not this page.\n";
  for (const Group& group : kGroups) {
    text += "\n## " + std::string(group.title) + "\n";
    for (const std::string& name : registry.actor_names()) {
      if (group.belongs(*registry.find(name))) {
        text += type_markdown(*registry.find(name));
      }
    }
  }
  text += "\n## Words of every actor\n" + option_table(actor_words());
  text += "\nOf those that run a model, and of sources:\n" + option_table(flow_options());
  text += "\n## Words of an edge\n" + option_table(edge_words());
  text += "\n## `models`\n" + option_table(model_words());
  if (!registry.model_options().empty()) {
    text += "\nOf the drivers:\n" + option_table(registry.model_options());
  }
  text += "\n## `devices`\n" + option_table(device_words());
  for (const std::string& name : registry.device_names()) {
    const DeviceType& type = *registry.find_device(name);
    text += "\n### `type: " + name + "`\n\n" + type.help + ".\n" + option_table(type.options);
  }
  text += "\n## `defaults`\n" + option_table(default_words());
  text += "\n## `scheduler`\n" + option_table(scheduler_words());
  text += "\n## `runtime`\n" + option_table(runtime_words());
  return text + "\n## `params`\n" + option_table(parameter_words());
}

}  // namespace penstock
