#include "tools/cli/models_command.h"

#include <iostream>

#include "engine/yaml/nearest_word.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/known_drivers.h"
#include "tools/cli/known_types.h"
#include "tools/cli/model_report.h"
#include "tools/compose/model_probe_adapter.h"

namespace penstock {
namespace {

constexpr const char* kHelp = R"(usage: penstock models inspect FILE [--json]

Shows what a model file (.onnx, .tflite, .xml) takes and gives: networks, inputs, outputs, shapes
and types, which decoders can read its outputs, and a piece of YAML to paste into a graph. Exit
code 4 if it cannot be read.

example: penstock models inspect models/ssd_mobilenet_v2_oid.tflite
)";

int inspect(const std::string& path, bool wants_json) {
  DriverModelProbe probe(start_model_reader);
  const auto model = probe.probe(path);
  if (!model.has_value()) {
    return report_error(model.error(), kExitUnavailable);
  }
  const TypeRegistry registry = make_registry();
  std::cout << (wants_json ? model_report_json(path, *model, registry) + "\n"
                           : model_report_text(path, *model, registry));
  return kExitDone;
}

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args, {{"--json"}, {}, "inspect FILE", 2, 2});
  if (!parsed.has_value()) {
    return report_usage("models", parsed.error());
  }
  const std::string& word = parsed->plain().front();
  if (word != "inspect") {
    const std::string near = did_you_mean(word, {"inspect"});
    return report_usage(
        "models",
        {Errc::kInvalidArgument,
         "unknown word '" + word + "'; " + (near.empty() ? "wants inspect" : near)});
  }
  return inspect(parsed->plain().back(), parsed->has("--json"));
}

}  // namespace

Command models_command() {
  return {"models", "show what a model file takes and gives", kHelp, run};
}

}  // namespace penstock
