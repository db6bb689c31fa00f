#include "engine/graph/graph_expander.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "engine/graph/device_reader.h"
#include "engine/graph/option_checker.h"
#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

std::string set_text(const PayloadSet& set) {
  std::string text;
  for (const std::string& item : set) {
    text += (text.empty() ? "" : ", ") + item;
  }
  return text.empty() ? "nothing" : text;
}

bool adds(const ActorType& type, const std::string& need) {
  const auto& outputs = type.outputs();
  return std::any_of(outputs.begin(), outputs.end(), [&](const OutPort& port) {
    return port.adds.find(need) != port.adds.end();
  });
}

PayloadSet common_of(const PayloadSet& a, const PayloadSet& b) {
  PayloadSet common;
  std::set_intersection(
      a.begin(), a.end(), b.begin(), b.end(), std::inserter(common, common.begin()));
  return common;
}

}  // namespace

GraphExpander::GraphExpander(const TypeRegistry& registry,
                             const LinkedGraph& linked,
                             GraphDraft& draft,
                             Diagnostics& diagnostics)
    : registry_(registry),
      linked_(linked),
      draft_(draft),
      diagnostics_(diagnostics),
      checker_(diagnostics),
      stages_(draft.actors.size()),
      serves_(draft.actors.size()),
      live_(draft.actors.size(), false) {}

std::vector<ActorSpec> GraphExpander::expand() {
  for (const std::size_t index : linked_.order) {
    expand_actor(index);
  }
  return std::move(result_);
}

void GraphExpander::expand_actor(std::size_t index) {
  const ActorDraft& actor = draft_.actors[index];
  ActorSpec spec = actor.spec;
  check_parts(index);
  spec.inputs = inputs_of(index);
  follow_streams(index, spec);
  if (spec.type == nullptr || !linked_.complete[index]) {
    return;  // what it gives out is not known, and the reason is reported
  }
  if (spec.type->does_run_model()) {
    add_model(index, std::move(spec));
  } else {
    add_plain(index, std::move(spec));
  }
}

void GraphExpander::check_parts(std::size_t index) {
  for (const LinkedEdge& edge : linked_.inputs[index]) {
    const Stages& stages = stages_[edge.producer];
    const bool exists = std::any_of(stages.begin(), stages.end(), [&](const GraphStage& stage) {
      return edge.part.empty() || stage.part == edge.part;
    });
    if (!exists && !stages.empty()) {
      const ActorSpec& producer = draft_.actors[edge.producer].spec;
      diagnostics_.error("E032",
                         edge.draft->place,
                         "actor '" + producer.name + "' has no part '" + edge.part + "'",
                         edge.part == "post" ? "its model has no 'postprocess'"
                                             : "it is fed with tensors already");
    }
  }
}

void GraphExpander::add_plain(std::size_t index, ActorSpec spec) {
  const ActorDraft& actor = draft_.actors[index];
  bool known = true;
  PayloadSet before = arriving(index, known);
  if (!known) {
    return;
  }
  check_needs(index, *spec.type, before);
  GraphStage stage;
  stage.name = spec.name;
  stage.type = spec.type;
  stage.before = before;
  stage.place = spec.place;
  stage.options = spec.options;
  if (spec.type->does_preprocess() && actor.sound) {
    stage.preprocess_is_sound = true;
    checker_.check_size(stage);
  }
  const std::vector<LinkedEdge>& edges = linked_.inputs[index];
  const GraphStage* from = edges.size() == 1 ? stage_of(edges.front()) : nullptr;
  if (from != nullptr && from->model != nullptr && spec.type->is_decoder() && actor.sound) {
    checker_.check_decoder(stage, *from->model);
  }
  stage.results = follow_results(index, stage);
  if (spec.type->is_join()) {
    const std::vector<JoinBranch> branches = branches_of(index);
    spec.brings = brought_by(branches);
    spec.label_tables = joined_results(branches).tables;
  }
  spec.arrives = std::move(before);
  stages_[index] = {std::move(stage)};
  result_.push_back(std::move(spec));
}

ModelDraft* GraphExpander::find_model(const ActorDraft& actor) {
  if (!actor.sound || !actor.spec.options.has("model")) {
    return nullptr;
  }
  const std::string& name = actor.spec.options.get_text("model");
  ModelDraft* model = find_draft(draft_.models, name);
  if (model != nullptr) {
    model->used = true;
    return model;
  }
  std::vector<std::string> known;
  for (const ModelDraft& other : draft_.models) {
    known.push_back(other.spec.name);
  }
  const std::string near = did_you_mean(name, known);
  diagnostics_.error("E033",
                     actor.model_place,
                     "no model '" + name + "'",
                     !near.empty()   ? near
                     : known.empty() ? "add it under 'models'"
                                     : one_of(known));
  return nullptr;
}

void GraphExpander::choose_device(ActorDraft& actor, const ModelDraft& model, ActorSpec& spec) {
  if (!spec.device.empty()) {
    spec.devices = {spec.device};
    return;
  }
  spec.devices = model.spec.devices;
  if (spec.devices.empty()) {
    spec.devices = {
        use_device(draft_.defaults.device, actor.spec.place, registry_, draft_, diagnostics_)};
  }
  spec.device = spec.devices.front();
}

void GraphExpander::add_model(std::size_t index, ActorSpec spec) {
  ActorDraft& actor = draft_.actors[index];
  bool known = true;
  PayloadSet before = arriving(index, known);
  ModelDraft* model = find_model(actor);
  if (!known || model == nullptr) {
    return;
  }
  choose_device(actor, *model, spec);
  spec.model = model->spec.name;
  const bool has_tensors = before.find(payload::kTensors) != before.end();
  const ActorType* preprocessor = registry_.preprocessor();
  Stages stages;
  if ((model->has_preprocess || !has_tensors) && preprocessor != nullptr) {
    stages.push_back(make_preprocess(actor, *model));
    check_needs(index, *preprocessor, before);
    stages.back().before = before;
    before = carries(stages.back(), "");
  } else {
    check_needs(index, *spec.type, before);
    check_tensors(index, *model);
  }
  GraphStage infer;
  infer.part = "infer";
  infer.type = spec.type;
  infer.before = before;
  infer.model = model;
  infer.place = spec.place;
  stages.push_back(infer);
  if (model->decoder != nullptr) {
    GraphStage decoder;
    decoder.part = "post";
    decoder.type = model->decoder;
    decoder.before = carries(infer, "");
    decoder.options = model->postprocess;
    decoder.place = model->decode_place;
    checker_.check_decoder(decoder, *model);
    stages.push_back(std::move(decoder));
  }
  add_chain(index, spec, stages);
}

/// Checks what comes to a model that does not make its tensors itself.
void GraphExpander::check_tensors(std::size_t index, ModelDraft& model) {
  const GraphStage* first = nullptr;
  for (const LinkedEdge& edge : linked_.inputs[index]) {
    const GraphStage* from = stage_of(edge);
    if (from == nullptr || !from->preprocess_is_sound) {
      model.is_fed_otherwise = true;
      continue;
    }
    checker_.check_input(*from, model);
    if (first != nullptr && picture_size_of(*from) != picture_size_of(*first)) {
      diagnostics_.error(
          "E041",
          edge.draft->place,
          "actor '" + draft_.actors[index].spec.name + "' is given pictures of two sizes by '" +
              first->name + "' and '" + from->name + "'; what reads its outputs expects one",
          "give each size an infer of its own with model '" + model.spec.name + "': they share it");
    }
    first = first == nullptr ? from : first;
  }
}

GraphStage GraphExpander::make_preprocess(const ActorDraft& actor, ModelDraft& model) {
  GraphStage stage;
  stage.part = "pre";
  stage.type = registry_.preprocessor();
  stage.options = model.preprocess;
  stage.preprocess_is_sound = model.sound;
  stage.place = model.has_preprocess ? model.preprocess_place : actor.model_place;
  if (!model.has_preprocess) {
    OptionChecker checker(nullptr, diagnostics_);
    stage.options =
        checker.check(stage.type->options(), YamlNode::map(stage.place), {"", stage.place, {}});
  }
  if (stage.preprocess_is_sound && model.spec.facts.has_value()) {
    fill_size(*model.spec.facts, stage);
    checker_.check_size(stage);
    checker_.check_input(stage, model);
  }
  return stage;
}

void GraphExpander::add_chain(std::size_t index, const ActorSpec& spec, Stages stages) {
  const GraphStage* before = nullptr;
  CarriedResults results = joined_results(branches_of(index));
  for (GraphStage& stage : stages) {
    ActorSpec part = spec;
    stage.name = spec.name;
    if (stages.size() > 1) {
      stage.name += "." + stage.part;
      part.part_of = spec.name;
    }
    const bool is_sound = stage.model != nullptr || find_draft(draft_.models, spec.model)->sound;
    results = results_behind({&stage.name, stage.type, &stage.options, is_sound}, results);
    stage.results = results;
    part.name = stage.name;
    part.type = stage.type;
    part.arrives = stage.before;
    if (stage.model == nullptr) {
      part.options = stage.options;
      part.scope = stage.type->scope();
      part.model.clear();
      part.device.clear();
      part.devices.clear();
    }
    if (before != nullptr) {
      InputSpec inner;
      inner.from = before->name;
      inner.from_port = before->type->outputs().front().name;
      inner.queue = draft_.defaults.queue;
      inner.place = spec.place;
      part.inputs = {std::move(inner)};
    }
    for (InputSpec& input : part.inputs) {
      input.port = stage.type->inputs().front().name;
    }
    before = &stage;
    result_.push_back(std::move(part));
  }
  stages_[index] = std::move(stages);
}

/// Returns what comes in by each input, in the order in which they are written.
std::vector<JoinBranch> GraphExpander::branches_of(std::size_t index) const {
  std::vector<JoinBranch> branches;
  std::map<std::string, std::size_t> by_port;
  for (const LinkedEdge& edge : linked_.inputs[index]) {
    const auto [known, is_new] = by_port.emplace(edge.port, branches.size());
    if (is_new) {
      branches.push_back({edge.draft->target, {}, edge.draft->place});
    }
    branches[known->second].results.add(stage_of(edge)->results);
  }
  return branches;
}

/// Returns what frames carry that leave the actor, after a look at what it says about labels.
CarriedResults GraphExpander::follow_results(std::size_t index, const GraphStage& stage) {
  const std::vector<JoinBranch> branches = branches_of(index);
  if (stage.type->is_join()) {
    check_join_branches(stage.name, branches, diagnostics_);
  }
  const CarriedResults arriving = joined_results(branches);
  const ResultStage passed = {&stage.name, stage.type, &stage.options, draft_.actors[index].sound};
  if (passed.is_sound) {
    check_arriving_labels(passed, arriving, diagnostics_);
  }
  return results_behind(passed, arriving);
}

const GraphStage* GraphExpander::stage_of(const LinkedEdge& edge) const {
  const Stages& stages = stages_[edge.producer];
  if (stages.empty()) {
    return nullptr;
  }
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const GraphStage& stage) {
    return stage.part == edge.part;
  });
  return edge.part.empty() || found == stages.end() ? &stages.back() : &*found;
}

std::vector<InputSpec> GraphExpander::inputs_of(std::size_t index) const {
  std::vector<InputSpec> inputs;
  for (const LinkedEdge& edge : linked_.inputs[index]) {
    const GraphStage* stage = stage_of(edge);
    if (stage == nullptr) {
      continue;
    }
    InputSpec input;
    input.port = edge.port;
    input.from = stage->name;
    input.from_port = edge.from_port.empty() ? stage->type->outputs().front().name : edge.from_port;
    input.queue = edge.draft->queue;
    input.drop = edge.draft->drop;
    input.queue_is_written = edge.draft->queue_is_written;
    input.drop_is_written = edge.draft->drop_is_written;
    input.place = edge.draft->place;
    inputs.push_back(std::move(input));
  }
  return inputs;
}

PayloadSet GraphExpander::arriving(std::size_t index, bool& known) const {
  std::map<std::string, PayloadSet> by_port;
  for (const LinkedEdge& edge : linked_.inputs[index]) {
    const GraphStage* stage = stage_of(edge);
    if (stage == nullptr) {
      known = false;
      return {};
    }
    const PayloadSet set = carries(*stage, edge.from_port);
    const auto [first, is_new] = by_port.emplace(edge.port, set);
    if (!is_new) {
      first->second = common_of(first->second, set);  // a merge: only what every frame carries
    }
  }
  PayloadSet all;
  for (const auto& [port, set] : by_port) {
    all.insert(set.begin(), set.end());
  }
  return all;
}

void GraphExpander::check_needs(std::size_t index, const ActorType& type, PayloadSet& before) {
  const ActorDraft& actor = draft_.actors[index];
  for (const LinkedEdge& edge : linked_.inputs[index]) {
    const InPort* port = type.find_input(edge.port);
    port = port == nullptr && !type.inputs().empty() ? &type.inputs().front() : port;
    if (port == nullptr) {
      continue;
    }
    const PayloadSet carried = carries(*stage_of(edge), edge.from_port);
    for (const std::string& need : port->needs) {
      if (carried.find(need) == carried.end()) {
        report_missing(actor, edge, need, carried);
      }
      before.insert(need);
    }
  }
}

void GraphExpander::report_missing(const ActorDraft& actor,
                                   const LinkedEdge& edge,
                                   const std::string& need,
                                   const PayloadSet& carried) {
  diagnostics_.error("E040",
                     edge.draft->place,
                     "actor '" + actor.spec.name + "' wants " + need + "; what comes from '" +
                         edge.draft->target + "' carries " + set_text(carried),
                     diagnostics_.is_full() ? "" : who_adds(need, *stage_of(edge)));
}

std::string GraphExpander::who_adds(const std::string& need, const GraphStage& from) const {
  if (from.model != nullptr && from.model->decoder == nullptr) {
    return "give model '" + from.model->spec.name + "' a 'postprocess'";
  }
  for (const ActorSpec& spec : result_) {
    if (adds(*spec.type, need)) {
      const std::string& name = spec.part_of.empty() ? spec.name : spec.part_of;
      return "'" + name + "' (line " + std::to_string(spec.place.line) + ") adds " + need;
    }
  }
  std::vector<std::string> types;
  for (const std::string& name : registry_.actor_names()) {
    if (adds(*registry_.find(name), need)) {
      types.push_back(name);
    }
  }
  return types.empty() ? "no actor type adds it" : "it is added by " + one_of(types);
}

void GraphExpander::follow_streams(std::size_t index, ActorSpec& spec) {
  std::vector<std::string>& serves = serves_[index];
  std::set<std::string> seen;
  for (const StreamSpec& stream : spec.streams) {
    serves.push_back(stream.name);
    live_[index] = live_[index] || stream.live;
  }
  for (const LinkedEdge& edge : linked_.inputs[index]) {
    for (const std::string& stream : serves_[edge.producer]) {
      if (seen.insert(stream).second) {
        serves.push_back(stream);
      }
    }
    live_[index] = live_[index] || live_[edge.producer];
  }
  spec.serves = serves;
  spec.live = live_[index];
}

}  // namespace penstock
