#pragma once

#include <memory>

#include "engine/graph/type_registry.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The decoders `yolov5`, `yolov8`, `yolov10`: see `YoloV5Decoder`, `YoloV8Decoder`,
/// `YoloV10Decoder`.
ActorType yolov5_type();
ActorType yolov8_type();
ActorType yolov10_type();

/// Errors: as `create` of the decoder.
Result<std::unique_ptr<Node>> make_yolov5(const NodeArgs& args);
Result<std::unique_ptr<Node>> make_yolov8(const NodeArgs& args);
Result<std::unique_ptr<Node>> make_yolov10(const NodeArgs& args);

}  // namespace penstock
