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

struct Field {
  const char* name;
  double ModelWork::*member;
};

/// All but `layers`, which is no double and comes last.
constexpr Field kFields[] = {{"conv_macs", &ModelWork::conv_macs},
                             {"conv_positions", &ModelWork::conv_positions},
                             {"largest_conv_macs", &ModelWork::largest_conv_macs},
                             {"depthwise_macs", &ModelWork::depthwise_macs},
                             {"product_macs", &ModelWork::product_macs},
                             {"other_ops", &ModelWork::other_ops},
                             {"weight_bytes", &ModelWork::weight_bytes},
                             {"activation_bytes", &ModelWork::activation_bytes},
                             {"input_bytes", &ModelWork::input_bytes},
                             {"output_bytes", &ModelWork::output_bytes}};
constexpr const char* kLayers = "layers";

}  // namespace

const std::vector<std::string>& work_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Field& field : kFields) {
      names.emplace_back(field.name);
    }
    names.emplace_back(kLayers);
    return names;
  }();
  return kNames;
}

std::optional<ModelWork> work_from(const std::map<std::string, std::string>& properties) {
  ModelWork work;
  for (const Field& field : kFields) {
    if (!read_count(properties, field.name, &(work.*field.member))) {
      return std::nullopt;
    }
  }
  double layers = 0;
  if (!read_count(properties, kLayers, &layers) || layers > 1e9) {
    return std::nullopt;
  }
  work.layers = static_cast<int>(layers);
  return work;
}

}  // namespace penstock::sim
