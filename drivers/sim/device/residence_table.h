#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/sim/device/core_types.h"
#include "drivers/sim/profiles/profile.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// Which memory is taken by what is resident.
/// Thread-safety: none.
class ResidenceTable {
 public:
  /// `profile` must outlive this.
  explicit ResidenceTable(const Profile& profile);

  /// Takes what `model` needs on `place`.
  /// Errors: `kUnavailable` naming the limit, what is taken and by how much it does not suffice.
  Status take(const CoreModel& model, SubDeviceMask place);
  void give_back(const CoreModel& model, SubDeviceMask place);
  void clear();

  [[nodiscard]] std::uint64_t used(int sub_device) const {
    return used_[static_cast<std::size_t>(sub_device)];
  }

  [[nodiscard]] std::uint64_t shared_used() const { return shared_used_; }

 private:
  [[nodiscard]] Status check(const CoreModel& model, SubDeviceMask place) const;

  const Profile& profile_;
  std::vector<std::uint64_t> used_;
  std::vector<std::uint32_t> residents_;
  std::uint64_t shared_used_ = 0;
};

}  // namespace penstock::sim
