#pragma once

#include "drivers/plugin/penstock_driver.h"

namespace penstock {

/// Returns the driver of simulated accelerators: devices whose times, memories, heat and faults are
/// modelled from profiles (drivers/sim/profiles), and whose results are computed on the host, or
/// not at all. Everything that it shows says that it is simulated.
///
/// Driver options:
/// | name | default | meaning |
/// |---|---|---|
/// | devices | mx3, metis, aries | profiles by name or by file (.yaml); `4*metis` = four of them |
/// | compute | reference | reference: on the host's own driver; none: zeros. Default of loads |
/// | time | steady | virtual: the host's clock stands still while it computes, so that the end of
/// a frame waits for the host in place; set it with a ManualHost |
/// | seed | 1 | of jitter and faults; the same seed and calls give the same trace |
/// | faults, faults.IDENTITY | | fault script of all devices, or of one |
/// | trace | | file that takes a line for every event |
///
/// A fault script is a YAML list of `{kind, at | after | probability, for | until, ...}`; kinds are
/// lost, hang, slow (factor), probe_wrong, failed_load (count), claim_race (count), throttle (mhz),
/// link_errors (fails).
///
/// Load options:
/// | name | default | meaning |
/// |---|---|---|
/// | mode | auto | a mode of the profile; auto = the first that the model fits in |
/// | sub_devices | all | "0,1": those that it may take; a mode without a place there does not fit |
/// | cores | 0 | so many of them at once at most; 0 = all |
/// | compute | the driver's | reference, none |
/// | residence | managed | managed: runs where it was activated; resident: it is there from the
/// load on, on all its places, at no cost and outside of the limits |
/// | ports | host | host: tensors as the model has them; device: as the device has them |
/// | input_scale, output_scale | | of int8 devices: one number for each port, or one for all; none,
/// beside numbers: a package has none for this one |
/// | input_zero_point, output_zero_point | 0 | likewise |
/// | scales | given | dynamic: from each tensor's own range, where none are given |
/// | hash | | SHA-256 of the package: finds it in the profile's `calibrated:` |
/// | service | | time between two completions of a place, instead of an estimate |
/// | link_bits | the profile's | bits of a float value on the link: 32 for ports that pass floats |
/// | work.NAME | as counted | conv_macs, weight_bytes...: amounts for the estimate |
/// | requests, max_requests | 0 | in flight; 0 = as the placements say, and no limit |
/// | shape.NAME, shape.N, batch, batch.buckets, pad | | as of openvino; several make buckets, and
/// each has its own time |
/// | faults | | script that begins when the model is loaded |
/// | inputs, outputs | u8 1x16 | ports, where there is no model file (compute: none) |
const PenstockDriverApi& sim_driver_api();

}  // namespace penstock
