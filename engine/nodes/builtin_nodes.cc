#include "engine/nodes/builtin_nodes.h"

#include "engine/nodes/discard_node.h"
#include "engine/nodes/jsonl_sink.h"
#include "engine/nodes/preprocess_node.h"
#include "engine/nodes/ssd_type.h"
#include "engine/nodes/tracker_node.h"

namespace penstock {

void register_builtin_nodes(NodeCatalogue& catalogue) {
  catalogue.add_node("preprocess", PreprocessNode::make);
  catalogue.add_node("ssd", make_ssd);
  catalogue.add_node("tracker", TrackerNode::make);
  catalogue.add_node("jsonl_sink", JsonlSink::make);
  catalogue.add_node("discard", DiscardNode::make);
}

}  // namespace penstock
