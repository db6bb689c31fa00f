#include "tools/bench/bench_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <thread>

#include <nlohmann/json.hpp>

namespace penstock {
namespace {

constexpr std::size_t kColumns = 8;
using Cells = std::array<std::string, kColumns>;

std::string number(double value) {
  std::array<char, 32> text{};
  const char* format = value >= 1000 || value <= -1000 ? "%.0f" : "%.3g";
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string number(const std::optional<double>& value) {
  return value.has_value() ? number(*value) : std::string();
}

Cells cells_of(const BenchRow& row) {
  std::string range;
  if (row.min.has_value() && row.max.has_value()) {
    range = "[" + number(*row.min) + "-" + number(*row.max) + "]";
  }
  std::string verdict;
  if (row.met.has_value()) {
    verdict = *row.met ? "met" : "missed";
  }
  return {row.name,
          number(row.value),
          row.unit,
          range,
          number(row.ratio),
          row.against,
          number(row.goal),
          verdict};
}

template <class T>
void set_if(nlohmann::ordered_json& object, const char* key, const std::optional<T>& value) {
  if (value.has_value()) {
    object[key] = *value;
  }
}

}  // namespace

std::string BenchReport::to_json() const {
  nlohmann::ordered_json report;
  report["benchmark"] = benchmark;
  report["machine"] = machine;
  report["rows"] = nlohmann::ordered_json::array();
  for (const BenchRow& row : rows) {
    nlohmann::ordered_json object;
    object["name"] = row.name;
    object["value"] = row.value;
    object["unit"] = row.unit;
    set_if(object, "min", row.min);
    set_if(object, "max", row.max);
    set_if(object, "ratio", row.ratio);
    if (!row.against.empty()) {
      object["against"] = row.against;
    }
    set_if(object, "goal", row.goal);
    set_if(object, "met", row.met);
    report["rows"].push_back(object);
  }
  // A name that is no valid UTF-8 must not cost the figures.
  return report.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string BenchReport::to_table() const {
  std::vector<Cells> lines = {
      {"name", "value", "unit", "[min-max]", "ratio", "against", "goal", "met"}};
  for (const BenchRow& row : rows) {
    lines.push_back(cells_of(row));
  }
  std::array<std::size_t, kColumns> width{};
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      width[i] = std::max(width[i], line[i].size());
    }
  }
  std::string text = benchmark + " on " + machine + "\n";
  for (const Cells& line : lines) {
    std::string out;
    for (std::size_t i = 0; i < kColumns; ++i) {
      out += line[i] + std::string(width[i] - line[i].size() + 2, ' ');
    }
    out.erase(out.find_last_not_of(' ') + 1);
    text += out + "\n";
  }
  return text;
}

std::string machine_name() {
  std::ifstream info("/proc/cpuinfo");
  std::string name = "unknown CPU";
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
      name = line.substr(colon + 2);
      break;
    }
  }
  return name + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
}

}  // namespace penstock
