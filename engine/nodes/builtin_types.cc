#include "engine/nodes/builtin_types.h"

#include "engine/nodes/app_sink.h"
#include "engine/nodes/app_source.h"
#include "engine/nodes/blazeface_type.h"
#include "engine/nodes/console_sink.h"
#include "engine/nodes/discard_node.h"
#include "engine/nodes/filter_node.h"
#include "engine/nodes/join_node.h"
#include "engine/nodes/jsonl_sink.h"
#include "engine/nodes/normalize_node.h"
#include "engine/nodes/picture_node.h"
#include "engine/nodes/raw_node.h"
#include "engine/nodes/sample_node.h"
#include "engine/nodes/softmax_node.h"
#include "engine/nodes/ssd_type.h"
#include "engine/nodes/test_source.h"
#include "engine/nodes/tracker_node.h"
#include "engine/nodes/yolo_types.h"

namespace penstock {

void register_builtin_types(TypeRegistry& registry) {
  registry.add(test_source_type()).add(app_source_type()).add(app_sink_type());
  registry.add(letterbox_type()).add(resize_type()).add(convert_type()).add(normalize_type());
  registry.add(ssd_type())
      .add(yolov5_type())
      .add(yolov8_type())
      .add(yolov10_type())
      .add(blazeface_type())
      .add(softmax_type())
      .add(raw_type());
  registry.add(tracker_type()).add(filter_type()).add(sample_type()).add(join_type());
  registry.add(jsonl_sink_type()).add(console_type()).add(discard_type());
}

}  // namespace penstock
