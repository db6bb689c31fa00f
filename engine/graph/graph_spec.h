#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/model_probe.h"
#include "engine/graph/option_values.h"
#include "engine/graph/schedule_spec.h"
#include "engine/graph/type_registry.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// Returns "none", "oldest" or "newest".
const char* to_string(DropPolicy policy) noexcept;

/// How often an actor may fail, and what follows when it fails more often.
struct RestartWords {
  enum class Then { kStopStream, kStopGraph };

  std::optional<std::int64_t> max = 3;  ///< Restarts within `within`; nothing = for ever.
  std::chrono::nanoseconds within = std::chrono::minutes(1);
  std::chrono::nanoseconds backoff_least = std::chrono::milliseconds(200);
  std::chrono::nanoseconds backoff_most = std::chrono::seconds(10);
  Then then = Then::kStopStream;

  friend bool operator==(const RestartWords&, const RestartWords&) = default;
};

/// One edge, seen from its consumer.
struct InputSpec {
  std::string port;       ///< The consumer's port.
  std::string from;       ///< The producer, after expansion ("detect.post").
  std::string from_port;  ///< The producer's port.
  std::int64_t queue = 4;
  DropPolicy drop = DropPolicy::kNone;
  bool queue_is_written = false;  ///< A written word keeps the edge from being fused.
  bool drop_is_written = false;
  SourcePlace place;
};

/// One stream of a source, with the options that hold for it.
struct StreamSpec {
  std::string name;
  OptionValues options;
  bool live = false;
  SourcePlace place;
};

/// One actor, after parameters are substituted, defaults filled in and `infer` expanded.
struct ActorSpec {
  std::string name;
  const ActorType* type = nullptr;  ///< Of the registry, which must outlive the spec.
  OptionValues options;
  std::vector<InputSpec> inputs;
  std::string model;   ///< Of an actor that runs a model; its entry is in `GraphSpec::models`.
  std::string device;  ///< Where it runs its model first: a name of `GraphSpec::devices`.
  std::vector<std::string> devices;  ///< All where it may run it, in order of preference.
  std::vector<FlowSpec> flows;       ///< One a stream of `serves`, of an actor that runs a model.
  std::string part_of;               ///< "detect" for the actors that 'detect' was expanded to.
  RestartWords restart;
  Scope scope = Scope::kShared;
  std::vector<StreamSpec> streams;  ///< Of a source; others have none.
  std::vector<std::string> serves;  ///< Names of the streams that pass here, in file order.
  bool live = false;                ///< At least one of them is live.
  PayloadSet arrives;               ///< What a frame carries when it comes in.
  /// Of a join, by input: the results that other actors gave than those of the inputs before it.
  std::vector<PayloadSet> brings;
  /// Of a join, as far as they are known: the label tables of the results that come together.
  LabelTables label_tables;
  SourcePlace place;
};

/// The shapes that a graph gives to an input of a model which leaves extents open.
struct InputShapes {
  std::string input;  ///< Empty = the model's only input.
  std::vector<std::vector<std::int64_t>> shapes;
  SourcePlace place;     ///< Of the input's name, or of the list.
  bool implied = false;  ///< Not written: what the graph's `preprocess` makes, or a batch of one.
};

/// A model that the graph uses.
struct ModelSpec {
  std::string name;
  std::string file;
  std::string network;               ///< Of the package; "": its first.
  std::string variant;               ///< Of that network; "": its first.
  std::string device;                ///< The first of `devices`.
  std::vector<std::string> devices;  ///< Names in `GraphSpec::devices`, in order of preference.
  Placement placement = Placement::kPinned;
  bool failover = false;
  std::string mode = "auto";
  std::int64_t cores = 0;  ///< Sub-devices that it takes at most, whichever; 0: all there are.
  ScheduleKnobs knobs;
  std::int64_t batch_size = 1;
  std::chrono::nanoseconds batch_wait = std::chrono::milliseconds(10);
  std::int64_t batch_per_stream = 0;        ///< Frames of one stream in a batch, at most; 0: all.
  std::vector<std::int64_t> batch_buckets;  ///< Sizes of partial batches, ascending.
  /// Several shapes of several inputs go together by place; with batch sizes each is a bucket.
  std::vector<InputShapes> shapes;
  OptionValues options;             ///< Every word of the entry but pre- and postprocess.
  OptionValues driver_options;      ///< Those of them that drivers have added.
  std::optional<ModelFacts> facts;  ///< As the graph's shapes fix it; nothing without a probe.
  SourcePlace place;
};

/// Returns which model of which file `model` is.
inline ModelChoice choice_of(const ModelSpec& model) {
  return {model.file, model.network, model.variant};
}

/// A value that a property of a device is to have.
struct PropertySetting {
  std::string name;
  std::int32_t sub_device = -1;  ///< -1 = the whole device.
  std::string value;
  SourcePlace place;       ///< Of the value.
  SourcePlace name_place;  ///< Of the property's name.
};

/// A device that the graph uses; a device word used without an entry has one of the same name.
struct DeviceSpec {
  std::string name;
  std::string type;     ///< cpu, gpu, npu, sim, noop, auto.
  std::string id;       ///< Empty = any.
  std::string driver;   ///< Empty = the first that has such a device.
  std::string profile;  ///< Of a simulated device: a word, or the path of a file.
  std::vector<PropertySetting> properties;
  std::vector<std::uint32_t> sub_devices;  ///< To claim, ascending; none = all.
  OptionValues options;
  bool implicit = false;
  SourcePlace place;
};

/// What a graph file says, checked: every name resolved, every value typed, every default filled
/// in.
///
/// Planning and running read it and need not look at the file again. Every element keeps its place
/// for messages.
/// Ownership: a plain value; points into the `TypeRegistry` it was checked with.
struct GraphSpec {
  std::string name;
  std::string file;
  std::vector<DeviceSpec> devices;
  std::vector<ModelSpec> models;
  SchedulerWords scheduler;
  std::vector<ActorSpec> actors;     ///< Producers before their consumers.
  std::int64_t workers = 0;          ///< 0 = the machine's cores.
  std::vector<std::string> secrets;  ///< Values that logs and messages must mask.

  /// Return the entry of that name; nullptr if there is none.
  [[nodiscard]] const ActorSpec* find_actor(std::string_view actor) const;
  [[nodiscard]] const ModelSpec* find_model(std::string_view model) const;
  [[nodiscard]] const DeviceSpec* find_device(std::string_view device) const;
};

}  // namespace penstock
