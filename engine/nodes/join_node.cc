#include "engine/nodes/join_node.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "engine/nodes/label_tables.h"

namespace penstock {
namespace {

constexpr std::chrono::milliseconds kLiveTimeout(200);

JoinTable::Late late_of(const std::string& word) {
  if (word == "wait") {
    return JoinTable::Late::kWait;
  }
  return word == "drop" ? JoinTable::Late::kDrop : JoinTable::Late::kPartial;
}

void include_all(const LabelTables& tables, const char* kind, LabelUnion& labels) {
  const auto known = tables.find(kind);
  if (known == tables.end()) {
    return;
  }
  for (const std::vector<std::string>& names : known->second) {
    labels.include(intern_labels(names));
  }
}

void set_objects(const std::vector<const Frame*>& parts, LabelUnion& labels, Frame& base) {
  std::vector<Object> all;
  for (const Frame* part : parts) {
    labels.include(part->objects().labels);
  }
  for (const Frame* part : parts) {
    const Objects found = part->objects();
    for (Object object : found.items) {
      object.label = labels.id_of(found.labels, object.label);
      all.push_back(object);
    }
  }
  base.set_objects(all, labels.table());
}

void set_labels(const std::vector<const Frame*>& parts, LabelUnion& labels, Frame& base) {
  std::vector<Label> all;
  for (const Frame* part : parts) {
    labels.include(part->labels().labels);
  }
  for (const Frame* part : parts) {
    const Labels found = part->labels();
    for (const Label& label : found.items) {
      all.push_back({labels.id_of(found.labels, label.id), label.score});
    }
  }
  base.set_labels(all, labels.table());
}

void set_tensors(const std::vector<const Frame*>& parts, Frame& base) {
  std::vector<FeatureMap> all;
  for (const Frame* part : parts) {
    all.insert(all.end(), part->tensors().begin(), part->tensors().end());
  }
  base.set_tensors(all);
}

}  // namespace

ActorType join_type() {
  ActorType type("join", "brings the branches of each frame together again");
  type.any_in({}).join().out("out", {}).per_stream();
  type.may_drop([](const OptionValues& options) { return options.is_word("late", "drop"); });
  type.option(Option::word("by", {"frame"}, "what belongs together: the parts of one frame")
                  .fallback("frame"));
  type.option(Option::duration("timeout",
                               "longest wait for a frame's other parts; without it, 200 ms where "
                               "a source is live, else none")
                  .or_words({"none"}));
  type.option(Option::word("late",
                           {"wait", "partial", "drop"},
                           "what becomes of a frame whose parts are late: it waits on, goes on "
                           "without them, or is dropped")
                  .fallback("partial"));
  return type;
}

Result<std::unique_ptr<Node>> JoinNode::make(const NodeArgs& args) {
  if (args.inputs < 2) {
    return Error{Errc::kInvalidArgument,
                 "actor '" + args.name +
                     "': a join has two inputs or more, each with a name: in: "
                     "{frames: ACTOR, results: ACTOR}"};
  }
  JoinTable::Options options;
  options.ports = args.inputs;
  options.late = late_of(args.options->get_text("late"));
  if (!args.options->has("timeout")) {
    options.timeout = args.is_live ? std::optional<Duration>(kLiveTimeout) : std::nullopt;
  } else if (!args.options->is_word("timeout", "none")) {
    options.timeout = args.options->get_duration("timeout");
  }
  return std::unique_ptr<Node>(
      std::make_unique<JoinNode>(args.name, options, args.brings, args.label_tables));
}

JoinNode::JoinNode(std::string name,
                   const JoinTable::Options& options,
                   std::vector<PayloadSet> brings,
                   const LabelTables& tables)
    : name_(std::move(name)),
      options_(options),
      brings_(std::move(brings)) {
  include_all(tables, payload::kObjects, object_labels_);
  include_all(tables, payload::kLabels, class_labels_);
}

Status JoinNode::open(const NodeContext& context) {
  // Where all frames that can be alive have room, none leaves because too many wait.
  options_.max_pending = std::max<std::size_t>(options_.max_pending, context.max_frames);
  table_ = std::make_unique<JoinTable>(options_);
  return {};
}

Status JoinNode::process_from(std::size_t port, Frame& frame, Emit& emit) {
  const FrameId id = frame.id();
  if (port == options_.base && id.child.depth > 0) {
    // The frame as a whole will not come: its other parts are not kept for it.
    const Tombstone gone{id.stream, id.seq, id.seq, {}, Reason::kNodeFailed};
    PENSTOCK_RETURN_IF_ERROR(note_from(port, gone, emit));
    return Error{Errc::kUnsupported,
                 "join '" + name_ + "': the first input brings pieces of frame " +
                     std::to_string(id.seq) + "; it has to bring whole frames"};
  }
  table_->add(port, std::move(frame), emit.now(), decisions_);
  act(emit);
  return {};
}

Status JoinNode::note_from(std::size_t port, const ControlRecord& record, Emit& emit) {
  table_->note(port, record, emit.now(), decisions_);
  act(emit);
  return {};
}

std::optional<TimePoint> JoinNode::wake_at() const {
  return table_ == nullptr ? std::nullopt : table_->next_deadline();
}

Status JoinNode::on_time(Emit& emit) {
  table_->expire(emit.now(), decisions_);
  act(emit);
  return {};
}

Status JoinNode::flush(StreamId stream, Emit& emit) {
  table_->flush(stream, decisions_);
  act(emit);
  return {};
}

/// Finds the frames whose results of `kind` come together in `base`: those of the first branch that
/// has some, and of each that brings others. Returns whether that is more than `base` has.
bool JoinNode::gather(Payload kind, const char* name, const Parts& parts, const Frame& base) {
  sources_.clear();
  if (base.payloads().has(kind)) {
    sources_.push_back(&base);
  }
  for (std::size_t port = 0; port < parts.size(); ++port) {
    const bool brings = port < brings_.size() && brings_[port].count(name) != 0;
    if (!sources_.empty() && !brings) {
      continue;
    }
    for (const Frame& part : parts[port]) {
      if (part.payloads().has(kind)) {
        sources_.push_back(&part);
      }
    }
  }
  return !sources_.empty() && sources_.back() != &base;
}

/// Gives `base` what it lacks of the results of `parts`, and ends these.
void JoinNode::merge(Parts& parts, Frame& base) {
  if (gather(Payload::kObjects, payload::kObjects, parts, base)) {
    set_objects(sources_, object_labels_, base);
  }
  if (gather(Payload::kLabels, payload::kLabels, parts, base)) {
    set_labels(sources_, class_labels_, base);
  }
  // Of tensors of two actors in one frame nobody could tell which are whose.
  if (gather(Payload::kTensors, "", parts, base)) {
    set_tensors(sources_, base);
  }
  for (std::vector<Frame>& pieces : parts) {
    for (Frame& piece : pieces) {
      piece.end(Outcome::kDelivered);  // What becomes of the base decides about the frame.
    }
  }
}

void JoinNode::act(Emit& emit) {
  for (JoinTable::Decision& decision : decisions_) {
    if (auto* joined = std::get_if<JoinTable::Joined>(&decision); joined != nullptr) {
      merge(joined->parts, joined->base);
      emit.send(std::move(joined->base));
      continue;
    }
    auto& over = std::get<JoinTable::Unjoined>(decision);
    for (Frame& frame : over.frames) {
      frame.end(Outcome::kDropped, over.reason);
    }
    if (over.tombstone.has_value()) {
      emit.announce(*over.tombstone);
    }
  }
  decisions_.clear();
}

}  // namespace penstock
