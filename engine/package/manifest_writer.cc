#include "engine/package/manifest_writer.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

namespace penstock {
namespace {

/// True if every YAML reader takes `text` for the text that it is, without quotes.
bool is_plain(std::string_view text) {
  static const std::vector<std::string_view> words = {
      "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  const auto belongs = [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x80 && (std::isalnum(code) != 0 || c == '_' || c == '-' || c == '.' || c == '/');
  };
  const bool starts_well =
      !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0;
  return starts_well && std::all_of(text.begin(), text.end(), belongs) &&
         std::find(words.begin(), words.end(), lower) == words.end();
}

std::string word(std::string_view text) {
  if (is_plain(text)) {
    return std::string(text);
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (code < 0x20 || code == 0x7F) {
      quoted += "\\x";
      quoted += kHex[code >> 4U];
      quoted += kHex[code & 15U];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

template <class Items, class Text>
std::string list(const Items& items, Text&& text_of) {
  std::string text = "[";
  for (const auto& item : items) {
    text += (text.size() == 1 ? "" : ", ") + text_of(item);
  }
  return text + "]";
}

/// Returns the line `key: value` if there is a value.
std::string line(const std::string& indent, const std::string& key, const std::string& value) {
  return value.empty() ? "" : indent + key + ": " + word(value) + "\n";
}

std::string tensor_text(const PackageTensor& tensor) {
  std::string text =
      "          - {name: " + word(tensor.name) + ", type: " + to_string(tensor.type) +
      ", shape: " + list(tensor.shape.extents(), [](std::int64_t n) { return std::to_string(n); });
  if (!tensor.layout.empty()) {
    text += ", layout: " + word(tensor.layout);
  }
  if (tensor.scale.has_value()) {
    text += ", scale: " + number_text(*tensor.scale) +
            ", zero_point: " + std::to_string(tensor.zero_point);
  }
  if (!tensor.padding.empty()) {
    text += ", padding: " + list(tensor.padding, [](const TensorPadding& axis) {
              return "[" + std::to_string(axis.before) + ", " + std::to_string(axis.after) + "]";
            });
  }
  return text + "}\n";
}

std::string tensors_text(const std::string& key, const std::vector<PackageTensor>& tensors) {
  std::string text = tensors.empty() ? "" : "        " + key + ":\n";
  for (const PackageTensor& tensor : tensors) {
    text += tensor_text(tensor);
  }
  return text;
}

std::string need_text(const PackageNeed& need) {
  std::string text = "          - {device: " + word(need.device);
  text += need.mode.empty() ? "" : ", mode: " + word(need.mode);
  text += ", sub_devices: " + std::to_string(need.sub_devices);
  text += ", memory: " + std::to_string(need.memory_bytes) + "B";
  text +=
      need.shared_bytes == 0 ? "" : ", shared_memory: " + std::to_string(need.shared_bytes) + "B";
  return text + "}\n";
}

std::string variant_text(const PackageVariant& variant) {
  const std::string indent = "        ";
  std::string text =
      "      - name: " + word(variant.name) + "\n" + line(indent, "model", variant.model) +
      line(indent, "preprocess", variant.preprocess) +
      line(indent, "postprocess", variant.postprocess) + tensors_text("inputs", variant.inputs) +
      tensors_text("outputs", variant.outputs);
  if (!variant.modes.empty()) {
    text += indent + "modes: " + list(variant.modes, [](const std::string& m) { return word(m); }) +
            "\n";
  }
  text += variant.needs.empty() ? "" : indent + "needs:\n";
  for (const PackageNeed& need : variant.needs) {
    text += need_text(need);
  }
  return text;
}

}  // namespace

std::string manifest_text(const PackageInfo& info) {
  std::string text = "penstock_package: " + std::to_string(PackageInfo::kFormat) + "\n" +
                     line("", "name", info.name) + line("", "notes", info.notes) + "networks:\n";
  for (const PackageNetwork& network : info.networks) {
    text += "  - name: " + word(network.name) + "\n" + line("    ", "labels", network.labels) +
            line("    ", "notes", network.notes) + "    variants:\n";
    for (const PackageVariant& variant : network.variants) {
      text += variant_text(variant);
    }
  }
  text += info.files.empty() ? "" : "files:\n";
  for (const auto& [path, hash] : info.files) {
    text += "  " + word(path) + ": \"" + hash + "\"\n";
  }
  return text;
}

}  // namespace penstock
