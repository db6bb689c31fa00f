#include "tools/cli/models_command.h"

#include <iostream>
#include <vector>

#include "engine/base/printable.h"
#include "engine/graph/model_probe.h"
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
#include "tools/compose/model_chain.h"
#include "tools/compose/model_files.h"
#include "tools/compose/model_probe_adapter.h"
#include "tools/compose/model_reader.h"

namespace penstock {
namespace {

constexpr const char* kHelp =
    R"(usage: penstock models inspect FILE [--network NAME] [--variant NAME] [--driver FILE]...
                               [--json]
       penstock models verify PACKAGE [--driver FILE]... [--json]
)";

constexpr const char* kHelpOfTheRest = R"(
inspect shows what a model file (.onnx, .tflite, .xml) takes and gives: networks, inputs, outputs,
shapes and types, which decoders can read its outputs, and a piece of YAML to paste into a graph; of
a package (a folder, or a .zip) what its manifest says too, and which models a frame passes on the
host and on the device. --network and --variant show another one than the package's first.

verify reads all of a package or model file: sizes, checksums and hashes, the manifest, whether it
says the same as the models, and whether a network meets the graphs that the host runs round it.

--driver, as PENSTOCK_DRIVERS, loads a plug-in whose driver may read files of its own kind;
--driver-option DRIVER.KEY=VALUE, as PENSTOCK_DRIVER_OPTIONS, starts a driver with an option of its
own. All four words take both.

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

int show_model(const ModelChoice& choice, const KnownDrivers& drivers, bool wants_json) {
  DriverModelProbe probe(start_model_reader, plugin_readers(drivers), kReaderAdvice);
  const auto model = probe.probe(choice);
  if (!model.has_value()) {
    return report_error(model.error(), kExitUnavailable);
  }
  const TypeRegistry registry = make_registry();
  std::cout << (wants_json ? model_report_json(choice, *model, registry) + "\n"
                           : printable_lines(model_report_text(choice, *model, registry)));
  return kExitDone;
}

/// Returns the models that a frame of `file` passes, as they say themselves; none for one alone.
Result<std::vector<ChainStep>> chain_of(const ModelFile& file, const KnownDrivers& drivers) {
  std::vector<ChainStep> steps;
  if (!file.has_host_graphs()) {
    return steps;
  }
  ModelReader reader(start_model_reader, plugin_readers(drivers), kReaderAdvice);
  PENSTOCK_ASSIGN_OR_RETURN(const ModelChain chain, read_chain(reader, file));
  if (!file.before.path.empty()) {
    steps.push_back({file.before.name, true, facts_of(chain.before)});
  }
  steps.push_back({file.name, false, facts_of(chain.network)});
  if (!file.after.path.empty()) {
    steps.push_back({file.after.name, true, facts_of(chain.after)});
  }
  return steps;
}

/// Shows the manifest, the models that a frame passes, and in text what they are good for in a
/// graph.
int show_package(const ModelChoice& choice, const KnownDrivers& drivers, bool wants_json) {
  ModelFiles files;
  const auto package = files.open(choice.path);
  if (!package.has_value()) {
    return report_error(package.error(), kExitUnavailable);
  }
  const auto file = files.find(choice);
  if (!file.has_value()) {
    return report_error(file.error(), kExitUnavailable);
  }
  const auto chain = chain_of(*file, drivers);
  if (!chain.has_value()) {
    return report_error(chain.error().within("'" + choice.path + "'"), kExitUnavailable);
  }
  if (wants_json) {
    std::cout << package_report_json(**package, *chain) << "\n";
    return kExitDone;
  }
  std::cout << printable_lines(package_report_text(**package)) << "\n"
            << printable_lines(chain_report_text(*chain)) << (chain->empty() ? "" : "\n");
  return show_model(choice, drivers, false);
}

int inspect(std::span<const std::string> args) {
  const auto words = Arguments::parse(
      args, {{"--json"}, {"--network", "--variant", kDriverOption, kDriverSetting}, "FILE", 1, 1});
  if (!words.has_value()) {
    return report_usage("models", words.error());
  }
  const auto drivers = find_drivers({words->values(kDriverOption), words->values(kDriverSetting)});
  if (!drivers.has_value()) {
    return report_error(drivers.error(), kExitUsage);
  }
  const ModelChoice choice{words->plain().front(),
                           words->value("--network").value_or(""),
                           words->value("--variant").value_or("")};
  return looks_like_package(choice.path) ? show_package(choice, *drivers, words->has("--json"))
                                         : show_model(choice, *drivers, words->has("--json"));
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
