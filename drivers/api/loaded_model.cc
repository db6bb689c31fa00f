#include <algorithm>
#include <utility>

#include "drivers/api/bucket_choice.h"
#include "drivers/api/driver.h"
#include "drivers/api/driver_cores.h"
#include "engine/base/check.h"

namespace penstock {
namespace {

using detail::empty_error;

Error misfit(Errc code, const char* role, const TensorSpec& port, const std::string& rule) {
  return {code, std::string(role) + " '" + port.name + "': " + rule};
}

/// Checks that `map` can be bound to `port`: the driver relies on it.
Status check_map(const FeatureMap& map,
                 const TensorSpec& port,
                 const PortMemory& memory,
                 const char* role) {
  const ElementType type = map.spec == nullptr ? ElementType::kUndefined : map.spec->type;
  if (type != port.type) {
    return misfit(
        Errc::kInvalidArgument,
        role,
        port,
        std::string("element type ") + to_string(type) + ", model wants " + to_string(port.type));
  }
  if (!fits(map.shape, port.shape)) {
    return misfit(Errc::kInvalidArgument,
                  role,
                  port,
                  "shape " + map.shape.to_string() + ", model wants " + port.shape.to_string());
  }
  if (!map.is_dense()) {
    return misfit(
        Errc::kUnsupported, role, port, "has strides; drivers take dense maps only: pack it first");
  }
  const auto bytes = map.shape.dense_bytes(type);
  if (!bytes.has_value() || map.offset > map.buffer.size() ||
      *bytes > map.buffer.size() - map.offset) {
    return misfit(Errc::kInvalidArgument,
                  role,
                  port,
                  "shape " + map.shape.to_string() + " needs " +
                      (bytes.has_value() ? std::to_string(*bytes) : std::string("uncountable")) +
                      " bytes at offset " + std::to_string(map.offset) + ", its buffer has " +
                      std::to_string(map.buffer.size()));
  }
  const auto kind = static_cast<unsigned>(map.buffer.kind());
  if ((memory.kinds & (1U << kind)) == 0) {
    return misfit(Errc::kUnsupported,
                  role,
                  port,
                  "memory of kind " + std::to_string(kind) + ", model takes kinds of mask " +
                      std::to_string(memory.kinds));
  }
  return {};
}

void bind(const FeatureMap& map, Buffer& lease, PenstockTensor& tensor) {
  const BufferDescriptor descriptor = lease.descriptor();
  tensor.size = sizeof(tensor);
  tensor.memory_kind = static_cast<std::uint32_t>(lease.kind());
  tensor.data = lease.mutable_data() == nullptr ? nullptr : lease.mutable_data() + map.offset;
  tensor.byte_length = lease.size() - map.offset;
  tensor.segment = descriptor.segment;
  tensor.segment_offset = descriptor.offset + map.offset;
  tensor.generation = descriptor.generation;
  tensor.element_type = static_cast<std::uint32_t>(map.spec->type);
  tensor.rank = static_cast<std::uint32_t>(map.shape.rank());
  std::copy(map.shape.extents().begin(), map.shape.extents().end(), tensor.shape);
}

Status check_count(std::size_t given, std::size_t wanted, const char* role) {
  if (given == wanted) {
    return {};
  }
  return Error{
      Errc::kInvalidArgument,
      std::to_string(given) + " " + role + "s given, model wants " + std::to_string(wanted)};
}

/// Checks that a bucket takes `inputs`, and that `outputs` are laid out for it.
Status check_bucket(const detail::ModelCore& core,
                    std::span<const FeatureMap> inputs,
                    std::span<const FeatureMap> outputs,
                    std::vector<Shape>& shapes) {
  const ModelInfo& model = core.info;
  if (model.buckets.empty()) {
    return {};
  }
  shapes.clear();
  for (const FeatureMap& input : inputs) {
    shapes.push_back(input.shape);
  }
  const auto chosen = bucket_for(model, shapes);
  if (!chosen.has_value()) {
    return core.path.empty() ? chosen.error() : chosen.error().within("model '" + core.path + "'");
  }
  const ShapeBucket& bucket = model.buckets[*chosen];
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!fits(outputs[i].shape, bucket.outputs[i])) {
      return misfit(Errc::kInvalidArgument,
                    "output",
                    model.outputs[i],
                    "shape " + outputs[i].shape.to_string() + ", bucket " + bucket.to_string() +
                        " gives " + bucket.outputs[i].to_string());
    }
  }
  return {};
}

std::string to_text(SubDeviceMask sub_devices) {
  std::string text;
  for (std::uint32_t i = 0; i < kMaxSubDevices; ++i) {
    if ((sub_devices >> i & 1U) != 0) {
      text += (text.empty() ? "" : "+") + std::to_string(i);
    }
  }
  return text.empty() ? "none" : text;
}

}  // namespace

Result<detail::CompletionSlot*> detail::reserve_slot(CompletionCore& completions) {
  CompletionSlot* slot = completions.reserve();
  if (slot == nullptr) {
    return Error{
        Errc::kUnavailable,
        "completion queue: all " + std::to_string(completions.slots()) + " slots are reserved"};
  }
  return slot;
}

Status detail::check_placement(const ModelInfo& model, SubDeviceMask sub_devices) {
  const auto& placements = model.placements;
  if (placements.empty() ||
      std::any_of(placements.begin(), placements.end(), [&](const ModelPlacement& placement) {
        return placement.sub_devices == sub_devices;
      })) {
    return {};
  }
  std::string known;
  for (const ModelPlacement& placement : placements) {
    known += (known.empty() ? "" : ", ") + to_text(placement.sub_devices);
  }
  return Error{
      Errc::kInvalidArgument,
      "sub-devices " + to_text(sub_devices) + " are no placement of the model; it has: " + known};
}

Request::Request(std::unique_ptr<detail::RequestCore> core) noexcept : core_(std::move(core)) {}

Request::Request(Request&&) noexcept = default;
Request& Request::operator=(Request&&) noexcept = default;
Request::~Request() = default;

Status Request::submit(std::span<const FeatureMap> inputs,
                       std::span<const FeatureMap> outputs,
                       std::uint64_t token,
                       SubDeviceMask sub_devices,
                       std::uint32_t frames) {
  detail::RequestCore& core = *core_;
  const ModelInfo& model = core.model->info;
  PENSTOCK_RETURN_IF_ERROR(check_count(inputs.size(), model.inputs.size(), "input"));
  PENSTOCK_RETURN_IF_ERROR(check_count(outputs.size(), model.outputs.size(), "output"));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(check_map(inputs[i], model.inputs[i], model.input_memory[i], "input"));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(
        check_map(outputs[i], model.outputs[i], model.output_memory[i], "output"));
  }
  PENSTOCK_RETURN_IF_ERROR(check_bucket(*core.model, inputs, outputs, core.shapes));
  if (sub_devices != 0) {
    PENSTOCK_RETURN_IF_ERROR(detail::check_placement(model, sub_devices));
  }
  if (!is_idle()) {
    return Error{Errc::kUnavailable, "the request is in flight or its completion was not popped"};
  }
  if (core.completions->is_closed()) {
    return Error{Errc::kUnavailable, "the completion queue of the request is gone"};
  }
  std::vector<Buffer>& held = core.slot.held;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    held.push_back(inputs[i].buffer);
    bind(inputs[i], held.back(), core.inputs[i]);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    held.push_back(outputs[i].buffer);
    bind(outputs[i], held.back(), core.outputs[i]);
  }
  core.job.sub_devices = sub_devices;
  core.job.frames = frames;
  core.completions->begin(core.slot, token);
  PenstockError error = empty_error();
  const std::int32_t code = core.model->api().submit(core.request, &core.job, &error);
  if (code != PENSTOCK_OK && core.completions->abandon(core.slot)) {
    return abi::error_from(code, error, core.model->device->driver->name);
  }
  return {};
}

void Request::cancel() noexcept {
  core_->model->api().cancel(core_->request);
}

bool Request::is_idle() const noexcept {
  return core_->slot.state.load() == detail::SlotState::kIdle;
}

Shape Request::output_shape(std::size_t index) const noexcept {
  const PenstockTensor& tensor = core_->outputs[index];
  const auto rank = std::min<std::size_t>(tensor.rank, Shape::kMaxRank);
  return Shape(std::span<const std::int64_t>(tensor.shape, rank));
}

LoadedModel::LoadedModel(std::shared_ptr<detail::ModelCore> core) noexcept
    : core_(std::move(core)) {}

LoadedModel::LoadedModel(LoadedModel&&) noexcept = default;
LoadedModel& LoadedModel::operator=(LoadedModel&&) noexcept = default;
LoadedModel::~LoadedModel() = default;

const ModelInfo& LoadedModel::info() const noexcept {
  return core_->info;
}

std::shared_ptr<const TensorSpec> LoadedModel::input_spec(std::size_t index) const {
  PENSTOCK_CHECK(index < inputs().size()) << "input " << index;
  // A copy, not an alias of the core: a map that outlives the model must not keep it loaded.
  return std::make_shared<const TensorSpec>(inputs()[index]);
}

std::shared_ptr<const TensorSpec> LoadedModel::output_spec(std::size_t index) const {
  PENSTOCK_CHECK(index < outputs().size()) << "output " << index;
  return std::make_shared<const TensorSpec>(outputs()[index]);
}

Result<Request> LoadedModel::create_request(CompletionQueue& completions) {
  PENSTOCK_ASSIGN_OR_RETURN(detail::CompletionSlot* const slot,
                            detail::reserve_slot(*completions.core_));
  auto core = std::make_unique<detail::RequestCore>(core_, completions.core_, *slot);
  PenstockError error = empty_error();
  const std::int32_t code = core_->api().create_request(core_->model, &core->request, &error);
  if (code != PENSTOCK_OK) {
    core->request = nullptr;
    return abi::error_from(code, error, core_->device->driver->name);
  }
  return Request(std::move(core));
}

}  // namespace penstock
