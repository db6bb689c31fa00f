#include "drivers/sim/model_work.h"

#include <cmath>
#include <cstdlib>

namespace penstock::sim {
namespace {

/// Reads "work.NAME" into `*value`. Returns whether it is there and a count.
bool read_count(const std::map<std::string, std::string>& properties,
                const std::string& name,
                double* value) {
  const auto found = properties.find("work." + name);
  if (found == properties.end() || found->second.empty()) {
    return false;
  }
  char* end = nullptr;
  *value = std::strtod(found->second.c_str(), &end);
  return *end == '\0' && std::isfinite(*value) && *value >= 0;
}

}  // namespace

std::optional<ModelWork> work_from(const std::map<std::string, std::string>& properties) {
  ModelWork work;
  double layers = 0;
  const bool is_whole = read_count(properties, "conv_macs", &work.conv_macs) &&
                        read_count(properties, "conv_positions", &work.conv_positions) &&
                        read_count(properties, "largest_conv_macs", &work.largest_conv_macs) &&
                        read_count(properties, "depthwise_macs", &work.depthwise_macs) &&
                        read_count(properties, "product_macs", &work.product_macs) &&
                        read_count(properties, "other_ops", &work.other_ops) &&
                        read_count(properties, "weight_bytes", &work.weight_bytes) &&
                        read_count(properties, "activation_bytes", &work.activation_bytes) &&
                        read_count(properties, "input_bytes", &work.input_bytes) &&
                        read_count(properties, "output_bytes", &work.output_bytes) &&
                        read_count(properties, "layers", &layers);
  if (!is_whole || layers > 1e9) {
    return std::nullopt;
  }
  work.layers = static_cast<int>(layers);
  return work;
}

}  // namespace penstock::sim
