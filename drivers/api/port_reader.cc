#include "drivers/api/port_reader.h"

#include <optional>
#include <utility>

#include "engine/tensor/element_type.h"
#include "engine/tensor/shape.h"

namespace penstock {
namespace {

std::optional<TensorSpec> parse_port(const std::string& text) {
  const std::vector<std::string> parts = split_option(text, ':');
  if (parts.size() < 3 || parts.size() > 4) {
    return std::nullopt;
  }
  const auto type = element_type_from(parts[1]);
  const auto shape = parse_shape(parts[2]);
  if (parts[0].empty() || !type.has_value() || !shape.has_value()) {
    return std::nullopt;
  }
  TensorSpec spec;
  spec.name = parts[0];
  spec.type = *type;
  spec.shape = *shape;
  spec.layout = parts.size() == 4 ? parts[3] : "";
  return spec;
}

}  // namespace

std::vector<std::string> split_option(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else if (c != ' ') {
      parts.back().push_back(c);
    }
  }
  return parts;
}

std::vector<TensorSpec> read_ports(OptionReader& reader,
                                   const std::string& name,
                                   const std::string& otherwise) {
  std::vector<TensorSpec> ports;
  for (const std::string& text : split_option(reader.text(name, otherwise), ',')) {
    auto port = parse_port(text);
    if (!port.has_value()) {
      reader.reject(name, "each port must be name:type:shape[:layout], such as image:u8:1x4x4x3");
      return {};
    }
    ports.push_back(std::move(*port));
  }
  return ports;
}

}  // namespace penstock
