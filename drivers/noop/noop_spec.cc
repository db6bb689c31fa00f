#include "drivers/noop/noop_spec.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/bucket_info.h"
#include "drivers/api/device_info.h"
#include "drivers/api/port_reader.h"
#include "drivers/api/shape_options.h"

namespace penstock {
namespace {

/// Reads one placement, "2+3"; 0 if it is none of a device with `sub_devices` parts.
SubDeviceMask parse_placement(const std::string& text, std::uint32_t sub_devices) {
  SubDeviceMask mask = 0;
  for (const std::string& word : split_option(text, '+')) {
    std::uint32_t index = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, failure] = std::from_chars(word.data(), end, index);
    if (failure != std::errc() || stop != end || index >= sub_devices) {
      return 0;
    }
    mask |= SubDeviceMask{1} << index;
  }
  return mask;
}

void read_placements(OptionReader& reader, std::uint32_t sub_devices, NoopSpec& spec) {
  spec.activation = reader.duration("activation", Duration::zero());
  const std::string text = reader.text("placements");
  if (text.empty()) {
    return;
  }
  spec.info.needs_activation = true;
  for (const std::string& word : split_option(text, ',')) {
    ModelPlacement placement;
    placement.sub_devices = parse_placement(word, sub_devices);
    if (placement.sub_devices == 0) {
      reader.reject("placements",
                    "each must be indexes of sub-devices below " + std::to_string(sub_devices) +
                        " with '+' between, such as 0, 1");
      return;
    }
    placement.depth = spec.info.preferred_requests;
    placement.activation_time = spec.activation;
    placement.service_time = spec.latency;
    spec.info.placements.push_back(placement);
  }
}

void fix_shapes(OptionReader& reader, const ShapeOptions& options, NoopSpec& spec) {
  std::vector<ModelInfo> models;
  for (const ShapeChoice& choice : options.choices) {
    auto model = shape_ports(reader, spec.info, choice);
    if (!model.has_value()) {
      return;  // The others would be rejected for the same reason.
    }
    models.push_back(std::move(*model));
  }
  if (!options.has_buckets()) {
    spec.info = std::move(models.front());
    return;
  }
  auto padding = padding_of(spec.info, options.pad);
  if (!padding.has_value()) {
    reader.reject("pad", padding.error().message);
    return;
  }
  spec.padding = std::move(*padding);
  std::vector<ModelInfo> sorted;
  for (const std::size_t place : bucket_order(models)) {
    sorted.push_back(models[place]);
  }
  auto described = describe_buckets(sorted);
  if (!described.has_value()) {
    reader.reject("inputs", described.error().message);
    return;
  }
  spec.info = std::move(*described);
}

}  // namespace

NoopSpec read_noop_spec(OptionReader& reader, std::uint32_t sub_devices) {
  constexpr std::int64_t kMany = 1'000'000'000;
  NoopSpec spec;
  spec.info.inputs = read_ports(reader, "inputs", "input:u8:1x16");
  spec.info.outputs = read_ports(reader, "outputs", "output:u8:1x16");
  fix_shapes(reader, read_shape_options(reader), spec);
  spec.info.input_memory.resize(spec.info.inputs.size());
  spec.info.output_memory.resize(spec.info.outputs.size());
  spec.info.preferred_requests = static_cast<std::uint32_t>(reader.integer("requests", 4, 1, 4096));
  spec.info.max_requests = static_cast<std::uint32_t>(reader.integer("max_requests", 0, 0, 4096));
  spec.latency = reader.duration("latency", Duration::zero());
  const std::string write = reader.word("write", {"zeros", "copy", "nothing"});
  spec.write = write == "copy"      ? NoopSpec::Write::kCopy
               : write == "nothing" ? NoopSpec::Write::kNothing
                                    : NoopSpec::Write::kZeros;
  spec.fail_every = reader.integer("fail_every", 0, 0, kMany);
  spec.fault_after = reader.integer("fault_after", 0, 0, kMany);
  spec.hold_after = reader.integer("hold_after", 0, 0, kMany);
  spec.info.properties["write"] = write;
  spec.info.properties["latency_ns"] = std::to_string(spec.latency.count());
  read_placements(reader, sub_devices, spec);
  if (const std::string text = reader.text("fail_load"); !text.empty()) {
    reader.reject("fail_load", text);
  }
  return spec;
}

}  // namespace penstock
