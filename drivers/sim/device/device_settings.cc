#include "drivers/sim/device/device_settings.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>
#include <utility>

#include "drivers/sim/profiles/property_value.h"

namespace penstock::sim {
namespace {

std::string plain(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

/// The properties of sub-devices come after the device's own of the same name.
constexpr std::int32_t kWhole = -1;

}  // namespace

DeviceSettings::DeviceSettings(const Profile& profile) : profile_(profile) {
  const ClockSetting& clock = profile.clock;
  if (!clock.steps.empty()) {
    DeviceProperty property;
    property.name = "clock";
    property.type = DeviceProperty::Type::kChoice;
    property.unit = "MHz";
    property.help = "clock; work takes longer below " + plain(clock.reference) + " MHz";
    property.value = plain(clock.initial);
    for (const double step : clock.steps) {
      property.choices.push_back(plain(step));
    }
    property.is_writable = true;
    settings_.push_back({property, {}});
    for (int i = 0; clock.per_sub_device && i < profile.sub_devices; ++i) {
      property.sub_device = i;
      settings_.push_back({property, {}});
    }
  }
  add_number("mvm_limit", profile.mvm_limit, true);
  add_number("power_mode", profile.power_mode, false);
  DeviceProperty fact;
  fact.name = "simulated";
  fact.type = DeviceProperty::Type::kBoolean;
  fact.help = "no hardware: times are modelled";
  fact.value = "true";
  settings_.push_back({fact, {}});
  fact.name = "profile";
  fact.type = DeviceProperty::Type::kText;
  fact.help = "the data that it is made from";
  fact.value = profile.name;
  settings_.push_back({fact, {}});
  for (const DeviceProperty& property : profile.properties) {
    settings_.push_back({property, {}});
  }
  fact.name = kSelfTest;
  fact.help = "what a health probe finds";
  fact.value = "passed";
  settings_.push_back({fact, {}});
  refresh();
}

void DeviceSettings::add_number(const char* name,
                                const PercentSetting& percent,
                                bool by_sub_device) {
  if (!percent.exists) {
    return;
  }
  DeviceProperty property;
  property.name = name;
  property.type = DeviceProperty::Type::kReal;
  property.unit = "percent";
  property.help =
      by_sub_device ? "limit of the matrix units" : "of the clock, for the whole device";
  property.value = plain(percent.initial);
  property.minimum = percent.minimum;
  property.maximum = percent.maximum;
  property.step = percent.step;
  property.is_writable = true;
  settings_.push_back({property, {}});
  for (int i = 0; by_sub_device && i < profile_.sub_devices; ++i) {
    property.sub_device = i;
    settings_.push_back({property, {}});
  }
}

DeviceSettings::Setting* DeviceSettings::find(const std::string& name, std::int32_t sub_device) {
  for (Setting& setting : settings_) {
    if (setting.property.name == name && setting.property.sub_device == sub_device) {
      return &setting;
    }
  }
  return nullptr;
}

const DeviceSettings::Setting* DeviceSettings::find(const std::string& name,
                                                    std::int32_t sub_device) const {
  return const_cast<DeviceSettings*>(this)->find(name, sub_device);
}

std::vector<DeviceProperty> DeviceSettings::list() const {
  std::vector<DeviceProperty> result;
  for (const Setting& setting : settings_) {
    result.push_back(setting.property);
  }
  return result;
}

Error DeviceSettings::unknown(const std::string& name, std::int32_t sub_device) const {
  std::set<std::string> names;
  for (const Setting& setting : settings_) {
    names.insert(setting.property.name);
  }
  if (names.count(name) != 0) {
    return {Errc::kInvalidArgument,
            "property '" + name + "' has no value of its own for sub-device " +
                std::to_string(sub_device)};
  }
  std::string known;
  for (const std::string& each : names) {
    known += (known.empty() ? "" : ", ") + each;
  }
  return {Errc::kInvalidArgument, "unknown property '" + name + "'; known are " + known};
}

Status DeviceSettings::check(const DeviceProperty& property, const std::string& value) const {
  const std::string what = "property '" + property.name + "', value '" + value + "': ";
  if (!property.is_writable) {
    return Error{Errc::kInvalidArgument, what + "it cannot be written"};
  }
  if (const std::string rule = broken_rule(property, value); !rule.empty()) {
    return Error{Errc::kInvalidArgument, what + rule};
  }
  return {};
}

Result<bool> DeviceSettings::configure(const std::string& name,
                                       const std::string& value,
                                       std::int32_t sub_device,
                                       TimePoint now) {
  Setting* setting = find(name, sub_device);
  if (setting == nullptr) {
    return unknown(name, sub_device);
  }
  PENSTOCK_RETURN_IF_ERROR(check(setting->property, value));
  const bool has_effect = name == "clock" || name == "mvm_limit" || name == "power_mode";
  const Duration settle = has_effect ? profile_.clock.settle : Duration(0);
  for (Setting& each : settings_) {
    const bool is_meant = each.property.name == name &&
                          (sub_device == kWhole || each.property.sub_device == sub_device);
    if (is_meant && settle > Duration(0)) {
      each.property.is_pending = true;
      each.property.pending_value = value;
      each.due = now + settle;
    } else if (is_meant) {
      each.property.value = value;
    }
  }
  refresh();
  return settle == Duration(0);
}

bool DeviceSettings::advance(TimePoint now) {
  bool changed = false;
  for (Setting& setting : settings_) {
    if (setting.property.is_pending && setting.due <= now) {
      setting.property.value = std::exchange(setting.property.pending_value, "");
      setting.property.is_pending = false;
      changed = true;
    }
  }
  if (changed) {
    refresh();
  }
  return changed;
}

double DeviceSettings::value_of(const Setting& setting) {
  return std::strtod(setting.property.value.c_str(), nullptr);
}

double DeviceSettings::number(const std::string& name, int sub_device, double otherwise) const {
  const Setting* setting = find(name, sub_device);
  setting = setting == nullptr ? find(name, kWhole) : setting;
  return setting == nullptr ? otherwise : value_of(*setting);
}

void DeviceSettings::refresh() {
  clock_.resize(static_cast<std::size_t>(profile_.sub_devices));
  mvm_.resize(static_cast<std::size_t>(profile_.sub_devices));
  for (int i = 0; i < profile_.sub_devices; ++i) {
    clock_[static_cast<std::size_t>(i)] = number("clock", i, 0);
    mvm_[static_cast<std::size_t>(i)] = number("mvm_limit", i, 100) / 100;
  }
  power_ = number("power_mode", kWhole, 100) / 100;
  next_.reset();
  for (const Setting& setting : settings_) {
    if (setting.property.is_pending && (!next_.has_value() || setting.due < *next_)) {
      next_ = setting.due;
    }
  }
  // Where the sub-devices differ the device's own value is the lowest.
  for (Setting& setting : settings_) {
    if (setting.property.sub_device != kWhole || setting.property.is_pending) {
      continue;
    }
    const Setting* lowest = nullptr;
    for (int i = 0; i < profile_.sub_devices; ++i) {
      const Setting* own = find(setting.property.name, i);
      if (own != nullptr && (lowest == nullptr || value_of(*own) < value_of(*lowest))) {
        lowest = own;
      }
    }
    if (lowest != nullptr) {
      setting.property.value = lowest->property.value;
    }
  }
}

double DeviceSettings::clock_mhz(int sub_device) const {
  return clock_[static_cast<std::size_t>(sub_device)];
}

double DeviceSettings::mvm_ratio(int sub_device) const {
  return mvm_[static_cast<std::size_t>(sub_device)];
}

double DeviceSettings::power_ratio() const {
  return power_;
}

}  // namespace penstock::sim
