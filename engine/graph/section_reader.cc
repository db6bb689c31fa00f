#include "engine/graph/section_reader.h"

#include <algorithm>
#include <utility>

#include "engine/graph/device_reader.h"
#include "engine/graph/model_shapes.h"
#include "engine/graph/schedule_words.h"
#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kMostEntries = 4096;

Words with_later_words(Words words, WordSection section) {
  const Words& later = later_words(section);
  words.insert(words.end(), later.begin(), later.end());
  return words;
}

std::vector<Option> joined(std::vector<Option> first, const std::vector<Option>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

void check_later_words(const YamlNode& map, WordSection section, Diagnostics& diagnostics) {
  const Words& later = later_words(section);
  for (const YamlNode::Entry& entry : map.entries()) {
    if (std::find(later.begin(), later.end(), entry.key) != later.end()) {
      diagnostics.error("E004",
                        entry.key_place,
                        "'" + entry.key + "' is not in this version of Penstock",
                        "remove it");
    }
  }
}

void check_rule(const ActorType& type,
                const OptionValues& options,
                const OptionChecker::Owner& owner,
                Diagnostics& diagnostics) {
  const auto misrule = type.misrule(options);
  if (misrule.has_value()) {
    const std::string& option = misrule->option;
    diagnostics.error("E013",
                      options.is_written(option) ? options.place(option) : owner.place,
                      "'" + option + "' of " + owner.name + misrule->text);
  }
}

bool check_section(const std::string& name, const YamlNode& section, Diagnostics& diagnostics) {
  if (section.is_broken()) {
    diagnostics.count_reported_elsewhere();
    return false;
  }
  if (!section.is_map() && !section.is_null()) {
    diagnostics.error(
        "E012", section.place(), "'" + name + "' wants a map, not " + section.describe());
    return false;
  }
  if (section.entries().size() > kMostEntries) {
    diagnostics.error("E013",
                      section.place(),
                      "'" + name + "' has " + std::to_string(section.entries().size()) +
                          " entries; at most " + std::to_string(kMostEntries) + " are read");
    return false;
  }
  return true;
}

RestartWords read_restart(const OptionValues& values,
                          const RestartWords& base,
                          Diagnostics& diagnostics) {
  RestartWords words = base;
  if (!values.has("restart")) {
    return words;
  }
  const OptionValues& restart = values.get_object("restart");
  if (restart.is_word("max", "forever")) {
    words.max = std::nullopt;
  } else if (restart.has("max")) {
    words.max = restart.get_int("max");
  }
  if (restart.has("within")) {
    words.within = restart.get_duration("within");
  }
  if (restart.has("backoff")) {
    words.backoff_least = restart.get_durations("backoff")[0];
    words.backoff_most = restart.get_durations("backoff")[1];
    if (words.backoff_least > words.backoff_most) {
      diagnostics.error("E013",
                        restart.place("backoff"),
                        "'backoff': the shortest wait is longer than the longest",
                        "write [shortest, longest]");
    }
  }
  if (restart.has("then")) {
    words.then = restart.is_word("then", "stop_graph") ? RestartWords::Then::kStopGraph
                                                       : RestartWords::Then::kStopStream;
  }
  return words;
}

void SectionReader::read_defaults(const YamlNode& section, GraphDraft& draft) {
  if (!check_section("defaults", section, diagnostics_)) {
    return;
  }
  check_later_words(section, WordSection::kDefaults, diagnostics_);
  const OptionValues values =
      checker_.check(default_words(),
                     section,
                     {"'defaults'", section.place(), with_later_words({}, WordSection::kDefaults)});
  GraphDefaults& defaults = draft.defaults;
  defaults.queue = values.has("queue") ? values.get_int("queue") : defaults.queue;
  defaults.drop = read_drop(values);
  defaults.restart = read_restart(values, defaults.restart, diagnostics_);
  if (values.is_written("device")) {
    const std::string device = use_device(
        values.get_text("device"), values.place("device"), registry_, draft, diagnostics_);
    defaults.device = device.empty() ? defaults.device : device;
  }
}

void SectionReader::read_runtime(const YamlNode& section, GraphDraft& draft) {
  if (!check_section("runtime", section, diagnostics_)) {
    return;
  }
  check_later_words(section, WordSection::kRuntime, diagnostics_);
  const OptionValues values =
      checker_.check(runtime_words(),
                     section,
                     {"'runtime'", section.place(), with_later_words({}, WordSection::kRuntime)});
  if (values.has("workers") && !values.is_word("workers", "cores")) {
    draft.workers = values.get_int("workers");
  }
}

void SectionReader::read_scheduler(const YamlNode& section, GraphDraft& draft) {
  if (check_section("scheduler", section, diagnostics_)) {
    draft.scheduler = read_scheduler_words(
        checker_.check(scheduler_words(), section, {"'scheduler'", section.place(), {}}));
  }
}

void SectionReader::read_models(const YamlNode& section, GraphDraft& draft) {
  if (check_section("models", section, diagnostics_)) {
    for (const YamlNode::Entry& entry : section.entries()) {
      read_model(entry, draft);
    }
  }
}

void SectionReader::read_model(const YamlNode::Entry& entry, GraphDraft& draft) {
  if (!is_name(entry.key)) {
    diagnostics_.error("E017",
                       entry.key_place,
                       "'" + entry.key + "' is not a name for a model",
                       "letters, digits and underscores, not starting with a digit");
  }
  YamlNode node = entry.value;
  const std::size_t errors_before = diagnostics_.error_count();
  check_later_words(node, WordSection::kModel, diagnostics_);
  ModelDraft model;
  model.spec.name = entry.key;
  model.spec.place = entry.key_place;
  const OptionChecker::Owner owner{
      "model '" + entry.key + "'",
      entry.key_place,
      with_later_words({"preprocess", "postprocess"}, WordSection::kModel)};
  const OptionValues values =
      checker_.check(joined(model_words(), registry_.model_options()), node, owner);
  const auto text = [&](const char* word) {
    return values.has(word) ? values.get_text(word) : std::string();
  };
  model.spec.file = text("file");
  model.spec.network = text("network");
  model.spec.variant = text("variant");
  if (values.has("batch")) {
    const OptionValues& batch = values.get_object("batch");
    model.spec.batch_size = batch.has("size") ? batch.get_int("size") : 1;
    model.spec.batch_wait = batch.has("wait") ? batch.get_duration("wait") : model.spec.batch_wait;
    model.spec.batch_per_stream = batch.has("per_stream") ? batch.get_int("per_stream") : 0;
  }
  read_model_shapes(values, model, diagnostics_);
  read_placing(node, values, model, draft);
  model.spec.knobs = read_knobs(values, draft.scheduler, diagnostics_);
  model.spec.options = values;
  for (const Option& option : registry_.model_options()) {
    if (const OptionValue* value = values.find(option.name()); value != nullptr) {
      model.spec.driver_options.set(option.name(), *value);
    }
  }
  if (const YamlNode* preprocess = node.find("preprocess"); preprocess != nullptr) {
    read_preprocess(*preprocess, model);
  }
  if (const YamlNode* postprocess = node.find("postprocess"); postprocess != nullptr) {
    read_postprocess(*postprocess, model);
  }
  model.sound = diagnostics_.error_count() == errors_before;
  draft.models.push_back(std::move(model));
}

void SectionReader::read_placing(const YamlNode& node,
                                 const OptionValues& values,
                                 ModelDraft& model,
                                 GraphDraft& draft) {
  ModelSpec& spec = model.spec;
  if (values.is_written("device")) {
    const YamlNode& written = *node.find("device");
    const bool is_list = written.is_sequence();
    for (std::size_t i = 0; i < (is_list ? written.items().size() : 1); ++i) {
      const YamlNode& item = is_list ? written.items()[i] : written;
      const std::string name =
          use_device(item.text(), item.place(), registry_, draft, diagnostics_);
      if (std::find(spec.devices.begin(), spec.devices.end(), name) != spec.devices.end()) {
        diagnostics_.error("E002", item.place(), "device '" + name + "' is named twice");
      } else if (!name.empty()) {
        spec.devices.push_back(name);
        model.device_places.push_back(item.place());
      }
    }
  }
  spec.device = spec.devices.empty() ? std::string() : spec.devices.front();
  if (values.is_word("placement", "round_robin")) {
    spec.placement = Placement::kRoundRobin;
  } else if (values.is_word("placement", "least_loaded")) {
    spec.placement = Placement::kLeastLoaded;
  }
  spec.failover = values.has("failover") && values.get_bool("failover");
  spec.mode = values.has("mode") ? values.get_text("mode") : spec.mode;
  spec.cores = values.has("cores") ? values.get_int("cores") : 0;
}

void SectionReader::read_preprocess(const YamlNode& node, ModelDraft& model) {
  model.has_preprocess = true;
  model.preprocess_place = node.place();
  if (const ActorType* type = registry_.preprocessor(); type != nullptr) {
    model.preprocess = checker_.check(type->options(), node, {"'preprocess'", node.place(), {}});
  }
}

void SectionReader::read_postprocess(const YamlNode& node, ModelDraft& model) {
  if (!check_section("postprocess", node, diagnostics_)) {
    return;
  }
  const YamlNode* decode = node.find("decode");
  const Words known = registry_.decoder_names();
  if (decode == nullptr || !decode->is_scalar()) {
    const SourcePlace& place = decode == nullptr ? node.place() : decode->place();
    diagnostics_.error(decode == nullptr ? "E011" : "E012",
                       place,
                       "'postprocess' wants 'decode': how the outputs are read",
                       known.empty() ? "" : "add decode: " + one_of(known));
    return;
  }
  if (decode->is_broken()) {
    diagnostics_.count_reported_elsewhere();
    return;
  }
  const ActorType* type = registry_.find(decode->text());
  if (type == nullptr || !type->is_decoder()) {
    diagnostics_.error(
        "E014",
        decode->place(),
        "no decoder " + decode->describe() + (known.empty() ? "" : "; it wants " + one_of(known)),
        did_you_mean(decode->text(), known));
    return;
  }
  model.decoder = type;
  model.decode_place = decode->place();
  const OptionChecker::Owner owner{"decoder '" + type->name() + "'", node.place(), {"decode"}};
  const std::size_t errors_before = diagnostics_.error_count();
  model.postprocess = checker_.check(type->options(), node, owner);
  if (diagnostics_.error_count() == errors_before) {
    check_rule(*type, model.postprocess, owner, diagnostics_);
  }
}

}  // namespace penstock
