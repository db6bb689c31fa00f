#include "tools/cli/models_command.h"

#include <iostream>

#include "engine/package/package.h"
#include "engine/yaml/nearest_word.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/known_drivers.h"
#include "tools/cli/known_types.h"
#include "tools/cli/model_report.h"
#include "tools/cli/models_bench.h"
#include "tools/cli/models_pack.h"
#include "tools/cli/models_verify.h"
#include "tools/cli/package_report.h"
#include "tools/compose/model_probe_adapter.h"

namespace penstock {
namespace {

constexpr const char* kHelp =
    R"(usage: penstock models inspect FILE [--json]
       penstock models verify PACKAGE [--json]
)";

constexpr const char* kHelpOfTheRest = R"(
inspect shows what a model file (.onnx, .tflite, .xml) takes and gives: networks, inputs, outputs,
shapes and types, which decoders can read its outputs, and a piece of YAML to paste into a graph; of
a package (a folder, or a .zip) what its manifest says too.

verify reads all of a package or model file: sizes, checksums and hashes, the manifest, and whether
it says the same as the models.

Exit code 4 if it cannot be read or is not sound.

examples: penstock models inspect models/ssd_mobilenet_v2_oid.tflite
          penstock models pack models/ssd_mobilenet_v2_oid.tflite --labels models/oid_labels.txt
              --calibrate clips/vtest.avi --mean 127.5 --std 127.5 -o people.zip
          penstock models verify people.zip
          penstock models bench models/ssd_mobilenet_v2_oid.tflite --device sim:metis --compute none
)";

const std::string& help() {
  static const std::string kText =
      std::string(kHelp) + kModelsPackHelp + kModelsBenchHelp + kHelpOfTheRest;
  return kText;
}

int show_model(const std::string& path, const std::string& shown, bool wants_json) {
  DriverModelProbe probe(start_model_reader);
  const auto model = probe.probe(path);
  if (!model.has_value()) {
    return report_error(model.error(), kExitUnavailable);
  }
  const TypeRegistry registry = make_registry();
  std::cout << (wants_json ? model_report_json(shown, *model, registry) + "\n"
                           : model_report_text(shown, *model, registry));
  return kExitDone;
}

/// Shows the manifest, and in text what the default model is good for in a graph.
int show_package(const std::string& path, bool wants_json) {
  const auto package = open_package(path);
  if (!package.has_value()) {
    return report_error(package.error(), kExitUnavailable);
  }
  if (wants_json) {
    std::cout << package_report_json(*package) << "\n";
    return kExitDone;
  }
  const auto folder = package->materialise(default_package_cache());
  if (!folder.has_value()) {
    return report_error(folder.error(), kExitUnavailable);
  }
  std::cout << package_report_text(*package) << "\n";
  const PackageVariant& variant = package->info().networks.front().variants.front();
  return show_model((*folder / variant.model).string(), path, false);
}

int inspect(std::span<const std::string> args) {
  const auto words = Arguments::parse(args, {{"--json"}, {}, "FILE", 1, 1});
  if (!words.has_value()) {
    return report_usage("models", words.error());
  }
  const std::string& path = words->plain().front();
  return looks_like_package(path) ? show_package(path, words->has("--json"))
                                  : show_model(path, path, words->has("--json"));
}

int run(std::span<const std::string> args) {
  if (args.empty()) {
    return report_usage("models", {Errc::kInvalidArgument, "wants inspect, pack, verify or bench"});
  }
  const std::string& word = args.front();
  if (word == "inspect") {
    return inspect(args.subspan(1));
  }
  if (word == "pack") {
    return models_pack(args.subspan(1));
  }
  if (word == "verify") {
    return models_verify(args.subspan(1));
  }
  if (word == "bench") {
    return models_bench(args.subspan(1));
  }
  const std::string near = did_you_mean(word, {"inspect", "pack", "verify", "bench"});
  return report_usage("models",
                      {Errc::kInvalidArgument,
                       "unknown word '" + word + "'; " +
                           (near.empty() ? "wants inspect, pack, verify or bench" : near)});
}

}  // namespace

Command models_command() {
  return {"models", "inspect, pack, verify and time models", help().c_str(), run};
}

}  // namespace penstock
