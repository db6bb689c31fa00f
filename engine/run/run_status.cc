#include "engine/run/run_status.h"

namespace penstock {

RunStatus status_of(const GraphRun& run) {
  RunStatus status;
  status.graph = run.graph();
  for (const SourcePump* pump : run.pumps()) {
    RunStatus::Stream stream;
    stream.name = pump->stream_name();
    stream.totals = pump->ledger().totals();
    stream.in_flight = pump->in_flight();
    stream.window = pump->window();
    stream.progress_permille = pump->progress_permille();
    stream.decode_errors = pump->flaws().decode_errors;
    stream.missing_frames = pump->flaws().missing_frames;
    stream.latency_p50_ns = pump->ledger().latency().quantile(0.5);
    stream.latency_p99_ns = pump->ledger().latency().quantile(0.99);
    status.streams.push_back(std::move(stream));
  }
  for (const GraphRun::NodeEntry& entry : run.nodes()) {
    const NodeLedger& ledger = *entry.ledger;
    status.nodes.push_back({ledger.node,
                            ledger.stream,
                            ledger.processed.load(std::memory_order_relaxed),
                            ledger.dropped.load(std::memory_order_relaxed),
                            ledger.failed.load(std::memory_order_relaxed),
                            ledger.restarts.load(std::memory_order_relaxed),
                            ledger.busy.quantile(0.5),
                            ledger.busy.quantile(0.99)});
  }
  for (const auto& edge : run.edges()) {
    status.edges.push_back({edge->name(), edge->stats()});
  }
  for (const GraphRun::DeviceEntry& entry : run.devices()) {
    const DeviceLedger& ledger = *entry.ledger;
    status.devices.push_back({entry.name,
                              ledger.inferences.load(std::memory_order_relaxed),
                              ledger.frames.load(std::memory_order_relaxed),
                              ledger.failed.load(std::memory_order_relaxed),
                              ledger.busy_ns.load(std::memory_order_relaxed),
                              ledger.in_flight.load(std::memory_order_relaxed),
                              ledger.latency.quantile(0.5),
                              ledger.latency.quantile(0.99)});
  }
  for (const Supervisor::Member& member : run.members()) {
    status.members.push_back(
        {member.name, member.runnable->long_turns(), member.runnable->longest_turn().count()});
  }
  return status;
}

}  // namespace penstock
