#include "drivers/sim/cost_model.h"

#include <algorithm>
#include <cmath>

#include "engine/base/check.h"

namespace penstock::sim {
namespace {

/// Keeps what hostile figures could ask for within ten years, so that sums of times stay defined.
Duration from_ns(double ns) {
  return Duration(std::llround(std::min(ns, 3e17)));
}

}  // namespace

Duration service_time(const ModelWork& work,
                      const CostFigures& costs,
                      const ExecutionPoint& point) {
  PENSTOCK_CHECK(point.clock_ratio > 0 && point.mvm_ratio > 0 && point.sub_devices >= 1);
  const double matrix_ns = work.conv_macs / 1e6 * costs.conv_ns_per_mmac +
                           work.conv_positions / 1e3 * costs.conv_ns_per_kposition +
                           work.product_macs / 1e6 * costs.product_ns_per_mmac;
  const double other_ns = work.depthwise_macs / 1e6 * costs.depthwise_ns_per_mmac +
                          work.other_ops / 1e6 * costs.other_ns_per_mop +
                          work.activation_bytes / 1e3 * costs.activation_ns_per_kb +
                          work.layers * costs.layer_us * 1e3;
  const double memory_ns = work.weight_bytes / 1e3 * costs.weight_ns_per_kb;
  const double largest_ns = work.largest_conv_macs / 1e6 * costs.largest_ns_per_mmac;
  const double workers = point.sub_devices;
  const double alone_ns = (matrix_ns / point.mvm_ratio + other_ns) / point.clock_ratio + memory_ns;
  const double share_ns = alone_ns / workers * (1 + costs.sharing_loss * (workers - 1));
  const double uncut_ns = largest_ns / point.mvm_ratio / point.clock_ratio * (1 - 1 / workers);
  return from_ns(share_ns + uncut_ns + costs.frame_us * 1e3 / point.clock_ratio);
}

Duration host_time(const CostFigures& costs) {
  return from_ns(costs.host_us * 1e3);
}

Duration link_time(double bytes, double bytes_per_second) {
  return bytes_per_second > 0 ? from_ns(bytes / bytes_per_second * 1e9) : Duration(0);
}

Duration frame_interval(const FrameBounds& bounds) {
  const Duration service = bounds.service / std::max(bounds.units, 1);
  if (bounds.host_moves) {
    return std::max(service, bounds.host + bounds.link_in + bounds.link_out);
  }
  return std::max({service, bounds.host, bounds.link_in, bounds.link_out});
}

}  // namespace penstock::sim
