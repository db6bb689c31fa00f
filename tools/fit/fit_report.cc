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

nlohmann::ordered_json json_of(const FitFigures& figures) {
  nlohmann::ordered_json drops = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : figures.drops) {
    drops[reason] = count;
  }
  return {{"streams", figures.streams},
          {"fps", figures.delivered_fps},
          {"drop_rate", figures.drop_rate},
          {"drops", drops},
          {"failed", figures.failed},
          {"in_order", figures.in_order},
          {"latency_p50_ms", figures.latency_p50_ms},
          {"latency_p99_ms", figures.latency_p99_ms},
          {"utilisation", figures.utilisation},
          {"fed", figures.fed},
          {"swaps_per_second", figures.swaps_per_second},
          {"swap_share", figures.swap_share}};
}

std::uint32_t streams_of(const FitAnswer& answer) {
  return answer.best.has_value() ? answer.best->streams : 0;
}

}  // namespace

std::string fit_text(const FitQuestion& question, const FitAnswer& answer) {
  const std::uint32_t streams = streams_of(answer);
  std::string text = question.graph + " on " + question.device + ", simulated: streams of " +
                     number("%g", question.fps) + " frames/s, at most " +
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
  text += answer.best.has_value() ? row("fits", *answer.best) : "";
  text += answer.next.has_value() ? row("too many", *answer.next) : "";
  text +=
      "\nbusy: the busiest part of the device. Latency: from the camera's frame to the end of the "
      "graph.\nSimulated, " +
      std::to_string(question.seconds) +
      " virtual seconds each; the host's nodes take no time here, so a slow host is a limit "
      "of its own.\n";
  return text;
}

std::string fit_json(const FitQuestion& question, const FitAnswer& answer) {
  nlohmann::ordered_json json = {{"graph", question.graph},
                                 {"device", question.device},
                                 {"simulated", true},
                                 {"host_time", "none"},
                                 {"fps", question.fps},
                                 {"seconds", question.seconds},
                                 {"max_drop_rate", question.goal.drop_rate},
                                 {"streams", streams_of(answer)}};
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
