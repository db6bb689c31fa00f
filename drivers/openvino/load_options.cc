#include "drivers/openvino/load_options.h"

#include <algorithm>
#include <utility>

#include <openvino/runtime/properties.hpp>

namespace penstock::openvino {
namespace {

constexpr std::int64_t kMaxInputs = 64;

bool is_layout(const std::string& text) {
  return !text.empty() && text.size() <= Shape::kMaxRank &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return std::string_view("NCHWDT").find(c) != std::string_view::npos &&
                  std::count(text.begin(), text.end(), c) == 1;
         });
}

std::vector<float> to_floats(const std::vector<double>& numbers) {
  std::vector<float> result;
  for (const double number : numbers) {
    result.push_back(static_cast<float>(number));
  }
  return result;
}

InputConversion read_conversion(OptionReader& reader) {
  InputConversion conversion;
  const std::string type = reader.word("pre.type", {"", "u8", "f32"});
  conversion.input = static_cast<std::size_t>(reader.integer("pre.input", 0, 0, kMaxInputs - 1));
  conversion.layout = reader.text("pre.layout", "NHWC");
  conversion.model_layout = reader.text("pre.model_layout");
  conversion.mean = to_floats(reader.numbers("pre.mean"));
  conversion.scale = to_floats(reader.numbers("pre.scale"));
  conversion.reverse_channels = reader.flag("pre.reverse_channels", false);
  if (!is_layout(conversion.layout)) {
    reader.reject("pre.layout", "must be letters of N, C, H, W, D, T, each once");
  }
  if (!conversion.model_layout.empty() && !is_layout(conversion.model_layout)) {
    reader.reject("pre.model_layout", "must be letters of N, C, H, W, D, T, each once");
  }
  if (std::find(conversion.scale.begin(), conversion.scale.end(), 0.0F) != conversion.scale.end()) {
    reader.reject("pre.scale", "divides, so it must not be 0");
  }
  const bool is_described = !conversion.model_layout.empty() || !conversion.mean.empty() ||
                            !conversion.scale.empty() || conversion.reverse_channels;
  if (type.empty() && is_described) {
    reader.reject("pre.type", "must be u8 or f32 where another pre. option is given");
  } else if (!type.empty()) {
    conversion.type = element_type_from(type).value_or(ElementType::kUndefined);
  }
  return conversion;
}

}  // namespace

LoadOptions read_load_options(OptionReader& reader, const std::string& ov_device) {
  constexpr std::int64_t kMany = 1024;
  LoadOptions options;
  options.hint = reader.word("hint", {"throughput", "latency"});
  options.streams = reader.integer("streams", 0, 0, kMany);
  options.threads = reader.integer("threads", 0, 0, kMany);
  options.requests = reader.integer("requests", 0, 0, kMany);
  options.precision = reader.word("precision", {"auto", "f32", "bf16", "f16"});
  if (ov_device == "CPU" && options.precision == "f16") {
    reader.reject("precision", "f16 on a CPU gives wrong results for some models; use auto or f32");
  }
  const std::string pinning = reader.word("pinning", {"auto", "true", "false"});
  if (pinning != "auto") {
    options.pinning = pinning == "true";
  }
  options.cache_dir = reader.text("cache_dir");
  options.shape = read_shape_options(reader);
  options.conversion = read_conversion(reader);
  return options;
}

ov::AnyMap LoadOptions::properties() const {
  ov::AnyMap map;
  map.insert(ov::hint::performance_mode(hint == "latency" ? ov::hint::PerformanceMode::LATENCY
                                                          : ov::hint::PerformanceMode::THROUGHPUT));
  if (streams > 0) {
    map.insert(ov::num_streams(ov::streams::Num(static_cast<std::int32_t>(streams))));
  }
  if (threads > 0) {
    map.insert(ov::inference_num_threads(static_cast<std::int32_t>(threads)));
  }
  if (precision == "f32") {
    map.insert(ov::hint::inference_precision(ov::element::f32));
  } else if (precision == "bf16") {
    map.insert(ov::hint::inference_precision(ov::element::bf16));
  } else if (precision == "f16") {
    map.insert(ov::hint::inference_precision(ov::element::f16));
  }
  if (pinning.has_value()) {
    map.insert(ov::hint::enable_cpu_pinning(*pinning));
  }
  if (!cache_dir.empty()) {
    map.insert(ov::cache_dir(cache_dir));
  }
  return map;
}

}  // namespace penstock::openvino
