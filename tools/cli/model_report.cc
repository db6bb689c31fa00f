#include "tools/cli/model_report.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/graph/model_fit.h"
#include "tools/cli/decoder_advice.h"

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;

bool is_open(const TensorFacts& port) {
  return std::any_of(port.dims.begin(), port.dims.end(), [](auto dim) { return dim < 0; });
}

std::string ports_text(const std::string& title, const std::vector<TensorFacts>& ports) {
  std::string text = title + "\n";
  for (const TensorFacts& port : ports) {
    text += "  " + port.name + "  " + port.element + " " + shape_text(port.dims) +
            (port.layout.empty() ? "" : " " + port.layout) +
            (is_open(port) ? "  (? is left open)" : "") + "\n";
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
  const TensorFacts& tensor = model.inputs.front();
  const std::size_t height = is_channels_last(tensor) ? 1 : 2;
  const auto side = [&](std::size_t axis) {
    return std::to_string(tensor.dims[axis] < 0 ? 640 : tensor.dims[axis]);
  };
  const std::string size = side(height + 1) + ", " + side(height);
  return "    preprocess: {letterbox: [" + size +
         "]}  # add color and normalize as it was trained\n";
}

/// Whether more than the batch is open: a model with an open batch alone runs with 1.
bool wants_shapes(const ModelFacts& model) {
  return std::any_of(model.inputs.begin(), model.inputs.end(), [](const TensorFacts& input) {
    return std::any_of(input.dims.begin() + (input.dims.empty() ? 0 : 1),
                       input.dims.end(),
                       [](auto dim) { return dim < 0; });
  });
}

/// Returns "[1, 3, 320, 320]": the shape with `size` where it is open, 1 for the batch.
std::string suggested_shape(const TensorFacts& input, std::int64_t size) {
  std::string text;
  for (std::size_t axis = 0; axis < input.dims.size(); ++axis) {
    const std::int64_t dim = input.dims[axis] >= 0 ? input.dims[axis] : axis == 0 ? 1 : size;
    text += (axis == 0 ? "[" : ", ") + std::to_string(dim);
  }
  return text + "]";
}

/// Returns "[[1, 3, 320, 320], [1, 3, 640, 640]]".
std::string suggested_shapes(const TensorFacts& input) {
  return "[" + suggested_shape(input, 320) + ", " + suggested_shape(input, 640) + "]";
}

/// Returns the same of each open input by its name, "{ids: [...], mask: [...]}".
std::string suggested_map(const std::vector<TensorFacts>& inputs) {
  std::string text;
  for (const TensorFacts& input : inputs) {
    if (is_open(input)) {
      text += text.empty() ? "{" : ", ";
      text += Json(input.name).dump() + ": " + suggested_shapes(input);
    }
  }
  return text + "}";
}

/// Returns the words for sizes that the model leaves open; "" where it fixes all.
std::string shapes_lines(const ModelFacts& model) {
  std::string text;
  if (wants_shapes(model)) {
    text = "    shapes: " +
           (model.inputs.size() == 1 ? suggested_shapes(model.inputs.front())
                                     : suggested_map(model.inputs)) +
           "  # sizes of your choice, the smaller first: a frame runs in the first it fits into\n";
  }
  const bool has_open_batch =
      !model.inputs.empty() &&
      std::all_of(model.inputs.begin(), model.inputs.end(), [](const TensorFacts& input) {
        return !input.dims.empty() && input.dims.front() < 0;
      });
  if (has_open_batch) {
    text += "    # batch: {size: 4, buckets: [1, 2]}  # its batch is open\n";
  }
  return text;
}

std::string snippet(const ModelChoice& choice,
                    const ModelFacts& model,
                    const std::vector<DecoderAdvice>& all) {
  const std::string name = model_name(choice.path);
  std::string text = "models:\n  " + name + ":\n    file: " + Json(choice.path).dump() + "\n";
  text += choice.network.empty() ? "" : "    network: " + choice.network + "\n";
  text += choice.variant.empty() ? "" : "    variant: " + choice.variant + "\n";
  text += shapes_lines(model) + preprocess_line(model);
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

std::string model_report_text(const ModelChoice& choice,
                              const ModelFacts& model,
                              const TypeRegistry& registry) {
  const std::vector<DecoderAdvice> all = advise_decoders(registry, model);
  const std::string which = (choice.network.empty() ? "" : ", network " + choice.network) +
                            (choice.variant.empty() ? "" : ", variant " + choice.variant);
  return choice.path + which + ": 1 network\n\n" + ports_text("Inputs", model.inputs) + "\n" +
         ports_text("Outputs", model.outputs) + "\n" + decoders_text(all) +
         "\nTo paste into a graph\n\n" + snippet(choice, model, all);
}

std::string model_report_json(const ModelChoice& choice,
                              const ModelFacts& model,
                              const TypeRegistry& registry) {
  const std::vector<DecoderAdvice> all = advise_decoders(registry, model);
  Json json{{"file", choice.path}, {"networks", Json::array()}, {"decoders", Json::array()}};
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
  json["yaml"] = snippet(choice, model, all);
  // Names in a model file may hold bytes that are not UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace penstock
