#include "drivers/sim/profiles/property_reader.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "drivers/sim/profiles/property_value.h"

namespace penstock::sim {
namespace {

using Type = DeviceProperty::Type;

/// Those that a device has from elsewhere, by its profile or by being simulated.
constexpr std::array<const char*, 6> kNamesOfDevices = {
    "clock", "mvm_limit", "power_mode", "simulated", "profile", "self_test"};

Type type_of(const std::string& word) {
  return word == "integer"   ? Type::kInteger
         : word == "real"    ? Type::kReal
         : word == "boolean" ? Type::kBoolean
         : word == "choice"  ? Type::kChoice
                             : Type::kText;
}

void check_name(const DeviceProperty& property,
                const std::vector<DeviceProperty>& others,
                YamlFields& fields) {
  if (!fields.has("name")) {
    return;
  }
  if (property.name.empty()) {
    fields.reject("name", "must not be empty");
  }
  if (std::find(kNamesOfDevices.begin(), kNamesOfDevices.end(), property.name) !=
      kNamesOfDevices.end()) {
    fields.reject("name", "is a property that simulated devices have by themselves", "E002");
  }
  if (std::any_of(others.begin(), others.end(), [&](const DeviceProperty& other) {
        return other.name == property.name;
      })) {
    fields.reject("name", "this property is there already", "E002");
  }
}

void check_limits(const DeviceProperty& property, YamlFields& fields) {
  const bool is_number = property.type == Type::kInteger || property.type == Type::kReal;
  for (const char* word : {"minimum", "maximum", "step"}) {
    if (fields.has(word) && !is_number) {
      fields.reject(word, "is for the types integer and real");
    }
  }
  if (!is_number) {
    return;
  }
  if (fields.has("minimum") != fields.has("maximum")) {
    fields.reject(fields.has("minimum") ? "minimum" : "maximum",
                  "wants minimum and maximum together");
  } else if (fields.has("minimum") && !has_range(property)) {
    fields.reject("minimum", "must be below the maximum");
  }
}

void check_choices(const DeviceProperty& property, YamlFields& fields) {
  const bool is_choice = property.type == Type::kChoice;
  if (is_choice && property.choices.empty()) {
    fields.reject("choices", "a choice wants them");
  }
  if (!is_choice && fields.has("choices")) {
    fields.reject("choices", "are for the type choice");
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < property.choices.size(); ++i) {
    if (!seen.insert(property.choices[i]).second) {
      fields.reject_item("choices", i, "this choice is there already");
    }
  }
}

}  // namespace

DeviceProperty read_property(YamlFields& fields, const std::vector<DeviceProperty>& others) {
  DeviceProperty property;
  property.name = fields.require("name").text("name");
  property.type = type_of(fields.word("type", {"text", "integer", "real", "boolean", "choice"}));
  property.unit = fields.text("unit");
  property.help = fields.text("help");
  property.value = fields.require("value").text("value");
  property.choices = fields.texts("choices");
  property.minimum = fields.number("minimum", 0, -1e12, 1e12);
  property.maximum = fields.number("maximum", 0, -1e12, 1e12);
  property.step = fields.number("step", 0, 0, 1e12);
  property.is_writable = fields.flag("writable", false);
  check_name(property, others, fields);
  check_limits(property, fields);
  check_choices(property, fields);
  const bool has_choices = property.type != Type::kChoice || !property.choices.empty();
  const std::string rule = has_choices ? broken_rule(property, property.value) : "";
  if (!rule.empty() && fields.has("value")) {
    fields.reject("value", rule);
  }
  fields.finish();
  return property;
}

}  // namespace penstock::sim
