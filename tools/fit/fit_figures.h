#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace penstock {

/// What became of the copies of one of a graph's streams. Units: as `FitFigures`.
struct FitStreams {
  std::string name;  ///< Of the graph's stream.
  std::uint32_t streams = 0;
  double delivered_fps = 0;  ///< Of each, on average.
  double drop_rate = 0;
  double latency_p50_ms = 0;
  double latency_p99_ms = 0;
};

/// What a graph with a number of streams did on simulated devices, in virtual time; the time in
/// which it got going is left out.
///
/// Units: shares and rates of drops from 0 to 1; latencies in milliseconds, from the moment that a
/// frame was there at its source to each end of the graph.
struct FitFigures {
  std::uint32_t streams = 0;
  std::uint32_t models = 0;           ///< That share the devices.
  double wanted_fps = 0;              ///< Of each stream.
  double delivered_fps = 0;           ///< Likewise, on average.
  double drop_rate = 0;               ///< Frames that were not delivered, of those offered.
  std::vector<FitStreams> by_stream;  ///< Of the graph's streams, each with its copies.
  std::vector<std::pair<std::string, std::uint64_t>> drops;  ///< By reason; only those > 0.
  std::uint64_t failed = 0;
  /// What keeps a device from working by itself, without faults by script: "device 'npu' was shut
  /// down..."; empty if nothing does.
  std::string trouble;
  bool in_order = true;
  double latency_p50_ms = 0;
  double latency_p99_ms = 0;
  double utilisation = 0;  ///< Of the busiest sub-device of all.
  double with_work = 0;    ///< Share of time in which a model had work, waiting or at the devices.
  double at_work = 0;      ///< Frames that were at the devices at once, on average.
  /// What the graph's words hold a model back by: "model 'people' is paced to 20 frames a second
  /// (fps_target)"; empty where it has no such words, or they do not act.
  std::string pace;
  std::string gathering;  ///< Likewise, by `min_frames`.
  double swaps_per_second = 0;
  double swap_share = 0;        ///< Of the time of the sub-device that swaps most.
  double swap_share_limit = 0;  ///< The knob of the graph.
  /// Where the service time of each model is from: ("people", "cost model").
  std::vector<std::pair<std::string, std::string>> service_times;
};

}  // namespace penstock
