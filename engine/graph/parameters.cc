#include "engine/graph/parameters.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "engine/graph/builtin_words.h"
#include "engine/graph/option_checker.h"
#include "engine/graph/path_checker.h"
#include "engine/yaml/nearest_word.h"
#include "engine/yaml/scalar.h"

namespace penstock {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{8} << 20U;
constexpr std::size_t kNodeBytes = 64;  // what an empty node counts
constexpr int kMaxDepth = 128;
constexpr std::size_t kMaxChain = 64;
constexpr std::string_view kEnvironmentPrefix = "env.";

bool has_type(const std::string& text, const std::string& type) {
  return (type == "bool" && parse_bool(text).has_value()) ||
         (type == "int" && parse_int(text).has_value()) ||
         (type == "number" && parse_number(text).has_value()) ||
         (type == "duration" && parse_duration(text).has_value()) ||
         (type == "bytes" && parse_bytes(text).has_value()) || type == "text" || type.empty();
}

/// Returns the type that a default shows; empty when it says nothing.
std::string type_of_default(const YamlNode& node) {
  if (!node.is_scalar() || node.is_quoted()) {
    return {};
  }
  for (const char* type : {"bool", "number", "duration", "bytes"}) {
    if (has_type(node.text(), type)) {
      return type;
    }
  }
  return {};
}

std::size_t bytes_of(const YamlNode& node) {
  std::size_t bytes = kNodeBytes + node.text().size();
  for (const YamlNode& item : node.items()) {
    bytes += bytes_of(item);
  }
  for (const YamlNode::Entry& entry : node.entries()) {
    bytes += entry.key.size() + bytes_of(entry.value);
  }
  return bytes;
}

int depth_of(const YamlNode& node) {
  int depth = 0;
  for (const YamlNode& item : node.items()) {
    depth = std::max(depth, depth_of(item));
  }
  for (const YamlNode::Entry& entry : node.entries()) {
    depth = std::max(depth, depth_of(entry.value));
  }
  return depth + 1;
}

void mark_secret(YamlNode& node) {
  node.set_secret();
  for (YamlNode& item : node.items()) {
    mark_secret(item);
  }
  for (YamlNode::Entry& entry : node.entries()) {
    mark_secret(entry.value);
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : " -> ") + name;
  }
  return text;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): graphs are checked before threads change anything
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

bool is_run_time_name(std::string_view name) {
  return name == "stream" || name == "graph" || name == "seq";
}

Parameters::Parameters(Given given, Environment environment, Diagnostics& diagnostics)
    : given_(std::move(given)),
      environment_(std::move(environment)),
      diagnostics_(diagnostics) {}

void Parameters::declare(const YamlNode& section) {
  if (!section.is_map() && !section.is_null()) {
    diagnostics_.error(
        "E012", section.place(), "'params' wants a map of names, not " + section.describe());
  }
  for (const YamlNode::Entry& entry : section.entries()) {
    declare_one(entry);
  }
  check_given_names();
  for (auto& [name, parameter] : parameters_) {
    resolve(name, parameter);
  }
}

void Parameters::declare_one(const YamlNode::Entry& entry) {
  if (!is_name(entry.key) || is_run_time_name(entry.key) || entry.key == "env") {
    diagnostics_.error("E017",
                       entry.key_place,
                       is_name(entry.key) ? "no parameter may be called '" + entry.key + "'"
                                          : "'" + entry.key + "' is not a name for a parameter",
                       is_name(entry.key)
                           ? "$(" + entry.key + ") has a meaning of its own"
                           : "letters, digits and underscores, not starting with a digit");
    return;
  }
  Parameter parameter;
  parameter.place = entry.key_place;
  read_words(entry, parameter);
  give(entry.key, parameter);
  parameters_.emplace(entry.key, std::move(parameter));
}

void Parameters::read_words(const YamlNode::Entry& entry, Parameter& parameter) {
  const YamlNode& node = entry.value;
  if (!node.is_map() && !node.is_null()) {
    diagnostics_.error("E012",
                       node.place(),
                       "parameter '" + entry.key + "' wants a map, not " + node.describe(),
                       "write " + entry.key + ": {default: ...}");
    parameter.value.set_broken();
    parameter.has_value = true;
    return;
  }
  OptionChecker checker(nullptr, diagnostics_);
  const OptionChecker::Owner owner{"parameter '" + entry.key + "'", entry.key_place, {"default"}};
  const OptionValues values = checker.check(parameter_words(), node, owner);
  parameter.secret = values.has("secret") && values.get_bool("secret");
  if (const YamlNode* fallback = node.find("default"); fallback != nullptr) {
    parameter.value = *fallback;
    parameter.has_value = true;
  }
  parameter.type = values.has("type") ? values.get_text("type") : type_of_default(parameter.value);
}

void Parameters::give(const std::string& name, Parameter& parameter) {
  const auto given = given_.find(name);
  if (given == given_.end()) {
    if (!parameter.has_value) {
      diagnostics_.error("E020",
                         parameter.place,
                         "parameter '" + name + "' has no value",
                         "give it a default, or run with --set " + name + "=VALUE");
    } else if (parameter.value.is_scalar() &&
               parameter.value.text().find("$(") == std::string::npos &&
               !has_type(parameter.value.text(), parameter.type)) {
      diagnostics_.error(
          "E020",
          parameter.value.place(),
          "the default of parameter '" + name + "' is not of its type " + parameter.type);
    }
    return;
  }
  check_given(name, parameter, given->second);
  parameter.value = YamlNode::scalar(parameter.place, given->second);
  parameter.value.set_origin({name, std::make_shared<const std::string>(kCommandLine)});
  parameter.has_value = true;
  parameter.state = State::kDone;
  parameter.bytes = bytes_of(parameter.value);
  parameter.depth = 1;
  if (parameter.secret) {
    parameter.value.set_secret();
    secrets_.push_back(given->second);
  }
}

void Parameters::check_given(const std::string& name,
                             const Parameter& parameter,
                             const std::string& text) {
  if (has_type(text, parameter.type)) {
    return;
  }
  const SourcePlace place{std::make_shared<const std::string>(kCommandLine), 0, 0, 1};
  diagnostics_.error("E020",
                     place,
                     "parameter '" + name + "' is " +
                         (parameter.secret ? std::string("***") : "'" + text + "'") +
                         "; it wants a value of type " + parameter.type);
}

void Parameters::check_given_names() {
  std::vector<std::string> known;
  for (const auto& [name, parameter] : parameters_) {
    known.push_back(name);
  }
  for (const auto& [name, text] : given_) {
    if (parameters_.find(name) == parameters_.end()) {
      const SourcePlace place{std::make_shared<const std::string>(kCommandLine), 0, 0, 1};
      const std::string near = did_you_mean(name, known);
      diagnostics_.error("E020",
                         place,
                         "the graph has no parameter '" + name + "'",
                         !near.empty()   ? near
                         : known.empty() ? "it has no parameters"
                                         : one_of(known));
    }
  }
}

void Parameters::resolve(const std::string& name, Parameter& parameter) {
  if (parameter.state != State::kWaiting || !parameter.has_value) {
    return;
  }
  parameter.state = State::kBusy;
  path_.push_back(name);
  replace(parameter.value, 0);
  path_.pop_back();
  parameter.state = State::kDone;
  parameter.bytes = bytes_of(parameter.value);
  parameter.depth = depth_of(parameter.value);
  if (parameter.value.origin() == nullptr) {
    parameter.value.set_origin({name, parameter.value.place().file});
  }
  if (parameter.secret) {
    mark_secret(parameter.value);
    secrets_.push_back(parameter.value.text());
  }
}

void Parameters::substitute(YamlNode& node) {
  replace(node, 0);
}

void Parameters::replace(YamlNode& node, int depth) {
  if (node.is_scalar()) {
    replace_scalar(node, depth);
    return;  // what came in is not looked at again: a value cannot smuggle in an expression
  }
  for (YamlNode& item : node.items()) {
    replace(item, depth + 1);
  }
  for (YamlNode::Entry& entry : node.entries()) {
    replace(entry.value, depth + 1);
  }
}

std::optional<Parameters::Use> Parameters::next_use(YamlNode& node, std::size_t from) {
  const std::string& text = node.text();
  const std::size_t begin = text.find("$(", from);
  if (begin == std::string::npos) {
    return std::nullopt;
  }
  const std::size_t close = text.find(')', begin);
  if (close == std::string::npos) {
    diagnostics_.error("E020",
                       node.place(),
                       node.describe() + " holds '$(' without ')'",
                       "parameters are written $(name)");
    node.set_broken();
    return std::nullopt;
  }
  return Use{begin, close + 1, text.substr(begin + 2, close - begin - 2)};
}

void Parameters::replace_scalar(YamlNode& node, int depth) {
  const auto first = next_use(node, 0);
  if (!first.has_value()) {
    return;
  }
  if (first->begin == 0 && first->end == node.text().size()) {
    if (!is_run_time_name(first->name)) {
      replace_whole(node, first->name, depth);
    }
    return;
  }
  std::string text;
  std::size_t copied = 0;
  for (auto use = first; use.has_value(); use = next_use(node, use->end)) {
    text += node.text().substr(copied, use->begin - copied);
    copied = use->end;
    if (is_run_time_name(use->name)) {
      text += node.text().substr(use->begin, use->end - use->begin);
      continue;
    }
    const auto value = value_of(use->name, node.place());
    if (!value.has_value() || value->is_broken()) {
      node.set_broken();
      continue;
    }
    if (!value->is_scalar()) {
      node.set_broken();
      diagnostics_.error("E020",
                         node.place(),
                         "parameter '" + use->name + "' is " + value->describe() +
                             "; inside a text it must be text");
      continue;
    }
    if (value->is_secret()) {
      node.set_secret();
    }
    text += value->text();
  }
  text += node.text().substr(copied);
  node.set_text(std::move(text));
}

void Parameters::replace_whole(YamlNode& node, const std::string& name, int depth) {
  auto value = value_of(name, node.place());
  if (!value.has_value()) {
    node.set_broken();
    return;
  }
  const auto parameter = parameters_.find(name);
  const int value_depth = parameter == parameters_.end() ? 1 : parameter->second.depth;
  if (depth + value_depth > kMaxDepth) {
    diagnostics_.error(
        "E020", node.place(), "parameter '" + name + "' makes the file deeper than 128 levels");
    node.set_broken();
    return;
  }
  value->set_place(node.place());
  node = *std::move(value);
}

std::optional<YamlNode> Parameters::value_of(const std::string& name, const SourcePlace& place) {
  if (name.rfind(kEnvironmentPrefix, 0) == 0) {
    const std::string variable = name.substr(kEnvironmentPrefix.size());
    auto text = environment_(variable);
    if (!text.has_value()) {
      diagnostics_.error("E021", place, "the environment variable " + variable + " is not set");
      return std::nullopt;
    }
    if (!spend(text->size() + kNodeBytes, place)) {
      return std::nullopt;
    }
    YamlNode node = YamlNode::scalar(place, *std::move(text));
    node.set_origin({name, std::make_shared<const std::string>(kCommandLine)});
    return node;
  }
  Parameter* parameter = find_parameter(name, place);
  if (parameter == nullptr || !parameter->has_value || !spend(parameter->bytes, place)) {
    return std::nullopt;
  }
  return parameter->value;
}

Parameters::Parameter* Parameters::find_parameter(const std::string& name,
                                                  const SourcePlace& place) {
  const auto found = parameters_.find(name);
  if (found == parameters_.end()) {
    std::vector<std::string> known = {"stream", "graph", "seq"};
    for (const auto& [other, parameter] : parameters_) {
      known.push_back(other);
    }
    diagnostics_.error("E020", place, "no parameter '" + name + "'", did_you_mean(name, known));
    return nullptr;
  }
  Parameter& parameter = found->second;
  if (parameter.state == State::kBusy) {
    const auto start = std::find(path_.begin(), path_.end(), name);
    std::vector<std::string> cycle(start, path_.end());
    cycle.push_back(name);
    diagnostics_.error("E022", place, "parameters refer to each other: " + joined(cycle));
    return nullptr;
  }
  if (parameter.state == State::kWaiting && path_.size() >= kMaxChain) {
    diagnostics_.error("E022", place, "parameters refer to each other over more than 64 steps");
    return nullptr;
  }
  resolve(name, parameter);
  return &parameter;
}

bool Parameters::spend(std::size_t bytes, const SourcePlace& place) {
  spent_bytes_ += bytes;
  if (spent_bytes_ <= kMaxBytes) {
    return true;
  }
  if (!std::exchange(refused_size_, true)) {
    diagnostics_.error("E020", place, "the parameters expand to more than 8 MiB");
  }
  return false;
}

}  // namespace penstock
