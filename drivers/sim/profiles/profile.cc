#include "drivers/sim/profiles/profile.h"

namespace penstock::sim {

std::string Profile::identity_of(int index) const {
  std::string result = identity;
  const std::string hole = "{index}";
  if (const auto at = result.find(hole); at != std::string::npos) {
    result.replace(at, hole.size(), std::to_string(index));
  }
  return result;
}

const ProfileMode* Profile::find_mode(const std::string& mode) const {
  for (const ProfileMode& known : modes) {
    if (known.name == mode) {
      return &known;
    }
  }
  return nullptr;
}

std::vector<SubDeviceMask> Profile::places_of(const ProfileMode& mode) const {
  std::vector<SubDeviceMask> places;
  const SubDeviceMask one =
      mode.sub_devices >= 64 ? ~SubDeviceMask{0} : (SubDeviceMask{1} << mode.sub_devices) - 1;
  for (int first = 0; first + mode.sub_devices <= sub_devices; first += mode.sub_devices) {
    places.push_back(one << first);
  }
  return places;
}

const MemoryLevel* Profile::resident_level(bool of_device) const {
  for (const MemoryLevel& level : memory) {
    if (level.resident && level.of_device == of_device) {
      return &level;
    }
  }
  return nullptr;
}

}  // namespace penstock::sim
