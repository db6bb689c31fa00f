#include "tools/cli/device_report.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::array<std::string, 4>;

bool is_simulated(DeviceKind kind) {
  return kind == DeviceKind::kSim || kind == DeviceKind::kNoop;
}

std::string memory_text(std::uint64_t bytes) {
  return bytes == 0 ? "host memory" : std::to_string(bytes >> 20U) + " MiB";
}

std::string name_text(const DeviceInfo& info) {
  std::string text = info.name;
  if (info.kind == DeviceKind::kSim) {
    text += " (simulated)";
  } else if (info.kind == DeviceKind::kNoop) {
    text += " (simulated: computes nothing)";
  }
  if (info.sub_devices.size() > 1) {
    text += ", " + std::to_string(info.sub_devices.size()) + " sub-devices";
  }
  return text;
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
  std::array<std::size_t, 3> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    }
    text += row.back() + "\n";
  }
  return text;
}

std::string device_report_json(const std::vector<DeviceChoice>& devices) {
  Json list = Json::array();
  for (const DeviceChoice& device : devices) {
    const DeviceInfo& info = device.info;
    Json item{{"driver", device.driver->name()},
              {"identity", info.identity},
              {"type", to_string(info.kind)},
              {"name", info.name},
              {"board", info.board},
              {"firmware", info.firmware},
              {"memory_bytes", info.memory_bytes},
              {"simulated", is_simulated(info.kind)},
              {"sub_devices", Json::array()}};
    for (const SubDeviceInfo& sub : info.sub_devices) {
      item["sub_devices"].push_back(
          Json{{"index", sub.index}, {"name", sub.name}, {"memory_bytes", sub.memory_bytes}});
    }
    list.push_back(std::move(item));
  }
  return Json{{"devices", std::move(list)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace penstock
