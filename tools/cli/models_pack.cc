#include "tools/cli/models_pack.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/printable.h"
#include "engine/nodes/picture_options.h"
#include "engine/package/package.h"
#include "engine/yaml/scalar.h"
#include "tools/cli/arguments.h"
#include "tools/cli/command.h"
#include "tools/cli/console.h"
#include "tools/cli/known_drivers.h"
#include "tools/cli/package_report.h"
#include "tools/compose/model_chain.h"
#include "tools/compose/model_reader.h"
#include "tools/package/clip_calibrator.h"
#include "tools/package/model_ports.h"
#include "tools/package/package_draft.h"

namespace penstock {

const char* const kModelsPackHelp =
    R"(       penstock models pack MODEL... [-o FILE.zip|FOLDER] [--calibrate CLIP] [options] [--json]

pack writes a package: one MODEL, several that are the same network for several shapes, or a package
to make a new one of. It becomes NAME.zip here, unless -o says otherwise (a name without an ending,
or with a '/' behind it, is a folder); nothing is overwritten.
  --calibrate CLIP      run each model over pictures of the clip and write scales for int8 devices
  --frames N            pictures to use at most (32)
  --every N             use one picture of N (10)
  --percentile P        take outputs up to the magnitude that P % of them do not exceed; 100: to the
                        greatest (99.9, and the greatest where most values are near 0)
  --letterbox WxH, --resize WxH    as `preprocess` of a graph has it, where the model leaves its size
                        open; --resize also stretches pictures where letterbox would pad
  --color rgb|bgr       order of the channels (rgb)
  --normalize imagenet, or --mean A[,B,C] and --std A[,B,C]    on the scale 0..255 (0 and 1)
  --labels FILE         copy a label file into it
  --preprocess MODEL, --postprocess MODEL    models that the host runs before and after
  --mode NAME           an execution mode it may run in; may be repeated
  --name NAME, --notes TEXT
  --driver FILE         loads a plug-in whose driver may read models of its own kind
)";

namespace {

const ArgumentRules& rules() {
  static const ArgumentRules kRules = {{"--json"},
                                       {"-o",
                                        "--calibrate",
                                        "--frames",
                                        "--every",
                                        "--percentile",
                                        "--letterbox",
                                        "--resize",
                                        "--color",
                                        "--normalize",
                                        "--mean",
                                        "--std",
                                        "--labels",
                                        "--preprocess",
                                        "--postprocess",
                                        "--mode",
                                        "--name",
                                        "--notes",
                                        kDriverOption,
                                        kDriverSetting},
                                       "MODEL",
                                       1,
                                       64};
  return kRules;
}

Error wrong(const std::string& option, const std::string& value, const std::string& rule) {
  return {Errc::kInvalidArgument, option + " wants " + rule + ", not '" + value + "'"};
}

Result<std::uint32_t> count_of(const Arguments& words,
                               const std::string& option,
                               std::uint32_t otherwise) {
  constexpr std::int64_t kMost = 1'000'000;
  const auto text = words.value(option);
  if (!text.has_value()) {
    return otherwise;
  }
  const auto number = parse_int(*text);
  if (!number.has_value() || *number < 1 || *number > kMost) {
    return wrong(option, *text, "a number 1.." + std::to_string(kMost));
  }
  return static_cast<std::uint32_t>(*number);
}

/// Reads "640x360" into the target.
Status read_size(const Arguments& words, const std::string& option, PictureTarget& target) {
  const auto text = words.value(option);
  if (!text.has_value()) {
    return {};
  }
  const std::size_t cross = text->find('x');
  const auto width = parse_int(std::string_view(*text).substr(0, cross));
  const auto height = parse_int(
      cross == std::string::npos ? std::string_view() : std::string_view(*text).substr(cross + 1));
  const auto is_side = [](const Result<std::int64_t>& side) {
    return side.has_value() && *side >= 1 && *side <= ResamplePlan::kMaxSide;
  };
  if (!is_side(width) || !is_side(height)) {
    return wrong(option, *text, "WIDTHxHEIGHT");
  }
  target.width = static_cast<int>(*width);
  target.height = static_cast<int>(*height);
  return {};
}

/// Reads one number for all channels, or one for each.
Status read_channels(const Arguments& words,
                     const std::string& option,
                     bool is_divisor,
                     std::array<float, 3>& channels) {
  const auto text = words.value(option);
  if (!text.has_value()) {
    return {};
  }
  std::vector<float> numbers;
  std::string_view rest = *text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const auto number = parse_number(rest.substr(0, comma));
    if (!number.has_value() || (is_divisor && *number <= 0)) {
      return wrong(option, *text, is_divisor ? "numbers above 0" : "numbers, such as 0 or 1,2,3");
    }
    numbers.push_back(static_cast<float>(*number));
    if (comma == std::string_view::npos) {
      break;
    }
    rest.remove_prefix(comma + 1);
  }
  if (numbers.size() != 1 && numbers.size() != channels.size()) {
    return wrong(option, *text, "1 number or 3");
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    channels[i] = numbers[numbers.size() == 1 ? 0 : i];
  }
  return {};
}

Status read_target(const Arguments& words, PictureTarget& target) {
  if (words.value("--letterbox").has_value() && words.value("--resize").has_value()) {
    return Error{Errc::kInvalidArgument, "--letterbox and --resize exclude each other"};
  }
  target.keeps_shape = !words.value("--resize").has_value();
  PENSTOCK_RETURN_IF_ERROR(read_size(words, "--letterbox", target));
  PENSTOCK_RETURN_IF_ERROR(read_size(words, "--resize", target));
  const std::string color = words.value("--color").value_or("rgb");
  if (color != "rgb" && color != "bgr") {
    return wrong("--color", color, "rgb or bgr");
  }
  target.order = color == "bgr" ? ResampleSpec::Order::kBgr : ResampleSpec::Order::kRgb;
  if (const auto preset = words.value("--normalize"); preset.has_value()) {
    if (*preset != "imagenet") {
      return wrong("--normalize", *preset, "imagenet; for numbers there are --mean and --std");
    }
    use_imagenet_scale(target);
  }
  PENSTOCK_RETURN_IF_ERROR(read_channels(words, "--mean", false, target.mean));
  return read_channels(words, "--std", true, target.deviation);
}

Result<CalibrationOptions> calibration_of(const Arguments& words) {
  CalibrationOptions options;
  options.clip = words.value("--calibrate").value_or("");
  for (const char* option : {"--frames",
                             "--every",
                             "--percentile",
                             "--letterbox",
                             "--resize",
                             "--color",
                             "--normalize",
                             "--mean",
                             "--std"}) {
    if (options.clip.empty() && words.value(option).has_value()) {
      return Error{Errc::kInvalidArgument, std::string(option) + " is for --calibrate CLIP"};
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN(options.frames, count_of(words, "--frames", options.frames));
  PENSTOCK_ASSIGN_OR_RETURN(options.every, count_of(words, "--every", options.every));
  if (const auto text = words.value("--percentile"); text.has_value()) {
    const auto number = parse_number(*text);
    if (!number.has_value() || *number < 50 || *number > 100) {
      return wrong("--percentile", *text, "a number 50..100");
    }
    options.percentile = *number;
  }
  PENSTOCK_RETURN_IF_ERROR(read_target(words, options.target));
  return options;
}

Status add_words(const Arguments& words, PackageDraft& draft) {
  PackageInfo& info = draft.info();
  info.name = words.value("--name").value_or(info.name);
  info.notes = words.value("--notes").value_or(info.notes);
  for (PackageNetwork& network : info.networks) {
    if (const auto labels = words.value("--labels"); labels.has_value()) {
      PENSTOCK_ASSIGN_OR_RETURN(network.labels, draft.add(*labels));
    }
    for (PackageVariant& variant : network.variants) {
      if (const auto model = words.value("--preprocess"); model.has_value()) {
        PENSTOCK_ASSIGN_OR_RETURN(variant.preprocess, draft.add(*model));
      }
      if (const auto model = words.value("--postprocess"); model.has_value()) {
        PENSTOCK_ASSIGN_OR_RETURN(variant.postprocess, draft.add(*model));
      }
      if (const auto modes = words.values("--mode"); !modes.empty()) {
        variant.modes = modes;
      }
    }
  }
  return {};
}

/// Checks that every network meets the graphs round it.
Status check_chains(ModelReader& reader, PackageDraft& draft) {
  for (const PackageNetwork& network : draft.info().networks) {
    for (const PackageVariant& variant : network.variants) {
      const ModelFile file = file_of(draft.info().name, variant, [&](const std::string& member) {
        return draft.file(member).string();
      });
      if (file.has_host_graphs()) {
        PENSTOCK_RETURN_IF_ERROR(read_chain(reader, file));
      }
    }
  }
  return {};
}

/// Checks that the host, which runs the networks to see what they give, can read them all.
Status check_calibratable(const PackageInfo& info) {
  for (const PackageNetwork& network : info.networks) {
    for (const PackageVariant& variant : network.variants) {
      if (!is_plain_model(variant.model)) {
        return Error{Errc::kUnsupported,
                     "--calibrate runs the model on the host, which reads .onnx, .tflite and .xml, "
                     "not '" +
                         variant.model +
                         "'; leave --calibrate out, and calibrate the model that this one was made "
                         "from"};
      }
    }
  }
  return {};
}

/// Opens the CPU of the host.
Result<Device> open_cpu(Driver& driver) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, driver.enumerate());
  const auto cpu = std::find_if(devices.begin(), devices.end(), [](const DeviceInfo& device) {
    return device.kind == DeviceKind::kCpu;
  });
  if (cpu == devices.end()) {
    return Error{Errc::kUnavailable, "driver '" + driver.name() + "' has no CPU to calibrate on"};
  }
  return driver.open(cpu->identity);
}

constexpr std::string_view kScalesFrom = "int8 scales from ";

/// Returns `notes` without what an earlier calibration wrote: its scales are replaced.
std::string without_scale_line(const std::string& notes) {
  std::istringstream lines(notes);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(kScalesFrom, 0) != 0) {
      kept += (kept.empty() ? "" : "\n") + line;
    }
  }
  return kept;
}

/// Works out the scales of every variant.
Status calibrate_all(Driver& driver, const CalibrationOptions& options, PackageDraft& draft) {
  PENSTOCK_RETURN_IF_ERROR(check_calibratable(draft.info()));
  PENSTOCK_ASSIGN_OR_RETURN(Device device, open_cpu(driver));
  std::uint32_t used = 0;
  for (PackageNetwork& network : draft.info().networks) {
    for (PackageVariant& variant : network.variants) {
      const std::filesystem::path& file = draft.file(variant.model);
      if (variant.inputs.empty() || variant.outputs.empty()) {
        PENSTOCK_ASSIGN_OR_RETURN(const ModelInfo model, driver.inspect(file.string()));
        variant.inputs = tensors_of(model.inputs);
        variant.outputs = tensors_of(model.outputs);
      }
      const std::filesystem::path before =
          variant.preprocess.empty() ? std::filesystem::path() : draft.file(variant.preprocess);
      const auto done = calibrate(device, {before, file}, options, variant);
      if (!done.has_value()) {
        return done.error().within("network '" + variant.model + "'");
      }
      used = *done;
    }
  }
  const std::string clip = std::filesystem::path(options.clip).filename().string();
  PackageInfo& info = draft.info();
  info.notes = without_scale_line(info.notes);
  info.notes += (info.notes.empty() ? "" : "\n") + std::string(kScalesFrom) + std::to_string(used) +
                (used == 1 ? " picture of " : " pictures of ") + clip;
  return {};
}

/// What went wrong with which exit code.
int report(const Error& error) {
  const bool is_usage = error.code == Errc::kInvalidArgument;
  return report_error(error, is_usage ? kExitUsage : kExitUnavailable);
}

}  // namespace

int models_pack(std::span<const std::string> args) {
  const auto words = Arguments::parse(args, rules());
  if (!words.has_value()) {
    return report_usage("models", words.error());
  }
  const auto options = calibration_of(*words);
  if (!options.has_value()) {
    return report_usage("models", options.error());
  }
  const auto drivers = find_drivers({words->values(kDriverOption), words->values(kDriverSetting)});
  if (!drivers.has_value()) {
    return report_error(drivers.error(), kExitUsage);
  }
  ModelReader reader(start_model_reader, plugin_readers(*drivers), kReaderAdvice);
  const auto host = reader.host();
  if (!host.has_value()) {
    return report(host.error());
  }
  auto draft = PackageDraft::begin(words->plain(), reader, default_package_cache());
  if (!draft.has_value()) {
    return report(draft.error());
  }
  if (const Status added = add_words(*words, *draft); !added.has_value()) {
    return report(added.error());
  }
  if (const Status fine = draft->check(); !fine.has_value()) {
    return report(fine.error());
  }
  if (const Status fine = check_chains(reader, *draft); !fine.has_value()) {
    return report(fine.error());
  }
  if (!options->clip.empty()) {
    if (const Status done = calibrate_all(**host, *options, *draft); !done.has_value()) {
      return report(done.error());
    }
  }
  const auto package = draft->write(words->value("-o").value_or(draft->info().name + ".zip"));
  if (!package.has_value()) {
    return report(package.error());
  }
  std::cout << (words->has("--json") ? package_report_json(*package) + "\n"
                                     : "wrote " + printable_lines(package_report_text(*package)));
  return kExitDone;
}

}  // namespace penstock
