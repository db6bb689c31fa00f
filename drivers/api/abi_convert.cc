#include "drivers/api/abi_convert.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "engine/base/sub_device_mask.h"

namespace penstock::abi {
namespace {

Shape shape_from(const std::int64_t* extents, std::size_t rank) {
  return Shape(std::span<const std::int64_t>(extents, rank));
}

PenstockTensorInfo tensor_info_of(const TensorSpec& spec, const PortMemory& memory) {
  PenstockTensorInfo info{};
  info.size = sizeof(info);
  info.element_type = static_cast<std::uint32_t>(spec.type);
  info.name = spec.name.c_str();
  info.layout = spec.layout.c_str();
  info.rank = static_cast<std::uint32_t>(spec.shape.rank());
  info.memory_kinds = memory.kinds;
  info.alignment = memory.alignment;
  info.scale = spec.quantization.scale;
  info.zero_point = spec.quantization.zero_point;
  info.channel_axis = spec.quantization.axis;
  info.channel_count = static_cast<std::uint32_t>(spec.quantization.channel_scales.size());
  info.channel_scales = spec.quantization.channel_scales.data();
  std::copy(spec.shape.extents().begin(), spec.shape.extents().end(), info.shape);
  std::copy(spec.padding.extents().begin(), spec.padding.extents().end(), info.padding);
  return info;
}

/// Returns the shapes of one side of a bucket; nothing if they cannot be those of `ports`.
std::optional<std::vector<Shape>> bucket_shapes(const PenstockShape* shapes,
                                                std::uint32_t count,
                                                const std::vector<TensorSpec>& ports) {
  std::vector<Shape> result;
  for (std::uint32_t i = 0; i < count && count == ports.size(); ++i) {
    const PenstockShape& shape = item_at(shapes, i);
    if (shape.rank > Shape::kMaxRank ||
        !fits(shape_from(shape.extents, shape.rank), ports[i].shape)) {
      return std::nullopt;
    }
    result.push_back(shape_from(shape.extents, shape.rank));
  }
  return result.size() == ports.size() ? std::optional(std::move(result)) : std::nullopt;
}

std::vector<PenstockShape> shapes_of(const std::vector<Shape>& shapes) {
  std::vector<PenstockShape> result;
  for (const Shape& shape : shapes) {
    PenstockShape item{};
    item.size = sizeof(item);
    item.rank = static_cast<std::uint32_t>(shape.rank());
    std::copy(shape.extents().begin(), shape.extents().end(), item.extents);
    result.push_back(item);
  }
  return result;
}

}  // namespace

Errc errc_from(std::int32_t code) noexcept {
  return code < PENSTOCK_OK || code > PENSTOCK_NOT_FOUND ? Errc::kInternal
                                                         : static_cast<Errc>(code);
}

void copy_text(std::string_view text, char* buffer, std::size_t capacity) noexcept {
  std::size_t length = std::min(text.size(), capacity - 1);
  if (length < text.size()) {
    // Bytes 10xxxxxx continue a character: go back to where one begins.
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
      --length;
    }
  }
  std::copy_n(text.begin(), length, buffer);  // An empty text may be a null pointer.
  buffer[length] = '\0';
}

std::int32_t set_error(PenstockError* error, const Error& from) noexcept {
  const auto code = static_cast<std::int32_t>(from.code);
  if (error != nullptr && knows(*error, &PenstockError::message)) {
    error->code = code;
    copy_text(from.message, error->message, sizeof(error->message));
  }
  return code;
}

std::string no_reason(std::int32_t code, const std::string& driver) {
  const bool is_known = code > PENSTOCK_OK && code <= PENSTOCK_NOT_FOUND;
  return "driver '" + driver + "' gave no reason (" +
         (is_known ? to_string(errc_from(code)) : "unknown code " + std::to_string(code)) + ")";
}

Error error_from(std::int32_t code, const PenstockError& error, const std::string& driver) {
  const std::string_view text(error.message, strnlen(error.message, sizeof(error.message)));
  return {errc_from(code), text.empty() ? no_reason(code, driver) : printable(text)};
}

OptionList::OptionList(const DriverOptions& options) {
  items_.reserve(options.size());
  for (const auto& [key, value] : options) {
    PenstockOption item{};
    item.size = sizeof(item);
    item.key = key.c_str();
    item.value = value.c_str();
    items_.push_back(item);
  }
  list_.size = sizeof(list_);
  list_.count = static_cast<std::uint32_t>(items_.size());
  list_.items = items_.data();
}

Result<DriverOptions> options_from(const PenstockOptions* options) {
  DriverOptions result;
  for (std::uint32_t i = 0; options != nullptr && i < options->count; ++i) {
    const PenstockOption& item = item_at(options->items, i);
    const std::string key(text_of(item.key));
    if (key.empty()) {
      return Error{Errc::kInvalidArgument, "an option has no name"};
    }
    if (!result.emplace(key, text_of(item.value)).second) {
      return Error{Errc::kInvalidArgument, "option '" + key + "' is given twice"};
    }
  }
  return result;
}

namespace {

/// What a struct of 1.0 had at least; less cannot have been filled.
constexpr std::size_t kDeviceBytes = offsetof(PenstockDeviceInfo, shared_memory_bytes);
constexpr std::size_t kSubDeviceBytes = offsetof(PenstockSubDeviceInfo, group);

Error no_device(const std::string& what) {
  return {Errc::kInternal, what};
}

/// Checks what the struct says before anything behind it is followed.
Status check_device(const PenstockDeviceInfo& info) {
  if (info.size < kDeviceBytes) {
    return no_device("shows a device in " + std::to_string(info.size) +
                     " bytes: the struct has at least " + std::to_string(kDeviceBytes));
  }
  if (text_of(info.identity).empty()) {
    return no_device("shows a device without identity");
  }
  const std::string device = "device '" + shown_text(info.identity) + "': ";
  if (shown_text(info.identity) != text_of(info.identity)) {
    return no_device(device + "its identity has characters that cannot be shown");
  }
  if (info.kind < PENSTOCK_DEVICE_CPU || info.kind > PENSTOCK_DEVICE_NOOP) {
    return no_device(device + "kind " + std::to_string(info.kind) + ": must be " +
                     std::to_string(PENSTOCK_DEVICE_CPU) + " to " +
                     std::to_string(PENSTOCK_DEVICE_NOOP));
  }
  if (info.sub_device_count > kMaxSubDevices) {
    return no_device(device + std::to_string(info.sub_device_count) + " sub-devices: at most " +
                     std::to_string(kMaxSubDevices));
  }
  if (info.sub_device_count > 0 && info.sub_devices == nullptr) {
    return no_device(device + std::to_string(info.sub_device_count) +
                     " sub-devices, but none is shown (NULL)");
  }
  SubDeviceMask seen = 0;
  for (std::uint32_t i = 0; i < info.sub_device_count; ++i) {
    // Items lie as far apart as the first one says.
    if (info.sub_devices->size < kSubDeviceBytes) {
      return no_device(device + "sub-devices of " + std::to_string(info.sub_devices->size) +
                       " bytes: the struct has at least " + std::to_string(kSubDeviceBytes));
    }
    const std::uint32_t index = item_at(info.sub_devices, i).index;
    if (index >= kMaxSubDevices) {
      return no_device(device + "sub-device " + std::to_string(index) + ": at most " +
                       std::to_string(kMaxSubDevices - 1));
    }
    if ((seen >> index & 1U) != 0) {
      return no_device(device + "sub-device " + std::to_string(index) + " is shown twice");
    }
    seen |= SubDeviceMask{1} << index;
  }
  return {};
}

}  // namespace

Result<DeviceInfo> device_info_from(const PenstockDeviceInfo* shown) {
  if (shown == nullptr) {
    return no_device("shows no device (NULL)");
  }
  const PenstockDeviceInfo& info = *shown;
  PENSTOCK_RETURN_IF_ERROR(check_device(info));
  DeviceInfo device;
  device.identity = text_of(info.identity);
  device.kind = static_cast<DeviceKind>(info.kind);
  device.name = shown_text(info.name);
  device.board = shown_text(info.board);
  device.firmware = shown_text(info.firmware);
  device.memory_bytes = info.memory_bytes;
  for (std::uint32_t i = 0; i < info.sub_device_count; ++i) {
    const PenstockSubDeviceInfo& item = item_at(info.sub_devices, i);
    SubDeviceInfo sub_device;
    sub_device.index = item.index;
    sub_device.name = shown_text(item.name);
    sub_device.memory_bytes = item.memory_bytes;
    if (knows(item, &PenstockSubDeviceInfo::in_use_by)) {
      sub_device.group = item.group;
      sub_device.in_use_by = item.in_use_by;
    }
    device.sub_devices.push_back(std::move(sub_device));
  }
  if (knows(info, &PenstockDeviceInfo::max_resident)) {
    device.shared_memory_bytes = info.shared_memory_bytes;
    device.max_resident = info.max_resident;
  }
  return device;
}

void show_device(const DeviceInfo& info,
                 void (*visit)(void* context, const PenstockDeviceInfo* info),
                 void* context) {
  std::vector<PenstockSubDeviceInfo> sub_devices;
  for (const SubDeviceInfo& sub_device : info.sub_devices) {
    PenstockSubDeviceInfo item{};
    item.size = sizeof(item);
    item.index = sub_device.index;
    item.name = sub_device.name.c_str();
    item.memory_bytes = sub_device.memory_bytes;
    item.group = sub_device.group;
    item.in_use_by = sub_device.in_use_by;
    sub_devices.push_back(item);
  }
  PenstockDeviceInfo shown{};
  shown.size = sizeof(shown);
  shown.kind = static_cast<std::uint32_t>(info.kind);
  shown.identity = info.identity.c_str();
  shown.name = info.name.c_str();
  shown.board = info.board.c_str();
  shown.firmware = info.firmware.c_str();
  shown.memory_bytes = info.memory_bytes;
  shown.sub_device_count = static_cast<std::uint32_t>(sub_devices.size());
  shown.sub_devices = sub_devices.data();
  shown.shared_memory_bytes = info.shared_memory_bytes;
  shown.max_resident = info.max_resident;
  visit(context, &shown);
}

DeviceProperty property_from(const PenstockProperty& property) {
  DeviceProperty result;
  result.name = shown_text(property.name);
  result.sub_device = property.sub_device;
  // A type that this host does not know yet is shown as text, which all values are.
  result.type = property.type > PENSTOCK_PROPERTY_CHOICE
                    ? DeviceProperty::Type::kText
                    : static_cast<DeviceProperty::Type>(property.type);
  result.unit = shown_text(property.unit);
  result.help = shown_text(property.help);
  result.value = shown_text(property.value);
  const std::string choices = shown_text(property.choices);
  std::string_view rest = choices;
  while (!rest.empty()) {
    const auto bar = rest.find('|');
    result.choices.emplace_back(rest.substr(0, bar));
    rest.remove_prefix(bar == std::string_view::npos ? rest.size() : bar + 1);
  }
  result.minimum = property.minimum;
  result.maximum = property.maximum;
  result.step = property.step;
  result.is_writable = property.is_writable != 0;
  result.is_pending = property.is_pending != 0;
  result.pending_value = result.is_pending ? shown_text(property.pending_value) : std::string();
  return result;
}

void show_property(const DeviceProperty& property,
                   void (*visit)(void* context, const PenstockProperty* property),
                   void* context) {
  std::string choices;
  for (const std::string& choice : property.choices) {
    choices += (choices.empty() ? "" : "|") + choice;
  }
  PenstockProperty shown{};
  shown.size = sizeof(shown);
  shown.sub_device = property.sub_device;
  shown.name = property.name.c_str();
  shown.unit = property.unit.c_str();
  shown.help = property.help.c_str();
  shown.value = property.value.c_str();
  shown.pending_value = property.pending_value.c_str();
  shown.choices = choices.c_str();
  shown.minimum = property.minimum;
  shown.maximum = property.maximum;
  shown.step = property.step;
  shown.type = static_cast<std::uint32_t>(property.type);
  shown.is_writable = property.is_writable ? 1 : 0;
  shown.is_pending = property.is_pending ? 1 : 0;
  visit(context, &shown);
}

Error no_property(const std::string& name) {
  return {Errc::kInvalidArgument, "unknown property '" + name + "': the device has none"};
}

ModelCollector::ModelCollector() {
  visitor_.size = sizeof(visitor_);
  visitor_.context = this;
  visitor_.summary = [](void* context, const PenstockModelInfo* summary) {
    static_cast<ModelCollector*>(context)->take_in(
        summary, "summary", [](auto& self, auto& shown) { self.add_summary(shown); });
  };
  visitor_.input = [](void* context, const PenstockTensorInfo* port) {
    static_cast<ModelCollector*>(context)->take_in(
        port, "input", [](auto& self, auto& shown) { self.add_port(shown, true); });
  };
  visitor_.output = [](void* context, const PenstockTensorInfo* port) {
    static_cast<ModelCollector*>(context)->take_in(
        port, "output", [](auto& self, auto& shown) { self.add_port(shown, false); });
  };
  visitor_.property = [](void* context, const char* key, const char* value) {
    static_cast<ModelCollector*>(context)->info_.properties.insert_or_assign(shown_text(key),
                                                                             shown_text(value));
  };
  visitor_.placement = [](void* context, const PenstockPlacement* placement) {
    static_cast<ModelCollector*>(context)->take_in(
        placement, "placement", [](auto& self, auto& shown) { self.add_placement(shown); });
  };
  visitor_.bucket = [](void* context, const PenstockBucket* bucket) {
    static_cast<ModelCollector*>(context)->take_in(
        bucket, "bucket", [](auto& self, auto& shown) { self.add_bucket(shown); });
  };
}

template <class Shown, class Add>
void ModelCollector::take_in(const Shown* shown, const char* what, Add add) {
  if (shown == nullptr) {
    refuse("shows no " + std::string(what) + " (NULL)");
  } else {
    add(*this, *shown);
  }
}

/// The first is what is reported: what follows may come of it.
void ModelCollector::refuse(const std::string& fault) {
  if (fault_.empty()) {
    fault_ = fault;
  }
}

/// Each request has a place in a queue, and queues have an end.
void ModelCollector::check_requests(const char* member, std::uint32_t requests) {
  if (requests > kMaxRequests) {
    refuse(std::string(member) + " is " + std::to_string(requests) + ": must be at most " +
           std::to_string(kMaxRequests));
  }
}

void ModelCollector::add_placement(const PenstockPlacement& placement) {
  check_requests("the depth of a placement", placement.depth);
  ModelPlacement item;
  item.sub_devices = placement.sub_devices;
  item.depth = std::max(placement.depth, 1U);
  item.memory_bytes = placement.memory_bytes;
  item.shared_bytes = placement.shared_bytes;
  item.activation_time = Duration(placement.activation_ns);
  item.service_time = Duration(placement.service_ns);
  info_.placements.push_back(item);
}

void ModelCollector::add_summary(const PenstockModelInfo& summary) {
  check_requests("preferred_requests", summary.preferred_requests);
  info_.preferred_requests = std::max(summary.preferred_requests, 1U);
  info_.max_requests = summary.max_requests;
  info_.min_batch = summary.min_batch;
  info_.max_batch = summary.max_batch;
  info_.loaded_from_cache = summary.loaded_from_cache != 0;
  if (knows(summary, &PenstockModelInfo::mode)) {
    info_.needs_activation = summary.needs_activation != 0;
    info_.mode = shown_text(summary.mode);
  }
}

void ModelCollector::add_port(const PenstockTensorInfo& port, bool is_input) {
  TensorSpec spec;
  spec.name = shown_text(port.name);
  if (port.rank > Shape::kMaxRank || port.element_type > static_cast<unsigned>(ElementType::kI4)) {
    refuse("port '" + spec.name + "' has rank " + std::to_string(port.rank) + " and element type " +
           std::to_string(port.element_type) + ": this host knows rank " +
           std::to_string(Shape::kMaxRank) + " and types up to " +
           std::to_string(static_cast<unsigned>(ElementType::kI4)));
    return;
  }
  spec.type = static_cast<ElementType>(port.element_type);
  spec.shape = shape_from(port.shape, port.rank);
  check_shape(spec);
  if (port.channel_count > 0 && port.channel_scales == nullptr) {
    refuse("port '" + spec.name + "': " + std::to_string(port.channel_count) +
           " scales of channels, but none is shown (NULL)");
    return;
  }
  spec.layout = shown_text(port.layout);
  spec.quantization.scale = port.scale;
  spec.quantization.zero_point = port.zero_point;
  spec.quantization.axis = port.channel_axis;
  if (port.channel_count > 0) {
    spec.quantization.channel_scales.assign(port.channel_scales,
                                            port.channel_scales + port.channel_count);
  }
  const auto* const end = port.padding + port.rank;
  if (std::any_of(port.padding, end, [](std::int64_t extent) { return extent != 0; })) {
    spec.padding = shape_from(port.padding, port.rank);
  }
  PortMemory memory;
  memory.kinds = port.memory_kinds;
  memory.alignment = std::max(port.alignment, 1U);
  (is_input ? info_.inputs : info_.outputs).push_back(std::move(spec));
  (is_input ? info_.input_memory : info_.output_memory).push_back(memory);
}

void ModelCollector::check_shape(const TensorSpec& port) {
  const auto extents = port.shape.extents();
  const bool has_open = std::find(extents.begin(), extents.end(), Shape::kDynamic) != extents.end();
  for (const std::int64_t extent : extents) {
    if (extent < 0 && extent != Shape::kDynamic) {
      refuse("port '" + port.name + "': extent " + std::to_string(extent) + " of shape " +
             port.shape.to_string() + ": must be 0 or more, or " + std::to_string(Shape::kDynamic) +
             " where it is open");
      return;
    }
  }
  if (!has_open && !port.shape.dense_bytes(port.type).has_value()) {
    refuse("port '" + port.name + "': shape " + port.shape.to_string() +
           " has more bytes than can be counted");
  }
}

void ModelCollector::add_bucket(const PenstockBucket& bucket) {
  if ((bucket.input_count > 0 && bucket.inputs == nullptr) ||
      (bucket.output_count > 0 && bucket.outputs == nullptr)) {
    refuse("bucket " + std::to_string(info_.buckets.size()) + " shows no shapes (NULL)");
    return;
  }
  auto inputs = bucket_shapes(bucket.inputs, bucket.input_count, info_.inputs);
  auto outputs = bucket_shapes(bucket.outputs, bucket.output_count, info_.outputs);
  const std::string number = "bucket " + std::to_string(info_.buckets.size());
  if (!inputs.has_value() || !outputs.has_value()) {
    refuse(number + " does not fit the model's ports");
    return;
  }
  ShapeBucket made{std::move(*inputs), std::move(*outputs)};
  const bool is_static = std::all_of(made.inputs.begin(), made.inputs.end(), [](const Shape& one) {
    return one.element_count().has_value();
  });
  if (!is_static) {
    refuse(number + " has the open shape " + made.to_string() + "; buckets fix their inputs");
  } else if (!info_.buckets.empty() && size_of(made) < size_of(info_.buckets.back())) {
    refuse(number + ", " + made.to_string() + ", is smaller than the one before");
  } else if (info_.buckets.size() == kMaxShapeBuckets) {
    refuse("more than " + std::to_string(kMaxShapeBuckets) + " buckets");
  } else {
    info_.buckets.push_back(std::move(made));
  }
}

Result<ModelInfo> ModelCollector::take() {
  if (!fault_.empty()) {
    return Error{Errc::kInternal, fault_};
  }
  return std::move(info_);
}

namespace {

void show_placements(const ModelInfo& info, const PenstockModelVisitor& visitor) {
  // A host of 1.0 has no such member.
  if (!knows(visitor, &PenstockModelVisitor::placement) || visitor.placement == nullptr) {
    return;
  }
  for (const ModelPlacement& placement : info.placements) {
    PenstockPlacement item{};
    item.size = sizeof(item);
    item.depth = placement.depth;
    item.sub_devices = placement.sub_devices;
    item.memory_bytes = placement.memory_bytes;
    item.shared_bytes = placement.shared_bytes;
    item.activation_ns = placement.activation_time.count();
    item.service_ns = placement.service_time.count();
    visitor.placement(visitor.context, &item);
  }
}

void show_buckets(const ModelInfo& info, const PenstockModelVisitor& visitor) {
  // A host of 1.1 has no such member.
  if (!knows(visitor, &PenstockModelVisitor::bucket) || visitor.bucket == nullptr) {
    return;
  }
  for (const ShapeBucket& bucket : info.buckets) {
    const std::vector<PenstockShape> inputs = shapes_of(bucket.inputs);
    const std::vector<PenstockShape> outputs = shapes_of(bucket.outputs);
    PenstockBucket item{};
    item.size = sizeof(item);
    item.input_count = static_cast<std::uint32_t>(inputs.size());
    item.output_count = static_cast<std::uint32_t>(outputs.size());
    item.inputs = inputs.data();
    item.outputs = outputs.data();
    visitor.bucket(visitor.context, &item);
  }
}

}  // namespace

void show_model(const ModelInfo& info, bool loaded, const PenstockModelVisitor& visitor) {
  if (loaded) {
    PenstockModelInfo summary{};
    summary.size = sizeof(summary);
    summary.preferred_requests = info.preferred_requests;
    summary.max_requests = info.max_requests;
    summary.min_batch = info.min_batch;
    summary.max_batch = info.max_batch;
    summary.loaded_from_cache = info.loaded_from_cache ? 1 : 0;
    summary.needs_activation = info.needs_activation ? 1 : 0;
    summary.mode = info.mode.c_str();
    visitor.summary(visitor.context, &summary);
    show_placements(info, visitor);
  }
  const PortMemory host_memory;
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    const auto port = tensor_info_of(
        info.inputs[i], i < info.input_memory.size() ? info.input_memory[i] : host_memory);
    visitor.input(visitor.context, &port);
  }
  for (std::size_t i = 0; i < info.outputs.size(); ++i) {
    const auto port = tensor_info_of(
        info.outputs[i], i < info.output_memory.size() ? info.output_memory[i] : host_memory);
    visitor.output(visitor.context, &port);
  }
  if (loaded) {
    show_buckets(info, visitor);
  }
  for (const auto& [key, value] : info.properties) {
    visitor.property(visitor.context, key.c_str(), value.c_str());
  }
}

}  // namespace penstock::abi
