#pragma once

#include "drivers/plugin/penstock_driver.h"

namespace penstock {

/// Returns the driver of OpenVINO: ONNX, TFLite and IR on the CPU, and on Intel's GPUs and NPUs
/// where OpenVINO lists them ("cpu:0", "gpu:0", "npu:0").
///
/// No driver options. Load options:
/// | name | default | meaning |
/// |---|---|---|
/// | hint | throughput | throughput, latency |
/// | streams, threads | 0 | how many; 0 = OpenVINO decides. More than there are cores is capped |
/// | requests | 0 | how many in flight are preferred; 0 = as many as OpenVINO says |
/// | precision | auto | auto (may be bf16), f32, bf16, f16 (not on a CPU) |
/// | pinning | auto | auto, true, false: threads stay on their core |
/// | cache_dir | | folder for compiled models; empty = none |
/// | shape.N | | shape of input N, "1x3x480x640" |
/// | batch | 0 | first extent of all ports; 0 = as the model is |
/// | pre.type | | u8 or f32: what the caller gives; converted inside the compiled model |
/// | pre.input | 0 | which input that is |
/// | pre.layout | NHWC | layout of what the caller gives |
/// | pre.model_layout | told by the shape | layout of what the model wants |
/// | pre.reverse_channels | false | RGB to BGR or back |
/// | pre.mean, pre.scale | | (value - mean) / scale, by channel of the model or one for all |
const PenstockDriverApi& openvino_driver_api();

}  // namespace penstock
