#pragma once

#include "drivers/plugin/penstock_driver.h"

namespace penstock {

/// Returns the driver that does nothing: the smallest one, made to be copied for a new device.
///
/// It reads no model file: what a model takes and gives is written in its load options. So graphs
/// and the engine can be tested, and their own cost measured, without inference.
///
/// Driver option: `devices` (1): how many devices there are, "noop:0" and up.
/// Load options:
/// | name | default | meaning |
/// |---|---|---|
/// | inputs, outputs | input:u8:1x16, output:u8:1x16 | ports as name:type:shape[:layout], commas
/// between | | batch | 0 | replaces the first extent of every port, unless 0 | | latency | 0ns |
/// time from submit to completion; 0 completes inside submit | | write | zeros | zeros; copy: each
/// output gets the bytes of the input at its place; nothing | | requests | 4 | how many requests it
/// says it likes | | max_requests | 0 | how many it allows, unless 0 | | fail_load | | refuses the
/// load with this text | | fail_every | 0 | every so many-th inference fails, unless 0 | |
/// fault_after | 0 | after so many inferences the device is in fault and all others are lost |
const PenstockDriverApi& noop_driver_api();

}  // namespace penstock
