#include "tools/cli/model_report.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/graph/model_fit.h"
#include "tools/cli/decoder_advice.h"

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;

std::string ports_text(const std::string& title, const std::vector<TensorFacts>& ports) {
  std::string text = title + "\n";
  for (const TensorFacts& port : ports) {
    text += "  " + port.name + "  " + port.element + " " + shape_text(port.dims) +
            (port.layout.empty() ? "" : " " + port.layout) + "\n";
  }
  return text;
}

/// Returns "23 or 24 labels"; more than a few say nothing and are cut.
std::string labels_text(const DecoderAdvice& advice) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(advice.labels.size(), kShown); ++i) {
    text += (i == 0 ? "" : " or ") + std::to_string(advice.labels[i]);
  }
  return text + (advice.labels.size() > kShown ? " or more labels" : " labels");
}

std::string options_text(const DecoderAdvice& advice) {
  std::string text = "decode: " + advice.decoder;
  if (!advice.labels.empty()) {
    text += ", labels: labels.txt";
  }
  for (const auto& [name, word] : advice.words) {
    text += ", " + name + ": " + word;
  }
  return text;
}

std::string decoders_text(const std::vector<DecoderAdvice>& all) {
  std::string text = "Decoders\n";
  for (const DecoderAdvice& advice : all) {
    text += "  " + advice.decoder + "  ";
    if (!advice.fits()) {
      text += "no: " + advice.misfit + "\n";
      continue;
    }
    text += "fits";
    if (!advice.labels.empty()) {
      text += ", with " + labels_text(advice);
    }
    for (const auto& [name, word] : advice.words) {
      text += ", " + name + " " + word;
    }
    text += "\n";
  }
  return text;
}

/// A name of the graph language, made of the file's.
std::string model_name(const std::string& path) {
  std::string name;
  for (const char character : std::filesystem::path(path).stem().string()) {
    const auto code = static_cast<unsigned char>(character);
    name += std::isalnum(code) != 0 && code < 0x80 ? character : '_';
  }
  const bool begins_badly = name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0;
  return begins_badly ? "model_" + name : name;
}

std::string preprocess_line(const ModelFacts& model) {
  const auto input = picture_input(model);
  if (!input.has_value()) {
    return "    # no preprocess: " + input.error().message + "\n";
  }
  const std::string size = input->size.has_value() ? std::to_string(input->size->width) + ", " +
                                                         std::to_string(input->size->height)
                                                   : std::string("640, 640");
  return "    preprocess: {letterbox: [" + size +
         "]}  # add color and normalize as it was trained\n";
}

std::string snippet(const std::string& path,
                    const ModelFacts& model,
                    const std::vector<DecoderAdvice>& all) {
  const std::string name = model_name(path);
  std::string text =
      "models:\n  " + name + ":\n    file: " + Json(path).dump() + "\n" + preprocess_line(model);
  bool has_decoder = false;
  for (const DecoderAdvice& advice : all) {
    if (advice.fits()) {
      text += std::string(has_decoder ? "    # or: " : "    postprocess: ") + "{" +
              options_text(advice) + "}";
      text += !advice.labels.empty() ? "  # " + labels_text(advice) + ", one a line\n" : "\n";
      has_decoder = true;
    }
  }
  text += has_decoder ? "" : "    # no decoder fits: its tensors go to an actor of your own\n";
  return text + "actors:\n  detect: {type: infer, model: " + name + ", in: camera}\n";
}

Json ports_json(const std::vector<TensorFacts>& ports) {
  Json list = Json::array();
  for (const TensorFacts& port : ports) {
    list.push_back(Json{{"name", port.name},
                        {"type", port.element},
                        {"shape", port.dims},
                        {"layout", port.layout}});
  }
  return list;
}

}  // namespace

std::string model_report_text(const std::string& path,
                              const ModelFacts& model,
                              const TypeRegistry& registry) {
  const std::vector<DecoderAdvice> all = advise_decoders(registry, model);
  return path + ": 1 network\n\n" + ports_text("Inputs", model.inputs) + "\n" +
         ports_text("Outputs", model.outputs) + "\n" + decoders_text(all) +
         "\nTo paste into a graph\n\n" + snippet(path, model, all);
}

std::string model_report_json(const std::string& path,
                              const ModelFacts& model,
                              const TypeRegistry& registry) {
  const std::vector<DecoderAdvice> all = advise_decoders(registry, model);
  Json json{{"file", path}, {"networks", Json::array()}, {"decoders", Json::array()}};
  json["networks"].push_back(
      Json{{"inputs", ports_json(model.inputs)}, {"outputs", ports_json(model.outputs)}});
  for (const DecoderAdvice& advice : all) {
    Json item{{"name", advice.decoder}, {"fits", advice.fits()}};
    if (advice.fits()) {
      item["labels"] = advice.labels;
      item["options"] = advice.words;
    } else {
      item["misfit"] = advice.misfit;
    }
    json["decoders"].push_back(std::move(item));
  }
  json["yaml"] = snippet(path, model, all);
  // Names in a model file may hold bytes that are not UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace penstock
