#include "tools/status/status_document.h"

#include <cstddef>

#include <nlohmann/json.hpp>

#include "engine/frame/outcome.h"

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

double ms_of(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

template <class T>
T at_or_zero(const std::vector<T>& list, std::size_t index) {
  return index < list.size() ? list[index] : T{};
}

Json latency_json(std::uint64_t p50_ns, std::uint64_t p99_ns) {
  return {{"p50", ms_of(p50_ns)}, {"p99", ms_of(p99_ns)}};
}

Json reasons_json(const StreamLedger::Totals& totals) {
  Json reasons = Json::object();
  for (std::size_t i = 1; i < totals.by_reason.size(); ++i) {
    if (totals.by_reason[i] != 0) {
      reasons[to_string(static_cast<Reason>(i))] = totals.by_reason[i];
    }
  }
  return reasons;
}

Json streams_json(const StatusDocument& document) {
  Json list = Json::array();
  for (std::size_t i = 0; i < document.run.streams.size(); ++i) {
    const RunStatus::Stream& stream = document.run.streams[i];
    const StreamLedger::Totals& totals = stream.totals;
    list.push_back({{"name", stream.name},
                    {"fps", at_or_zero(document.rates.stream_fps, i)},
                    {"offered", totals.offered},
                    {"admitted", totals.admitted},
                    {"delivered", totals.delivered},
                    {"refused", totals.refused},
                    {"dropped", totals.dropped},
                    {"cancelled", totals.cancelled},
                    {"failed", totals.failed},
                    {"lost", totals.lost},
                    {"by_reason", reasons_json(totals)},
                    {"in_flight", stream.in_flight},
                    {"window", stream.window},
                    {"progress_permille", stream.progress_permille},
                    {"decode_errors", stream.decode_errors},
                    {"missing_frames", stream.missing_frames},
                    {"latency_ms", latency_json(stream.latency_p50_ns, stream.latency_p99_ns)}});
  }
  return list;
}

Json nodes_json(const StatusDocument& document) {
  Json list = Json::array();
  for (std::size_t i = 0; i < document.run.nodes.size(); ++i) {
    const RunStatus::Node& node = document.run.nodes[i];
    list.push_back({{"name", node.name},
                    {"stream", node.stream},
                    {"fps", at_or_zero(document.rates.node_fps, i)},
                    {"processed", node.processed},
                    {"dropped", node.dropped},
                    {"failed", node.failed},
                    {"restarts", node.restarts},
                    {"busy_ms", latency_json(node.busy_p50_ns, node.busy_p99_ns)}});
  }
  return list;
}

Json queues_json(const StatusDocument& document) {
  Json list = Json::array();
  for (std::size_t i = 0; i < document.run.edges.size(); ++i) {
    const RunStatus::Edge& edge = document.run.edges[i];
    const std::int64_t oldest = at_or_zero(document.rates.queue_oldest_ns, i);
    list.push_back({{"name", edge.name},
                    {"waiting", edge.stats.waiting},
                    {"capacity", edge.stats.capacity},
                    {"oldest_ms", static_cast<double>(oldest) / 1e6},
                    {"passed", edge.stats.popped},
                    {"dropped", edge.stats.dropped},
                    {"full", edge.stats.full},
                    {"high_water", edge.stats.high_water}});
  }
  return list;
}

Json stations_json(const StatusDocument& document) {
  Json list = Json::array();
  for (std::size_t i = 0; i < document.run.devices.size(); ++i) {
    const RunStatus::Device& device = document.run.devices[i];
    list.push_back({{"node", device.node},
                    {"fps", at_or_zero(document.rates.device_fps, i)},
                    {"inferences", device.inferences},
                    {"frames", device.frames},
                    {"failed", device.failed},
                    {"in_flight", device.in_flight},
                    {"with_work_ms", ms_of(device.busy_ns)},
                    {"latency_ms", latency_json(device.latency_p50_ns, device.latency_p99_ns)}});
  }
  return list;
}

Json members_json(const RunStatus& run) {
  Json list = Json::array();
  for (const RunStatus::Member& member : run.members) {
    list.push_back({{"name", member.name},
                    {"long_turns", member.long_turns},
                    {"longest_turn_ms", static_cast<double>(member.longest_turn_ns) / 1e6}});
  }
  return list;
}

Json devices_json(const PoolStatus& pool) {
  Json list = Json::array();
  for (const PoolStatus::Device& device : pool.devices) {
    Json subs = Json::array();
    for (const PoolStatus::SubDevice& sub : device.sub_devices) {
      subs.push_back(
          {{"index", sub.index},
           {"resident", sub.resident},
           {"coming_in", sub.coming_in},
           {"in_flight", sub.in_flight},
           {"utilisation", sub.utilisation.has_value() ? Json(*sub.utilisation) : Json()}});
    }
    list.push_back({{"name", device.name},
                    {"identity", device.identity},
                    {"simulated", device.simulated},
                    {"host_limited", device.host_limited},
                    {"device_fps", device.device_fps},
                    {"host_fps", device.host_fps},
                    {"state", device.state},
                    {"health", device.health},
                    {"reason", device.reason},
                    {"resets", device.resets},
                    {"swap_ms", ms_of(device.swap_ns)},
                    {"sub_devices", std::move(subs)}});
  }
  return list;
}

Json packages_json(const PoolStatus& pool) {
  Json list = Json::array();
  for (const PoolStatus::Package& package : pool.packages) {
    list.push_back({{"name", package.name},
                    {"names", package.names},
                    {"hash", package.hash},
                    {"mode", package.mode},
                    {"service_time", package.service_time},
                    {"resident_on", package.resident_on},
                    {"coming_in_on", package.coming_in_on},
                    {"runs", package.runs},
                    {"frames", package.frames},
                    {"swaps", package.swaps},
                    {"swap_ms", ms_of(package.swap_ns)}});
  }
  return list;
}

Json clients_json(const PoolStatus& pool) {
  Json list = Json::array();
  for (const PoolStatus::Client& client : pool.clients) {
    Json dropped = Json::object();
    for (const auto& [reason, count] : client.dropped) {
      dropped[reason] = count;
    }
    list.push_back({{"name", client.name},
                    {"priority", client.priority},
                    {"weight", client.weight},
                    {"queued", client.queued},
                    {"oldest_ms", ms_of(client.oldest_ns)},
                    {"in_flight", client.in_flight},
                    {"done", client.done},
                    {"failed", client.failed},
                    {"dropped", std::move(dropped)},
                    {"fps", client.fps},
                    {"wait_ms", latency_json(client.wait_p50_ns, client.wait_p99_ns)},
                    {"run_ms", latency_json(client.run_p50_ns, client.run_p99_ns)}});
  }
  return list;
}

Json decisions_json(const StatusDocument& document) {
  Json list = Json::array();
  for (const PoolStatus::Decision& decision : document.pool.decisions) {
    list.push_back({{"age_s", seconds_of(document.now - decision.time)},
                    {"kind", decision.kind},
                    {"times", decision.times},
                    {"text", decision.text}});
  }
  return list;
}

}  // namespace

std::string status_json(const StatusDocument& document) {
  const Json json{{"penstock", document.version},
                  {"format", kFormat},
                  {"graph", document.run.graph},
                  {"pid", document.process},
                  {"started", document.started},
                  {"uptime_s", seconds_of(document.uptime)},
                  {"streams", streams_json(document)},
                  {"nodes", nodes_json(document)},
                  {"queues", queues_json(document)},
                  {"stations", stations_json(document)},
                  {"members", members_json(document.run)},
                  {"devices", devices_json(document.pool)},
                  {"packages", packages_json(document.pool)},
                  {"clients", clients_json(document.pool)},
                  {"decision_count", document.pool.decision_count},
                  {"decisions", decisions_json(document)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace penstock
