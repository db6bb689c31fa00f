#include <algorithm>
#include <string>
#include <utility>

#include "drivers/api/driver.h"
#include "drivers/api/driver_cores.h"
#include "drivers/api/driver_table.h"

namespace penstock {
namespace {

using Function = int32_t (*PenstockDriverApi::*)(PenstockModel* model,
                                                 std::uint64_t sub_devices,
                                                 PenstockCompletion* completion,
                                                 PenstockError* error);

Status start(detail::ActivationCore& core,
             Function function,
             SubDeviceMask sub_devices,
             std::uint64_t token) {
  PENSTOCK_RETURN_IF_ERROR(detail::check_placement(core.model->info, sub_devices));
  if (core.slot.state.load() != detail::SlotState::kIdle) {
    return Error{Errc::kUnavailable,
                 "a change of residence is in flight or its completion was not popped"};
  }
  if (core.completions->is_closed()) {
    return Error{Errc::kUnavailable, "the completion queue of the activation is gone"};
  }
  // The driver may still be inside `done` when the destructor of this sees the slot ready, so the
  // slot keeps the queue's memory until it has left.
  core.slot.keeps_core = core.completions;
  core.completions->begin(core.slot, token);
  const PenstockDriverApi& api = core.model->api();
  if (!has_function(api, function)) {
    core.slot.completion.code = PENSTOCK_OK;  // A driver of 1.0: resident from load to unload.
    core.slot.completion.done(core.slot.completion.done_argument);
    return {};
  }
  PenstockError error = detail::empty_error();
  const std::int32_t code =
      (api.*function)(core.model->model, sub_devices, &core.slot.completion, &error);
  if (code != PENSTOCK_OK && core.completions->abandon(core.slot)) {
    return abi::error_from(code, error, core.model->device->driver->name);
  }
  return {};
}

}  // namespace

Activation::Activation(std::unique_ptr<detail::ActivationCore> core) noexcept
    : core_(std::move(core)) {}

Activation::Activation(Activation&&) noexcept = default;
Activation& Activation::operator=(Activation&&) noexcept = default;
Activation::~Activation() = default;

Status Activation::activate(SubDeviceMask sub_devices, std::uint64_t token) {
  return start(*core_, &PenstockDriverApi::activate, sub_devices, token);
}

Status Activation::deactivate(SubDeviceMask sub_devices, std::uint64_t token) {
  return start(*core_, &PenstockDriverApi::deactivate, sub_devices, token);
}

bool Activation::is_idle() const noexcept {
  return core_->slot.state.load() == detail::SlotState::kIdle;
}

Result<Activation> LoadedModel::create_activation(CompletionQueue& completions) {
  PENSTOCK_ASSIGN_OR_RETURN(detail::CompletionSlot* const slot,
                            detail::reserve_slot(*completions.core_));
  return Activation(std::make_unique<detail::ActivationCore>(core_, completions.core_, *slot));
}

}  // namespace penstock
