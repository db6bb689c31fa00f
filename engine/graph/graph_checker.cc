#include "engine/graph/graph_checker.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/graph/actor_reader.h"
#include "engine/graph/builtin_words.h"
#include "engine/graph/device_check.h"
#include "engine/graph/device_reader.h"
#include "engine/graph/flow_resolver.h"
#include "engine/graph/graph_expander.h"
#include "engine/graph/graph_linker.h"
#include "engine/graph/model_names.h"
#include "engine/graph/model_shapes.h"
#include "engine/graph/repeated_frames.h"
#include "engine/graph/section_reader.h"
#include "engine/yaml/nearest_word.h"
#include "engine/yaml/yaml_reader.h"

namespace penstock {
namespace {

/// Checks one document. A class only to hold what every step needs.
class GraphCheck {
 public:
  GraphCheck(const CheckRequest& request, const FileAccess& files, Diagnostics& diagnostics)
      : request_(request),
        registry_(*request.registry),
        files_(files),
        diagnostics_(diagnostics) {}

  GraphSpec check(YamlNode root, const SourceText& source) {
    GraphSpec spec;
    spec.file = *source.name();
    if (!root.is_map() && !root.is_null()) {
      diagnostics_.error(
          "E012", root.place(), "a graph wants a map of sections, not " + root.describe());
      return spec;
    }
    spec.secrets = substitute(root);
    check_sections(root);
    read_name(root, source);
    read_sections(root, source);
    probe_models();
    GraphLinker linker(draft_, diagnostics_);
    const LinkedGraph linked = linker.link();
    GraphExpander expander(registry_, linked, draft_, diagnostics_);
    spec.actors = expander.expand();
    check_repeated_frames(draft_, linked, diagnostics_);
    resolve_flows(draft_, spec.actors, diagnostics_);
    check_batches(draft_, spec.actors, diagnostics_);
    if (request_.devices != nullptr) {
      check_devices(*request_.devices, draft_, spec.actors, diagnostics_);
    }
    check_program();
    check_outputs(spec);
    check_unused(linked);
    finish(spec);
    return spec;
  }

 private:
  std::vector<std::string> substitute(YamlNode& root) {
    Parameters parameters(request_.set,
                          request_.environment ? request_.environment : process_environment(),
                          diagnostics_);
    const YamlNode* section = root.find("params");
    parameters.declare(section == nullptr ? YamlNode() : *section);
    for (YamlNode::Entry& entry : root.entries()) {
      if (entry.key != "params") {
        parameters.substitute(entry.value);
      }
    }
    return parameters.secrets();
  }

  void check_sections(const YamlNode& root) {
    check_later_words(root, WordSection::kGraph, diagnostics_);
    const std::vector<std::string>& known = top_level_words();
    const std::vector<std::string>& later = later_words(WordSection::kGraph);
    for (const YamlNode::Entry& entry : root.entries()) {
      if (std::find(known.begin(), known.end(), entry.key) == known.end() &&
          std::find(later.begin(), later.end(), entry.key) == later.end()) {
        const std::string near = did_you_mean(entry.key, known);
        diagnostics_.error("E010",
                           entry.key_place,
                           "a graph has no section '" + entry.key + "'",
                           near.empty() ? one_of(known) : near);
      }
    }
  }

  void read_name(const YamlNode& root, const SourceText& source) {
    draft_.name = std::filesystem::path(*source.name()).stem().string();
    const YamlNode* name = root.find("graph");
    if (name == nullptr || name->is_broken()) {
      return;
    }
    std::string word = name->text();
    std::replace(word.begin(), word.end(), '-', '_');
    if (!name->is_scalar()) {
      diagnostics_.error("E012", name->place(), "'graph' wants a name, not " + name->describe());
    } else if (!is_name(word)) {
      diagnostics_.error("E017",
                         name->place(),
                         name->describe() + " is not a name for a graph",
                         "letters, digits, dashes and underscores, not starting with a digit");
    } else {
      draft_.name = name->text();
    }
  }

  void read_sections(const YamlNode& root, const SourceText& source) {
    const YamlNode nothing;
    const auto section = [&](const char* name) -> const YamlNode& {
      const YamlNode* found = root.find(name);
      return found == nullptr ? nothing : *found;
    };
    DeviceReader devices(registry_, &files_, diagnostics_);
    devices.read(section("devices"), draft_);
    SectionReader sections(registry_, &files_, diagnostics_);
    sections.read_defaults(section("defaults"), draft_);
    sections.read_scheduler(section("scheduler"), draft_);
    sections.read_runtime(section("runtime"), draft_);
    sections.read_models(section("models"), draft_);
    ActorReader actors(registry_, &files_, diagnostics_);
    const YamlNode::Entry* entry = root.find_entry("actors");
    const SourcePlace place = entry == nullptr ? source.place_at(0) : entry->key_place;
    actors.read(section("actors"), place, draft_);
  }

  void probe_models() {
    if (request_.models == nullptr) {
      return;
    }
    for (ModelDraft& model : draft_.models) {
      if (model.spec.file.empty()) {
        continue;
      }
      if (!check_choice(model)) {
        model.is_unreadable = true;
        continue;
      }
      auto facts = request_.models->probe(choice_of(model.spec));
      if (facts.has_value()) {
        model.spec.facts = *std::move(facts);
        if (model.sound) {
          check_model_shapes(model, diagnostics_);
        }
      } else {
        report_unreadable(model, facts.error());
      }
    }
  }

  void report_unreadable(ModelDraft& model, const Error& error) {
    // A driver that might have read it is not there: the file is not at fault.
    diagnostics_.error(error.code == Errc::kUnavailable ? "E060" : "E018",
                       model.spec.options.place("file"),
                       "model '" + model.spec.name + "': " + error.message);
    model.is_unreadable = true;
  }

  /// E033: a network or variant that the package does not have. Returns whether they are there.
  bool check_choice(ModelDraft& model) {
    const ModelSpec& spec = model.spec;
    if (spec.network.empty() && spec.variant.empty()) {
      return true;
    }
    const auto networks = request_.models->networks(spec.file);
    if (!networks.has_value()) {
      report_unreadable(model, networks.error());
      return false;
    }
    const NamedPlace place = find_names(*networks, choice_of(spec), "the package");
    if (place.unknown.has_value()) {
      diagnostics_.error("E033",
                         spec.options.place(place.unknown->word),
                         "model '" + spec.name + "': " + place.unknown->text,
                         place.unknown->hint);
    }
    return !place.unknown.has_value();
  }

  /// E037: actors whose frames only a program of the user's can give or take.
  void check_program() {
    for (const ActorDraft& actor : draft_.actors) {
      const ActorType* const type = actor.spec.type;
      if (request_.has_program || type == nullptr || !type->is_by_program()) {
        continue;
      }
      diagnostics_.error("E037",
                         actor.spec.place,
                         "actor '" + actor.spec.name + "' (" + type->name() + ") " +
                             (type->is_source() ? "is fed by" : "gives its frames to") +
                             " a C++ program of yours, and 'penstock run' is none",
                         "compose the graph there, with AppPorts; 'penstock check --embedded' "
                         "checks it for that");
    }
  }

  /// E065: a file that several streams or several actors write.
  void check_outputs(const GraphSpec& spec) {
    std::map<std::string, const ActorSpec*> writers;
    for (const ActorSpec& actor : spec.actors) {
      for (const Option& option : actor.type->options()) {
        if (option.kind() != OptionKind::kPathOut || !actor.options.has(option.name())) {
          continue;
        }
        check_output(actor, option, writers);
      }
    }
  }

  void check_output(const ActorSpec& actor,
                    const Option& option,
                    std::map<std::string, const ActorSpec*>& writers) {
    const std::string& path = actor.options.get_text(option.name());
    const SourcePlace place =
        actor.options.is_written(option.name()) ? actor.options.place(option.name()) : actor.place;
    if (path == "/dev/null") {
      return;
    }
    if (actor.type->is_sink() && actor.serves.size() > 1 &&
        path.find("$(stream)") == std::string::npos) {
      diagnostics_.error("E065",
                         place,
                         "actor '" + actor.name + "' would write " +
                             std::to_string(actor.serves.size()) + " streams to one file",
                         "put $(stream) into '" + option.name() + "'");
    }
    // 'out/a' and './out/a' are one file, and two writers would garble it.
    const auto [first, is_new] =
        writers.emplace(std::filesystem::path(path).lexically_normal().string(), &actor);
    if (!is_new) {
      diagnostics_.error("E065",
                         place,
                         "actors '" + first->second->name + "' (line " +
                             std::to_string(first->second->place.line) + ") and '" + actor.name +
                             "' write the same file",
                         "give each a path of its own");
    }
  }

  /// E036: what is defined and never used.
  void check_unused(const LinkedGraph& linked) {
    if (linked.sound && !diagnostics_.has_errors()) {
      std::vector<bool> is_read(draft_.actors.size(), false);
      for (const auto& edges : linked.inputs) {
        for (const LinkedEdge& edge : edges) {
          is_read[edge.producer] = true;
        }
      }
      for (std::size_t index = 0; index < draft_.actors.size(); ++index) {
        const ActorSpec& actor = draft_.actors[index].spec;
        if (!is_read[index] && !actor.type->is_sink()) {
          diagnostics_.warning("E036",
                               actor.place,
                               "nobody reads what actor '" + actor.name + "' gives out",
                               "connect it, or remove it");
        }
      }
    }
    for (const ModelDraft& model : draft_.models) {
      if (!model.used && all_actors_are_sound()) {
        diagnostics_.warning(
            "E036", model.spec.place, "model '" + model.spec.name + "' is not used");
      }
    }
    for (const DeviceDraft& device : draft_.devices) {
      if (!device.used && all_actors_are_sound()) {
        diagnostics_.warning(
            "E036", device.spec.place, "device '" + device.spec.name + "' is not used");
      }
    }
  }

  [[nodiscard]] bool all_actors_are_sound() const {
    return std::all_of(draft_.actors.begin(), draft_.actors.end(), [](const ActorDraft& actor) {
      return actor.sound && actor.edges_sound;
    });
  }

  void finish(GraphSpec& spec) {
    spec.name = draft_.name;
    spec.workers = draft_.workers;
    spec.scheduler = draft_.scheduler;
    for (ModelDraft& model : draft_.models) {
      if (model.spec.devices.empty()) {
        model.spec.device = draft_.defaults.device;
        model.spec.devices = {draft_.defaults.device};
      }
      if (model.is_fed_otherwise) {
        drop_implied_shapes(model.spec);
      }
      if (model.used) {
        spec.models.push_back(std::move(model.spec));
      }
    }
    for (DeviceDraft& device : draft_.devices) {
      if (device.used) {
        spec.devices.push_back(std::move(device.spec));
      }
    }
  }

  const CheckRequest& request_;
  const TypeRegistry& registry_;
  const FileAccess& files_;
  Diagnostics& diagnostics_;
  GraphDraft draft_;
};

}  // namespace

CheckedGraph check_graph(SourceText source, const CheckRequest& request) {
  PENSTOCK_CHECK(request.registry != nullptr);
  const LocalFiles local_files;
  const FileAccess& files = request.files == nullptr ? local_files : *request.files;
  CheckedGraph checked;
  Diagnostics diagnostics;
  if (auto root = read_yaml(source, diagnostics); root.has_value()) {
    GraphCheck check(request, files, diagnostics);
    GraphSpec spec = check.check(*std::move(root), source);
    checked.secrets = spec.secrets;
    if (!diagnostics.has_errors()) {
      checked.spec = std::move(spec);
    }
  }
  checked.diagnostics = diagnostics.sorted();
  checked.sources.push_back(std::move(source));
  return checked;
}

CheckedGraph check_graph_file(const std::filesystem::path& path, const CheckRequest& request) {
  auto source = SourceText::from_file(path);
  if (source.has_value()) {
    return check_graph(*std::move(source), request);
  }
  CheckedGraph checked;
  Diagnostics diagnostics;
  const SourcePlace place{std::make_shared<const std::string>(path.string()), 0, 0, 1};
  diagnostics.error("E018", place, source.error().message);
  checked.diagnostics = diagnostics.sorted();
  return checked;
}

}  // namespace penstock
