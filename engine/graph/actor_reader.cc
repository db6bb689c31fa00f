#include "engine/graph/actor_reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/graph/builtin_words.h"
#include "engine/graph/device_reader.h"
#include "engine/graph/schedule_words.h"
#include "engine/graph/section_reader.h"
#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kStreams = "streams";

/// What a source does: it reconnects for ever, from 1 s to 30 s apart.
RestartWords source_restart() {
  RestartWords words;
  words.max = std::nullopt;
  words.backoff_least = std::chrono::seconds(1);
  words.backoff_most = std::chrono::seconds(30);
  return words;
}

/// Returns the keys of an actor that are not options of its type.
Words framework_keys(const ActorType* type) {
  Words keys = {"type", "in"};
  for (const Option& word : actor_words()) {
    keys.push_back(word.name());
  }
  for (const Option& word : flow_options()) {
    keys.push_back(word.name());
  }
  for (const std::string& word : later_words(WordSection::kActor)) {
    keys.push_back(word);
  }
  if (type != nullptr && type->is_source()) {
    keys.emplace_back(kStreams);
  }
  return keys;
}

Words keys_of(const YamlNode& map) {
  Words keys;
  for (const YamlNode::Entry& entry : map.entries()) {
    keys.push_back(entry.key);
  }
  return keys;
}

std::vector<Option> without_required(const std::vector<Option>& options) {
  std::vector<Option> optional;
  std::copy_if(options.begin(), options.end(), std::back_inserter(optional), [](const Option& o) {
    return !o.is_required();
  });
  return optional;
}

}  // namespace

void ActorReader::read(const YamlNode& section, const SourcePlace& place, GraphDraft& draft) {
  if (!check_section("actors", section, diagnostics_)) {
    return;
  }
  if (section.entries().empty()) {
    diagnostics_.error(
        "E011", place, "a graph wants 'actors'", "add actors: {name: {type: ..., in: ...}}");
    return;
  }
  for (const YamlNode::Entry& entry : section.entries()) {
    read_actor(entry, draft);
  }
  check_stream_names(draft);
}

void ActorReader::read_actor(const YamlNode::Entry& entry, GraphDraft& draft) {
  if (!is_name(entry.key)) {
    diagnostics_.error("E017",
                       entry.key_place,
                       "'" + entry.key + "' is not a name for an actor",
                       "letters, digits and underscores, not starting with a digit");
  }
  ActorDraft actor;
  actor.spec.name = entry.key;
  actor.spec.place = entry.key_place;
  const std::size_t errors_before = diagnostics_.error_count();
  if (!check_section(entry.key, entry.value, diagnostics_)) {
    actor.sound = false;
    draft.actors.push_back(std::move(actor));
    return;
  }
  actor.spec.type = read_type(entry);
  check_later_words(entry.value, WordSection::kActor, diagnostics_);
  read_options(entry, actor);
  read_words(entry, actor, draft);
  actor.sound = actor.sound && diagnostics_.error_count() == errors_before;
  EdgeDraft defaults;
  defaults.queue = draft.defaults.queue;
  defaults.drop = draft.defaults.drop;
  if (const YamlNode* in = entry.value.find("in"); in != nullptr) {
    actor.has_in = true;
    actor.in_place = in->place();
    const std::size_t edge_errors_before = diagnostics_.error_count();
    actor.edges.clear();
    read_in(*in, actor);
    for (EdgeDraft& edge : actor.edges) {
      edge.queue = edge.queue_is_written ? edge.queue : defaults.queue;
      edge.drop = edge.drop_is_written ? edge.drop : defaults.drop;
    }
    actor.edges_sound = !in->is_broken() && diagnostics_.error_count() == edge_errors_before;
  }
  draft.actors.push_back(std::move(actor));
}

const ActorType* ActorReader::read_type(const YamlNode::Entry& entry) {
  const YamlNode* node = entry.value.find("type");
  if (node == nullptr && entry.value.is_broken()) {
    return nullptr;
  }
  if (node == nullptr) {
    diagnostics_.error("E011",
                       entry.key_place,
                       "actor '" + entry.key + "' wants 'type': what it does",
                       "add type: ...; 'penstock actors' lists the types");
    return nullptr;
  }
  if (node->is_broken()) {
    return nullptr;
  }
  if (!node->is_scalar()) {
    diagnostics_.error("E012", node->place(), "'type' wants a word, not " + node->describe());
    return nullptr;
  }
  const ActorType* type = registry_.find(node->text());
  if (type == nullptr) {
    const std::string near = did_you_mean(node->text(), registry_.actor_names());
    diagnostics_.error("E030",
                       node->place(),
                       "no actor type " + node->describe(),
                       near.empty() ? "'penstock actors' lists the types" : near);
  }
  return type;
}

void ActorReader::read_options(const YamlNode::Entry& entry, ActorDraft& actor) {
  const ActorType* type = actor.spec.type;
  const YamlNode& node = entry.value;
  if (type == nullptr) {
    actor.sound = false;
    return;
  }
  const OptionChecker::Owner owner{
      "actor '" + entry.key + "' (" + type->name() + ")", entry.key_place, framework_keys(type)};
  const YamlNode* streams = type->is_source() ? node.find(kStreams) : nullptr;
  if (streams != nullptr) {
    OptionChecker::Owner all_options = owner;
    for (const Option& option : type->options()) {
      all_options.words.push_back(option.name());  // required ones are looked for in each stream
    }
    actor.spec.options = checker_.check(without_required(type->options()), node, all_options);
    read_streams(entry, *streams, actor);
    return;
  }
  const std::size_t errors_before = diagnostics_.error_count();
  actor.spec.options = checker_.check(type->options(), node, owner);
  if (diagnostics_.error_count() == errors_before) {
    check_rule(*type, actor.spec.options, owner, diagnostics_);
  }
  if (type->is_source()) {
    StreamSpec stream;
    stream.name = entry.key;
    stream.options = actor.spec.options;
    stream.place = entry.key_place;
    add_stream(std::move(stream), diagnostics_.error_count() == errors_before, actor);
  }
  if (type->does_run_model() && node.find("model") != nullptr) {
    actor.model_place = node.find("model")->place();
  }
}

void ActorReader::read_streams(const YamlNode::Entry& entry,
                               const YamlNode& streams,
                               ActorDraft& actor) {
  if (!streams.is_map() || streams.entries().empty()) {
    if (!streams.is_broken()) {
      diagnostics_.error("E012",
                         streams.place(),
                         "'streams' wants a map of names, not " + streams.describe(),
                         "write streams: {name: {...}}");
    }
    return;
  }
  for (const Option& option : actor.spec.type->options()) {
    const YamlNode::Entry* written = entry.value.find_entry(option.name());
    if (option.is_required() && written != nullptr) {
      diagnostics_.error(
          "E015",
          written->key_place,
          "'" + option.name() + "' and 'streams' of actor '" + entry.key + "' exclude each other",
          "give each stream its own '" + option.name() + "'");
    }
  }
  for (const YamlNode::Entry& stream : streams.entries()) {
    read_stream(entry.value, stream, actor);
  }
}

void ActorReader::read_stream(const YamlNode& actor_node,
                              const YamlNode::Entry& entry,
                              ActorDraft& actor) {
  if (!is_name(entry.key)) {
    diagnostics_.error("E017",
                       entry.key_place,
                       "'" + entry.key + "' is not a name for a stream",
                       "letters, digits and underscores, not starting with a digit");
  }
  if (!check_section(entry.key, entry.value, diagnostics_)) {
    return;
  }
  const std::size_t errors_before = diagnostics_.error_count();
  YamlNode merged = YamlNode::map(entry.value.place());
  for (const YamlNode::Entry& option : entry.value.entries()) {
    merged.insert(option.key, option.key_place, option.value);
  }
  for (const Option& option : actor.spec.type->options()) {
    const YamlNode::Entry* common = actor_node.find_entry(option.name());
    if (common != nullptr && merged.find(option.name()) == nullptr) {
      merged.insert(common->key, common->key_place, common->value);
    }
  }
  const std::string owner = "actor '" + actor.spec.name + "' (" + actor.spec.type->name() + ")";
  StreamSpec stream;
  stream.name = entry.key;
  stream.place = entry.key_place;
  const OptionChecker::Owner whole{owner, entry.key_place, {}};
  stream.options = checker_.check(actor.spec.type->options(), merged, whole);
  if (diagnostics_.error_count() == errors_before) {
    check_rule(*actor.spec.type, stream.options, whole, diagnostics_);
  }
  add_stream(std::move(stream), diagnostics_.error_count() == errors_before, actor);
}

void ActorReader::add_stream(StreamSpec stream, bool sound, ActorDraft& actor) {
  // A rule of the type may ask for options that are missing when something was wrong.
  stream.live = sound && actor.spec.type->is_live(stream.options);
  actor.spec.streams.push_back(std::move(stream));
}

void ActorReader::check_stream_names(const GraphDraft& draft) {
  std::map<std::string, const ActorDraft*> seen;
  for (const ActorDraft& actor : draft.actors) {
    for (const StreamSpec& stream : actor.spec.streams) {
      const auto [first, is_new] = seen.emplace(stream.name, &actor);
      if (!is_new) {
        diagnostics_.error("E017",
                           stream.place,
                           "stream '" + stream.name + "' exists already, in actor '" +
                               first->second->spec.name + "'",
                           "names of streams are unique in a graph");
      }
    }
  }
}

void ActorReader::read_words(const YamlNode::Entry& entry, ActorDraft& actor, GraphDraft& draft) {
  const ActorType* type = actor.spec.type;
  const OptionValues values =
      checker_.check(actor_words(),
                     entry.value,
                     {"actor '" + entry.key + "'", entry.key_place, keys_of(entry.value)});
  const bool is_source = type != nullptr && type->is_source();
  actor.spec.restart =
      read_restart(values, is_source ? source_restart() : draft.defaults.restart, diagnostics_);
  actor.spec.scope = type == nullptr ? Scope::kShared : type->scope();
  if (values.has("scope")) {
    actor.spec.scope = values.is_word("scope", "stream") ? Scope::kPerStream : Scope::kShared;
  }
  if (values.has("device")) {
    actor.spec.device = use_device(
        values.get_text("device"), values.place("device"), registry_, draft, diagnostics_);
    if (type != nullptr && !type->does_run_model()) {
      diagnostics_.error("E010",
                         entry.value.find_entry("device")->key_place,
                         "actor '" + entry.key + "' (" + type->name() + ") runs on no device",
                         "remove 'device'");
    }
  }
  read_flow(entry, actor);
}

void ActorReader::read_flow(const YamlNode::Entry& entry, ActorDraft& actor) {
  const ActorType* type = actor.spec.type;
  const bool has_flow = type != nullptr && (type->is_source() || type->does_run_model());
  for (const Option& word : flow_options()) {
    const YamlNode::Entry* written = entry.value.find_entry(word.name());
    if (written != nullptr && type != nullptr && !has_flow) {
      diagnostics_.error(
          "E010",
          written->key_place,
          "actor '" + entry.key + "' (" + type->name() + ") does not wait for a device",
          "'" + word.name() + "' goes to a source, or to what runs a model");
    }
  }
  if (!has_flow) {
    return;
  }
  const OptionValues values =
      checker_.check(flow_options(),
                     entry.value,
                     {"actor '" + entry.key + "'", entry.key_place, keys_of(entry.value)});
  if (values.has("priority")) {
    actor.flow.priority = read_priority(values);
  }
  if (const OptionValue* weight = values.find("weight"); weight != nullptr) {
    if (const auto* by_stream = weight->as<OptionValues>(); by_stream != nullptr) {
      actor.flow.weights = *by_stream;
    } else {
      actor.flow.weight = values.get_number("weight");
    }
  }
}

void ActorReader::read_in(const YamlNode& node, ActorDraft& actor) {
  const EdgeDraft start;
  if (!node.is_map() || node.find("from") != nullptr) {
    read_edges(start, node, actor);
    return;
  }
  if (node.entries().empty()) {
    diagnostics_.error("E012", node.place(), "'in' wants the name of an actor, not an empty map");
  }
  for (const YamlNode::Entry& entry : node.entries()) {
    EdgeDraft edge = start;
    edge.port = entry.key;
    edge.port_place = entry.key_place;
    read_edges(edge, entry.value, actor);
  }
}

void ActorReader::read_edges(const EdgeDraft& start, const YamlNode& node, ActorDraft& actor) {
  if (node.is_broken()) {
    diagnostics_.count_reported_elsewhere();
    return;
  }
  if (node.is_scalar() && !node.text().empty()) {
    EdgeDraft edge = start;
    edge.target = node.text();
    edge.place = node.place();
    actor.edges.push_back(std::move(edge));
    return;
  }
  if (node.is_map() && node.find("from") != nullptr) {
    read_long_edge(start, node, actor);
    return;
  }
  if (node.is_sequence() && !node.items().empty()) {
    for (const YamlNode& item : node.items()) {
      if (item.is_sequence()) {
        diagnostics_.error("E012", item.place(), "'in' wants names of actors, not lists of lists");
        continue;
      }
      read_edges(start, item, actor);
    }
    return;
  }
  diagnostics_.error("E012",
                     node.place(),
                     "'in' wants the name of an actor, not " + node.describe(),
                     "forms: actor, actor.port, {port: actor}, [a, b], {from: actor, queue: 8}");
}

void ActorReader::read_long_edge(EdgeDraft edge, const YamlNode& node, ActorDraft& actor) {
  check_later_words(node, WordSection::kEdge, diagnostics_);
  Words words = later_words(WordSection::kEdge);
  words.emplace_back("from");
  const OptionValues values = checker_.check(edge_words(), node, {"'in'", node.place(), words});
  edge.queue_is_written = values.has("queue");
  edge.drop_is_written = values.has("drop");
  edge.queue = edge.queue_is_written ? values.get_int("queue") : edge.queue;
  edge.drop = read_drop(values);
  const YamlNode& from = *node.find("from");
  if (from.is_map()) {
    diagnostics_.error("E012", from.place(), "'from' wants the name of an actor, not a map");
    return;
  }
  read_edges(edge, from, actor);
}

}  // namespace penstock
