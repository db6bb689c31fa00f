#include "drivers/sim/profiles/property_value.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "engine/yaml/scalar.h"

namespace penstock::sim {
namespace {

std::string plain(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string number_rule(const DeviceProperty& property) {
  const bool is_whole = property.type == DeviceProperty::Type::kInteger;
  std::string rule = is_whole ? "must be a whole number" : "must be a number";
  if (has_range(property)) {
    rule += " from " + plain(property.minimum) + " to " + plain(property.maximum);
  }
  return rule + (property.step > 0 ? " in steps of " + plain(property.step) : "");
}

bool is_number_of(const DeviceProperty& property, const std::string& value) {
  const Result<double> number = parse_number(value);
  if (!number.has_value() ||
      (property.type == DeviceProperty::Type::kInteger && *number != std::floor(*number))) {
    return false;
  }
  if (has_range(property) && (*number < property.minimum || *number > property.maximum)) {
    return false;
  }
  const double steps = property.step > 0 ? (*number - property.minimum) / property.step : 0;
  return std::abs(steps - std::round(steps)) <= 1e-6;
}

}  // namespace

bool has_range(const DeviceProperty& property) noexcept {
  return property.maximum > property.minimum;
}

std::string broken_rule(const DeviceProperty& property, const std::string& value) {
  switch (property.type) {
    case DeviceProperty::Type::kText:
      return {};
    case DeviceProperty::Type::kBoolean:
      return value == "true" || value == "false" ? "" : "must be true or false";
    case DeviceProperty::Type::kInteger:
    case DeviceProperty::Type::kReal:
      return is_number_of(property, value) ? "" : number_rule(property);
    case DeviceProperty::Type::kChoice:
      break;
  }
  if (std::find(property.choices.begin(), property.choices.end(), value) !=
      property.choices.end()) {
    return {};
  }
  std::string known;
  for (const std::string& choice : property.choices) {
    known += (known.empty() ? "" : ", ") + choice;
  }
  return "must be one of " + known;
}

}  // namespace penstock::sim
