#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/model_probe.h"
#include "engine/graph/option.h"
#include "engine/graph/option_values.h"

namespace penstock {

/// The things a frame may carry. User-defined ones are added by `TypeRegistry::add_payload`.
namespace payload {
inline constexpr const char* kImage = "image";
inline constexpr const char* kTensors = "tensors";
inline constexpr const char* kObjects = "objects";
inline constexpr const char* kLabels = "labels";
inline constexpr const char* kKeypoints = "keypoints";
inline constexpr const char* kMasks = "masks";
inline constexpr const char* kText = "text";
inline constexpr const char* kEmbeddings = "embeddings";
}  // namespace payload

using PayloadSet = std::set<std::string>;

/// By kind of payload, the lists of labels that results have numbers of; an empty list where the
/// numbers are all that there is.
using LabelTables = std::map<std::string, std::vector<std::vector<std::string>>>;

/// An input of an actor type: what a frame that arrives must carry.
struct InPort {
  std::string name;
  PayloadSet needs;
  bool optional = false;
};

/// An output of an actor type: what it adds to the frames that pass. `fresh` means that the frames
/// are new ones (crops, a source's) and carry nothing but `adds`.
struct OutPort {
  std::string name;
  PayloadSet adds;
  bool fresh = false;
};

/// Whether one instance serves all streams, or each stream has its own.
enum class Scope { kShared, kPerStream };

/// Why a decoder cannot read a model's outputs; nothing when it can.
using DecoderFit =
    std::function<std::optional<std::string>(const ModelFacts& model, const OptionValues& options)>;

/// An option that breaks a rule of its type, though it passes by itself.
struct Misrule {
  std::string option;
  std::string
      text;  ///< Goes on from "'track_low' of actor 'x' (tracker)": " is 0.5; it wants ...".
};

/// What the options of a type must keep together; nothing when they do. Asked where each passes by
/// itself.
using OptionsRule = std::function<std::optional<Misrule>(const OptionValues& options)>;

/// Whether a source with these options is live (the latest frame wins) or lossless (it waits).
using LiveRule = std::function<bool(const OptionValues& options)>;

/// Whether an actor with these options may end frames instead of passing them on.
using DropRule = std::function<bool(const OptionValues& options)>;

/// Everything the language knows about a type of actor: its ports, its options, and the traits that
/// planning asks for. The node class behind it is known to the runtime only, by the same name.
///
/// @code
///   void register_tracker(TypeRegistry& registry) {
///     registry.add(ActorType("tracker", "gives each object a number that stays with it")
///                      .in("in", {payload::kObjects})
///                      .out("out", {})
///                      .per_stream()
///                      .option(Option::word("method", {"byte"}, "how objects are
///                      matched").fallback("byte")) .option(Option::integer("max_lost", "frames
///                      until a lost track is given up")
///                                  .range(1, 10000).unit("frames").fallback("30"))
///                      .option(Option::number("iou", "smallest overlap of a match").range(0,
///                      1).fallback("0.3")));
///   }
///   // a source: options of its own, and `streams: {gate: {uri: ...}, ...}` with the same options
///   ActorType("video_source", "reads video").source([](const OptionValues& o) { return is_live(o);
///   })
///       .out("out", {payload::kImage}).option(Option::uri("uri", "what to read").required());
///   // a decoder: a word of `postprocess: {decode: ...}` and an actor type alike
///   ActorType("ssd", "boxes of an SSD").decoder(ssd_fits).out("out",
///   {payload::kObjects}).option(...);
///   // a sink: waits for its file, has no output
///   ActorType("jsonl_sink", "writes a line of JSON a frame").in("in", {}).sink()
///       .option(Option::path_out("path", "the file").required());
/// @endcode
class ActorType {
 public:
  ActorType(std::string name, std::string help);

  /// Adds an input; the first one is meant when `in` names no port.
  ActorType& in(std::string port, PayloadSet needs);
  ActorType& optional_in(std::string port, PayloadSet needs);
  /// The user names the inputs (join); a frame on each must carry `needs`.
  ActorType& any_in(PayloadSet needs);
  /// Adds an output that passes its frames on and adds to them; the first one is meant when a
  /// consumer names no port.
  ActorType& out(std::string port, PayloadSet adds);
  /// Adds an output of new frames, which carry `adds` only.
  ActorType& fresh_out(std::string port, PayloadSet adds);
  ActorType& option(Option option);

  /// What its options must keep together (E013).
  ActorType& rule(OptionsRule rule);

  ActorType& per_stream();  ///< One instance a stream; shared is the default.
  /// Has no input, waits, makes streams; also allows `streams:` with the options per stream.
  /// `live` nothing = always lossless.
  ActorType& source(LiveRule live);
  ActorType& sink();        ///< Has no output and waits for I/O.
  ActorType& by_program();  ///< Its other end is held by the program that runs the graph.
  ActorType& waits();       ///< Waits for something outside (a device, a join's other branch).
  ActorType& join();        ///< Waits, and gives out the union of what its inputs carry.
  /// Not every frame that goes in comes out, by the actor's own choice; `rule` nothing = whatever
  /// its options say. `check` takes all others, of one input and one output, for passing on all.
  ActorType& may_drop(DropRule rule = {});
  ActorType& holds(int frames);  ///< Keeps that many frames beyond its turn.
  /// Is a `decode` word; needs tensors on port "in". One instance a stream, so that streams are
  /// decoded side by side.
  ActorType& decoder(DecoderFit fit);
  /// Its objects always have one of these labels. Of a type that gives objects and has neither this
  /// nor an option of labels, nobody knows them.
  ActorType& labels(std::vector<std::string> names);
  /// Runs the model named by its option `model`; expands to `.pre`, `.infer`, `.post`.
  ActorType& runs_model();
  /// Is what `preprocess:` of a model stands for; there is one such type. One instance a stream.
  ActorType& preprocesses();

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] const std::string& help() const { return help_; }

  [[nodiscard]] const std::vector<InPort>& inputs() const { return inputs_; }

  [[nodiscard]] const std::vector<OutPort>& outputs() const { return outputs_; }

  [[nodiscard]] const std::vector<Option>& options() const { return options_; }

  /// Returns the first option that breaks the type's rule. Pre: each passes by itself.
  [[nodiscard]] std::optional<Misrule> misrule(const OptionValues& options) const {
    return rule_ ? rule_(options) : std::nullopt;
  }

  [[nodiscard]] const InPort* find_input(std::string_view port) const;
  [[nodiscard]] const OutPort* find_output(std::string_view port) const;

  [[nodiscard]] bool takes_any_input() const { return any_input_.has_value(); }

  [[nodiscard]] Scope scope() const { return scope_; }

  [[nodiscard]] bool is_source() const { return source_; }

  [[nodiscard]] bool is_live(const OptionValues& options) const { return live_ && live_(options); }

  [[nodiscard]] bool is_sink() const { return sink_; }

  [[nodiscard]] bool is_by_program() const { return by_program_; }

  [[nodiscard]] bool is_join() const { return join_; }

  [[nodiscard]] bool does_wait() const { return waits_; }

  [[nodiscard]] bool does_drop() const { return may_drop_; }

  /// Likewise, with these options. Pre: they are checked.
  [[nodiscard]] bool does_drop(const OptionValues& options) const {
    return may_drop_ && (!drops_ || drops_(options));
  }

  [[nodiscard]] int held_frames() const { return holds_; }

  [[nodiscard]] bool is_decoder() const { return static_cast<bool>(fit_); }

  [[nodiscard]] const DecoderFit& decoder_fit() const { return fit_; }

  /// Empty where they depend on its options, or nobody knows them.
  [[nodiscard]] const std::vector<std::string>& own_labels() const { return labels_; }

  [[nodiscard]] bool does_run_model() const { return runs_model_; }

  [[nodiscard]] bool does_preprocess() const { return preprocesses_; }

 private:
  std::string name_;
  std::string help_;
  std::vector<InPort> inputs_;
  std::optional<InPort> any_input_;
  std::vector<OutPort> outputs_;
  std::vector<Option> options_;
  OptionsRule rule_;
  Scope scope_ = Scope::kShared;
  bool source_ = false;
  LiveRule live_;
  bool sink_ = false;
  bool by_program_ = false;
  bool join_ = false;
  bool waits_ = false;
  bool may_drop_ = false;
  DropRule drops_;
  int holds_ = 0;
  DecoderFit fit_;
  std::vector<std::string> labels_;
  bool runs_model_ = false;
  bool preprocesses_ = false;
};

/// A word of `devices: {x: {type: WORD}}` with the options that its drivers understand.
struct DeviceType {
  std::string name;
  std::string help;
  std::vector<Option> options;
};

/// What the graph language knows: types of actors and devices, payloads, and what drivers add to
/// the options of models. One place from which checking, help, schema and reference are made.
///
/// Types register by explicit calls from the program's `main` (no static initialisers): what a
/// program knows can be read there. A name twice, a reserved word as an option, a default that does
/// not pass its own option: all are bugs and end the process at registration.
///
/// Thread-safety: fill from one thread; afterwards any number may read.
class TypeRegistry {
 public:
  TypeRegistry();

  TypeRegistry& add(ActorType type);
  TypeRegistry& add_device(DeviceType type);
  /// Adds an option to every entry of `models:` (a driver's: hint, streams, precision...).
  TypeRegistry& add_model_option(Option option);
  TypeRegistry& add_payload(std::string name);

  /// Returns the type; nullptr if there is none. The pointer stays valid as long as the registry.
  [[nodiscard]] const ActorType* find(std::string_view name) const;
  [[nodiscard]] const DeviceType* find_device(std::string_view name) const;
  /// Returns the type of `preprocess:`; nullptr if none is registered.
  [[nodiscard]] const ActorType* preprocessor() const;
  [[nodiscard]] bool knows_payload(std::string_view name) const;

  /// Return names in alphabetical order.
  [[nodiscard]] std::vector<std::string> actor_names() const;
  [[nodiscard]] std::vector<std::string> decoder_names() const;
  [[nodiscard]] std::vector<std::string> device_names() const;

  [[nodiscard]] const std::vector<Option>& model_options() const { return model_options_; }

 private:
  std::map<std::string, ActorType, std::less<>> actors_;
  std::map<std::string, DeviceType, std::less<>> devices_;
  std::vector<Option> model_options_;
  PayloadSet payloads_;
};

}  // namespace penstock
