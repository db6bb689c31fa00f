#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/graph/option_values.h"
#include "engine/graph/type_registry.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// What a graph says of the results that frames carry at some place in it: who gave them, and what
/// the labels of their objects may be.
struct CarriedResults {
  /// By kind of payload the names of the actors, after expansion, that gave it.
  std::map<std::string, std::set<std::string>> givers;
  std::vector<std::string> labels;  ///< Of objects, each once, in the order of their tables.
  bool has_numbers = false;         ///< Some objects have no labels: their numbers are their names.
  bool has_unknown = false;         ///< Some come from a type that does not say how it calls them.
  /// Of objects and of labels, those that are known: whole, whatever is kept back of them, each
  /// once, in the order of the branches that they come by.
  LabelTables tables;

  /// Adds what frames of another producer carry.
  void add(const CarriedResults& other);
};

/// An actor that frames pass, as far as their results are concerned.
struct ResultStage {
  const std::string* name = nullptr;  ///< After expansion.
  const ActorType* type = nullptr;
  const OptionValues* options = nullptr;
  bool is_sound = true;  ///< False: something about its options was reported already.
};

/// Returns what frames carry that leave `stage`, of which `arriving` came in. Of the labels of
/// objects those are left that its options let out.
CarriedResults results_behind(const ResultStage& stage, const CarriedResults& arriving);

/// Reports E014 for each item of an option of `stage` that must be a label of arriving objects and
/// is none. Says nothing where their labels are not known, or where nobody gives objects (E040).
void check_arriving_labels(const ResultStage& stage,
                           const CarriedResults& arriving,
                           Diagnostics& diagnostics);

/// One input of a join.
struct JoinBranch {
  std::string target;  ///< As it is written.
  CarriedResults results;
  SourcePlace place;
};

/// Returns for each branch the kinds of results of which some were given by other actors than those
/// of the branches before it. Results that come by two branches are those of the first.
std::vector<PayloadSet> brought_by(const std::vector<JoinBranch>& branches);

/// Reports E046 for tensors of a branch that never come through the join `name`, as an earlier
/// branch brings tensors of its own: which belong to whom could not be told.
void check_join_branches(const std::string& name,
                         const std::vector<JoinBranch>& branches,
                         Diagnostics& diagnostics);

/// Returns what frames carry behind a join of `branches`.
CarriedResults joined_results(const std::vector<JoinBranch>& branches);

}  // namespace penstock
