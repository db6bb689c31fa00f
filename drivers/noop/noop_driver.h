#pragma once

#include "drivers/plugin/penstock_driver.h"

namespace penstock {

/// Returns the driver that does nothing: the smallest one that does all of the interface, made to
/// be copied for a new device.
///
/// It reads no model file: what a model takes and gives is written in its load options. So graphs
/// and the engine can be tested, and their own cost measured, without inference. docs/drivers.md
/// lists its options; by them it fails, refuses, waits and loses its device on demand.
const PenstockDriverApi& noop_driver_api();

}  // namespace penstock
