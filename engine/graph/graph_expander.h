#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/graph/carried_results.h"
#include "engine/graph/graph_draft.h"
#include "engine/graph/graph_linker.h"
#include "engine/graph/graph_spec.h"
#include "engine/graph/graph_stage.h"
#include "engine/graph/stage_checker.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// Turns the linked draft into the actors of the `GraphSpec`: expands `infer` into `.pre`, `.infer`
/// and `.post`, and follows what frames carry from the sources to the sinks.
///
/// `.pre` is there when the model says `preprocess`, or when no tensors arrive; `.post` when it
/// says `postprocess`. With neither, the actor stays one, as if written by hand.
///
/// Reports E032 (part), E033 (model, device), E040 (payload), E041 (two sizes), E046 (tensors
/// that a join leaves out), and what
/// `StageChecker` and
/// `check_arriving_labels` report. After a report it goes on as if the wish had been fulfilled, so
/// that one mistake gives one message. Thread-safety: none.
class GraphExpander {
 public:
  /// All must outlive the expander; devices and models that are used are marked in `draft`.
  GraphExpander(const TypeRegistry& registry,
                const LinkedGraph& linked,
                GraphDraft& draft,
                Diagnostics& diagnostics);

  /// Returns the actors, producers before their consumers.
  std::vector<ActorSpec> expand();

 private:
  /// The stages of one actor of the draft, first to last. None = not known, already reported.
  using Stages = std::vector<GraphStage>;

  void expand_actor(std::size_t index);
  void check_parts(std::size_t index);
  void add_plain(std::size_t index, ActorSpec spec);
  void add_model(std::size_t index, ActorSpec spec);
  ModelDraft* find_model(const ActorDraft& actor);
  void choose_device(ActorDraft& actor, const ModelDraft& model, ActorSpec& spec);
  GraphStage make_preprocess(const ActorDraft& actor, ModelDraft& model);
  void check_tensors(std::size_t index, ModelDraft& model);
  void add_chain(std::size_t index, const ActorSpec& spec, Stages stages);
  std::vector<JoinBranch> branches_of(std::size_t index) const;
  CarriedResults follow_results(std::size_t index, const GraphStage& stage);

  const GraphStage* stage_of(const LinkedEdge& edge) const;
  std::vector<InputSpec> inputs_of(std::size_t index) const;
  PayloadSet arriving(std::size_t index, bool& known) const;
  void check_needs(std::size_t index, const ActorType& type, PayloadSet& before);
  void report_missing(const ActorDraft& actor,
                      const LinkedEdge& edge,
                      const std::string& need,
                      const PayloadSet& carried);
  std::string who_adds(const std::string& need, const GraphStage& from) const;
  void follow_streams(std::size_t index, ActorSpec& spec);

  const TypeRegistry& registry_;
  const LinkedGraph& linked_;
  GraphDraft& draft_;
  Diagnostics& diagnostics_;
  StageChecker checker_;
  std::vector<Stages> stages_;
  std::vector<std::vector<std::string>> serves_;
  std::vector<bool> live_;
  std::vector<ActorSpec> result_;
};

}  // namespace penstock
