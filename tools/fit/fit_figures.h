#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace penstock {

/// What a graph with a number of streams did on a simulated device, in virtual time; the time in
/// which it got going is left out.
///
/// Units: shares and rates of drops from 0 to 1; latencies in milliseconds, from the moment that a
/// frame was there at its source to each end of the graph.
struct FitFigures {
  std::uint32_t streams = 0;
  std::uint32_t models = 0;  ///< That share the device.
  double wanted_fps = 0;     ///< Of each stream.
  double delivered_fps = 0;  ///< Likewise, on average.
  double drop_rate = 0;      ///< Frames that were not delivered, of those offered.
  std::vector<std::pair<std::string, std::uint64_t>> drops;  ///< By reason; only those > 0.
  std::uint64_t failed = 0;
  bool in_order = true;
  double latency_p50_ms = 0;
  double latency_p99_ms = 0;
  double utilisation = 0;  ///< Of the busiest sub-device.
  double fed = 0;          ///< Share of time with an inference at the device.
  double swaps_per_second = 0;
  double swap_share = 0;        ///< Of the device's time.
  double swap_share_limit = 0;  ///< The knob of the graph.
};

}  // namespace penstock
