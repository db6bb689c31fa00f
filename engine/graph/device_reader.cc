#include "engine/graph/device_reader.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/graph/builtin_words.h"
#include "engine/graph/path_checker.h"
#include "engine/graph/section_reader.h"
#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kAuto = "auto";
constexpr const char* kProfile = "profile";
constexpr std::int64_t kMostIndex = 63;

/// Whether `text` means a file, and not the word of a profile that comes with the program.
bool is_path(const std::string& text) {
  return text.find_first_of("./") != std::string::npos;
}

bool has_word(const std::vector<Option>& options, const std::string& name) {
  return std::any_of(
      options.begin(), options.end(), [&](const Option& option) { return option.name() == name; });
}

/// The duration `name` of `entry`; null where it has none.
const std::chrono::nanoseconds* time_of(const OptionValues& entry, const char* name) {
  const OptionValue* value = entry.find(name);
  return value == nullptr ? nullptr : value->as<std::chrono::nanoseconds>();
}

/// Reports an entry of the list `name` that is to end before it starts: `until` beside `at`.
void check_times(const std::string& name, const OptionValues& entry, Diagnostics& diagnostics) {
  const auto* until = time_of(entry, "until");
  const auto* at = time_of(entry, "at");
  if (until == nullptr || *until > (at == nullptr ? std::chrono::nanoseconds(0) : *at)) {
    return;
  }
  diagnostics.error("E013",
                    entry.place("until"),
                    "'until' of '" + name + "' is " + to_text(*until) + "; it must be later than " +
                        (at == nullptr ? "0s" : "'at', which is " + to_text(*at)));
}

void check_times(const OptionValues& values, Diagnostics& diagnostics) {
  for (const std::string& name : values.names()) {
    const auto* list = values.find(name)->as<OptionValue::List>();
    if (list == nullptr) {
      continue;
    }
    for (const OptionValue& item : *list) {
      if (const auto* entry = item.as<OptionValues>(); entry != nullptr) {
        check_times(name, *entry, diagnostics);
      }
    }
  }
}

}  // namespace

std::string use_device(const std::string& name,
                       const SourcePlace& place,
                       const TypeRegistry& registry,
                       GraphDraft& draft,
                       Diagnostics& diagnostics) {
  if (DeviceDraft* device = find_draft(draft.devices, name); device != nullptr) {
    device->used = true;
    return name;
  }
  if (const DeviceType* type = registry.find_device(name); type != nullptr) {
    DeviceDraft device;
    device.spec.name = name;
    device.spec.type = name;
    device.spec.implicit = true;
    device.spec.place = place;
    device.used = true;
    OptionChecker checker(nullptr, diagnostics);
    const OptionChecker::Owner owner{"device '" + name + "'", place, {}};
    device.spec.options = checker.check(type->options, YamlNode::map(place), owner);
    draft.devices.push_back(std::move(device));
    return name;
  }
  Words known;
  for (const DeviceDraft& device : draft.devices) {
    known.push_back(device.spec.name);
  }
  const Words words = registry.device_names();
  known.insert(known.end(), words.begin(), words.end());
  const std::string near = did_you_mean(name, known);
  diagnostics.error("E033",
                    place,
                    "no device '" + name + "'",
                    !near.empty()   ? near
                    : known.empty() ? "no device types are known"
                                    : one_of(known));
  return {};
}

void DeviceReader::read(const YamlNode& section, GraphDraft& draft) {
  if (check_section("devices", section, diagnostics_)) {
    for (const YamlNode::Entry& entry : section.entries()) {
      read_device(entry, draft);
    }
  }
}

void DeviceReader::check_name(const YamlNode::Entry& entry) {
  if (!is_name(entry.key)) {
    diagnostics_.error("E017",
                       entry.key_place,
                       "'" + entry.key + "' is not a name for a device",
                       "letters, digits and underscores, not starting with a digit");
  } else if (entry.key == kAuto) {
    // Any other device word may be an entry, which then is what the word means in this graph.
    diagnostics_.error("E017",
                       entry.key_place,
                       "no device may be called 'auto', which stands for the first that is there",
                       "choose another name");
  }
}

const DeviceType* DeviceReader::find_type(const YamlNode::Entry& entry) {
  const YamlNode* node = entry.value.find("type");
  if (node == nullptr || !node->is_scalar() || node->is_broken()) {
    return nullptr;
  }
  const DeviceType* type = registry_.find_device(node->text());
  if (type == nullptr) {
    const Words known = registry_.device_names();
    diagnostics_.error("E014",
                       node->place(),
                       "no device type " + node->describe() + "; it wants " + one_of(known),
                       did_you_mean(node->text(), known));
  }
  return type;
}

void DeviceReader::read_device(const YamlNode::Entry& entry, GraphDraft& draft) {
  check_name(entry);
  DeviceDraft device;
  device.spec.name = entry.key;
  device.spec.place = entry.key_place;
  const std::size_t errors_before = diagnostics_.error_count();
  check_later_words(entry.value, WordSection::kDevice, diagnostics_);
  std::vector<Option> options = device_words();
  Words words = later_words(WordSection::kDevice);
  const DeviceType* type = find_type(entry);
  if (type != nullptr) {
    options.insert(options.end(), type->options.begin(), type->options.end());
  } else {
    for (const YamlNode::Entry& option : entry.value.entries()) {
      words.push_back(option.key);  // they belong to a type that is not known
    }
  }
  const OptionValues values =
      checker_.check(options, entry.value, {"device '" + entry.key + "'", entry.key_place, words});
  device.spec.type = values.has("type") ? values.get_text("type") : std::string();
  device.spec.id = values.has("id") ? values.get_text("id") : std::string();
  device.spec.driver = values.has("driver") ? values.get_text("driver") : std::string();
  device.spec.options = values;
  check_driver_options(values);
  check_times(values, diagnostics_);
  read_profile(entry.value, type, device.spec);
  read_properties(entry.value, values, device.spec);
  read_sub_devices(entry.value, values, device.spec);
  device.sound = type != nullptr && diagnostics_.error_count() == errors_before;
  draft.devices.push_back(std::move(device));
}

void DeviceReader::check_driver_options(const OptionValues& values) {
  if (!values.has("options")) {
    return;
  }
  const OptionValues& given = values.get_object("options");
  for (const std::string& name : given.names()) {
    if (values.is_written(name) && !has_word(device_words(), name)) {
      diagnostics_.error("E002",
                         given.place(name),
                         "'" + name + "' is written twice: here and beside 'options'",
                         "leave one of them out");
    }
  }
}

void DeviceReader::read_profile(const YamlNode& node, const DeviceType* type, DeviceSpec& device) {
  if (type == nullptr || !device.options.has(kProfile)) {
    return;
  }
  device.profile = device.options.get_text(kProfile);
  const YamlNode* written = node.find(kProfile);
  if (written == nullptr) {
    return;
  }
  if (is_path(device.profile)) {
    device.profile = resolve_path(device.profile, *written);
    if (files_ != nullptr && !files_->is_readable(device.profile)) {
      diagnostics_.error("E018",
                         written->place(),
                         "'profile': file '" + device.profile + "' is missing or unreadable");
    }
    return;
  }
  const auto option = std::find_if(type->options.begin(), type->options.end(), [](const auto& one) {
    return one.name() == kProfile;
  });
  const Words known = option == type->options.end() ? Words() : option->extra_words();
  if (std::find(known.begin(), known.end(), device.profile) == known.end()) {
    diagnostics_.error(
        "E060",
        written->place(),
        "no profile " + written->describe() + "; it wants " + one_of(known) + ", or a file",
        did_you_mean(device.profile, known));
  }
}

void DeviceReader::read_properties(const YamlNode& node,
                                   const OptionValues& values,
                                   DeviceSpec& device) {
  if (!values.has("properties")) {
    return;
  }
  for (const YamlNode::Entry& entry : node.find("properties")->entries()) {
    PropertySetting setting;
    setting.name = entry.key;
    setting.name_place = entry.key_place;
    if (entry.value.is_scalar()) {
      setting.value = entry.value.text();
      setting.place = entry.value.place();
      device.properties.push_back(setting);
      continue;
    }
    for (const YamlNode::Entry& one : entry.value.entries()) {
      const auto index = parse_int(one.key);
      if (!index.has_value() || *index > kMostIndex) {
        diagnostics_.error("E013",
                           one.key_place,
                           "'" + entry.key + "': sub-devices count from 0 to " +
                               std::to_string(kMostIndex) + ", not " + one.key);
        continue;
      }
      setting.sub_device = static_cast<std::int32_t>(*index);
      setting.value = one.value.text();
      setting.place = one.value.place();
      device.properties.push_back(setting);
    }
  }
}

void DeviceReader::read_sub_devices(const YamlNode& node,
                                    const OptionValues& values,
                                    DeviceSpec& device) {
  if (!values.has("sub_devices")) {
    return;
  }
  const std::vector<OptionValue>& items = values.get_list("sub_devices");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(*items[i].as<std::int64_t>());
    std::vector<std::uint32_t>& all = device.sub_devices;
    if (std::find(all.begin(), all.end(), index) != all.end()) {
      diagnostics_.error("E002",
                         node.find("sub_devices")->items()[i].place(),
                         "sub-device " + std::to_string(index) + " is named twice");
      continue;
    }
    all.push_back(index);
  }
  std::sort(device.sub_devices.begin(), device.sub_devices.end());
}

}  // namespace penstock
