#include "tools/compose/driver_options.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/graph/builtin_words.h"
#include "engine/graph/option.h"
#include "engine/graph/option_values.h"

namespace penstock {
namespace {

std::vector<Option> openvino_words() {
  return {
      Option::word("hint", {"throughput", "latency"}, "what the device is tuned for"),
      Option::integer("streams", "inferences side by side; 0 = OpenVINO decides").range(0, 1024),
      Option::integer("threads", "of the CPU; 0 = OpenVINO decides").range(0, 4096),
      Option::integer("requests", "in flight at once; 0 = as many as OpenVINO says").range(0, 1024),
      Option::word("precision",
                   {"auto", "f32", "bf16", "f16"},
                   "of the arithmetic; auto may be less than the model's"),
      Option::word("pinning", {"auto", "true", "false"}, "whether threads stay on their core"),
      Option::text("cache_dir", "folder for compiled models, so that the next start is faster")};
}

std::vector<Option> noop_words() {
  return {Option::text("inputs", "ports as name:type:shape[:layout], commas between"),
          Option::text("outputs", "likewise"),
          Option::duration("latency", "of one inference"),
          Option::word("write", {"zeros", "copy", "nothing"}, "what the outputs get"),
          Option::integer("requests", "in flight at once").range(1, 1024)};
}

std::string text_of(const OptionValue& value) {
  if (const auto* text = value.as<std::string>()) {
    return *text;
  }
  if (const auto* number = value.as<std::int64_t>()) {
    return std::to_string(*number);
  }
  const auto* duration = value.as<std::chrono::nanoseconds>();
  PENSTOCK_CHECK(duration != nullptr) << "an option of a driver has another kind";
  return std::to_string(duration->count()) + "ns";
}

/// Whether `name` is a word of the language in `devices:`, such as `type`, and not the driver's.
bool is_word_of_language(const std::string& name) {
  const auto& words = device_words();
  return std::any_of(
      words.begin(), words.end(), [&](const Option& word) { return word.name() == name; });
}

void put(const OptionValues& values, DriverOptions* options) {
  for (const std::string& name : values.names()) {
    if (is_word_of_language(name)) {
      continue;
    }
    (*options)[name] = text_of(*values.find(name));
  }
}

}  // namespace

void register_driver_words(TypeRegistry& registry) {
  registry.add_device({"cpu", "the processor of this machine, through OpenVINO", openvino_words()});
  registry.add_device(
      {"gpu", "a graphics processor of Intel's, through OpenVINO", openvino_words()});
  registry.add_device({"npu", "a neural processor of Intel's, through OpenVINO", openvino_words()});
  registry.add_device(
      {"noop", "computes nothing: for tests and for measuring the engine", noop_words()});
  for (const Option& option : openvino_words()) {
    registry.add_model_option(option);
  }
}

DriverOptions load_options(const ModelSpec& model, const DeviceSpec& device) {
  DriverOptions options;
  put(device.options, &options);
  if (device.type != "noop") {
    put(model.driver_options, &options);
  }
  if (model.batch_size > 1) {
    options["batch"] = std::to_string(model.batch_size);
  }
  return options;
}

}  // namespace penstock
