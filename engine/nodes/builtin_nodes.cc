#include "engine/nodes/builtin_nodes.h"

#include "engine/nodes/blazeface_type.h"
#include "engine/nodes/console_sink.h"
#include "engine/nodes/discard_node.h"
#include "engine/nodes/filter_node.h"
#include "engine/nodes/join_node.h"
#include "engine/nodes/jsonl_sink.h"
#include "engine/nodes/normalize_node.h"
#include "engine/nodes/picture_node.h"
#include "engine/nodes/preprocess_node.h"
#include "engine/nodes/raw_node.h"
#include "engine/nodes/sample_node.h"
#include "engine/nodes/softmax_node.h"
#include "engine/nodes/ssd_type.h"
#include "engine/nodes/test_source.h"
#include "engine/nodes/tracker_node.h"
#include "engine/nodes/yolo_types.h"

namespace penstock {

void register_builtin_nodes(NodeCatalogue& catalogue) {
  catalogue.add_source("test_source", TestSource::make);
  catalogue.add_node("letterbox", PictureNode::make_letterbox)
      .add_node("resize", PictureNode::make_resize)
      .add_node("convert", PictureNode::make_convert)
      .add_node("normalize", NormalizeNode::make);
  catalogue.add_node("preprocess", PreprocessNode::make)
      .add_node("ssd", make_ssd)
      .add_node("yolov5", make_yolov5)
      .add_node("yolov8", make_yolov8)
      .add_node("yolov10", make_yolov10)
      .add_node("blazeface", make_blazeface)
      .add_node("softmax", SoftmaxNode::make)
      .add_node("raw", RawNode::make);
  catalogue.add_node("tracker", TrackerNode::make)
      .add_node("filter", FilterNode::make)
      .add_node("sample", SampleNode::make)
      .add_node("join", JoinNode::make);
  catalogue.add_node("jsonl_sink", JsonlSink::make)
      .add_node("console", ConsoleSink::make)
      .add_node("discard", DiscardNode::make);
}

}  // namespace penstock
