#include "tools/cli/run_report.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/base/quoted_list.h"
#include "engine/frame/outcome.h"
#include "engine/yaml/scalar.h"

namespace penstock {
namespace {

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double rate(std::uint64_t count, Duration elapsed) {
  const double seconds = seconds_of(elapsed);
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string format(const char* pattern, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

std::uint64_t ended(const StreamLedger::Totals& totals) {
  return totals.delivered + totals.dropped + totals.cancelled + totals.failed + totals.lost;
}

/// Returns "3 refused, 2 failed": the outcomes but delivery that there were, by their words.
std::string not_delivered_text(const StreamLedger::Totals& totals) {
  const std::array<std::pair<std::uint64_t, const char*>, 5> outcomes = {
      {{totals.refused, "refused"},
       {totals.dropped, "dropped"},
       {totals.cancelled, "cancelled"},
       {totals.failed, "failed"},
       {totals.lost, "lost"}}};
  std::string text;
  for (const auto& [count, word] : outcomes) {
    if (count != 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + word;
    }
  }
  return text;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 60) {
    return std::to_string(whole) + " s";
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(),
                text.size(),
                "%lld:%02lld min",
                static_cast<long long>(whole / 60),
                static_cast<long long>(whole % 60));
  return text.data();
}

std::string reasons_text(const StreamLedger::Totals& totals) {
  std::string text;
  for (std::size_t i = 1; i < totals.by_reason.size(); ++i) {
    if (totals.by_reason[i] != 0) {
      text += (text.empty() ? "" : ", ") + std::string(to_string(static_cast<Reason>(i))) + " " +
              std::to_string(totals.by_reason[i]);
    }
  }
  return text;
}

std::string latency_text(const RunStatus::Stream& stream) {
  return format(", latency p50 %.1f ms", static_cast<double>(stream.latency_p50_ns) / 1e6) +
         format(", p99 %.1f ms", static_cast<double>(stream.latency_p99_ns) / 1e6);
}

/// What was wrong with what a source read; empty where nothing was.
std::string flaws_text(const RunStatus::Stream& stream) {
  std::string text;
  if (stream.decode_errors != 0) {
    text = std::to_string(stream.decode_errors) +
           (stream.decode_errors == 1 ? " decode error" : " decode errors");
  }
  if (stream.missing_frames != 0) {
    text += (text.empty() ? "" : ", ") + std::to_string(stream.missing_frames) +
            " frames missing at its end";
  }
  return text.empty() ? text : "    its data is damaged: " + text + "\n";
}

/// Share of the elapsed time in which frames of the model waited for its devices or were there.
double with_work(const RunStatus::Device& device, Duration elapsed) {
  const double seconds = seconds_of(elapsed);
  return seconds > 0 ? std::min(1.0, static_cast<double>(device.busy_ns) / 1e9 / seconds) : 0;
}

nlohmann::ordered_json stream_json(const RunStatus::Stream& stream, Duration elapsed) {
  const StreamLedger::Totals& totals = stream.totals;
  nlohmann::ordered_json reasons = nlohmann::ordered_json::object();
  for (std::size_t i = 1; i < totals.by_reason.size(); ++i) {
    if (totals.by_reason[i] != 0) {
      reasons[to_string(static_cast<Reason>(i))] = totals.by_reason[i];
    }
  }
  return {{"name", stream.name},
          {"offered", totals.offered},
          {"admitted", totals.admitted},
          {"delivered", totals.delivered},
          {"refused", totals.refused},
          {"dropped", totals.dropped},
          {"cancelled", totals.cancelled},
          {"failed", totals.failed},
          {"lost", totals.lost},
          {"by_reason", reasons},
          {"decode_errors", stream.decode_errors},
          {"missing_frames", stream.missing_frames},
          {"fps", rate(totals.delivered, elapsed)},
          {"latency_ms",
           {{"p50", static_cast<double>(stream.latency_p50_ns) / 1e6},
            {"p99", static_cast<double>(stream.latency_p99_ns) / 1e6}}}};
}

std::string host_limit_text(const PoolStatus::Device& device) {
  if (!device.host_limited) {
    return {};
  }
  return format(", limited by the host: device %.1f fps", device.device_fps) +
         format(", host %.1f fps", device.host_fps);
}

/// What a person should know about devices that did not just run one model.
std::string pool_text(const PoolStatus& pool) {
  std::string text;
  for (const PoolStatus::Device& device : pool.devices) {
    if (device.simulated || device.resets != 0) {
      text += "  device '" + device.name + "' is " + device.identity +
              (device.simulated ? ", simulated" : "") + host_limit_text(device) +
              (device.resets == 0   ? std::string()
               : device.resets == 1 ? ", reset once"
                                    : ", reset " + std::to_string(device.resets) + " times") +
              "\n";
    }
  }
  for (const PoolStatus::Package& package : pool.packages) {
    if (!package.service_time.empty()) {
      text += "  model '" + package.name + "' took simulated time: " + package.service_time + "\n";
    }
    if (package.swaps > 1) {
      text += "  model '" + package.name + "' was brought in " + std::to_string(package.swaps) +
              " times" + format(", %.1f s in all\n", static_cast<double>(package.swap_ns) / 1e9);
    }
  }
  return text;
}

std::string cut_off_text(const RunEnd& end) {
  if (end.cut_off.empty()) {
    return {};
  }
  return "  cut off " + to_text(end.drain_limit) +
         " after the stop (see --drain-limit): " + quoted_list(end.cut_off) + "\n";
}

nlohmann::ordered_json pool_json(const PoolStatus& pool) {
  nlohmann::ordered_json json = {{"devices", nlohmann::ordered_json::array()},
                                 {"models", nlohmann::ordered_json::array()}};
  for (const PoolStatus::Device& device : pool.devices) {
    json["devices"].push_back({{"name", device.name},
                               {"identity", device.identity},
                               {"simulated", device.simulated},
                               {"host_limited", device.host_limited},
                               {"device_fps", device.device_fps},
                               {"host_fps", device.host_fps},
                               {"health", device.health},
                               {"resets", device.resets}});
  }
  for (const PoolStatus::Package& package : pool.packages) {
    json["models"].push_back({{"name", package.name},
                              {"names", package.names},
                              {"hash", package.hash},
                              {"mode", package.mode},
                              {"service_time", package.service_time},
                              {"runs", package.runs},
                              {"frames", package.frames},
                              {"swaps", package.swaps},
                              {"swap_ms", static_cast<double>(package.swap_ns) / 1e6}});
  }
  return json;
}

}  // namespace

std::string status_line(const RunPace& pace, std::size_t width) {
  std::string line;
  for (std::size_t i = 0; i < pace.now.streams.size(); ++i) {
    const RunStatus::Stream& stream = pace.now.streams[i];
    const std::uint64_t done = ended(stream.totals);
    const std::uint64_t before =
        i < pace.before.streams.size() ? ended(pace.before.streams[i].totals) : 0;
    line += (line.empty() ? "" : "  ") + stream.name + ": " + std::to_string(done) + " frames, " +
            format("%.1f fps", rate(done - std::min(done, before), pace.between)) + ", " +
            std::to_string(stream.in_flight) + "/" + std::to_string(stream.window) + " in flight";
    if (const std::string others = not_delivered_text(stream.totals); !others.empty()) {
      line += ", " + others;
    }
    if (stream.progress_permille > 0) {
      line += format(", %.0f %%", stream.progress_permille / 10.0);
      if (stream.progress_permille < 1000) {
        const double left = seconds_of(pace.since_start) * (1000.0 / stream.progress_permille - 1);
        line += ", " + duration_text(left) + " left";
      }
    }
  }
  return width != 0 && line.size() > width ? line.substr(0, width) : line;
}

bool shows_failure(const RunStatus& status) {
  return std::any_of(status.streams.begin(), status.streams.end(), [](const auto& stream) {
    const StreamLedger::Totals& totals = stream.totals;
    return totals.lost != 0 || (totals.failed != 0 && totals.delivered == 0);
  });
}

std::string summary_text(const RunStatus& status, const PoolStatus& pool, const RunEnd& end) {
  const Duration elapsed = end.elapsed;
  std::string text =
      "graph '" + status.graph + "' ran for " + format("%.1f s\n", seconds_of(elapsed));
  text += cut_off_text(end);
  for (const RunStatus::Stream& stream : status.streams) {
    const StreamLedger::Totals& totals = stream.totals;
    text += "  stream '" + stream.name + "': " + std::to_string(totals.delivered) + " of " +
            std::to_string(totals.offered) + " frames delivered, " +
            format("%.1f fps", rate(totals.delivered, elapsed)) +
            (totals.delivered == 0 ? "" : latency_text(stream)) + "\n" + flaws_text(stream);
    if (const std::string others = not_delivered_text(totals); !others.empty()) {
      const std::string reasons = reasons_text(totals);
      text += "    not delivered: " + others + (reasons.empty() ? "" : " (" + reasons + ")") + "\n";
    }
    if (stream.in_flight != 0) {
      text += "    not ended: " + std::to_string(stream.in_flight) + ", held by what hangs\n";
    }
    if (totals.lost != 0) {
      text += "    " + std::to_string(totals.lost) +
              " frames were lost: this is a bug of Penstock, please report it\n";
    }
  }
  for (const RunStatus::Device& device : status.devices) {
    text += "  model of '" + device.node + "': " + std::to_string(device.inferences) +
            " inferences, " + format("with work %.0f %%", 100 * with_work(device, elapsed)) +
            format(", p50 %.1f ms", static_cast<double>(device.latency_p50_ns) / 1e6) +
            format(", p99 %.1f ms", static_cast<double>(device.latency_p99_ns) / 1e6);
    if (device.failed != 0) {
      text += ", " + std::to_string(device.failed) + " failed";
    }
    text += "\n";
  }
  text += pool_text(pool);
  for (const RunStatus::Node& node : status.nodes) {
    if (node.restarts + node.failed != 0) {
      text += "  node '" + node.name + "'" +
              (node.stream.empty() ? "" : " of '" + node.stream + "'") + ": " +
              std::to_string(node.failed) + " failed, " + std::to_string(node.restarts) +
              " restarts\n";
    }
  }
  return text;
}

std::string summary_json(const RunStatus& status, const PoolStatus& pool, const RunEnd& end) {
  const Duration elapsed = end.elapsed;
  nlohmann::ordered_json json = {{"graph", status.graph}, {"seconds", seconds_of(elapsed)}};
  json["cut_off"] = end.cut_off;
  json["streams"] = nlohmann::ordered_json::array();
  for (const RunStatus::Stream& stream : status.streams) {
    json["streams"].push_back(stream_json(stream, elapsed));
  }
  json["devices"] = nlohmann::ordered_json::array();
  for (const RunStatus::Device& device : status.devices) {
    json["devices"].push_back({{"node", device.node},
                               {"inferences", device.inferences},
                               {"frames", device.frames},
                               {"failed", device.failed},
                               {"with_work", with_work(device, elapsed)},
                               {"latency_ms",
                                {{"p50", static_cast<double>(device.latency_p50_ns) / 1e6},
                                 {"p99", static_cast<double>(device.latency_p99_ns) / 1e6}}}});
  }
  json["pool"] = pool_json(pool);
  json["nodes"] = nlohmann::ordered_json::array();
  for (const RunStatus::Node& node : status.nodes) {
    json["nodes"].push_back({{"name", node.name},
                             {"stream", node.stream},
                             {"processed", node.processed},
                             {"dropped", node.dropped},
                             {"failed", node.failed},
                             {"restarts", node.restarts},
                             {"busy_ms",
                              {{"p50", static_cast<double>(node.busy_p50_ns) / 1e6},
                               {"p99", static_cast<double>(node.busy_p99_ns) / 1e6}}}});
  }
  json["edges"] = nlohmann::ordered_json::array();
  for (const RunStatus::Edge& edge : status.edges) {
    json["edges"].push_back({{"name", edge.name},
                             {"capacity", edge.stats.capacity},
                             {"pushed", edge.stats.pushed},
                             {"dropped", edge.stats.dropped},
                             {"full", edge.stats.full},
                             {"high_water", edge.stats.high_water}});
  }
  json["members"] = nlohmann::ordered_json::array();
  for (const RunStatus::Member& member : status.members) {
    json["members"].push_back(
        {{"name", member.name},
         {"long_turns", member.long_turns},
         {"longest_turn_ms", static_cast<double>(member.longest_turn_ns) / 1e6}});
  }
  return json.dump();
}

}  // namespace penstock
