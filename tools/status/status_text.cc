#include "tools/status/status_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <nlohmann/json.hpp>

#include "tools/status/text_table.h"

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;
using Row = TextTable::Row;

/// A key of `json` if it is there and of the kind that is wanted; answers come from outside.
const Json& at(const Json& json, const char* key) {
  static const Json kNothing;
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() ? *found : kNothing;
}

/// Without control characters: a terminal obeys them.
std::string clean(std::string text) {
  std::replace_if(
      text.begin(),
      text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      '?');
  return text;
}

std::string text_at(const Json& json, const char* key) {
  const Json& value = at(json, key);
  return value.is_string() ? clean(value.get<std::string>()) : std::string();
}

double number_at(const Json& json, const char* key) {
  const Json& value = at(json, key);
  return value.is_number() ? value.get<double>() : 0;
}

bool flag_at(const Json& json, const char* key) {
  const Json& value = at(json, key);
  return value.is_boolean() && value.get<bool>();
}

std::string format(const char* pattern, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

std::string count_at(const Json& json, const char* key) {
  return format("%.0f", number_at(json, key));
}

/// Returns "25 %", or "-" for what is not known.
std::string share_at(const Json& json, const char* key) {
  return at(json, key).is_number() ? format("%.0f %%", 100 * number_at(json, key)) : "-";
}

std::string fps_at(const Json& json) {
  return format("%.1f", number_at(json, "fps"));
}

/// Returns "1.2/3.4": the middle and the 99th percentile, in milliseconds.
std::string latency_at(const Json& json, const char* key) {
  const Json& latency = at(json, key);
  return format("%.1f", number_at(latency, "p50")) + "/" +
         format("%.1f", number_at(latency, "p99"));
}

std::string age_text(double ms) {
  return ms >= 1000 ? format("%.1f s", ms / 1000) : format("%.0f ms", ms);
}

std::string uptime_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  std::array<char, 32> text{};
  std::snprintf(text.data(),
                text.size(),
                "%lld:%02lld:%02lld",
                static_cast<long long>(whole / 3600),
                static_cast<long long>(whole / 60 % 60),
                static_cast<long long>(whole % 60));
  return text.data();
}

/// Returns "latest_wins 3, deadline 1" for a map of counts.
std::string reasons_text(const Json& reasons) {
  std::string text;
  if (!reasons.is_object()) {
    return text;
  }
  for (const auto& [reason, count] : reasons.items()) {
    text += (text.empty() ? "" : ", ") + clean(reason) + " " +
            (count.is_number() ? format("%.0f", count.get<double>()) : "?");
  }
  return text;
}

std::string list_text(const Json& list) {
  std::string text;
  for (const Json& item : list) {
    text += item.is_string() ? (text.empty() ? "" : ", ") + clean(item.get<std::string>()) : "";
  }
  return text;
}

/// Returns the rows that `make` makes of the entries of a list.
template <class Make>
std::vector<Row> rows_of(const Json& list, Make make) {
  std::vector<Row> rows;
  if (list.is_array()) {
    for (const Json& item : list) {
      rows.push_back(make(item));
    }
  }
  return rows;
}

/// What was wrong with what a source read; empty where nothing was.
std::string flaws_text(const Json& stream) {
  const auto flaw = [&](const char* key, const char* one, const char* several) {
    const double count = number_at(stream, key);
    return count > 0 ? count_at(stream, key) + (count == 1 ? one : several) : std::string();
  };
  const std::string errors = flaw("decode_errors", " decode error", " decode errors");
  const std::string missing =
      flaw("missing_frames", " frame missing at its end", " frames missing at its end");
  return errors + (errors.empty() || missing.empty() ? "" : ", ") + missing;
}

/// Joins what is there of two notes.
std::string both(const std::string& first, const std::string& second) {
  return first + (first.empty() || second.empty() ? "" : "; ") + second;
}

/// What is somewhere; what is on its way there.
std::string residents_text(const Json& one, const char* there, const char* coming) {
  const std::string comes = list_text(at(one, coming));
  return both(list_text(at(one, there)), comes.empty() ? comes : comes + " (coming in)");
}

TextTable streams_table(const Json& document) {
  return TextTable{{{"STREAM"},
                    {">FPS"},
                    {">DELIVERED", 1},
                    {">REFUSED", 2},
                    {">DROPPED", 2},
                    {">CANCELLED", 3},
                    {">FAILED", 2},
                    {">IN FLIGHT", 2},
                    {">MS p50/p99"},
                    {"NOT DELIVERED BECAUSE OF"}},
                   rows_of(at(document, "streams"), [](const Json& one) {
                     const std::string lost = number_at(one, "lost") > 0
                                                  ? " (" + count_at(one, "lost") + " lost: a bug)"
                                                  : "";
                     return Row{text_at(one, "name"),
                                fps_at(one),
                                count_at(one, "delivered"),
                                count_at(one, "refused"),
                                count_at(one, "dropped"),
                                count_at(one, "cancelled"),
                                count_at(one, "failed"),
                                count_at(one, "in_flight") + "/" + count_at(one, "window"),
                                latency_at(one, "latency_ms"),
                                both(reasons_text(at(one, "by_reason")) + lost, flaws_text(one))};
                   })};
}

TextTable nodes_table(const Json& document) {
  return TextTable{{{"NODE"},
                    {"STREAM", 2},
                    {">FPS", 1},
                    {">PROCESSED", 2},
                    {">DROPPED", 3},
                    {">FAILED", 2},
                    {">RESTARTS", 3},
                    {">BUSY MS p50/p99"}},
                   rows_of(at(document, "nodes"), [](const Json& one) {
                     return Row{text_at(one, "name"),
                                text_at(one, "stream"),
                                fps_at(one),
                                count_at(one, "processed"),
                                count_at(one, "dropped"),
                                count_at(one, "failed"),
                                count_at(one, "restarts"),
                                latency_at(one, "busy_ms")};
                   })};
}

TextTable queues_table(const Json& document) {
  return TextTable{
      {{"QUEUE"}, {">WAITING"}, {">OLDEST"}, {">PASSED", 2}, {">DROPPED", 1}, {">FULL", 2}},
      rows_of(at(document, "queues"), [](const Json& one) {
        return Row{text_at(one, "name"),
                   count_at(one, "waiting") + "/" + count_at(one, "capacity"),
                   age_text(number_at(one, "oldest_ms")),
                   count_at(one, "passed"),
                   count_at(one, "dropped"),
                   count_at(one, "full")};
      })};
}

TextTable stations_table(const Json& document) {
  return TextTable{{{"MODEL AT"},
                    {">FPS"},
                    {">INFERENCES", 2},
                    {">FRAMES", 3},
                    {">FAILED", 2},
                    {">IN FLIGHT", 1},
                    {">MS p50/p99"}},
                   rows_of(at(document, "stations"), [](const Json& one) {
                     return Row{text_at(one, "node"),
                                fps_at(one),
                                count_at(one, "inferences"),
                                count_at(one, "frames"),
                                count_at(one, "failed"),
                                count_at(one, "in_flight"),
                                latency_at(one, "latency_ms")};
                   })};
}

/// What a person should know of a device: why it is not well, and whether it is as fast as it says.
std::string device_notes(const Json& one) {
  return both(text_at(one, "reason"),
              flag_at(one, "host_limited")
                  ? format("limited by the host: device %.1f fps", number_at(one, "device_fps")) +
                        format(", host %.1f fps", number_at(one, "host_fps"))
                  : "");
}

Row device_row(const Json& one, const Json& sub, bool is_first) {
  const std::string simulated = flag_at(one, "simulated") ? " (simulated)" : "";
  return {is_first ? text_at(one, "name") : "",
          is_first ? text_at(one, "identity") + simulated : "",
          is_first ? text_at(one, "health") : "",
          is_first ? text_at(one, "state") : "",
          count_at(sub, "index"),
          share_at(sub, "utilisation"),
          count_at(sub, "in_flight"),
          residents_text(sub, "resident", "coming_in"),
          is_first ? device_notes(one) : ""};
}

TextTable devices_table(const Json& document) {
  std::vector<Row> rows;
  for (const Json& one : at(document, "devices")) {
    bool is_first = true;
    for (const Json& sub : at(one, "sub_devices")) {
      rows.push_back(device_row(one, sub, is_first));
      is_first = false;
    }
    if (is_first) {
      rows.push_back(device_row(one, Json::object(), true));
    }
  }
  return TextTable{{{"DEVICE"},
                    {"IDENTITY", 2},
                    {"HEALTH"},
                    {"STATE", 1},
                    {">SUB"},
                    {">UTILISATION"},
                    {">IN FLIGHT", 2},
                    {"RESIDENT"},
                    {"NOTE"}},
                   rows};
}

TextTable packages_table(const Json& document) {
  return TextTable{{{"PACKAGE"},
                    {"HASH", 3},
                    {"MODE", 2},
                    {">RUNS", 2},
                    {">FRAMES", 1},
                    {">SWAPS"},
                    {">SWAP MS", 2},
                    {"RESIDENT ON", 1},
                    {"SERVICE TIME"}},
                   rows_of(at(document, "packages"), [](const Json& one) {
                     return Row{text_at(one, "name"),
                                text_at(one, "hash").substr(0, 12),
                                text_at(one, "mode"),
                                count_at(one, "runs"),
                                count_at(one, "frames"),
                                count_at(one, "swaps"),
                                format("%.1f", number_at(one, "swap_ms")),
                                residents_text(one, "resident_on", "coming_in_on"),
                                text_at(one, "service_time")};
                   })};
}

TextTable clients_table(const Json& document) {
  return TextTable{{{"CLIENT"},
                    {"PRIORITY", 2},
                    {">WEIGHT", 3},
                    {">FPS"},
                    {">QUEUED", 1},
                    {">OLDEST", 3},
                    {">IN FLIGHT", 1},
                    {">DONE", 2},
                    {">FAILED", 3},
                    {">WAIT MS p50/p99"},
                    {"DROPPED BECAUSE OF"}},
                   rows_of(at(document, "clients"), [](const Json& one) {
                     return Row{text_at(one, "name"),
                                text_at(one, "priority"),
                                format("%g", number_at(one, "weight")),
                                fps_at(one),
                                count_at(one, "queued"),
                                age_text(number_at(one, "oldest_ms")),
                                count_at(one, "in_flight"),
                                count_at(one, "done"),
                                count_at(one, "failed"),
                                latency_at(one, "wait_ms"),
                                reasons_text(at(one, "dropped"))};
                   })};
}

/// The last decisions; those that say the same one after the other are one line, and only some are
/// runs of batches, so that what is rare is seen among what is not.
TextTable decisions_table(const Json& document) {
  constexpr std::size_t kShown = 12;
  constexpr std::size_t kRunsShown = 4;
  std::size_t runs = 0;
  const Json& list = at(document, "decisions");
  std::vector<Row> rows;
  std::size_t repeated = 1;
  for (std::size_t i = list.is_array() ? list.size() : 0; i > 0 && rows.size() <= kShown; --i) {
    if (text_at(list[i - 1], "kind") == "run" && ++runs > kRunsShown) {
      continue;
    }
    std::string text = text_at(list[i - 1], "text");
    if (!rows.empty() && rows.back()[1] == text) {
      rows.back()[2] = "(" + std::to_string(++repeated) + " times)";
      continue;
    }
    repeated = 1;
    rows.push_back(
        {format("%.1f s ago", number_at(list[i - 1], "age_s")), std::move(text), std::string()});
  }
  rows.resize(std::min(rows.size(), kShown));
  std::reverse(rows.begin(), rows.end());
  return TextTable{
      {{">LAST"}, {"DECISIONS (" + count_at(document, "decision_count") + " in all)"}, {" "}},
      rows,
      true};
}

std::size_t columns_of(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
}

}  // namespace

std::string graph_name(const std::string& answer) {
  return text_at(Json::parse(answer, nullptr, false), "graph");
}

Result<std::string> status_text(const std::string& answer, const ScreenSize& screen) {
  const Json document = Json::parse(answer, nullptr, false);
  if (!document.is_object()) {
    return Error{Errc::kCorrupt, "what came is no status of a graph"};
  }
  if (const std::string refusal = text_at(document, "error"); !refusal.empty()) {
    return Error{Errc::kUnavailable, refusal};
  }
  std::vector<TextTable> tables = {streams_table(document),
                                   nodes_table(document),
                                   queues_table(document),
                                   stations_table(document),
                                   devices_table(document),
                                   packages_table(document),
                                   clients_table(document),
                                   decisions_table(document)};
  for (TextTable& table : tables) {
    table.fit(screen.width);
  }
  return text_at(document, "graph") + ": process " + count_at(document, "pid") + ", up " +
         uptime_text(number_at(document, "uptime_s")) + ", started " +
         text_at(document, "started") + "\n" +
         stacked(tables, screen.height > 1 ? screen.height - 1 : screen.height);
}

std::string fit_to_screen(const std::string& text, std::size_t width, std::size_t height) {
  std::string fitting;
  std::size_t column = 0;
  std::size_t line = 0;
  for (const char byte : text) {
    if (byte == '\n') {
      if (++line == height) {
        break;
      }
      column = 0;
      fitting += byte;
      continue;
    }
    column += columns_of(byte);
    if (column <= width) {
      fitting += byte;
    }
  }
  return fitting;
}

}  // namespace penstock
