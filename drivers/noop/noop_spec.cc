#include "drivers/noop/noop_spec.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/padded_copy.h"
#include "drivers/api/port_reader.h"
#include "drivers/api/shape_options.h"
#include "engine/tensor/shape_bucket.h"

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

/// Returns `shape` with the extents of `example` where it is open.
Shape closed_like(Shape shape, const Shape& example) {
  for (std::size_t axis = 0; axis < std::min(shape.rank(), example.rank()); ++axis) {
    if (shape[axis] == Shape::kDynamic) {
      shape.set(axis, example[axis]);
    }
  }
  return shape;
}

/// Returns the ports' shapes with `choice`; what it leaves open in an output takes the extent that
/// the first input has there. Complaints go to `reader`.
ShapeBucket bucket_of(OptionReader& reader, const ModelInfo& info, const ShapeChoice& choice) {
  ShapeBucket bucket;
  std::vector<std::string> names;
  for (const TensorSpec& input : info.inputs) {
    names.push_back(input.name);
    bucket.inputs.push_back(input.shape);
  }
  for (const auto& [key, shape] : choice.shapes) {
    const auto index = input_of(key, names);
    const std::string misfit =
        index.has_value() ? misfit_of(shape, bucket.inputs[*index]) : index.error().message;
    if (!misfit.empty()) {
      reader.reject("shape." + key, misfit);
      return bucket;
    }
    bucket.inputs[*index] = shape;
  }
  for (const TensorSpec& output : info.outputs) {
    bucket.outputs.push_back(
        choice.shapes.empty() ? output.shape : closed_like(output.shape, bucket.inputs.front()));
  }
  for (auto* shapes : {&bucket.inputs, &bucket.outputs}) {
    for (Shape& shape : *shapes) {
      if (choice.batch > 0 && shape.rank() > 0) {
        shape.set(0, choice.batch);
      }
    }
  }
  return bucket;
}

/// Opens the extents of ports that buckets share no value of.
void open_extents(const std::vector<Shape>& shapes, std::vector<TensorSpec>& ports) {
  for (std::size_t i = 0; i < ports.size() && i < shapes.size(); ++i) {
    for (std::size_t axis = 0; axis < shapes[i].rank(); ++axis) {
      if (ports[i].shape[axis] != shapes[i][axis]) {
        ports[i].shape.set(axis, Shape::kDynamic);
      }
    }
  }
}

void fix_shapes(OptionReader& reader, const ShapeOptions& options, NoopSpec& spec) {
  ModelInfo& info = spec.info;
  std::vector<ShapeBucket> buckets;
  for (const ShapeChoice& choice : options.choices) {
    buckets.push_back(bucket_of(reader, info, choice));
    if (buckets.back().outputs.size() != info.outputs.size()) {
      return;  // It was rejected; the others would be for the same reason.
    }
  }
  sort_buckets(buckets);
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    info.inputs[i].shape = buckets.front().inputs[i];
  }
  for (std::size_t i = 0; i < info.outputs.size() && i < buckets.front().outputs.size(); ++i) {
    info.outputs[i].shape = buckets.front().outputs[i];
  }
  const auto batch = [](const ShapeChoice& choice) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(choice.batch, 1));
  };
  info.min_batch = batch(options.choices.front());
  info.max_batch = batch(options.choices.back());
  if (!options.has_buckets()) {
    return;
  }
  for (const ShapeBucket& bucket : buckets) {
    open_extents(bucket.inputs, info.inputs);
    open_extents(bucket.outputs, info.outputs);
  }
  for (const TensorSpec& input : info.inputs) {
    auto element = element_bytes(options.pad, input.type);
    if (!element.has_value()) {
      reader.reject("pad", "input '" + input.name + "': " + element.error().message);
      return;
    }
    spec.padding.push_back(std::move(*element));
  }
  const bool is_open = std::any_of(buckets.begin(), buckets.end(), [](const ShapeBucket& bucket) {
    return std::any_of(bucket.inputs.begin(), bucket.inputs.end(), [](const Shape& shape) {
      return !shape.is_static();
    });
  });
  if (is_open) {
    reader.reject("inputs", "buckets fix every input: give each that is open a shape");
    return;
  }
  info.buckets = std::move(buckets);
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
  spec.info.properties["write"] = write;
  spec.info.properties["latency_ns"] = std::to_string(spec.latency.count());
  read_placements(reader, sub_devices, spec);
  if (const std::string text = reader.text("fail_load"); !text.empty()) {
    reader.reject("fail_load", text);
  }
  return spec;
}

}  // namespace penstock
