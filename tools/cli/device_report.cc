#include "tools/cli/device_report.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string memory_text(std::uint64_t bytes) {
  return bytes == 0 ? "host memory" : std::to_string(bytes >> 20U) + " MiB";
}

/// Returns "0-1", "0, 2-3" for sorted indexes.
std::string ranges_text(const std::vector<std::uint32_t>& indexes) {
  std::string text;
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    std::size_t last = i;
    while (last + 1 < indexes.size() && indexes[last + 1] == indexes[last] + 1) {
      ++last;
    }
    text += (text.empty() ? "" : ", ") + std::to_string(indexes[i]);
    text += last == i ? "" : "-" + std::to_string(indexes[last]);
    i = last;
  }
  return text;
}

/// Returns ", 0-1 in use by process 4711"; empty if all are free.
std::string use_text(const DeviceInfo& info) {
  std::map<std::int64_t, std::vector<std::uint32_t>> by_owner;
  for (const SubDeviceInfo& sub : info.sub_devices) {
    if (sub.in_use_by != 0) {
      by_owner[sub.in_use_by].push_back(sub.index);
    }
  }
  std::string text;
  for (const auto& [owner, indexes] : by_owner) {
    text += ", " + (info.sub_devices.size() > 1 ? ranges_text(indexes) + " " : std::string()) +
            "in use by process " + std::to_string(owner);
  }
  return text;
}

std::string name_text(const DeviceInfo& info) {
  std::string text = info.name;
  if (info.kind == DeviceKind::kSim && text.rfind("simulated", 0) != 0) {
    text += " (simulated)";
  } else if (info.kind == DeviceKind::kNoop) {
    text += " (simulated: computes nothing)";
  }
  if (info.sub_devices.size() > 1) {
    text += ", " + std::to_string(info.sub_devices.size()) + " sub-devices";
  }
  return text + use_text(info);
}

/// Returns the rows in columns; the last one is as long as it is. `indent` before each line.
std::string columns(const std::vector<Row>& rows, const std::string& indent) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = indent;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

Json info_json(const DeviceChoice& device) {
  const DeviceInfo& info = device.info;
  Json item{{"driver", device.driver->name()},
            {"identity", info.identity},
            {"type", to_string(info.kind)},
            {"name", info.name},
            {"board", info.board},
            {"firmware", info.firmware},
            {"memory_bytes", info.memory_bytes},
            {"shared_memory_bytes", info.shared_memory_bytes},
            {"max_resident", info.max_resident},
            {"simulated", is_simulated(info.kind)},
            {"sub_devices", Json::array()}};
  for (const SubDeviceInfo& sub : info.sub_devices) {
    item["sub_devices"].push_back(Json{{"index", sub.index},
                                       {"name", sub.name},
                                       {"memory_bytes", sub.memory_bytes},
                                       {"group", sub.group},
                                       {"in_use", sub.in_use_by != 0},
                                       {"in_use_by", sub.in_use_by}});
  }
  return item;
}

const char* type_word(DeviceProperty::Type type) {
  switch (type) {
    case DeviceProperty::Type::kText:
      return "text";
    case DeviceProperty::Type::kInteger:
      return "integer";
    case DeviceProperty::Type::kReal:
      return "real";
    case DeviceProperty::Type::kBoolean:
      return "boolean";
    case DeviceProperty::Type::kChoice:
      return "choice";
  }
  return "text";
}

bool has_range(const DeviceProperty& property) {
  return (property.type == DeviceProperty::Type::kInteger ||
          property.type == DeviceProperty::Type::kReal) &&
         property.maximum > property.minimum;
}

Json property_json(const DeviceProperty& property) {
  Json json{{"name", property.name},
            {"sub_device", property.sub_device},
            {"type", type_word(property.type)},
            {"value", property.value},
            {"unit", property.unit},
            {"writable", property.is_writable},
            {"pending", property.is_pending}};
  if (property.is_pending) {
    json["pending_value"] = property.pending_value;
  }
  if (has_range(property)) {
    json["minimum"] = property.minimum;
    json["maximum"] = property.maximum;
    json["step"] = property.step;
  }
  if (!property.choices.empty()) {
    json["choices"] = property.choices;
  }
  json["help"] = property.help;
  return json;
}

Json metrics_json(const std::vector<DeviceMetric>& metrics) {
  Json list = Json::array();
  for (const DeviceMetric& metric : metrics) {
    list.push_back(Json{{"name", metric.name},
                        {"sub_device", metric.sub_device},
                        {"value", metric.value},
                        {"unit", metric.unit}});
  }
  return list;
}

/// Returns "clock", or "clock/2" of a sub-device.
std::string indexed(const std::string& name, std::int32_t sub_device) {
  return sub_device < 0 ? name : name + "/" + std::to_string(sub_device);
}

std::string with_unit(const std::string& value, const std::string& unit) {
  return unit.empty() ? value : value + " " + unit;
}

std::string allowed_text(const DeviceProperty& property) {
  if (!property.is_writable) {
    return "read only";
  }
  std::string text;
  for (const std::string& choice : property.choices) {
    text += (text.empty() ? "" : " | ") + choice;
  }
  if (has_range(property)) {
    text = number_text(property.minimum) + " to " + number_text(property.maximum);
    text += property.step > 0 ? " in steps of " + number_text(property.step) : "";
  }
  return text.empty() ? type_word(property.type) : text;
}

std::string properties_text(const std::vector<DeviceProperty>& properties) {
  std::vector<Row> rows;
  for (const DeviceProperty& property : properties) {
    std::string value = with_unit(property.value, property.unit);
    value += property.is_pending ? " (pending: " + property.pending_value + ")" : "";
    rows.push_back({indexed(property.name, property.sub_device),
                    value,
                    allowed_text(property),
                    property.help});
  }
  return rows.empty() ? "" : "properties\n" + columns(rows, "  ");
}

std::string sub_devices_text(const DeviceInfo& info) {
  std::vector<Row> rows;
  for (const SubDeviceInfo& sub : info.sub_devices) {
    rows.push_back(
        {std::to_string(sub.index),
         sub.name,
         sub.memory_bytes == 0 && info.shared_memory_bytes != 0
             ? memory_text(info.shared_memory_bytes) + " shared"
             : memory_text(sub.memory_bytes),
         "group " + std::to_string(sub.group),
         sub.in_use_by == 0 ? "free" : "in use by process " + std::to_string(sub.in_use_by)});
  }
  return rows.empty() ? "" : "sub-devices\n" + columns(rows, "  ");
}

std::string health_text(const HealthEvent& health) {
  return std::string(to_string(health.health)) +
         (health.reason.empty() ? "" : " (" + health.reason + ")");
}

}  // namespace

std::string device_report_text(const std::vector<DeviceChoice>& devices) {
  std::vector<Row> rows = {{"DEVICE", "DRIVER", "MEMORY", "NAME"}};
  for (const DeviceChoice& device : devices) {
    rows.push_back({device.info.identity,
                    device.driver->name(),
                    memory_text(device.info.memory_bytes),
                    name_text(device.info)});
  }
  return columns(rows, "");
}

std::string device_report_json(const std::vector<DeviceChoice>& devices) {
  Json list = Json::array();
  for (const DeviceChoice& device : devices) {
    list.push_back(info_json(device));
  }
  return line_of(Json{{"devices", std::move(list)}});
}

std::string device_portrait_text(const DevicePortrait& portrait) {
  const DeviceInfo& info = portrait.choice.info;
  std::vector<Row> rows = {{"driver", portrait.choice.driver->name()},
                           {"type", to_string(info.kind)},
                           {"memory", memory_text(info.memory_bytes)},
                           {"health", health_text(portrait.health)}};
  if (!info.board.empty()) {
    rows.push_back({"board", info.board});
  }
  if (!info.firmware.empty()) {
    rows.push_back({"firmware", info.firmware});
  }
  if (info.max_resident > 0) {
    rows.push_back(
        {"resident", "at most " + std::to_string(info.max_resident) + " at once on a sub-device"});
  }
  std::vector<Row> figures;
  for (const DeviceMetric& metric : portrait.metrics) {
    figures.push_back({indexed(metric.name, metric.sub_device),
                       with_unit(number_text(metric.value), metric.unit)});
  }
  return info.identity + ": " + name_text(info) + "\n" + columns(rows, "  ") +
         sub_devices_text(info) + properties_text(portrait.properties) +
         (figures.empty() ? "" : "metrics\n" + columns(figures, "  "));
}

std::string device_portrait_json(const DevicePortrait& portrait) {
  Json json = info_json(portrait.choice);
  json["health"] = {{"state", to_string(portrait.health.health)},
                    {"reason", portrait.health.reason}};
  json["properties"] = Json::array();
  for (const DeviceProperty& property : portrait.properties) {
    json["properties"].push_back(property_json(property));
  }
  json["metrics"] = metrics_json(portrait.metrics);
  return line_of(json);
}

std::string device_figures_text(const DevicePortrait& portrait, const std::string& time) {
  const DeviceInfo& info = portrait.choice.info;
  std::string text = time + "  " + info.identity +
                     (is_simulated(info.kind) ? " (simulated)  " : "  ") +
                     health_text(portrait.health);
  for (const DeviceMetric& metric : portrait.metrics) {
    text += "  " + indexed(metric.name, metric.sub_device) + "=" + number_text(metric.value);
    text += metric.unit == "ratio" || metric.unit == "count" || metric.unit.empty()
                ? ""
                : " " + metric.unit;
  }
  return text + "\n";
}

std::string device_figures_json(const DevicePortrait& portrait, const std::string& time) {
  return line_of(Json{{"time", time},
                      {"identity", portrait.choice.info.identity},
                      {"simulated", is_simulated(portrait.choice.info.kind)},
                      {"health", to_string(portrait.health.health)},
                      {"reason", portrait.health.reason},
                      {"metrics", metrics_json(portrait.metrics)}}) +
         "\n";
}

std::string property_change_text(const PropertyChange& change) {
  const DeviceProperty& after = change.after;
  std::array<char, 64> waited{};
  std::snprintf(waited.data(),
                waited.size(),
                ", was pending for %.1f s",
                std::chrono::duration<double>(change.took).count());
  return indexed(after.name, after.sub_device) + ": " + change.before.value + " -> " +
         with_unit(after.value, after.unit) + (change.was_pending ? waited.data() : "") + "\n";
}

std::string property_change_json(const DeviceInfo& info, const PropertyChange& change) {
  return line_of(Json{{"identity", info.identity},
                      {"simulated", is_simulated(info.kind)},
                      {"before", property_json(change.before)},
                      {"after", property_json(change.after)},
                      {"was_pending", change.was_pending},
                      {"seconds", std::chrono::duration<double>(change.took).count()}}) +
         "\n";
}

}  // namespace penstock
