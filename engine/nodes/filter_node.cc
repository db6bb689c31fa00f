#include "engine/nodes/filter_node.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace penstock {
namespace {

/// Returns the ids of `name`: those that the table names so; without a table, the number itself.
void add_ids(const LabelTable* table, const std::string& name, std::vector<std::int32_t>& out) {
  if (table == nullptr) {
    std::int32_t id = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
    if (read.ec == std::errc() && read.ptr == name.data() + name.size()) {
      out.push_back(id);
    }
    return;
  }
  for (std::size_t i = 0; i < table->names.size(); ++i) {
    if (table->names[i] == name) {
      out.push_back(static_cast<std::int32_t>(i));
    }
  }
}

}  // namespace

ActorType filter_type() {
  ActorType type("filter", "takes objects out of frames by label, score and size");
  type.in("in", {payload::kObjects}).out("out", {}).per_stream();
  type.may_drop([](const OptionValues& options) { return options.get_bool("drop_empty"); });
  type.option(Option::texts("labels", "keep only these; without it, all")
                  .arriving_labels()
                  .leaving_labels());
  type.option(Option::number("score", "smallest score that is kept").range(0, 1).fallback("0"));
  type.option(Option::size("min_size", "smaller boxes go; pixels of the source picture"));
  type.option(
      Option::boolean("drop_empty", "end frames in which no object is left").fallback("false"));
  return type;
}

Result<std::unique_ptr<Node>> FilterNode::make(const NodeArgs& args) {
  Options options;
  if (args.options->has("labels")) {
    options.labels = args.options->get_texts("labels");
  }
  options.score = static_cast<float>(args.options->get_number("score"));
  if (args.options->has("min_size")) {
    const Size2d size = args.options->get_size("min_size");
    options.min_width = static_cast<float>(size.width);
    options.min_height = static_cast<float>(size.height);
  }
  options.drops_empty = args.options->get_bool("drop_empty");
  return std::unique_ptr<Node>(std::make_unique<FilterNode>(std::move(options)));
}

void FilterNode::look_up(const LabelTable* table) {
  if (is_looked_up_ && table == table_) {
    return;
  }
  is_looked_up_ = true;
  table_ = table;
  kept_labels_.clear();
  for (const std::string& name : options_.labels) {
    add_ids(table, name, kept_labels_);
  }
}

bool FilterNode::keeps_label(std::int32_t label) const {
  return options_.labels.empty() ||
         std::find(kept_labels_.begin(), kept_labels_.end(), label) != kept_labels_.end();
}

bool FilterNode::keeps(const Object& object) const {
  return object.score >= options_.score && object.box.w >= options_.min_width &&
         object.box.h >= options_.min_height && keeps_label(object.label);
}

Status FilterNode::process(Frame& frame, Emit& emit) {
  const Objects found = frame.objects();
  look_up(found.labels);
  kept_.clear();
  std::copy_if(found.items.begin(),
               found.items.end(),
               std::back_inserter(kept_),
               [this](const Object& object) { return keeps(object); });
  if (kept_.empty() && options_.drops_empty) {
    emit.drop(std::move(frame), Reason::kFiltered);
    return {};
  }
  if (kept_.size() < found.items.size()) {
    frame.set_objects(kept_, found.labels);
  }
  return {};
}

}  // namespace penstock
