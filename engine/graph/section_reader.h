#pragma once

#include <string>

#include "engine/graph/builtin_words.h"
#include "engine/graph/graph_draft.h"
#include "engine/graph/option_checker.h"
#include "engine/graph/type_registry.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// Reads `defaults:`, `runtime:`, `scheduler:` and `models:` into a draft.
///
/// Reports E004, E010 to E018 and E033 (device of a model).
/// Thread-safety: none.
class SectionReader {
 public:
  /// All must outlive the reader.
  SectionReader(const TypeRegistry& registry, const FileAccess* files, Diagnostics& diagnostics)
      : registry_(registry),
        checker_(files, diagnostics),
        diagnostics_(diagnostics) {}

  /// Each takes the section's value, a null node if it is not written.
  void read_defaults(const YamlNode& section, GraphDraft& draft);
  void read_runtime(const YamlNode& section, GraphDraft& draft);
  void read_scheduler(const YamlNode& section, GraphDraft& draft);
  /// After devices, defaults and scheduler.
  void read_models(const YamlNode& section, GraphDraft& draft);

 private:
  void read_model(const YamlNode::Entry& entry, GraphDraft& draft);
  void read_preprocess(const YamlNode& node, ModelDraft& model);
  void read_postprocess(const YamlNode& node, ModelDraft& model);
  void read_placing(const YamlNode& node,
                    const OptionValues& values,
                    ModelDraft& model,
                    GraphDraft& draft);

  const TypeRegistry& registry_;
  OptionChecker checker_;
  Diagnostics& diagnostics_;
};

/// Reports the words of later versions that `map` holds (E004).
void check_later_words(const YamlNode& map, WordSection section, Diagnostics& diagnostics);

/// Reports E013 for the option that breaks the rule of its type, if one does. Pre: each passes by
/// itself.
void check_rule(const ActorType& type,
                const OptionValues& options,
                const OptionChecker::Owner& owner,
                Diagnostics& diagnostics);

/// Reports E012 unless `section` is a map or null, E013 if it has more than 4096 entries; true if
/// it can be read.
bool check_section(const std::string& name, const YamlNode& section, Diagnostics& diagnostics);

/// Returns the words of `restart:` in `values`, those that are not written from `base`.
/// Reports E013 when the shortest wait is longer than the longest.
RestartWords read_restart(const OptionValues& values,
                          const RestartWords& base,
                          Diagnostics& diagnostics);

}  // namespace penstock
