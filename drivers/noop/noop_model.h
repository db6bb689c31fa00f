#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "drivers/api/driver_adapter.h"
#include "drivers/noop/noop_spec.h"
#include "drivers/noop/noop_state.h"

namespace penstock {

/// A loaded model: its description, where it is resident, and the maker of its requests.
class NoopModel final : public ModelBase, private NoopPart {
 public:
  NoopModel(std::shared_ptr<NoopState> device, NoopSpec spec);
  ~NoopModel() override;

  [[nodiscard]] const ModelInfo& info() const noexcept override { return spec_.info; }

  Result<std::unique_ptr<RequestBase>> create_request() override;
  Status activate(SubDeviceMask sub_devices, Change change) override;
  Status deactivate(SubDeviceMask sub_devices, Change change) override;

  [[nodiscard]] const NoopSpec& spec() const noexcept { return spec_; }

  [[nodiscard]] NoopState& device() const noexcept { return *device_; }

  /// Errors: `kUnavailable` if it is not resident on `sub_devices`; for 0, on none of its
  /// placements.
  Status check_resident(SubDeviceMask sub_devices) const;

  /// A request that was made is gone.
  void forget_request() noexcept { requests_.fetch_sub(1); }

 private:
  /// One of the model's placements. Residence and room are not one: while a change is in flight
  /// the room is taken, and the model is not resident.
  struct Place {
    NoopModel* model = nullptr;
    SubDeviceMask sub_devices = 0;
    bool is_resident = false;
    bool has_room = false;
    bool goal = false;  ///< What the change in flight makes of `is_resident`.
    std::optional<Change> change;
    std::uint64_t ticket = 0;
  };

  void lose() noexcept override;
  Status start(SubDeviceMask sub_devices, bool goal, Change change);
  void finish(Place& place) noexcept;
  std::optional<Change> end_change(Place& place, bool is_resident) noexcept;

  const std::shared_ptr<NoopState> device_;
  const NoopSpec spec_;
  std::atomic<std::uint32_t> requests_{0};
  mutable std::mutex mutex_;
  std::vector<Place> places_;  // One for each placement; its length never changes.
};

}  // namespace penstock
