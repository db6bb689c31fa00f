#include "drivers/noop/noop_spec.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/port_reader.h"

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

}  // namespace

NoopSpec read_noop_spec(OptionReader& reader, std::uint32_t sub_devices) {
  constexpr std::int64_t kMany = 1'000'000'000;
  NoopSpec spec;
  spec.info.inputs = read_ports(reader, "inputs", "input:u8:1x16");
  spec.info.outputs = read_ports(reader, "outputs", "output:u8:1x16");
  const std::int64_t batch = reader.integer("batch", 0, 0, 4096);
  for (auto* ports : {&spec.info.inputs, &spec.info.outputs}) {
    for (TensorSpec& port : *ports) {
      if (batch > 0 && port.shape.rank() > 0) {
        port.shape.set(0, batch);
      }
    }
  }
  spec.info.min_batch = spec.info.max_batch =
      static_cast<std::uint32_t>(std::max<std::int64_t>(batch, 1));
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
  spec.info.properties["write"] = write;
  spec.info.properties["latency_ns"] = std::to_string(spec.latency.count());
  read_placements(reader, sub_devices, spec);
  if (const std::string text = reader.text("fail_load"); !text.empty()) {
    reader.reject("fail_load", text);
  }
  return spec;
}

}  // namespace penstock
