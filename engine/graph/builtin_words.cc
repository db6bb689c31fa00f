#include "engine/graph/builtin_words.h"

#include <limits>

#include "engine/graph/schedule_words.h"

namespace penstock {
namespace {

constexpr double kMaxQueue = 4096;
constexpr double kMaxSide = 32768;  // Of pictures that are scaled: what `ResamplePlan` makes.
constexpr std::size_t kChannels = 3;

Option restart_word(const std::string& help) {
  return Option::object(
      "restart",
      help,
      {
          Option::integer("max", "restarts within the time of 'within' (default 3)")
              .range(0, 1000000)
              .or_words({"forever"}),
          Option::duration("within", "the time in which restarts are counted (default 60s)")
              .range("1s", "1d"),
          Option::list("backoff",
                       Option::duration("backoff", "a wait").range("1ms", "1h"),
                       "shortest and longest wait before a restart (default [200ms, 10s])")
              .count(2, 2),
          Option::word("then",
                       {"stop_stream", "stop_graph"},
                       "what follows when it fails more often (default stop_stream)"),
      });
}

Option queue_word() {
  return Option::integer("queue", "frames that may wait at the edge")
      .range(1, kMaxQueue)
      .unit("frames");
}

/// Words of drivers that the language does not know; the driver checks them.
Option driver_options_word(const std::string& help) {
  return Option::table("options",
                       Option::text("value", "as the driver writes it"),
                       help + ", in the driver's own words")
      .keyed_by(Option::MapKey::kText);
}

Option drop_word() {
  return Option::word("drop",
                      {"none", "oldest", "newest"},
                      "which frame is lost when the queue is full; none blocks the producer");
}

std::vector<Option> preprocess_options() {
  return {
      Option::size("letterbox", "scale into this size, keep the shape of the picture, pad the rest")
          .range(1, kMaxSide)
          .excludes("size"),
      Option::size("resize", "scale to this size, whatever the shape of the picture")
          .range(1, kMaxSide)
          .excludes("size"),
      Option::word("color", {"rgb", "bgr", "gray"}, "order of the colour channels").fallback("rgb"),
      Option::object("normalize",
                     "(value - mean) / std, on the scale 0 to 255; imagenet is a preset",
                     {
                         Option::numbers("mean", "subtracted; one number or three")
                             .one_or(kChannels)
                             .range(-1e6, 1e6)
                             .fallback("0"),
                         Option::numbers("std", "divided by; one number or three")
                             .one_or(kChannels)
                             .range(1e-6, 1e6)
                             .fallback("1"),
                     })
          .or_words({"imagenet"})
          .fallback("{mean: 0, std: 255}"),
      Option::integer("pad", "grey value round the picture of a letterbox")
          .range(0, 255)
          .fallback("114"),
  };
}

std::vector<Option> placing_words() {
  return {
      Option::path_in("file", "the model: .onnx, .tflite, .xml, or a package").required(),
      Option::text("network", "of the package, by name; without it its first"),
      Option::text("variant", "of the network, by name; without it its first"),
      Option::texts("device", "entries of 'devices', or device words, in order of preference")
          .count(1, 64),
      Option::word("placement",
                   {"pinned", "round_robin", "least_loaded"},
                   "which of several devices a frame goes to")
          .fallback("pinned"),
      Option::boolean("failover", "goes on with the next device when one is lost")
          .fallback("false"),
      driver_options_word("what the drivers of its devices take for this model"),
      Option::text("mode", "how sub-devices work together; a profile may name others")
          .or_words({"auto", "single", "multi", "global4", "global8"})
          .fallback("auto"),
      Option::integer("cores",
                      "sub-devices that it takes at most, whichever are free; without it all")
          .range(1, 64),
      Option::object(
          "batch",
          "frames of any stream that run together",
          {
              Option::integer("size", "frames in a full batch")
                  .range(1, 1024)
                  .unit("frames")
                  .fallback("1"),
              Option::duration("wait", "a partial batch leaves after this")
                  .range("0s", "1min")
                  .fallback("10ms"),
              Option::integer("per_stream", "at most so many of one stream; without it all")
                  .range(1, 1024)
                  .unit("frames"),
              Option::list("buckets",
                           Option::integer("buckets", "frames").range(1, 1023),
                           "sizes for batches that are not full, below 'size', "
                           "ascending: each runs in the smallest that holds it")
                  .count(1, 16),
          })
          .fallback("{size: 1, wait: 10ms}"),
      Option::list("shapes",
                   Option::list("shapes",
                                Option::integer("shapes", "an extent").range(1, 1e9),
                                "extents of one shape")
                       .count(1, 8),
                   "sizes for what the model leaves open, such as [[1, 3, 320, 320], "
                   "[1, 3, 640, 640]], the smaller first: a frame runs in the first that it fits "
                   "into; of several inputs {NAME: [[...], ...], ...}")
          .count(1, 32)
          .or_map(Option::MapKey::kText),
  };
}

}  // namespace

const std::vector<Option>& model_words() {
  static const std::vector<Option> kWords = [] {
    std::vector<Option> words = placing_words();
    words.insert(words.end(), schedule_options().begin(), schedule_options().end());
    return words;
  }();
  return kWords;
}

const std::vector<Option>& device_words() {
  static const std::vector<Option> kWords = {
      Option::text("type", "the kind of device").required(),
      Option::text("id", "which of several devices of that kind"),
      Option::text("driver",
                   "whose device it is, as 'penstock version' names drivers; without it the first "
                   "that has one"),
      driver_options_word("what the driver takes for every model there"),
      Option::table(
          "properties",
          Option::text("value", "of all sub-devices, or of each").or_map(Option::MapKey::kIndex),
          "settings of the device, as 'penstock devices show' lists them"),
      Option::list("sub_devices",
                   Option::integer("sub_devices", "an index").range(0, 63),
                   "the sub-devices to claim; without it all")
          .count(1, 64),
  };
  return kWords;
}

const std::vector<Option>& default_words() {
  static const std::vector<Option> kWords = {
      queue_word().fallback("4"),
      drop_word().fallback("none"),
      restart_word("what happens when an actor fails; sources reconnect for ever"),
      Option::text("device", "device of the models that name none").fallback("auto"),
  };
  return kWords;
}

const std::vector<Option>& runtime_words() {
  static const std::vector<Option> kWords = {
      Option::integer("workers", "threads that run actors")
          .range(1, 1024)
          .or_words({"cores"})
          .fallback("cores"),
  };
  return kWords;
}

const std::vector<Option>& actor_words() {
  static const std::vector<Option> kWords = {
      Option::text("device", "runs the actor's model here instead of on the model's device"),
      restart_word("what happens when this actor fails"),
      Option::word("scope", {"stream", "shared"}, "one instance a stream, or one for all streams"),
  };
  return kWords;
}

const std::vector<Option>& edge_words() {
  static const std::vector<Option> kWords = {queue_word(), drop_word()};
  return kWords;
}

const std::vector<Option>& parameter_words() {
  static const std::vector<Option> kWords = {
      Option::word("type",
                   {"text", "bool", "int", "number", "duration", "bytes"},
                   "what a value must be; without it the default shows it"),
      Option::boolean("secret", "the value is never shown"),
      Option::text("help", "one line for people"),
  };
  return kWords;
}

const std::vector<std::string>& later_words(WordSection section) {
  using Words = std::vector<std::string>;
  static const Words kNone;
  static const Words kModel = {"deadline"};
  static const Words kGraph = {"hosts", "plugins", "include", "subgraphs"};
  static const Words kActor = {"host", "executor", "deadline", "log"};
  static const Words kEdge = {"link", "feedback"};
  static const Words kDevice = {"host"};
  static const Words kDefaults = {"deadline", "priority", "executor"};
  static const Words kRuntime = {"executors", "memory", "metrics"};
  switch (section) {
    case WordSection::kGraph:
      return kGraph;
    case WordSection::kActor:
      return kActor;
    case WordSection::kEdge:
      return kEdge;
    case WordSection::kModel:
      return kModel;
    case WordSection::kDevice:
      return kDevice;
    case WordSection::kDefaults:
      return kDefaults;
    case WordSection::kRuntime:
      return kRuntime;
  }
  return kNone;
}

const std::vector<std::string>& top_level_words() {
  static const std::vector<std::string> kWords = {
      "graph", "params", "devices", "models", "scheduler", "runtime", "defaults", "actors"};
  return kWords;
}

void register_language_types(TypeRegistry& registry) {
  registry.add_device({"auto", "the first real accelerator, else cpu; never sim or noop", {}});
  ActorType preprocess("preprocess", "turns pictures into the input of a model");
  preprocess.in("in", {payload::kImage}).out("out", {payload::kTensors}).preprocesses();
  for (const Option& option : preprocess_options()) {
    preprocess.option(option);
  }
  registry.add(preprocess);
  registry.add(ActorType("infer", "runs a model")
                   .in("in", {payload::kTensors})
                   .out("out", {payload::kTensors})
                   .option(Option::text("model", "an entry of 'models'").required())
                   .runs_model());
}

}  // namespace penstock
