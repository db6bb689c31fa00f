#pragma once

#include "drivers/sim/model_work.h"
#include "engine/base/clock.h"

namespace penstock::sim {

/// What a kind of work costs on one sub-device at its reference clock: the `costs:` map of a
/// profile, key for key. All are 0 or more; a cost that a profile leaves out is 0.
///
/// Fitted to published frame rates by `tools/dev/fit_costs`: shapes to schedule by, never claims
/// about a product. `docs/simulated-devices.md` shows how far they are off.
struct CostFigures {
  double conv_ns_per_mmac = 0;       ///< Per million multiply-adds.
  double conv_ns_per_kposition = 0;  ///< Per 1000 places: an array pays it at any channel width.
  double depthwise_ns_per_mmac = 0;  ///< Per million multiply-adds.
  double product_ns_per_mmac = 0;    ///< Per million multiply-adds.
  double other_ns_per_mop = 0;       ///< Per million elements.
  double weight_ns_per_kb = 0;       ///< Per 1000 bytes; memory time, which no clock changes.
  double activation_ns_per_kb = 0;   ///< Per 1000 bytes.
  double layer_us = 0;               ///< Per layer: to start it and to drain it.
  double frame_us = 0;               ///< Per frame, whatever the model is; never shared.
  double sharing_loss = 0;         ///< Per further sub-device on one frame, as a part of its work.
  double largest_ns_per_mmac = 0;  ///< For sharing: of the heaviest layer, which stays whole.
  double host_us = 0;              ///< Per frame on the host, for all sub-devices together.
  friend bool operator==(const CostFigures&, const CostFigures&) = default;
};

/// How a device is set while it runs a model.
struct ExecutionPoint {
  double clock_ratio = 1;  ///< Clock / the reference clock that the costs are for; > 0.
  double mvm_ratio = 1;    ///< Limit on the matrix units, > 0 to 1; slows convolutions only.
  int sub_devices = 1;     ///< That work on one frame together, as pipeline or in parts; >= 1.
};

/// Returns the time between two completions of one execution unit (the sub-devices that share a
/// frame) that always has work: of its slowest stage, where it is a pipeline. What the host and
/// the link add is not in it: see `frame_interval`.
///
///     work   = convolutions / mvm + depthwise + other + activations + layers
///     t(1)   = work / clock + weights
///     t(n)   = t(1) / n * (1 + sharing_loss * (n - 1)) + largest / mvm / clock * (1 - 1 / n)
///
/// and `frame_us` / clock on top. The last term is Graham's bound for jobs that cannot be cut: n
/// workers are never later than their fair share and (1 - 1 / n) of the largest job.
Duration service_time(const ModelWork& work, const CostFigures& costs, const ExecutionPoint& point);

/// Returns the host's time per frame, in which frames of one device follow each other one by one.
Duration host_time(const CostFigures& costs);

/// Returns the time that `bytes` take on a link; 0 bytes per second is a link without limit.
Duration link_time(double bytes, double bytes_per_second);

/// What bounds the rate of a whole device, per frame.
struct FrameBounds {
  Duration service{0};  ///< `service_time` of one unit.
  int units = 1;        ///< Units that take frames in turn; >= 1.
  Duration host{0};
  Duration link_in{0};
  Duration link_out{0};
  /// The host starts and awaits each transfer itself, so that its own time, the input and the
  /// output of a frame follow each other; else the three overlap.
  bool host_moves = false;
};

/// Returns the time between two frames of the whole device: the slowest of device, host and link.
Duration frame_interval(const FrameBounds& bounds);

}  // namespace penstock::sim
