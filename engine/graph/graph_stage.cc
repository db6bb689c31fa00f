#include "engine/graph/graph_stage.h"

namespace penstock {
namespace {

const OutPort& out_port(const GraphStage& stage, const std::string& name) {
  // The port was looked up at the actor's type; of an expanded actor the last part has its own.
  const OutPort* port = stage.type->find_output(name);
  return port == nullptr ? stage.type->outputs().front() : *port;
}

}  // namespace

PayloadSet carries(const GraphStage& stage, const std::string& port) {
  const OutPort& out = out_port(stage, port);
  PayloadSet set = out.fresh ? PayloadSet() : stage.before;
  if (stage.type->is_decoder()) {
    set.erase(payload::kTensors);  // read by now; the next model must not take them for its input
  }
  set.insert(out.adds.begin(), out.adds.end());
  return set;
}

}  // namespace penstock
