#include "tools/compose/driver_options.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/graph/builtin_words.h"
#include "engine/graph/model_probe.h"
#include "engine/graph/option.h"
#include "engine/graph/option_values.h"
#include "engine/yaml/scalar.h"

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
      Option::number("pad", "fills an input that is smaller than its bucket of 'shapes'")
          .range(-1e6, 1e6),
      Option::text("cache_dir", "folder for compiled models, so that the next start is faster")};
}

std::vector<Option> noop_words() {
  return {Option::text("inputs", "ports as name:type:shape[:layout], commas between"),
          Option::text("outputs", "likewise"),
          Option::duration("latency", "of one inference"),
          Option::word("write", {"zeros", "copy", "nothing"}, "what the outputs get"),
          Option::integer("requests", "in flight at once").range(1, 1024)};
}

/// What makes a simulated device, and not a model on it.
constexpr std::array<const char*, 3> kWordsOfSimDevice = {"profile", "seed", "faults"};

Option fault_word() {
  return Option::object(
      "faults",
      "one fault",
      {Option::word("fault",
                    {"lost",
                     "hang",
                     "slow",
                     "probe_wrong",
                     "failed_load",
                     "claim_race",
                     "throttle",
                     "link_errors"},
                    "what happens")
           .required(),
       Option::duration("at", "when it starts, from the start of the device")
           .range("0s", "7d")
           .excludes("start"),
       Option::integer("after", "starts after so many frames")
           .range(0, 1e12)
           .unit("frames")
           .excludes("start"),
       Option::number("probability", "that a frame, load or claim starts it")
           .range(0, 1)
           .excludes("start"),
       Option::duration("for", "how long it lasts").range("1ns", "7d").excludes("end"),
       Option::duration("until", "when it ends, as 'at'").range("1ns", "7d").excludes("end"),
       Option::number("factor", "slow: so many times the service time")
           .range(0.01, 1e6)
           .only_with("fault", {"slow"}),
       Option::integer("count", "failed_load, claim_race: so many times at most")
           .range(1, 1e9)
           .only_with("fault", {"failed_load", "claim_race"}),
       Option::number("mhz", "throttle: the clock it holds, within the device's steps")
           .range(1, 1e6)
           .only_with("fault", {"throttle"}),
       Option::boolean("fails", "link_errors: transfers fail instead of being repeated")
           .only_with("fault", {"link_errors"})});
}

std::vector<Option> sim_words() {
  return {Option::text("profile", "what it behaves like; or the path of a profile of your own")
              .or_words({"mx3", "metis", "aries"}),
          Option::word("compute",
                       {"reference", "none"},
                       "whether the model really runs, on the host, or only its time is kept"),
          Option::integer("seed", "of jitter and chance: the same seed, the same course")
              .range(0, 9007199254740992),
          Option::word("scales",
                       {"dynamic"},
                       "dynamic: a float model without scales runs with those of each frame"),
          Option::list("faults", fault_word(), "what goes wrong, by script").count(0, 256)};
}

std::string text_of(const OptionValue& value);

/// Returns `faults:` as the driver reads it: a YAML list in one line.
std::string script_of(const OptionValue::List& faults) {
  std::string script;
  for (const OptionValue& fault : faults) {
    const OptionValues& words = *fault.as<OptionValues>();
    std::string item;
    for (const std::string& name : words.names()) {
      const auto* time = words.find(name)->as<std::chrono::nanoseconds>();
      item += (item.empty() ? "" : ", ") + (name == "fault" ? "kind" : name) + ": " +
              (time == nullptr ? text_of(*words.find(name)) : to_text(*time));
    }
    script += (script.empty() ? "{" : ", {") + item + "}";
  }
  return "[" + script + "]";
}

std::string text_of(const OptionValue& value) {
  if (const auto* text = value.as<std::string>()) {
    return *text;
  }
  if (const auto* number = value.as<std::int64_t>()) {
    return std::to_string(*number);
  }
  if (const auto* real = value.as<double>()) {
    std::ostringstream text;
    text << std::setprecision(17) << *real;
    return text.str();
  }
  if (const auto* flag = value.as<bool>()) {
    return *flag ? "true" : "false";
  }
  if (const auto* list = value.as<OptionValue::List>()) {
    return script_of(*list);
  }
  const auto* duration = value.as<std::chrono::nanoseconds>();
  PENSTOCK_CHECK(duration != nullptr) << "an option of a driver has another kind";
  return std::to_string(duration->count()) + "ns";
}

/// Puts `shapes` and the sizes of partial batches in the form that all drivers share. Those that
/// nobody wrote are not for noop, whose ports may be others than the file's.
void put_shapes(const ModelSpec& model, bool has_ports_of_file, DriverOptions* options) {
  for (const InputShapes& input : model.shapes) {
    if (input.implied && !has_ports_of_file) {
      continue;
    }
    std::string& text = (*options)["shape." + (input.input.empty() ? "0" : input.input)];
    for (const std::vector<std::int64_t>& shape : input.shapes) {
      text += (text.empty() ? "" : ",") + shape_text(shape);
    }
  }
  std::string sizes;
  for (const std::int64_t size : model.batch_buckets) {
    sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
  }
  if (!sizes.empty()) {
    (*options)["batch.buckets"] = sizes;
  }
}

/// Puts what a simulated device is to leave to the model: it chooses the mode by that.
void put_limits(const ModelSpec& model, const DeviceSpec& device, DriverOptions* options) {
  std::string indexes;
  for (const std::uint32_t index : device.sub_devices) {
    indexes += (indexes.empty() ? "" : ",") + std::to_string(index);
  }
  if (!indexes.empty()) {
    (*options)["sub_devices"] = indexes;
  }
  if (model.cores > 0) {
    (*options)["cores"] = std::to_string(model.cores);
  }
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

/// Puts what is written below `options`, in the words of the driver.
void put_own_words(const OptionValues& values, DriverOptions* options) {
  if (!values.has("options")) {
    return;
  }
  const OptionValues& written = values.get_object("options");
  for (const std::string& name : written.names()) {
    (*options)[name] = text_of(*written.find(name));
  }
}

/// Whether `device` is one of the linked-in driver that computes nothing, as its entry says.
bool is_linked_noop(const DeviceSpec& device) {
  return device.type == "noop" && (device.driver.empty() || device.driver == "noop");
}

}  // namespace

bool is_made_by_sim(const DeviceSpec& device) {
  return device.type == "sim" && (device.driver.empty() || device.driver == "sim");
}

void register_driver_words(TypeRegistry& registry) {
  registry.add_device({"cpu", "the processor of this machine, through OpenVINO", openvino_words()});
  registry.add_device(
      {"gpu", "a graphics processor of Intel's, through OpenVINO", openvino_words()});
  registry.add_device({"npu", "a neural processor of Intel's, through OpenVINO", openvino_words()});
  registry.add_device(
      {"noop", "computes nothing: for tests and for measuring the engine", noop_words()});
  registry.add_device(
      {"sim", "a simulated accelerator: the times of a device, on this machine", sim_words()});
  for (const Option& option : openvino_words()) {
    registry.add_model_option(option);
  }
}

DriverOptions load_options(const ModelSpec& model,
                           const DeviceSpec& device,
                           const ModelFile& file) {
  DriverOptions options;
  put(device.options, &options);
  put_own_words(device.options, &options);
  if (is_made_by_sim(device)) {
    for (const char* name : kWordsOfSimDevice) {
      options.erase(name);
    }
    options.insert(file.integer_options.begin(), file.integer_options.end());
    if (const OptionValue* pad = model.driver_options.find("pad"); pad != nullptr) {
      options["pad"] = text_of(*pad);  // What buckets are filled with is no matter of the device.
    }
    put_limits(model, device, &options);
    if (file.is_default) {  // What is pinned by the package's hash is pinned of its default.
      options["hash"] = file.hash;
    }
  } else if (!is_linked_noop(device)) {
    put(model.driver_options, &options);
    put_own_words(model.options, &options);
  }
  if (model.mode != "auto") {
    options["mode"] = model.mode;
  }
  if (model.batch_size > 1) {
    options["batch"] = std::to_string(model.batch_size);
  }
  put_shapes(model, device.type != "noop", &options);
  return options;
}

DriverOptions simulation_options(const DeviceSpec& device) {
  DriverOptions all;
  put(device.options, &all);
  DriverOptions options;
  for (const char* name : kWordsOfSimDevice) {
    if (const auto found = all.find(name); found != all.end()) {
      options.insert(*found);
    }
  }
  if (!device.profile.empty()) {
    options["profile"] = device.profile;  // a path is written from the graph's folder
  }
  return options;
}

}  // namespace penstock
