#include "tools/fit/fit_report.h"

#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "tools/fit/fit_limit.h"

namespace penstock {
namespace {

std::string number(const char* pattern, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

std::string row(const char* name, const FitFigures& figures) {
  std::array<char, 160> text{};
  std::snprintf(text.data(),
                text.size(),
                "%-9s %7u %9.1f %8.1f %8.1f %7.2f %% %6.0f %% %8.2f %6.1f %%\n",
                name,
                figures.streams,
                figures.delivered_fps,
                figures.latency_p50_ms,
                figures.latency_p99_ms,
                figures.drop_rate * 100,
                figures.utilisation * 100,
                figures.swaps_per_second,
                figures.swap_share * 100);
  return text.data();
}

/// One line for each of the graph's streams, where they differ.
std::string stream_rows(const FitFigures& figures) {
  std::string rows;
  for (const FitStreams& streams : figures.by_stream) {
    std::array<char, 256> text{};
    std::snprintf(text.data(),
                  text.size(),
                  "  %-15s %9.1f %8.1f %8.1f %7.2f %%\n",
                  (std::to_string(streams.streams) + " " + streams.name).c_str(),
                  streams.delivered_fps,
                  streams.latency_p50_ms,
                  streams.latency_p99_ms,
                  streams.drop_rate * 100);
    rows += text.data();
  }
  return figures.by_stream.size() > 1 ? rows : "";
}

nlohmann::ordered_json streams_json(const FitFigures& figures) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const FitStreams& streams : figures.by_stream) {
    list.push_back({{"name", streams.name},
                    {"streams", streams.streams},
                    {"fps", streams.delivered_fps},
                    {"drop_rate", streams.drop_rate},
                    {"latency_p50_ms", streams.latency_p50_ms},
                    {"latency_p99_ms", streams.latency_p99_ms}});
  }
  return list;
}

/// "sim:mx3", or each by name.
std::string devices_text(const FitQuestion& question) {
  if (question.devices.size() == 1) {
    return question.devices.front().second;
  }
  std::string text;
  for (const auto& [name, what] : question.devices) {
    text += (text.empty() ? "" : ", ") + name + "=" + what;
  }
  return text;
}

nlohmann::ordered_json json_of(const FitFigures& figures) {
  nlohmann::ordered_json drops = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : figures.drops) {
    drops[reason] = count;
  }
  return {{"streams", figures.streams},
          {"fps", figures.delivered_fps},
          {"drop_rate", figures.drop_rate},
          {"drops", drops},
          {"by_stream", streams_json(figures)},
          {"failed", figures.failed},
          {"in_order", figures.in_order},
          {"latency_p50_ms", figures.latency_p50_ms},
          {"latency_p99_ms", figures.latency_p99_ms},
          {"utilisation", figures.utilisation},
          {"with_work", figures.with_work},
          {"swaps_per_second", figures.swaps_per_second},
          {"swap_share", figures.swap_share}};
}

/// Returns where the service times are from, ("people", "cost model") by model; none if nothing
/// ran.
std::vector<std::pair<std::string, std::string>> service_times(const FitAnswer& answer) {
  return answer.best.has_value()   ? answer.best->service_times
         : answer.next.has_value() ? answer.next->service_times
                                   : std::vector<std::pair<std::string, std::string>>();
}

std::uint32_t streams_of(const FitAnswer& answer) {
  return answer.best.has_value() ? answer.best->streams : 0;
}

}  // namespace

std::string fit_text(const FitQuestion& question, const FitAnswer& answer) {
  const std::uint32_t streams = streams_of(answer);
  std::string text = question.graph + " on " + devices_text(question) + ", simulated: streams of " +
                     number("%g", question.fps) + " frames/s" +
                     (question.is_fps_assumed ? " (assumed: --fps)" : "") + ", at most " +
                     number("%g", question.goal.drop_rate * 100) + " % dropped\n";
  text += std::to_string(streams) + (streams == 1 ? " stream fits; " : " streams fit; ");
  if (answer.next.has_value()) {
    const FitLimit limit = limit_of(*answer.next);
    text += std::string("the first limit is ") + to_string(limit.kind) + ":\n  with " +
            std::to_string(answer.next->streams) + ", " + limit.why + "\n";
  } else {
    text += "no limit met: more were not tried (--max-streams)\n";
  }
  text += "\n          streams  fps each   p50 ms   p99 ms     drops     busy  swaps/s  swapping\n";
  text += answer.best.has_value() ? row("fits", *answer.best) + stream_rows(*answer.best) : "";
  text += answer.next.has_value() ? row("too many", *answer.next) + stream_rows(*answer.next) : "";
  text +=
      "\nbusy: the busiest part of the device. Latency: from the camera's frame to the end of the "
      "graph.\nSimulated, " +
      std::to_string(question.seconds) +
      " virtual seconds each; the host's nodes take no time here, so a slow host is a limit "
      "of its own.\n";
  for (const auto& [model, from] : service_times(answer)) {
    text += "Service time of '" + model + "': " + from + "\n";
  }
  return text;
}

std::string fit_json(const FitQuestion& question, const FitAnswer& answer) {
  nlohmann::ordered_json devices = nlohmann::ordered_json::object();
  for (const auto& [name, what] : question.devices) {
    devices[name] = what;
  }
  nlohmann::ordered_json json = {{"graph", question.graph},
                                 {"device", devices_text(question)},
                                 {"devices", devices},
                                 {"simulated", true},
                                 {"host_time", "none"},
                                 {"fps", question.fps},
                                 {"fps_assumed", question.is_fps_assumed},
                                 {"seconds", question.seconds},
                                 {"max_drop_rate", question.goal.drop_rate},
                                 {"streams", streams_of(answer)}};
  json["models"] = nlohmann::ordered_json::array();
  for (const auto& [model, from] : service_times(answer)) {
    json["models"].push_back({{"name", model}, {"service_time", from}});
  }
  if (answer.next.has_value()) {
    const FitLimit limit = limit_of(*answer.next);
    json["limit"] = {{"kind", to_string(limit.kind)}, {"why", limit.why}};
    json["too_many"] = json_of(*answer.next);
  }
  if (answer.best.has_value()) {
    json["fits"] = json_of(*answer.best);
  }
  return json.dump();
}

}  // namespace penstock
