#include "drivers/sim/device/residence_table.h"

#include <algorithm>

namespace penstock::sim {
namespace {

Status check_level(const MemoryLevel* level,
                   const std::string& where,
                   std::uint64_t used,
                   std::uint64_t wanted) {
  if (level == nullptr || wanted == 0) {
    return {};
  }
  const std::uint64_t room = level->size - level->reserved;
  if (used + wanted <= room) {
    return {};
  }
  return Error{Errc::kUnavailable,
               "memory '" + level->name + "' of " + where + ": " + std::to_string(wanted) +
                   " bytes wanted, " + std::to_string(room - std::min(room, used)) + " of " +
                   std::to_string(room) + " free, " + std::to_string(used + wanted - room) +
                   " too few"};
}

}  // namespace

ResidenceTable::ResidenceTable(const Profile& profile)
    : profile_(profile),
      used_(static_cast<std::size_t>(profile.sub_devices), 0),
      residents_(static_cast<std::size_t>(profile.sub_devices), 0) {}

Status ResidenceTable::check(const CoreModel& model, SubDeviceMask place) const {
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (((place >> i) & 1U) == 0) {
      continue;
    }
    const std::string where = profile_.sub_device_name + " " + std::to_string(i);
    if (profile_.max_resident != 0 && residents_[i] >= profile_.max_resident) {
      return Error{Errc::kUnavailable,
                   where + " holds " + std::to_string(residents_[i]) +
                       " models already, which is its limit"};
    }
    PENSTOCK_RETURN_IF_ERROR(
        check_level(profile_.resident_level(false), where, used_[i], model.memory_bytes));
  }
  return check_level(profile_.resident_level(true), "the device", shared_used_, model.shared_bytes);
}

Status ResidenceTable::take(const CoreModel& model, SubDeviceMask place) {
  PENSTOCK_RETURN_IF_ERROR(check(model, place));
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (((place >> i) & 1U) != 0) {
      used_[i] += model.memory_bytes;
      residents_[i] += 1;
    }
  }
  shared_used_ += model.shared_bytes;
  return {};
}

void ResidenceTable::give_back(const CoreModel& model, SubDeviceMask place) {
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (((place >> i) & 1U) != 0) {
      used_[i] -= model.memory_bytes;
      residents_[i] -= 1;
    }
  }
  shared_used_ -= model.shared_bytes;
}

void ResidenceTable::clear() {
  std::fill(used_.begin(), used_.end(), 0);
  std::fill(residents_.begin(), residents_.end(), 0);
  shared_used_ = 0;
}

}  // namespace penstock::sim
