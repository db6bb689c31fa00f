#pragma once

#include <string>
#include <vector>

#include "engine/graph/graph_draft.h"
#include "engine/graph/option_checker.h"
#include "engine/graph/type_registry.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// Reads `actors:` into a draft: types, options, words, streams, and the forms of `in`.
///
/// Reports E004, E010 to E018 and E030. Whom an edge comes from is left to the linker.
/// Thread-safety: none.
class ActorReader {
 public:
  /// All must outlive the reader.
  ActorReader(const TypeRegistry& registry, const FileAccess* files, Diagnostics& diagnostics)
      : registry_(registry),
        checker_(files, diagnostics),
        diagnostics_(diagnostics) {}

  /// After `SectionReader` has read the other sections. `place` is reported when there is no actor.
  void read(const YamlNode& section, const SourcePlace& place, GraphDraft& draft);

 private:
  void read_actor(const YamlNode::Entry& entry, GraphDraft& draft);
  const ActorType* read_type(const YamlNode::Entry& entry);
  void read_options(const YamlNode::Entry& entry, ActorDraft& actor);
  void read_words(const YamlNode::Entry& entry, ActorDraft& actor, GraphDraft& draft);
  void read_flow(const YamlNode::Entry& entry, ActorDraft& actor);
  void read_streams(const YamlNode::Entry& entry, const YamlNode& streams, ActorDraft& actor);
  void read_stream(const YamlNode& actor_node, const YamlNode::Entry& entry, ActorDraft& actor);
  void add_stream(StreamSpec stream, bool sound, ActorDraft& actor);
  void read_in(const YamlNode& node, ActorDraft& actor);
  void read_edges(const EdgeDraft& start, const YamlNode& node, ActorDraft& actor);
  void read_long_edge(EdgeDraft edge, const YamlNode& node, ActorDraft& actor);
  void check_stream_names(const GraphDraft& draft);

  const TypeRegistry& registry_;
  OptionChecker checker_;
  Diagnostics& diagnostics_;
};

}  // namespace penstock
