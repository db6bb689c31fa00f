#include "tools/cli/package_report.h"

#include <vector>

#include <nlohmann/json.hpp>

#include "engine/base/printable.h"
#include "engine/package/fit_report.h"
#include "engine/package/package_info.h"

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string tensor_text(const std::string& side, const PackageTensor& tensor) {
  std::string text = "    " + side + "  " + printable(tensor.name) + "  " + to_string(tensor.type) +
                     " " + tensor.shape.to_string();
  text += tensor.layout.empty() ? "" : " " + tensor.layout;
  if (tensor.scale.has_value()) {
    text += "  scale " + number_text(*tensor.scale) + ", zero point " +
            std::to_string(tensor.zero_point);
  }
  if (!tensor.padding.empty()) {
    text += "  padding";
    for (const TensorPadding& axis : tensor.padding) {
      text += " " + std::to_string(axis.before) + "+" + std::to_string(axis.after);
    }
  }
  return text + "\n";
}

std::string need_text(const PackageNeed& need) {
  std::string text = "    needs on " + need.device;
  text += need.mode.empty() ? "" : " in mode " + need.mode;
  text += ": " + counted(need.sub_devices, "sub-device");
  text += need.memory_bytes == 0 ? "" : ", " + size_text(need.memory_bytes) + " on each";
  text += need.shared_bytes == 0 ? "" : ", " + size_text(need.shared_bytes) + " shared";
  return text + "\n";
}

/// Which of several is taken by a graph that names none.
const char* default_mark(bool is_first, std::size_t count) {
  return is_first && count > 1 ? "  (default)" : "";
}

std::string variant_text(const PackageVariant& variant, const char* mark) {
  std::string text = "  " + variant.name + "  " + variant.model + mark + "\n";
  text += variant.preprocess.empty() ? "" : "    before it  " + variant.preprocess + "\n";
  text += variant.postprocess.empty() ? "" : "    after it   " + variant.postprocess + "\n";
  for (std::size_t i = 0; i < variant.modes.size(); ++i) {
    text += (i == 0 ? "    modes " : ", ") + variant.modes[i];
  }
  text += variant.modes.empty() ? "" : "\n";
  for (const PackageTensor& tensor : variant.inputs) {
    text += tensor_text("in ", tensor);
  }
  for (const PackageTensor& tensor : variant.outputs) {
    text += tensor_text("out", tensor);
  }
  for (const PackageNeed& need : variant.needs) {
    text += need_text(need);
  }
  if (!tensors_without_scale(variant).empty()) {
    text += "    no scales for integer devices\n";
  }
  return text;
}

Json tensors_json(const std::vector<PackageTensor>& tensors) {
  Json list = Json::array();
  for (const PackageTensor& tensor : tensors) {
    Json item{{"name", tensor.name},
              {"type", to_string(tensor.type)},
              {"shape", tensor.shape.extents()},
              {"layout", tensor.layout},
              {"scale", nullptr},
              {"zero_point", tensor.zero_point},
              {"padding", Json::array()}};
    if (tensor.scale.has_value()) {
      item["scale"] = *tensor.scale;
    }
    for (const TensorPadding& axis : tensor.padding) {
      item["padding"].push_back(Json::array({axis.before, axis.after}));
    }
    list.push_back(std::move(item));
  }
  return list;
}

Json variant_json(const PackageVariant& variant) {
  Json item{{"name", variant.name},
            {"model", variant.model},
            {"preprocess", variant.preprocess},
            {"postprocess", variant.postprocess},
            {"modes", variant.modes},
            {"inputs", tensors_json(variant.inputs)},
            {"outputs", tensors_json(variant.outputs)},
            {"needs", Json::array()}};
  for (const PackageNeed& need : variant.needs) {
    item["needs"].push_back(Json{{"device", need.device},
                                 {"mode", need.mode},
                                 {"sub_devices", need.sub_devices},
                                 {"memory_bytes", need.memory_bytes},
                                 {"shared_bytes", need.shared_bytes}});
  }
  return item;
}

std::string facts_text(const std::vector<TensorFacts>& tensors) {
  std::string text;
  for (const TensorFacts& tensor : tensors) {
    text += (text.empty() ? "" : ", ") + printable(tensor.name) + " " + tensor.element + " " +
            shape_text(tensor.dims);
  }
  return text;
}

Json facts_json(const std::vector<TensorFacts>& tensors) {
  Json list = Json::array();
  for (const TensorFacts& tensor : tensors) {
    list.push_back(Json{{"name", tensor.name}, {"type", tensor.element}, {"shape", tensor.dims}});
  }
  return list;
}

}  // namespace

std::string package_report_text(const Package& package) {
  const PackageInfo& info = package.info();
  std::string text = package.path().string() + ": package '" + info.name + "', " +
                     counted(info.networks.size(), "network") + ", " + size_text(package.bytes()) +
                     "\nidentity " + package.identity() + "\n";
  text += info.notes.empty() ? "" : info.notes + "\n";
  for (const PackageNetwork& network : info.networks) {
    const bool is_first = &network == &info.networks.front();
    text += "\n" + network.name + default_mark(is_first, info.networks.size());
    text += network.labels.empty() ? "" : "  labels " + network.labels;
    text += network.notes.empty() ? "\n" : "  " + network.notes + "\n";
    for (const PackageVariant& variant : network.variants) {
      const bool is_default = &variant == &network.variants.front();
      text += variant_text(variant, default_mark(is_default, network.variants.size()));
    }
  }
  return text;
}

std::string chain_report_text(const std::vector<ChainStep>& chain) {
  if (chain.size() < 2) {
    return "";
  }
  std::string text = "Chain of a frame\n";
  for (const ChainStep& step : chain) {
    text += "  " + step.model + "  on the " + (step.on_host ? "host" : "device") + ": " +
            facts_text(step.ports.inputs) + " -> " + facts_text(step.ports.outputs) + "\n";
  }
  return text;
}

std::string package_report_json(const Package& package, const std::vector<ChainStep>& chain) {
  const PackageInfo& info = package.info();
  Json json{{"file", package.path().string()},
            {"identity", package.identity()},
            {"name", info.name},
            {"notes", info.notes},
            {"networks", Json::array()},
            {"chain", Json::array()},
            {"files", Json::array()}};
  for (const ChainStep& step : chain) {
    json["chain"].push_back(Json{{"model", step.model},
                                 {"runs_on", step.on_host ? "host" : "device"},
                                 {"inputs", facts_json(step.ports.inputs)},
                                 {"outputs", facts_json(step.ports.outputs)}});
  }
  for (const PackageNetwork& network : info.networks) {
    Json variants = Json::array();
    for (const PackageVariant& variant : network.variants) {
      variants.push_back(variant_json(variant));
    }
    json["networks"].push_back(Json{{"name", network.name},
                                    {"labels", network.labels},
                                    {"notes", network.notes},
                                    {"variants", std::move(variants)}});
  }
  for (const PackageFile& file : package.files()) {
    json["files"].push_back(
        Json{{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace penstock
