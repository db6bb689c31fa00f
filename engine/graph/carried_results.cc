#include "engine/graph/carried_results.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

/// What branches bring of which a join makes one.
constexpr std::array<const char*, 3> kJoined = {
    payload::kObjects, payload::kLabels, payload::kTensors};

template <class Item>
bool contains(const std::vector<Item>& list, const Item& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

template <class Item>
void add_new(const std::vector<Item>& more, std::vector<Item>& list) {
  for (const Item& item : more) {
    if (!contains(list, item)) {
      list.push_back(item);
    }
  }
}

/// Returns the option that names the labels of what a type gives; nullptr if it has none.
const Option* label_option(const ActorType& type) {
  const auto& options = type.options();
  const auto found = std::find_if(options.begin(), options.end(), [](const Option& option) {
    return option.kind() == OptionKind::kLabels;
  });
  return found == options.end() ? nullptr : &*found;
}

/// Replaces what is known of the labels of objects by what `stage`, which gives new ones, says.
void name_objects(const ResultStage& stage, CarriedResults& results) {
  const Option* const option = label_option(*stage.type);
  results.labels = stage.type->own_labels();
  results.has_numbers = false;
  results.has_unknown = !stage.is_sound || (results.labels.empty() && option == nullptr);
  if (option == nullptr || !stage.is_sound) {
    return;
  }
  if (stage.options->has(option->name())) {
    results.labels = stage.options->get_texts(option->name());
  } else {
    results.has_numbers = true;
  }
}

/// Replaces what is known of the tables of results of `kind` by that of `stage`, which gives new
/// ones.
void name_tables(const ResultStage& stage, const std::string& kind, LabelTables& tables) {
  const Option* const option = label_option(*stage.type);
  const bool has_own = kind == payload::kObjects && !stage.type->own_labels().empty();
  if (!stage.is_sound || (!has_own && option == nullptr)) {
    tables.erase(kind);
  } else if (option != nullptr) {
    tables[kind] = {stage.options->has(option->name()) ? stage.options->get_texts(option->name())
                                                       : std::vector<std::string>()};
  } else {
    tables[kind] = {stage.type->own_labels()};
  }
}

/// Makes of several tables one: what a join puts together has the names of all.
void unite_tables(LabelTables& tables) {
  for (auto& [kind, list] : tables) {
    std::vector<std::string> names;
    for (const std::vector<std::string>& table : list) {
      add_new(table, names);
    }
    if (list.size() > 1) {
      list = {std::move(names)};
    }
  }
}

bool is_number(const std::string& text) {
  std::int32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

/// Returns whether objects may be called `label`, as far as their names are known.
bool are_called(const CarriedResults& results, const std::string& label) {
  return contains(results.labels, label) || (results.has_numbers && is_number(label));
}

/// Leaves of the labels those that `wanted` lists. Behind a word that was reported as no label
/// nothing is known, so that a mistake is not reported again further on.
void narrow_labels(const std::vector<std::string>& wanted, CarriedResults& results) {
  if (wanted.empty()) {
    return;
  }
  const bool has_mistake =
      !results.has_unknown &&
      !std::all_of(wanted.begin(), wanted.end(), [&](const std::string& label) {
        return are_called(results, label);
      });
  results.labels = wanted;
  results.has_numbers = false;
  results.has_unknown = has_mistake;
}

/// Returns those that gave `kind`; none if nobody did.
std::set<std::string> givers_of(const CarriedResults& results, const std::string& kind) {
  const auto found = results.givers.find(kind);
  return found == results.givers.end() ? std::set<std::string>() : found->second;
}

/// Leaves of the labels of objects those that `stage` lets out.
void narrow_objects(const ResultStage& stage, CarriedResults& results) {
  if (!stage.is_sound || givers_of(results, payload::kObjects).empty()) {
    return;
  }
  for (const Option& option : stage.type->options()) {
    if (option.are_leaving_labels() && stage.options->has(option.name())) {
      narrow_labels(stage.options->get_texts(option.name()), results);
    }
  }
}

std::string names_of(const std::set<std::string>& givers) {
  std::string text;
  for (const std::string& giver : givers) {
    text += (text.empty() ? "'" : ", '") + giver + "'";
  }
  return text;
}

}  // namespace

void CarriedResults::add(const CarriedResults& other) {
  for (const auto& [kind, names] : other.givers) {
    givers[kind].insert(names.begin(), names.end());
  }
  add_new(other.labels, labels);
  for (const auto& [kind, list] : other.tables) {
    add_new(list, tables[kind]);
  }
  has_numbers = has_numbers || other.has_numbers;
  has_unknown = has_unknown || other.has_unknown;
}

CarriedResults results_behind(const ResultStage& stage, const CarriedResults& arriving) {
  CarriedResults results;
  PayloadSet added;
  for (const OutPort& port : stage.type->outputs()) {
    if (!port.fresh) {
      results = arriving;
    }
    added.insert(port.adds.begin(), port.adds.end());
  }
  if (stage.type->is_decoder()) {
    results.givers.erase(payload::kTensors);  // read by now
  }
  for (const std::string& kind : added) {
    results.givers[kind] = {*stage.name};
  }
  if (added.count(payload::kObjects) != 0) {
    name_objects(stage, results);
  }
  for (const char* kind : {payload::kObjects, payload::kLabels}) {
    if (added.count(kind) != 0) {
      name_tables(stage, kind, results.tables);
    }
  }
  if (stage.type->is_join()) {
    unite_tables(results.tables);
  }
  narrow_objects(stage, results);
  return results;
}

void check_arriving_labels(const ResultStage& stage,
                           const CarriedResults& arriving,
                           Diagnostics& diagnostics) {
  if (arriving.has_unknown) {
    return;
  }
  const std::set<std::string> givers = givers_of(arriving, payload::kObjects);
  if (givers.empty()) {
    return;  // E040 says that no objects come.
  }
  const std::string from = names_of(givers);
  for (const Option& option : stage.type->options()) {
    if (!option.are_arriving_labels() || !stage.options->has(option.name())) {
      continue;
    }
    for (const std::string& label : stage.options->get_texts(option.name())) {
      if (are_called(arriving, label)) {
        continue;
      }
      const std::string near = did_you_mean(label, arriving.labels);
      const std::string rule = arriving.labels.empty()
                                   ? "they have numbers; give them 'labels', or write a number"
                                   : one_of(arriving.labels);
      diagnostics.error("E014",
                        stage.options->place(option.name()),
                        "actor '" + *stage.name + "': no label '" + label +
                            "' among the objects that arrive, from " + from,
                        near.empty() ? rule : near);
    }
  }
}

std::vector<PayloadSet> brought_by(const std::vector<JoinBranch>& branches) {
  std::vector<PayloadSet> brought;
  CarriedResults before;
  for (const JoinBranch& branch : branches) {
    PayloadSet& kinds = brought.emplace_back();
    for (const char* kind : kJoined) {
      const std::set<std::string> givers = givers_of(branch.results, kind);
      const std::set<std::string> known = givers_of(before, kind);
      if (!std::includes(known.begin(), known.end(), givers.begin(), givers.end())) {
        kinds.insert(kind);
      }
    }
    before.add(branch.results);
  }
  return brought;
}

void check_join_branches(const std::string& name,
                         const std::vector<JoinBranch>& branches,
                         Diagnostics& diagnostics) {
  const std::vector<PayloadSet> brought = brought_by(branches);
  const JoinBranch* first = nullptr;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    const JoinBranch& branch = branches[i];
    const std::set<std::string> givers = givers_of(branch.results, payload::kTensors);
    if (first != nullptr && brought[i].count(payload::kTensors) != 0) {
      diagnostics.warning("E046",
                          branch.place,
                          "actor '" + name + "' leaves out the tensors of " + names_of(givers) +
                              ": input '" + first->target + "' brings tensors of its own",
                          "decode them before they are joined");
    }
    first = first == nullptr && !givers.empty() ? &branch : first;
  }
}

CarriedResults joined_results(const std::vector<JoinBranch>& branches) {
  CarriedResults results;
  for (const JoinBranch& branch : branches) {
    results.add(branch.results);
  }
  return results;
}

}  // namespace penstock
