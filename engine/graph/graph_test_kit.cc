#include "engine/graph/graph_test_kit.h"

#include <utility>

#include "engine/graph/builtin_words.h"

namespace penstock {
namespace {

ModelFacts model(std::vector<std::int64_t> input, std::vector<std::int64_t> output) {
  ModelFacts facts;
  facts.inputs.push_back(TensorFacts{"images", std::move(input), "f32", ""});
  facts.outputs.push_back(TensorFacts{"output0", std::move(output), "f32", ""});
  return facts;
}

bool is_network(const OptionValues& options) {
  return options.has("uri") && options.get_text("uri").rfind("rtsp://", 0) == 0;
}

std::optional<std::string> fits_yolov8(const ModelFacts& facts, const OptionValues& options) {
  const auto wanted = static_cast<std::int64_t>(options.get_texts("labels").size()) + 4;
  const std::vector<std::int64_t>& dims = facts.outputs.front().dims;
  if (dims.size() != 3 || dims[1] != wanted) {
    return "output 'output0' is " + shape_text(dims) + ", wants 1x" + std::to_string(wanted) + "x?";
  }
  return std::nullopt;
}

std::optional<std::string> fits_anything(const ModelFacts& /*facts*/,
                                         const OptionValues& /*options*/) {
  return std::nullopt;
}

ActorType video_source() {
  ActorType type("video_source", "reads video");
  type.source(is_network).out("frames", {payload::kImage});
  type.option(Option::uri("uri", "what to read").required());
  type.option(Option::rate("max_fps", "upper limit").range(0.1, 1000));
  type.option(Option::integer("max_in_flight", "frames per stream in the graph").range(1, 64));
  type.option(Option::object(
      "reconnect",
      "after a loss",
      {
          Option::list("backoff", Option::duration("backoff", "a wait"), "waits").count(2, 2),
          Option::duration("stalled_after", "no frame for so long"),
      }));
  type.option(Option::boolean("loop", "begin again at the end").fallback("false"));
  return type;
}

ActorType yolov8() {
  ActorType type("yolov8", "boxes of a YOLOv8");
  type.decoder(fits_yolov8).out("out", {payload::kObjects});
  type.option(Option::labels("labels", "names of the classes").required());
  type.option(Option::number("score", "smallest score").range(0, 1).fallback("0.25"));
  type.option(Option::number("iou", "overlap").range(0, 1).fallback("0.45"));
  type.option(Option::texts("keep", "only these labels").labels_of("labels"));
  return type;
}

void add_sinks(TypeRegistry& registry) {
  registry.add(ActorType("video_sink", "writes video")
                   .in("in", {payload::kImage})
                   .sink()
                   .option(Option::path_out("path", "the file").required()));
  registry.add(ActorType("jsonl_sink", "writes a line a frame")
                   .in("in", {})
                   .sink()
                   .option(Option::path_out("path", "the file").required()));
  registry.add(ActorType("dashboard", "shows it in a browser")
                   .in("in", {payload::kImage})
                   .sink()
                   .option(Option::integer("port", "to listen on").range(1, 65535))
                   .option(Option::rate("max_fps", "upper limit")));
  registry.add(ActorType("mqtt_sink", "publishes")
                   .in("in", {})
                   .sink()
                   .option(Option::text("broker", "address").required())
                   .option(Option::text("topic", "where").templated().required()));
}

}  // namespace

Result<std::string> FilesInMemory::read(const std::string& path) const {
  const auto found = files_.find(path);
  if (found == files_.end()) {
    return Error{Errc::kNotFound, "cannot open '" + path + "'"};
  }
  return found->second;
}

Result<ModelFacts> ModelsInMemory::probe(const ModelChoice& choice) {
  ++asked;
  choices.push_back(choice);
  const auto found = models.find(choice.path);
  if (found == models.end()) {
    return Error{Errc::kCorrupt, "'" + choice.path + "' is not a model"};
  }
  return found->second;
}

Result<std::vector<NetworkNames>> ModelsInMemory::networks(const std::string& path) {
  const auto found = packages.find(path);
  if (found == packages.end()) {
    return Error{Errc::kCorrupt, "'" + path + "' is not a package"};
  }
  return found->second;
}

Result<DeviceFacts> DevicesInMemory::find(const DeviceSpec& device) {
  const auto found = devices.find(device.type);
  if (found == devices.end()) {
    return Error{Errc::kNotFound, "no device of type '" + device.type + "'"};
  }
  return found->second;
}

Result<std::vector<LoadReason>> DevicesInMemory::explain(const ModelSpec& model,
                                                         const DeviceSpec& device) {
  ++explained;
  const auto found = reasons.find(model.name + " on " + device.name);
  return found == reasons.end() ? std::vector<LoadReason>() : found->second;
}

Result<std::uint64_t> DevicesInMemory::kept_bytes(const ModelSpec& model,
                                                  const DeviceSpec& device) {
  const auto found = kept.find(model.name + " on " + device.name);
  return found == kept.end() ? std::uint64_t{0} : found->second;
}

TypeRegistry example_types() {
  TypeRegistry registry;
  register_language_types(registry);
  registry.add_device({"cpu", "this machine", {}});
  registry.add_device({"npu", "a real accelerator", {}});
  registry.add_device(
      {"sim",
       "a simulated device",
       {Option::duration("latency", "of one frame").fallback("4ms"),
        Option::text("profile", "what it behaves like").or_words({"mx3", "metis"})}});
  registry.add(video_source());
  registry.add(yolov8());
  registry.add(ActorType("softmax", "the best classes")
                   .decoder(fits_anything)
                   .out("out", {payload::kLabels})
                   .option(Option::labels("labels", "names of the classes").required())
                   .option(Option::integer("top_k", "how many").range(1, 100).fallback("5")));
  registry.add(ActorType("tracker", "numbers that stay")
                   .in("in", {payload::kObjects})
                   .out("out", {})
                   .per_stream()
                   .option(Option::word("method", {"byte", "sort"}, "how").fallback("byte"))
                   .option(Option::integer("max_lost", "until a track is given up")
                               .range(1, 10000)
                               .unit("frames")
                               .fallback("30")));
  registry.add(ActorType("crop", "one picture an object")
                   .in("in", {payload::kImage, payload::kObjects})
                   .fresh_out("out", {payload::kImage})
                   .option(Option::size("min_size", "smaller ones are left out"))
                   .option(Option::integer("top", "the best"))
                   .option(Option::integer("recheck", "every n-th frame")));
  registry.add(ActorType("join", "brings branches together")
                   .any_in({})
                   .join()
                   .out("out", {})
                   .option(Option::word("by", {"frame", "time"}, "what belongs together"))
                   .option(Option::duration("timeout", "longest wait").or_words({"none"}))
                   .option(Option::word("late", {"wait", "partial", "drop", "last"}, "what then")));
  registry.add(ActorType("overlay", "draws").in("in", {payload::kImage}).out("out", {}));
  registry.add(ActorType("blend", "two pictures in one")
                   .in("base", {payload::kImage})
                   .in("top", {payload::kImage})
                   .optional_in("mask", {payload::kMasks})
                   .out("out", {}));
  add_sinks(registry);
  return registry;
}

GraphTestKit::GraphTestKit()
    : files({{"clips/street.mp4", ""},
             {"profiles/mine.yaml", ""},
             {"models/yolov8n.onnx", ""},
             {"models/yolov8s.onnx", ""},
             {"models/colour_resnet18.onnx", ""},
             {"models/coco.txt", "person\nbicycle\ncar\nbus\ntruck\n"},
             {"models/colours.txt", "red\ngreen\n"}}) {
  models.models = {{"models/yolov8n.onnx", model({1, 3, 640, 640}, {1, 9, 8400})},
                   {"models/yolov8s.onnx", model({-1, 3, 640, 640}, {-1, 9, 8400})},
                   {"models/colour_resnet18.onnx", model({-1, 3, 224, 224}, {-1, 2})}};
  DeviceFacts sim;
  sim.identity = "metis-0";
  sim.type = "sim";
  sim.simulated = true;
  sim.sub_devices = 4;
  sim.properties = {
      {"clock", PropertyFacts::Type::kChoice, "MHz", -1, 0, 0, {"400", "800"}, true},
      {"mvm_limit", PropertyFacts::Type::kInteger, "percent", 0, 1, 100, {}, true},
      {"temperature", PropertyFacts::Type::kReal, "celsius", -1, -40, 150, {}, false}};
  DeviceFacts cpu;
  cpu.identity = "cpu:0";
  cpu.type = "cpu";
  devices.devices = {{"sim", sim}, {"cpu", cpu}, {"auto", cpu}};
}

CheckedGraph GraphTestKit::check(const std::string& text) {
  CheckRequest request;
  request.registry = &registry;
  request.set = set;
  request.models = &models;
  request.devices = asks_devices ? &devices : nullptr;
  request.files = &files;
  request.environment = [this](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  return check_graph(SourceText("a.yaml", text), request);
}

std::string with_camera(const std::string& actors) {
  return "actors:\n  cam: {type: video_source, uri: \"rtsp://h/a\"}\n" + actors;
}

std::string with_model(const std::string& actors, const std::string& words) {
  return "models:\n  people: {file: models/yolov8n.onnx" + words +
         "}\nactors:\n  cam: {type: video_source, uri: \"rtsp://h/a\"}\n" + actors;
}

std::vector<std::string> places_of(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> places;
  for (const Diagnostic& diagnostic : diagnostics) {
    places.push_back(diagnostic.code + " " + std::to_string(diagnostic.line) + ":" +
                     std::to_string(diagnostic.column));
  }
  return places;
}

std::vector<std::string> GraphTestKit::places(const std::string& text) {
  return places_of(check(text).diagnostics);
}

std::string GraphTestKit::message(const std::string& text) {
  const CheckedGraph checked = check(text);
  std::string all;
  for (const Diagnostic& diagnostic : checked.diagnostics) {
    all += (all.empty() ? "" : "\n") + diagnostic.message +
           (diagnostic.hint.empty() ? "" : "; " + diagnostic.hint);
  }
  return checked.diagnostics.size() == 1
             ? all
             : std::to_string(checked.diagnostics.size()) + " diagnostics\n" + all;
}

}  // namespace penstock
