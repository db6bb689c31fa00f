#include "engine/nodes/yolo_types.h"

#include <optional>
#include <string>

#include "engine/nodes/decoder_maker.h"
#include "engine/vision/yolov10_decoder.h"
#include "engine/vision/yolov5_decoder.h"
#include "engine/vision/yolov8_decoder.h"

namespace penstock {
namespace {

Result<YoloV5Options> read_yolov5(const OptionValues& options, Size2d picture) {
  YoloV5Options yolo;
  PENSTOCK_ASSIGN_OR_RETURN(yolo.detection, read_detection_options(options, picture));
  yolo.anchors.clear();
  for (const OptionValue& value : options.get_list("anchors")) {
    const Size2d size = *value.as<Size2d>();
    yolo.anchors.push_back({static_cast<float>(size.width), static_cast<float>(size.height)});
  }
  return yolo;
}

std::optional<std::string> misfit_v5(const ModelFacts& model, const OptionValues& options) {
  return decoder_misfit<YoloV5Decoder>(model, options, read_yolov5);
}

std::optional<std::string> misfit_v8(const ModelFacts& model, const OptionValues& options) {
  return decoder_misfit<YoloV8Decoder>(model, options, read_detection_options);
}

std::optional<std::string> misfit_v10(const ModelFacts& model, const OptionValues& options) {
  return decoder_misfit<YoloV10Decoder>(model, options, read_detection_options);
}

ActorType box_decoder(const char* name, const char* help, DecoderFit fit) {
  ActorType type(name, help);
  type.decoder(std::move(fit)).out("out", {payload::kObjects});
  add_detection_options(type);
  return type;
}

}  // namespace

ActorType yolov5_type() {
  ActorType type =
      box_decoder("yolov5", "decodes YOLOv5 and YOLOv7: joined output or raw heads", misfit_v5);
  type.option(Option::list("anchors",
                           Option::size("anchor", "width and height in pixels of the input"),
                           "boxes that raw heads are relative to, the same number for each head, "
                           "finest first")
                  .fallback("[[10, 13], [16, 30], [33, 23], [30, 61], [62, 45], [59, 119], "
                            "[116, 90], [156, 198], [373, 326]]"));
  return type;
}

ActorType yolov8_type() {
  return box_decoder("yolov8", "decodes YOLOv8, YOLO11 and other anchor-free heads", misfit_v8);
}

ActorType yolov10_type() {
  return box_decoder(
      "yolov10", "decodes YOLOv10 and other heads that need no suppression", misfit_v10);
}

Result<std::unique_ptr<Node>> make_yolov5(const NodeArgs& args) {
  return make_object_decoder<YoloV5Decoder>(args, read_yolov5);
}

Result<std::unique_ptr<Node>> make_yolov8(const NodeArgs& args) {
  return make_object_decoder<YoloV8Decoder>(args, read_detection_options);
}

Result<std::unique_ptr<Node>> make_yolov10(const NodeArgs& args) {
  return make_object_decoder<YoloV10Decoder>(args, read_detection_options);
}

}  // namespace penstock
