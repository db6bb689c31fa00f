#include "tools/cli/known_types.h"

#include "drivers/media/nodes/media_types.h"
#include "engine/graph/builtin_words.h"
#include "engine/nodes/builtin_nodes.h"
#include "engine/nodes/builtin_types.h"

namespace penstock {
namespace {

void register_devices(TypeRegistry& registry) {
  registry.add_device({"cpu", "the processor, by OpenVINO", {}});
  registry.add_device({"gpu", "an Intel GPU, by OpenVINO, where there is one", {}});
  registry.add_device({"npu", "an Intel NPU, by OpenVINO, where there is one", {}});
  registry.add_device({"noop", "computes nothing: for measuring what surrounds a device", {}});
}

void register_model_options(TypeRegistry& registry) {
  registry.add_model_option(
      Option::word("hint", {"throughput", "latency"}, "what the device is tuned for"));
  registry.add_model_option(
      Option::integer("streams", "inferences that run side by side; 0 = the device decides")
          .range(0, 256));
  registry.add_model_option(
      Option::integer("threads", "threads of the processor; 0 = the device decides").range(0, 256));
  registry.add_model_option(
      Option::integer("requests", "inferences in flight; 0 = as many as the device says")
          .range(0, 256));
  registry.add_model_option(
      Option::word("precision",
                   {"auto", "f32", "bf16", "f16"},
                   "of the computation; auto may be less than f32 where it is faster"));
  registry.add_model_option(
      Option::word("pinning", {"auto", "true", "false"}, "whether threads stay on their core"));
  registry.add_model_option(
      Option::path_out("cache_dir", "folder for compiled models: later starts are faster"));
}

}  // namespace

TypeRegistry make_registry() {
  TypeRegistry registry;
  register_language_types(registry);
  register_builtin_types(registry);
  register_media_types(registry);
  register_devices(registry);
  register_model_options(registry);
  return registry;
}

NodeCatalogue make_catalogue() {
  NodeCatalogue catalogue;
  register_builtin_nodes(catalogue);
  register_media_nodes(catalogue);
  return catalogue;
}

}  // namespace penstock
